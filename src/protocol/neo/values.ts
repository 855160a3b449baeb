/**
 * What a vote decides about: the value of a slot is the hash of the author's commitment, or NONE. Votes
 * and confirms carry a bitmap and one digest of all the hashes in it; here the two become entries again.
 */

import { equalBytes } from '../../base/bytes.ts';
import { add, has, nobody, type PlayerSet, seatsOf } from '../../base/players.ts';
import { vectorDigest } from '../../crypto/commitment.ts';
import type { BySeat } from '../round.ts';

/** A hash of 32 bytes, or NONE. */
export type Value = Uint8Array;

/** "Not received in time" for a slot, `void` for an opening: 32 zero bytes. */
export const NONE: Value = new Uint8Array(32);

export function isNone(value: Value): boolean {
  return value === NONE || equalBytes(value, NONE);
}

export function sameValue(a: Value, b: Value): boolean {
  return equalBytes(a, b);
}

/** The hashes among the values of `slots`, in seat order, and whose they are. */
export interface Vector {
  readonly named: PlayerSet;
  readonly hashes: readonly Uint8Array[];
}

/** The values of some slots as a bitmap and a list of hashes; `values` holds one for each of the slots. */
export function vectorOf(slots: PlayerSet, values: BySeat<Value>): Vector {
  let named = nobody;
  const hashes: Uint8Array[] = [];
  for (const seat of seatsOf(slots)) {
    const value = values[seat];
    if (!value || isNone(value)) continue;
    named = add(named, seat);
    hashes.push(value);
  }
  return { named, hashes };
}

/** By seat the value that a bitmap and its hashes give to each of the slots; null for other seats. */
export function entriesOf(slots: PlayerSet, { named, hashes }: Vector, seats: number): BySeat<Value> {
  const entries = new Array<Value | null>(seats).fill(null);
  let next = 0;
  for (const seat of seatsOf(slots)) {
    if (has(named, seat)) entries[seat] = hashes[next++] ?? null;
    else entries[seat] = NONE;
  }
  return entries;
}

/** The entries of which only the bitmap is known: NONE where it says so, null where the hash is not known. */
export function unresolved(slots: PlayerSet, named: PlayerSet, seats: number): BySeat<Value> {
  return entriesOf(slots, { named, hashes: [] }, seats);
}

/**
 * The hashes that a digest stands for: those of `held` (what I hold of each named author), or one of the
 * vectors that came along. Null while neither fits.
 */
export function resolve(
  named: PlayerSet,
  digest: Uint8Array,
  held: BySeat<Value>,
  vectors: readonly (readonly Uint8Array[])[],
): readonly Uint8Array[] | null {
  const known = seatsOf(named).map((seat) => held[seat] ?? null);
  const complete = known.filter((value) => value !== null);
  if (complete.length === known.length && equalBytes(vectorDigest(complete), digest)) return complete;
  for (const vector of vectors) {
    if (vector.length === known.length && equalBytes(vectorDigest(vector), digest)) return vector;
  }
  return null;
}
