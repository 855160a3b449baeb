/**
 * Going on without a player. A member signs REMOVE(X, its last advanced round) once an epoch and
 * nothing more in that epoch: at once when it holds a cause (evidence against X, or X's LEAVE), or
 * when every other member has wished it (a stall, and the game's choice). With the REMOVE of all
 * others the epoch ends after the highest round that one of them advanced.
 */

import type { Round, Seat } from '../base/ids.ts';
import {
  add,
  count,
  has,
  minus,
  nobody,
  type PlayerSet,
  remove,
  seatsOf,
  union,
  within,
} from '../base/players.ts';
import type { Verified } from '../crypto/signature.ts';
import type { Item } from '../wire/envelope.ts';
import { type Packet, statementOf } from '../wire/packet.ts';
import { type BySeat, replaced } from './round.ts';

/** Why a player may be removed without asking: `guilty` of a provable lie, or `left` by itself. */
export interface Cause {
  readonly reason: 'guilty' | 'left';
  /** The last round that a leaver has advanced: until then it has nothing more to say. 0 for the guilty. */
  readonly after: Round;
  /** What convinces the others: a proof, or the LEAVE packet. */
  readonly item: Item;
}

export interface Removal {
  readonly causes: BySeat<Cause>;
  /** Newest WISH of each seat. */
  readonly wishes: BySeat<Verified<Packet>>;
  /** My newest WISH, also while it is being signed. */
  readonly ownWish: { readonly round: Round; readonly target: Seat | null } | null;
  /** Whom I have wished to remove in this round, and in the one before. */
  readonly wished: PlayerSet;
  readonly wishedBefore: PlayerSet;
  /** REMOVE of each seat. */
  readonly removes: BySeat<Verified<Packet>>;
  /** Whom my own REMOVE of this epoch names: after it I sign nothing more in it. */
  readonly frozen: Seat | null;
}

export function noRemoval(seats: number, causes: BySeat<Cause>): Removal {
  const none = new Array<null>(seats).fill(null);
  return {
    causes,
    wishes: none,
    ownWish: null,
    wished: nobody,
    wishedBefore: nobody,
    removes: none,
    frozen: null,
  };
}

/** Whom my newest wish names while that round lasts, or null. */
export function ownWishOf({ ownWish }: Removal, round: Round): Seat | null {
  return ownWish?.round === round ? ownWish.target : null;
}

/** True when the member wishes to go on without `target`: now, or for good since its REMOVE names it. */
function wishes(removal: Removal, seat: Seat, target: Seat, round: Round): boolean {
  const [wish, signed] = [removal.wishes[seat], removal.removes[seat]];
  if (signed) return statementOf(signed, 'remove')?.target === target;
  const statement = wish ? statementOf(wish, 'wish') : null;
  return statement?.round === round && statement.target === target;
}

/** The last advanced round that a member's REMOVE claims, or null if it has signed none. */
export function claimOf(removal: Removal, seat: Seat): Round | null {
  const packet = removal.removes[seat];
  return packet ? (statementOf(packet, 'remove')?.advanced ?? null) : null;
}

/** The members whose REMOVE names `target`. */
export function removers(removal: Removal, members: PlayerSet, target: Seat): PlayerSet {
  let set = nobody;
  for (const seat of seatsOf(members)) {
    const packet = removal.removes[seat];
    if (packet && statementOf(packet, 'remove')?.target === target) set = add(set, seat);
  }
  return set;
}

/** Whom all the other members wish to go on without; never at n = 2, where one wish is no majority. */
function wishedByAll(removal: Removal, members: PlayerSet, me: Seat, round: Round): Seat | null {
  if (count(members) < 3) return null;
  const target = seatsOf(remove(members, me)).find((seat) => {
    const mine = ownWishOf(removal, round) === seat || isBound(removal, members, seat, round);
    const others = seatsOf(remove(remove(members, seat), me));
    return mine && others.every((other) => wishes(removal, other, seat, round));
  });
  return target ?? null;
}

/**
 * Whom I must sign REMOVE for now, or null: a leaver only when I have advanced what it has. One who
 * leaves still signs one for the guilty, who is guilty itself signs none.
 */
export function removeNow(removal: Removal, members: PlayerSet, me: Seat, advanced: Round): Seat | null {
  const own = removal.causes[me]?.reason;
  if (removal.frozen !== null || own === 'guilty') return null;
  const first = seatsOf(remove(members, me)).find(
    (seat) =>
      isDue(removal, members, seat, advanced) &&
      (own === undefined || removal.causes[seat]?.reason === 'guilty'),
  );
  if (own !== undefined) return first ?? null;
  return first ?? wishedByAll(removal, members, me, advanced + 1);
}

/** True when a cause holds now: what the leaver has is advanced, or somebody will wait for it no more. */
function isDue(removal: Removal, members: PlayerSet, seat: Seat, advanced: Round): boolean {
  const cause = removal.causes[seat];
  return !!cause && (cause.after <= advanced || removers(removal, members, seat) !== nobody);
}

/** True when a REMOVE of somebody else rests on a wish of mine: REMOVE(X, a) on those of round a + 1. */
function isBound(removal: Removal, members: PlayerSet, target: Seat, round: Round): boolean {
  return seatsOf(removers(removal, members, target)).some((seat) => {
    const since = (claimOf(removal, seat) ?? 0) + 1;
    return has(
      since === round ? removal.wished : since === round - 1 ? removal.wishedBefore : nobody,
      target,
    );
  });
}

/** Whom the REMOVE of somebody else holds me to wish away, because I have; else null. */
export function boundTo(removal: Removal, members: PlayerSet, round: Round): Seat | null {
  return seatsOf(members).find((target) => isBound(removal, members, target, round)) ?? null;
}

/**
 * Signers of a REMOVE that I can account for: I hold a cause, or have wished it myself. They may sign
 * nothing more in this epoch, so nobody waits for them.
 */
export function excused(removal: Removal, members: PlayerSet): PlayerSet {
  let set = nobody;
  for (const target of seatsOf(members)) {
    const known = removal.causes[target] || has(union(removal.wished, removal.wishedBefore), target);
    if (known) set = union(set, removers(removal, members, target));
  }
  return set;
}

/** True when every other member has left or lies, and what the leavers have is advanced here. */
export function abandoned(removal: Removal, members: PlayerSet, me: Seat, advanced: Round): boolean {
  if (removal.causes[me]) return false;
  return seatsOf(remove(members, me)).every(
    (seat) => (removal.causes[seat]?.after ?? advanced + 1) <= advanced,
  );
}

/** How an epoch ends: without whom, and after which round. */
export interface EpochEnd {
  readonly target: Seat;
  readonly after: Round;
}

/** The end of the epoch, once the REMOVEs of all but the target are held. */
export function epochEnd(removal: Removal, members: PlayerSet): EpochEnd | null {
  for (const target of seatsOf(members)) {
    const others = remove(members, target);
    if (!within(others, removers(removal, members, target))) continue;
    let after = 0;
    for (const seat of seatsOf(others)) after = Math.max(after, claimOf(removal, seat) ?? 0);
    return { target, after };
  }
  return null;
}

/**
 * Members that can never sign the REMOVE that mine needs: they named somebody else, or a cause is
 * held against them too. When such a one does not speak in time, two are gone at once.
 */
export function lost(removal: Removal, members: PlayerSet): PlayerSet {
  const { frozen } = removal;
  if (frozen === null) return nobody;
  const missing = minus(remove(members, frozen), removers(removal, members, frozen));
  let set = nobody;
  for (const seat of seatsOf(missing)) {
    if (removal.removes[seat] || removal.causes[seat]) set = add(set, seat);
  }
  return set;
}

/** A removal with one more cause: the first against a seat stays, but guilt outweighs having left. */
export function withCause(removal: Removal, seat: Seat, cause: Cause): Removal {
  const held = removal.causes[seat];
  if (held && (held.reason === 'guilty' || cause.reason === 'left')) return removal;
  return { ...removal, causes: replaced(removal.causes, seat, cause) };
}
