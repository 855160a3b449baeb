/** Sets of seats as the bits of one unsigned integer; bit i is seat i. At most 32 seats. */

import type { Seat } from './ids.ts';

declare const players: unique symbol;

/** An immutable set of seats. */
export type PlayerSet = number & { readonly [players]: true };

export const nobody: PlayerSet = 0 as PlayerSet;

/** All seats below `count`. */
export function firstPlayers(count: number): PlayerSet {
  return ((count >= 32 ? -1 : (1 << count) - 1) | 0) as PlayerSet;
}

/** The set whose bits are those of `bits`. */
export function playersFromBits(bits: number): PlayerSet {
  return (bits | 0) as PlayerSet;
}

export function has(set: PlayerSet, seat: Seat): boolean {
  return (set & (1 << seat)) !== 0;
}

export function add(set: PlayerSet, seat: Seat): PlayerSet {
  return (set | (1 << seat)) as PlayerSet;
}

export function remove(set: PlayerSet, seat: Seat): PlayerSet {
  return (set & ~(1 << seat)) as PlayerSet;
}

export function union(a: PlayerSet, b: PlayerSet): PlayerSet {
  return (a | b) as PlayerSet;
}

export function minus(a: PlayerSet, b: PlayerSet): PlayerSet {
  return (a & ~b) as PlayerSet;
}

export function intersect(a: PlayerSet, b: PlayerSet): PlayerSet {
  return (a & b) as PlayerSet;
}

/** True when every seat of `a` is in `b`. */
export function within(a: PlayerSet, b: PlayerSet): boolean {
  return (a & ~b) === 0;
}

/** How many seats the set holds. */
export function count(set: PlayerSet): number {
  let bits = set as number;
  let total = 0;
  while (bits !== 0) {
    bits &= bits - 1;
    total++;
  }
  return total;
}

/** The seats of the set, ascending. */
export function seatsOf(set: PlayerSet): readonly Seat[] {
  const seats: Seat[] = [];
  for (let i = 0; i < 32; i++) if ((set & (1 << i)) !== 0) seats.push(i as Seat);
  return seats;
}
