/**
 * Datagrams, and the bundle of lockstep (that of neo is in rounds.ts). A bundle carries packets and proofs
 * of one session, and in front of them the sender's standing: where it is and what it holds, which
 * acknowledges everything at once. The standing is outside of every signature: it can only ever cause a
 * resend or delay one, never decide anything.
 */

import { assert } from '../base/assert.ts';
import { equalBytes } from '../base/bytes.ts';
import type { Epoch, Round } from '../base/ids.ts';
import { type PlayerSet, playersFromBits } from '../base/players.ts';
import { accept, type Result, refuse } from '../base/result.ts';
import {
  DATAGRAM_BYTES_MAX,
  ITEM_BYTES_MAX,
  ITEMS_MAX,
  PROTOCOL_VERSION,
  SESSION_TAG_BYTES,
} from './limits.ts';
import { Reader } from './reader.ts';
import { Writer } from './writer.ts';

export const HELLO = 1;
export const BUNDLE = 2;
/** The datagram of neo (rounds.ts). */
export const ROUNDS = 3;
export type DatagramType = typeof HELLO | typeof BUNDLE | typeof ROUNDS;

/** What a player says it holds; the sets are of seats. */
export interface Standing {
  readonly epoch: Epoch;
  /** The round that is being played: one more than the last advanced. */
  readonly round: Round;
  /** Whose commitments of that round are held. */
  readonly commits: PlayerSet;
  /** Whose openings of that round are held. */
  readonly opens: PlayerSet;
  /** Whose REMOVE of that epoch is held. */
  readonly removes: PlayerSet;
  /** Against whom a cause for removal is held: evidence, or its LEAVE. */
  readonly causes: PlayerSet;
}

export type ItemType = 'packet' | 'proof';
const itemTags: Readonly<Record<ItemType, number>> = { packet: 1, proof: 2 };

/** A packet (wire/packet.ts) or a proof (protocol/evidence.ts), still as bytes. */
export interface Item {
  readonly type: ItemType;
  readonly bytes: Uint8Array;
}

export interface Bundle {
  readonly standing: Standing;
  readonly items: readonly Item[];
}

export type EnvelopeRefusal = 'length' | 'version' | 'type' | 'session' | 'malformed';

/** The part of a session id that each of its datagrams carries. */
export function sessionTag(session: Uint8Array): Uint8Array {
  return session.subarray(0, SESSION_TAG_BYTES);
}

export function encodeBundle(session: Uint8Array, { standing, items }: Bundle): Uint8Array {
  assert(items.length <= ITEMS_MAX, 'a bundle has at most ITEMS_MAX items');
  const writer = new Writer(512).u8(PROTOCOL_VERSION).u8(BUNDLE).bytes(sessionTag(session));
  writer.u16(standing.epoch).u32(standing.round);
  writer.u16(standing.commits).u16(standing.opens).u16(standing.removes).u16(standing.causes);
  for (const item of items) writer.u8(itemTags[item.type]).u16(item.bytes.length).bytes(item.bytes);
  assert(writer.length <= DATAGRAM_BYTES_MAX, 'a bundle fits one datagram');
  return writer.take();
}

/** The type byte of a datagram of our version: the first of the checks, none of which costs a hash. */
export function datagramType(datagram: Uint8Array): Result<DatagramType, EnvelopeRefusal> {
  if (datagram.length < 2 || datagram.length > DATAGRAM_BYTES_MAX) return refuse('length');
  if (datagram[0] !== PROTOCOL_VERSION) return refuse('version');
  const type = datagram[1];
  return type === HELLO || type === BUNDLE || type === ROUNDS ? accept(type) : refuse('type');
}

function readItem(reader: Reader): Item | null {
  const tag = reader.u8();
  const length = reader.u16();
  const type = tag === itemTags.packet ? 'packet' : tag === itemTags.proof ? 'proof' : null;
  if (type === null || length === 0 || length > ITEM_BYTES_MAX) return null;
  return { type, bytes: reader.bytes(length) };
}

/** Reads a bundle of this session, of a datagram that has passed {@link datagramType}. */
export function decodeBundle(session: Uint8Array, datagram: Uint8Array): Result<Bundle, EnvelopeRefusal> {
  const reader = new Reader(datagram);
  reader.u8();
  if (reader.u8() !== BUNDLE) return refuse('type');
  if (!equalBytes(reader.bytes(SESSION_TAG_BYTES), sessionTag(session))) return refuse('session');
  const standing: Standing = {
    epoch: reader.u16(),
    round: reader.u32(),
    commits: playersFromBits(reader.u16()),
    opens: playersFromBits(reader.u16()),
    removes: playersFromBits(reader.u16()),
    causes: playersFromBits(reader.u16()),
  };
  const items: Item[] = [];
  while (reader.left > 0 && !reader.failed) {
    const item = items.length < ITEMS_MAX ? readItem(reader) : null;
    if (item === null) return refuse('malformed');
    items.push(item);
  }
  return reader.done ? accept({ standing, items }) : refuse('malformed');
}
