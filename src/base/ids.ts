/** The names of things: plain numbers and bytes, told apart by the compiler alone. */

declare const seat: unique symbol;

/** Index of a player in the session's roster, which is ordered by public key. 0 .. n-1. */
export type Seat = number & { readonly [seat]: true };

/** Count of rounds from the start of the session; the first round is 1, 0 is the initial state. */
export type Round = number;

/** Number of membership changes so far; the first epoch is 0. */
export type Epoch = number;

/** A number already known to be a seat of the roster at hand. */
export function seatOf(index: number): Seat {
  return index as Seat;
}
