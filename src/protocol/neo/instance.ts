/**
 * Instances: what is decided by a change of views. One is the slots of a round; another is the opening of
 * one author, when it is in dispute. Who takes part, who leads, what is settled, what it rests on.
 */

import { equalBytes } from '../../base/bytes.ts';
import type { Seat } from '../../base/ids.ts';
import { add, has, nobody, type PlayerSet, remove, seatsOf } from '../../base/players.ts';
import { type Certified, ROUND_INSTANCE } from '../../wire/statement.ts';
import type { Contest, NeoRound } from './state.ts';
import { isNone, sameValue, type Value } from './values.ts';

/** The slots that an instance decides. */
export function slotsOf({ environment }: NeoRound, instance: number): PlayerSet {
  return instance === ROUND_INSTANCE ? environment.members : add(nobody, instance as Seat);
}

/** The members who lead, and whose view changes count towards `void`: of an opening all but its author. */
function electors({ environment }: NeoRound, instance: number): PlayerSet {
  if (instance === ROUND_INSTANCE) return environment.members;
  return remove(environment.members, instance as Seat);
}

/** The leader of a view; it rotates over those whose view changes count. */
export function leaderOf(round: NeoRound, instance: number, view: number): Seat {
  const seats = seatsOf(electors(round, instance));
  return seats[(round.round + view) % seats.length] as Seat;
}

/** The decided commitment whose opening is in dispute, or null. */
export function disputed(round: NeoRound, instance: number): Value | null {
  const value = instance === ROUND_INSTANCE ? null : round.decided[instance];
  return value && !isNone(value) ? value : null;
}

/** True when nothing is left to decide. */
export function isSettled(round: NeoRound, instance: number): boolean {
  if (instance !== ROUND_INSTANCE) {
    return has(round.opened, instance as Seat) || has(round.voided, instance as Seat);
  }
  return seatsOf(round.environment.members).every((slot) => round.decided[slot]);
}

/** True when the opening of the decided commitment is held. */
export function holdsOpening(round: NeoRound, author: Seat, me: Seat): boolean {
  const value = round.decided[author];
  if (!value || isNone(value)) return false;
  if (author === me && round.own !== null && equalBytes(round.own.commitment, value)) return true;
  const opened = round.opensTo[author];
  return !!opened && sameValue(opened, value);
}

/** The packets that certificates rest on: votes for view 0, else the proposal with its prepares. */
export function supportOf(
  round: NeoRound,
  contest: Contest,
  certified: readonly Pick<Certified, 'view'>[],
): readonly Uint8Array[] {
  const packets: Uint8Array[] = [];
  if (certified.some(({ view }) => view === 0)) {
    for (const vote of [...round.votes, ...round.otherVotes]) if (vote) packets.push(vote.packet.bytes);
  }
  for (const view of new Set(certified.map((each) => each.view))) {
    const proposals = contest.proposals.filter(({ statement }) => statement.view === view);
    if (proposals.length === 0) continue;
    for (const proposal of proposals) packets.push(proposal.packet.bytes);
    for (const list of contest.prepares) {
      for (const { packet, statement } of list ?? []) {
        if (statement.view === view) packets.push(packet.bytes);
      }
    }
  }
  return packets;
}
