/**
 * Who is waited for. Named are only players whose own next statement is missing although they have
 * acknowledged all that it depends on; if there is none, those that do not acknowledge what they are
 * sent (the link may be at fault). Always a suspicion, never evidence; a signer of REMOVE that one can
 * account for is never named, since it may say nothing more.
 */

import type { Seat } from '../base/ids.ts';
import { add, has, minus, nobody, type PlayerSet, remove, seatsOf, within } from '../base/players.ts';
import type { Standing } from '../wire/envelope.ts';
import type { StallReason } from './effect.ts';
import type { Lockstep } from './lockstep-state.ts';
import { claimOf, excused, removers } from './removal.ts';
import { agreeing, type BySeat, holders } from './round.ts';
import { holdingsOf, lacks } from './standing.ts';

export interface Suspects {
  readonly players: PlayerSet;
  readonly reason: StallReason;
}

/** Whose statement is missing, and who of them could have made it. */
interface Missing extends Suspects {
  readonly able: PlayerSet;
}

function select(set: PlayerSet, test: (seat: Seat) => boolean): PlayerSet {
  let chosen = nobody;
  for (const seat of seatsOf(set)) if (test(seat)) chosen = add(chosen, seat);
  return chosen;
}

/**
 * After my REMOVE: the REMOVEs that are missing, of those who hold what they rest on; and when none is,
 * the certificate of a round that somebody's REMOVE claims to have advanced.
 */
function missingRemoves(state: Lockstep, standings: BySeat<Standing>, target: Seat): Missing {
  const { members, removal, round, setup } = state;
  const signed = removers(removal, members, target);
  const players = minus(remove(remove(members, setup.me), target), signed);
  if (players === nobody) {
    const claimants = select(signed, (seat) => (claimOf(removal, seat) ?? 0) >= round);
    return { players: claimants, reason: 'removal', able: claimants };
  }
  const caused = removal.causes[target] !== null;
  const able = select(players, (seat) => !caused || has(standings[seat]?.causes ?? nobody, target));
  return { players, reason: 'removal', able };
}

/** Members whose next statement is missing, what is wrong with it, and who could have made it. */
function missing(state: Lockstep, standings: BySeat<Standing>): Missing {
  const { epoch, members, now, own, ownSet, removal, round, setup } = state;
  const others = remove(members, setup.me);
  const inRound = (seat: Seat): Standing | null => {
    const standing = standings[seat] ?? null;
    const here = standing?.epoch === epoch && standing.round >= round;
    return here || (standing?.epoch ?? 0) > epoch ? standing : null;
  };
  if (removal.frozen !== null) return missingRemoves(state, standings, removal.frozen);
  const uncommitted = minus(others, holders(now.commits));
  if (uncommitted !== nobody) {
    return {
      players: uncommitted,
      reason: 'silent',
      able: select(uncommitted, (seat) => inRound(seat) !== null),
    };
  }
  if (own === null || ownSet === null) return { players: nobody, reason: 'silent', able: nobody };
  const unopened = minus(others, holders(now.opens));
  const able = select(unopened, (seat) => {
    const standing = inRound(seat);
    return standing !== null && (standing.round !== round || within(members, standing.commits));
  });
  if (able !== nobody) return { players: unopened, reason: 'silent', able };
  const differing = minus(minus(others, unopened), agreeing(now, members, ownSet));
  if (differing !== nobody) return { players: differing, reason: 'set', able: differing };
  return { players: unopened, reason: 'silent', able };
}

/**
 * Whom to name when nothing has moved for too long, or null when it is this player's own turn, or
 * nobody's. `standings` are the newest that each player has sent.
 */
export function suspects(state: Lockstep, standings: BySeat<Standing>): Suspects | null {
  if (state.over !== null || (state.own === null && state.removal.frozen === null)) return null;
  const { players, reason, able } = missing(state, standings);
  const { members, removal, setup } = state;
  const signed = removal.frozen === null ? excused(removal, members) : nobody;
  const named = minus(able, signed);
  if (named !== nobody) return { players: named, reason };
  const waited = minus(players, signed);
  const own = holdingsOf(state).filter(({ author, kind }) => author === setup.me && kind !== 'wish');
  const deaf = select(waited, (seat) => own.some((holding) => lacks(standings[seat] ?? null, holding)));
  if (waited === nobody) return null;
  return { players: deaf === nobody ? waited : deaf, reason: 'link' };
}
