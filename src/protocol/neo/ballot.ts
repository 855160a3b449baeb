/**
 * The tally of a slot: which value has a certificate, which is decided. Only equal, signed statements
 * count; silence is never counted as anything, and statements whose value is not known here not yet.
 */

import type { Seat } from '../../base/ids.ts';
import { add, count, has, nobody, type PlayerSet, seatsOf } from '../../base/players.ts';
import type { Quorum } from '../quorum.ts';
import type { BySeat } from '../round.ts';
import type { Contest, HeldConfirm, NeoRound } from './state.ts';
import { sameValue, type Value } from './values.ts';

/** The value that most entries have, and whose they are. */
export interface Tally {
  readonly value: Value;
  readonly voters: PlayerSet;
}

/** Of the entries the one that most share; null where nobody has any. */
function most(entries: readonly (readonly [Seat, Value])[]): Tally | null {
  let best: Tally | null = null;
  for (const [, value] of entries) {
    if (best !== null && sameValue(best.value, value)) continue;
    let voters = nobody;
    for (const [seat, other] of entries) if (sameValue(other, value)) voters = add(voters, seat);
    if (best === null || count(voters) > count(best.voters)) best = { value, voters };
    if (2 * count(best.voters) > entries.length) break;
  }
  return best;
}

/** What is held of the votes of a round: the first of each member, and of a liar another one. */
export type Votes = Pick<NeoRound, 'otherVotes' | 'votes'>;

/** The tally of the members' votes on a slot. Of who has signed two votes, each counts for what it says. */
export function tallyVotes({ otherVotes, votes }: Votes, members: PlayerSet, slot: Seat): Tally | null {
  const entries: (readonly [Seat, Value])[] = [];
  for (const voter of seatsOf(members)) {
    for (const vote of [votes[voter], otherVotes[voter]]) {
      const value = vote?.entries[slot];
      if (value) entries.push([voter, value]);
    }
  }
  return most(entries);
}

/** The value that q members have confirmed in one view, or null. */
export function confirmedValue(
  confirms: BySeat<readonly HeldConfirm[]>,
  members: PlayerSet,
  slot: Seat,
  q: number,
): Value | null {
  if (!confirms.some((list) => list !== null)) return null;
  const byView = new Map<number, (readonly [Seat, Value])[]>();
  for (const voter of seatsOf(members)) {
    for (const { statement, entries } of confirms[voter] ?? []) {
      const value = has(statement.slots, slot) ? entries[slot] : null;
      if (!value) continue;
      const list = byView.get(statement.view) ?? [];
      byView.set(statement.view, list);
      list.push([voter, value]);
    }
  }
  for (const entries of byView.values()) {
    const tally = most(entries);
    if (tally !== null && count(tally.voters) >= q) return tally.value;
  }
  return null;
}

/** What the votes and confirms come to for a slot of a round. */
export interface Outcome {
  readonly decided: Value | null;
  /** The value with a certificate of view 0, if there is one. */
  readonly certified: Value | null;
}

export function outcomeOfSlot(
  votes: Votes,
  { confirms }: Contest,
  members: PlayerSet,
  { fast, q }: Quorum,
  slot: Seat,
): Outcome {
  const tally = tallyVotes(votes, members, slot);
  const equal = tally === null ? 0 : count(tally.voters);
  const certified = tally !== null && equal >= q ? tally.value : null;
  if (tally !== null && equal >= fast) return { decided: tally.value, certified };
  return { decided: confirmedValue(confirms, members, slot, q), certified };
}

/** True when more than votes was said about the slots of a round, and equal votes alone do not decide it. */
export function isSlow(round: NeoRound): boolean {
  const { environment, slots } = round;
  const { members, quorum } = environment;
  if (slots.view > 0) return true;
  if (!slots.confirms.some((list) => list !== null)) return false;
  return seatsOf(members).some((slot) => {
    const tally = tallyVotes(round, members, slot);
    return tally === null || count(tally.voters) < quorum.fast;
  });
}
