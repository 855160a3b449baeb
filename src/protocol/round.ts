/** What is held of one round: the members' commitments, and their openings with the set they saw. */

import { equalBytes } from '../base/bytes.ts';
import type { Epoch, Round, Seat } from '../base/ids.ts';
import { add, nobody, type PlayerSet, seatsOf, within } from '../base/players.ts';
import { commit, commitmentSet, opens } from '../crypto/commitment.ts';
import { hash } from '../crypto/hash.ts';
import type { Verified } from '../crypto/signature.ts';
import type { Item } from '../wire/envelope.ts';
import { type Packet, statementOf } from '../wire/packet.ts';

/** Packets by seat; null where none is held. */
export type BySeat<T> = readonly (T | null)[];

/** Something held that others may need: a packet of some player, or a proof against `author`. */
export interface Holding {
  readonly kind: 'commit' | 'open' | 'remove' | 'wish' | 'cause';
  readonly epoch: Epoch;
  readonly round: Round;
  readonly author: Seat;
  readonly item: Item;
}

/** What is held of one (epoch, round). */
export interface RoundBook {
  readonly epoch: Epoch;
  readonly round: Round;
  /** COMMIT of each seat. */
  readonly commits: BySeat<Verified<Packet>>;
  /** SET and REVEAL of each seat, which share a packet. */
  readonly opens: BySeat<Verified<Packet>>;
}

export function emptyBook(epoch: Epoch, round: Round, seats: number): RoundBook {
  const none = new Array<null>(seats).fill(null);
  return { epoch, round, commits: none, opens: none };
}

/** The same list with one place changed. */
export function replaced<T>(list: readonly T[], index: number, value: T): readonly T[] {
  const copy = list.slice();
  copy[index] = value;
  return copy;
}

/** The seats whose packet is held. */
export function holders(list: BySeat<unknown>): PlayerSet {
  let set = nobody;
  for (let seat = 0; seat < list.length; seat++) if (list[seat] !== null) set = add(set, seat as Seat);
  return set;
}

/** The digest of the members' held commitments; only when all of them are held. */
export function heldSet(session: Uint8Array, book: RoundBook, members: PlayerSet): Uint8Array | null {
  const commitments: Uint8Array[] = [];
  for (const seat of seatsOf(members)) {
    const packet = book.commits[seat];
    const statement = packet ? statementOf(packet, 'commit') : null;
    if (statement === null) return null;
    commitments.push(statement.commitment);
  }
  return commitmentSet({ session, epoch: book.epoch, round: book.round }, commitments);
}

/** The members whose opening is held together with a SET equal to `set`. */
export function agreeing(book: RoundBook, members: PlayerSet, set: Uint8Array): PlayerSet {
  let agreed = nobody;
  for (const seat of seatsOf(members)) {
    const packet = book.opens[seat];
    const statement = packet ? statementOf(packet, 'set') : null;
    if (statement !== null && equalBytes(statement.set, set)) agreed = add(agreed, seat);
  }
  return agreed;
}

/**
 * True when an opening is one that the round can advance on here: its SET is mine, and it opens the
 * commitment that is held. Of two openings of one player at most one fits, and whoever has advanced
 * holds my SET, so what fits here is what it advanced on.
 */
export function fits(session: Uint8Array, book: RoundBook, packet: Packet, set: Uint8Array): boolean {
  const { epoch, round } = book;
  const committed = book.commits[packet.sender];
  const commitment = committed ? statementOf(committed, 'commit') : null;
  const listed = statementOf(packet, 'set');
  const opening = statementOf(packet, 'reveal');
  if (commitment === null || listed === null || opening === null || !equalBytes(listed.set, set))
    return false;
  const slot = { session, epoch, round, author: packet.sender };
  return opens(commitment.commitment, slot, opening.salt, opening.input);
}

/** An advanced round: what everybody played, and the seed that comes of it. */
export interface Outcome {
  readonly epoch: Epoch;
  readonly round: Round;
  /** Who is in the match in this round. */
  readonly members: PlayerSet;
  /** Encoded input by seat; null for seats that are not members, or that gave none that counts. */
  readonly inputs: BySeat<Uint8Array>;
  /** Seed of this round's `random`: made of the openings of all earlier rounds, 32 bytes. */
  readonly seed: Uint8Array;
  /** Seed of the next round's: this one and the openings of this round, 32 bytes. */
  readonly nextSeed: Uint8Array;
}

/**
 * The advance certificate: n equal SETs and n openings that are what the set lists. It needs the
 * members' openings alone, so it can be handed on as it is. Null while something is missing.
 */
export function outcomeOf(
  session: Uint8Array,
  book: RoundBook,
  members: PlayerSet,
  seed: Uint8Array,
): Outcome | null {
  if (!within(members, holders(book.opens))) return null;
  const { epoch, round } = book;
  const inputs: (Uint8Array | null)[] = book.opens.map(() => null);
  const commitments: Uint8Array[] = [];
  const openings: Uint8Array[] = [seed];
  let set: Uint8Array | null = null;
  for (const author of seatsOf(members)) {
    const packet = book.opens[author];
    const listed = packet ? statementOf(packet, 'set') : null;
    const opening = packet ? statementOf(packet, 'reveal') : null;
    if (listed === null || opening === null) return null;
    if (set !== null && !equalBytes(set, listed.set)) return null;
    set = listed.set;
    const commitment = commit({ session, epoch, round, author }, opening.salt, opening.input);
    commitments.push(commitment);
    openings.push(opening.salt, hash('seed', opening.input));
    inputs[author] = opening.input;
  }
  if (set === null || !equalBytes(set, commitmentSet({ session, epoch, round }, commitments))) return null;
  return { epoch, round, members, inputs, seed, nextSeed: hash('seed', ...openings) };
}

/** Members whose state digest differs from that of `me` in the SETs of a round. */
export function desynced(book: RoundBook, members: PlayerSet, me: Seat): PlayerSet {
  const mine = book.opens[me];
  const own = mine ? statementOf(mine, 'set') : null;
  let differing = nobody;
  if (own === null) return differing;
  for (const seat of seatsOf(members)) {
    const packet = book.opens[seat];
    const theirs = packet ? statementOf(packet, 'set') : null;
    if (theirs !== null && !equalBytes(theirs.state, own.state)) differing = add(differing, seat);
  }
  return differing;
}
