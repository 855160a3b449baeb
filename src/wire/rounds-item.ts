/**
 * The items of a rounds datagram: type, length, content. None depends on another, or on the header; what
 * they mean and whether it is true is judged by whoever takes them in.
 */

import { assert, unreachable } from '../base/assert.ts';
import { DIGEST_BYTES } from '../crypto/hash.ts';
import {
  CHUNK_BYTES_MAX,
  ITEM_HEADER_BYTES,
  PLAYERS_MAX,
  QUERY_BYTES_MAX,
  ROUNDS_ITEM_BYTES_MAX,
} from './limits.ts';
import { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

/** The hashes behind a digest that a statement carries, 32 bytes each: 1 to PLAYERS_MAX, in seat order. */
export interface VectorItem {
  readonly type: 'vector';
  readonly digests: readonly Uint8Array[];
}

/** A part of something larger, such as a snapshot. */
export interface ChunkItem {
  readonly type: 'chunk';
  /** Which thing, as its sender counts them. */
  readonly transfer: number;
  /** Which part of it, below `count`. */
  readonly index: number;
  /** How many parts it has, at least 1. */
  readonly count: number;
  /** 1 to CHUNK_BYTES_MAX bytes. */
  readonly bytes: Uint8Array;
}

/**
 * - `packet`: of any player (wire/packet.ts), 1 to ROUNDS_ITEM_BYTES_MAX bytes
 * - `accusation`: encoded evidence (protocol/evidence.ts), of the same size; told before a round says it
 * - `query`, `answer`: what is asked and told outside of signatures, 1 to QUERY_BYTES_MAX bytes
 */
export interface OpaqueItem {
  readonly type: 'packet' | 'accusation' | 'query' | 'answer';
  readonly bytes: Uint8Array;
}

export type RoundsItem = OpaqueItem | VectorItem | ChunkItem;

/** A proof of lockstep is 2 in a bundle; here it is an accusation. */
const tags: Readonly<Record<RoundsItem['type'], number>> = {
  packet: 1,
  vector: 3,
  accusation: 4,
  chunk: 5,
  query: 6,
  answer: 7,
};

const typeOfTag: ReadonlyMap<number, RoundsItem['type']> = new Map(
  Object.entries(tags).map(([type, tag]) => [tag, type as RoundsItem['type']]),
);

/** How many bytes a string of this type may have. */
function bytesMax(type: OpaqueItem['type'] | ChunkItem['type']): number {
  if (type === 'chunk') return CHUNK_BYTES_MAX;
  return type === 'query' || type === 'answer' ? QUERY_BYTES_MAX : ROUNDS_ITEM_BYTES_MAX;
}

const CHUNK_HEADER_BYTES: number = 4 + 2 + 2;

function contentBytes(item: RoundsItem): number {
  if (item.type === 'vector') return 1 + item.digests.length * DIGEST_BYTES;
  return item.type === 'chunk' ? CHUNK_HEADER_BYTES + item.bytes.length : item.bytes.length;
}

/** Bytes that an item takes in a datagram, with its type and length. */
export function roundsItemBytes(item: RoundsItem): number {
  return ITEM_HEADER_BYTES + contentBytes(item);
}

function writeVector(writer: Writer, { digests }: VectorItem): void {
  assert(digests.length >= 1 && digests.length <= PLAYERS_MAX, 'a vector has 1 to PLAYERS_MAX digests');
  writer.u8(digests.length);
  for (const digest of digests) {
    assert(digest.length === DIGEST_BYTES, 'a digest has DIGEST_BYTES bytes');
    writer.bytes(digest);
  }
}

export function writeRoundsItem(writer: Writer, item: RoundsItem): void {
  writer.u8(tags[item.type]).u16(contentBytes(item));
  if (item.type === 'vector') return writeVector(writer, item);
  const { bytes, type } = item;
  assert(bytes.length >= 1 && bytes.length <= bytesMax(type), `${type}: 1 to ${bytesMax(type)} bytes`);
  if (item.type === 'chunk') {
    assert(item.index < item.count, 'a part is one of those that there are');
    writer.u32(item.transfer).u16(item.index).u16(item.count);
  }
  writer.bytes(bytes);
}

function readVector(reader: Reader): VectorItem | null {
  const count = reader.u8();
  if (count < 1 || count > PLAYERS_MAX) return null;
  return { type: 'vector', digests: Array.from({ length: count }, () => reader.bytes(DIGEST_BYTES)) };
}

function readChunk(reader: Reader): ChunkItem | null {
  const [transfer, index, count] = [reader.u32(), reader.u16(), reader.u16()];
  const bytes = reader.bytes(reader.left);
  if (index >= count || bytes.length < 1 || bytes.length > CHUNK_BYTES_MAX) return null;
  return { type: 'chunk', transfer, index, count, bytes };
}

function readContent(type: RoundsItem['type'], reader: Reader): RoundsItem | null {
  if (type === 'vector') return readVector(reader);
  if (type === 'chunk') return readChunk(reader);
  if (type === 'packet' || type === 'accusation' || type === 'query' || type === 'answer') {
    return reader.left <= bytesMax(type) ? { type, bytes: reader.bytes(reader.left) } : null;
  }
  return unreachable(type);
}

/** The next item, or null if it is none; the reader may have failed. */
export function readRoundsItem(reader: Reader): RoundsItem | null {
  const type = typeOfTag.get(reader.u8());
  const length = reader.u16();
  if (type === undefined || length === 0 || length > ROUNDS_ITEM_BYTES_MAX) return null;
  const content = new Reader(reader.bytes(length));
  if (reader.failed) return null;
  const item = readContent(type, content);
  return content.done ? item : null;
}
