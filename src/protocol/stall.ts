/**
 * Who is waited for. Named are only players whose own next statement is missing although they have
 * acknowledged all that it depends on; if there is none, those that do not acknowledge what they are
 * sent (the link may be at fault). Always a suspicion, never evidence; a signer of REMOVE is never named.
 */

import type { Seat } from '../base/ids.ts';
import { add, has, minus, nobody, type PlayerSet, remove, seatsOf, within } from '../base/players.ts';
import type { Standing } from '../wire/envelope.ts';
import type { StallReason } from './effect.ts';
import type { Lockstep } from './lockstep-state.ts';
import { agreeing, type BySeat, holders } from './round.ts';
import { holdingsOf, lacks } from './standing.ts';

export interface Suspects {
  readonly players: PlayerSet;
  readonly reason: StallReason;
}

function select(set: PlayerSet, test: (seat: Seat) => boolean): PlayerSet {
  let chosen = nobody;
  for (const seat of seatsOf(set)) if (test(seat)) chosen = add(chosen, seat);
  return chosen;
}

/** Members whose next statement is missing, what is wrong with it, and who could have made it. */
function missing(state: Lockstep, standings: BySeat<Standing>): Suspects & { readonly able: PlayerSet } {
  const { epoch, members, now, own, ownSet, removal, round, setup } = state;
  const others = remove(members, setup.me);
  const inRound = (seat: Seat): Standing | null => {
    const standing = standings[seat] ?? null;
    const here = standing?.epoch === epoch && standing.round >= round;
    return here || (standing?.epoch ?? 0) > epoch ? standing : null;
  };
  if (removal.frozen !== null) {
    const players = minus(remove(others, removal.frozen), holders(removal.removes));
    const able = select(players, (seat) => has(standings[seat]?.causes ?? nobody, removal.frozen as Seat));
    return { players, reason: 'removal', able };
  }
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
  const signed = holders(state.removal.removes);
  const named = minus(able, signed);
  if (named !== nobody) return { players: named, reason };
  const waited = minus(players, signed);
  const own = holdingsOf(state).filter(({ author, kind }) => author === state.setup.me && kind !== 'wish');
  const deaf = select(waited, (seat) => own.some((holding) => lacks(standings[seat] ?? null, holding)));
  if (waited === nobody) return null;
  return { players: deaf === nobody ? waited : deaf, reason: 'link' };
}
