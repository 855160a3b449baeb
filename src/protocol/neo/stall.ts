/**
 * Who is waited for, when no round has become final for too long. Always a suspicion, never evidence:
 * named are those whose next statement in the oldest open round is missing, or who are not heard at all.
 */

import type { Seat } from '../../base/ids.ts';
import { add, minus, nobody, type PlayerSet, remove, seatsOf } from '../../base/players.ts';
import type { Micros } from '../../base/time.ts';
import { ROUND_INSTANCE } from '../../wire/statement.ts';
import type { StallReason } from '../effect.ts';
import { setsOf } from './holdings.ts';
import { isSettled } from './instance.ts';
import type { Link } from './link.ts';
import { type Neo, type NeoRound, roundOf } from './state.ts';

export interface Suspects {
  readonly players: PlayerSet;
  readonly reason: StallReason;
}

/** Players whose statement the oldest open round waits for. */
function missing({ me }: Link, round: NeoRound): Suspects {
  const others = remove(round.environment.members, me);
  const { commits, opens, opened, votes } = setsOf(round);
  const uncommitted = minus(others, commits);
  if (!isSettled(round, ROUND_INSTANCE)) {
    return {
      players: minus(others, votes) === nobody ? uncommitted : minus(others, votes),
      reason: 'silent',
    };
  }
  return { players: minus(minus(others, opens), opened), reason: 'opening' };
}

/** Whom to name when nothing becomes final. */
export function suspects(neo: Neo, link: Link, at: Micros, silence: Micros): Suspects | null {
  const round = roundOf(neo, neo.final + 1);
  if (round === null || neo.over !== null) return null;
  let unheard = nobody;
  for (const seat of seatsOf(remove(round.environment.members, link.me))) {
    const peer = link.peers[seat];
    if (!peer || peer.heardAt + silence <= at) unheard = add(unheard, seat as Seat);
  }
  if (unheard !== nobody) return { players: unheard, reason: 'link' };
  const found = missing(link, round);
  return found.players === nobody ? null : found;
}
