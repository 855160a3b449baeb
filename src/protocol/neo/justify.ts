/**
 * The leader rule: what the view changes of enough members leave a leader no choice about. A function of
 * the set alone, so that anybody who holds the named view changes can check a proposal.
 */

import { compareBytes, equalBytes } from '../../base/bytes.ts';
import { has, type PlayerSet, seatsOf } from '../../base/players.ts';
import { type Certified, type Change, type Propose, ROUND_INSTANCE } from '../../wire/statement.ts';
import { isNone, NONE, type Value, vectorOf } from './values.ts';

/** The certificate of the highest view that the set reports for a slot; of two, the smaller hash. */
export function highestReported(changes: readonly Change[], slot: number): Certified | null {
  let highest: Certified | null = null;
  for (const { certified } of changes) {
    const reported = certified.find((each) => each.slot === slot);
    if (reported === undefined) continue;
    const newer = highest === null || reported.view > highest.view;
    const tie = highest !== null && reported.view === highest.view;
    if (newer || (tie && compareBytes(reported.value, (highest as Certified).value) < 0)) highest = reported;
  }
  return highest;
}

/** The entry of a slot in the vote that a view change repeats. */
export function votedFor({ named, votes }: Change, slot: number): Value {
  let index = 0;
  for (const seat of seatsOf(named)) {
    if (seat === slot) return votes[index] ?? NONE;
    index++;
  }
  return NONE;
}

/** The value that more than half of the set voted for, if there is one. */
function majority(changes: readonly Change[], slot: number): Value | null {
  for (const change of changes) {
    const value = votedFor(change, slot);
    const equal = changes.filter((other) => equalBytes(votedFor(other, slot), value));
    if (2 * equal.length > changes.length) return value;
  }
  return null;
}

/** Of the openings that the set claims, the first by bytes; else `void`. */
function claimed(changes: readonly Change[]): Value {
  const claims = changes.map(({ claim }) => claim).filter((claim) => !isNone(claim));
  return claims.sort(compareBytes)[0] ?? NONE;
}

/**
 * What a leader must propose for a slot: the value certified in the highest view that the set reports;
 * else, for a slot, what more than half of the set voted for, or NONE; for an opening, `open` if anybody
 * in the set holds it.
 */
export function leaderValue(instance: number, slot: number, changes: readonly Change[]): Value {
  const reported = highestReported(changes, slot);
  if (reported !== null) return reported.value;
  if (instance !== ROUND_INSTANCE) return claimed(changes);
  return majority(changes, slot) ?? NONE;
}

/** True when a proposal is what the leader rule makes of these view changes, for exactly these slots. */
export function justified(propose: Propose, slots: PlayerSet, changes: readonly Change[]): boolean {
  const values = seatsOf(slots).map((slot) => leaderValue(propose.instance, slot, changes));
  const bySeat: (Value | null)[] = [];
  for (const [index, slot] of seatsOf(slots).entries()) bySeat[slot] = values[index] ?? NONE;
  const { named, hashes } = vectorOf(slots, bySeat);
  if (named !== propose.named || hashes.length !== propose.values.length) return false;
  return hashes.every((hash, index) => equalBytes(hash, propose.values[index] as Uint8Array));
}

/** True when the bitmap of a vector and its hashes belong together, and name only these slots. */
export function wellFormed(named: PlayerSet, hashes: readonly Uint8Array[], slots: PlayerSet): boolean {
  return seatsOf(named).length === hashes.length && seatsOf(named).every((seat) => has(slots, seat));
}
