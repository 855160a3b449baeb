/**
 * The datagram of neo. In front of its items stands a header that no signature covers: a stamp for the
 * clocks, and what the sender holds of each round that is not final for it, which acknowledges everything
 * at once. The header can only ever cause a resend or delay one, never decide anything.
 *
 * A header lists the rounds final + 1 and on, up to the last of which anything is held. It may be cut short
 * to make room (see {@link headerBeside}): it then claims to hold less, and at worst is sent too much.
 */

import { assert } from '../base/assert.ts';
import { equalBytes } from '../base/bytes.ts';
import type { Round } from '../base/ids.ts';
import { nobody, type PlayerSet, playersFromBits } from '../base/players.ts';
import { accept, type Result, refuse } from '../base/result.ts';
import { type EnvelopeRefusal, ROUNDS, sessionTag } from './envelope.ts';
import {
  DATAGRAM_BYTES_MAX,
  HEADER_ROUNDS_MAX,
  ITEMS_MAX,
  PROTOCOL_VERSION,
  ROUND_MAX,
  ROUND_SETS_BYTES_MAX,
  ROUNDS_HEADER_BYTES,
  SESSION_TAG_BYTES,
} from './limits.ts';
import { Reader } from './reader.ts';
import { type RoundsItem, readRoundsItem, writeRoundsItem } from './rounds-item.ts';
import { Writer } from './writer.ts';

/** The `held` of a clock stamp while nothing has been heard from the receiver; `echo` is 0 then. */
export const NOTHING_HEARD = 0xffffffff;

/** Unsigned microseconds, modulo 2^32. */
export interface ClockStamp {
  /** The sender's raw clock as the datagram left. */
  readonly sentAt: number;
  /** The `sentAt` of the last datagram that the sender had of the receiver. */
  readonly echo: number;
  /** How long ago the sender had it, below NOTHING_HEARD; or NOTHING_HEARD. */
  readonly held: number;
}

/** What the sender holds of one round; the sets are of seats. */
export interface RoundSets {
  /** Whose COMMIT is held. */
  readonly commits: PlayerSet;
  /** Whose VOTE is held. */
  readonly votes: PlayerSet;
  /** Whose REVEAL is held. */
  readonly opens: PlayerSet;
  /** Whose slots are decided. */
  readonly decided: PlayerSet;
  /** Whose openings are decided. */
  readonly opened: PlayerSet;
}

export interface RoundsHeader {
  readonly stamp: ClockStamp;
  /** The sender's highest final round; 0 if none is. */
  readonly final: Round;
  /** Of the rounds final + 1 and on, at most HEADER_ROUNDS_MAX; something is held of the last of them. */
  readonly rounds: readonly RoundSets[];
}

/** A whole datagram of neo. */
export interface Rounds {
  readonly header: RoundsHeader;
  readonly items: readonly RoundsItem[];
}

/** One flag for each set, in the order in which they are written. */
const COMMITS = 1;
const VOTES = 2;
const OPENS = 4;
const DECIDED = 8;
const OPENED = 16;
const FLAGS_MAX: number = COMMITS | VOTES | OPENS | DECIDED | OPENED;

const empty: RoundSets = { commits: nobody, votes: nobody, opens: nobody, decided: nobody, opened: nobody };

/** The sets that differ from those of the round before, as flags. */
function flagsOf(sets: RoundSets, before: RoundSets): number {
  return (
    (sets.commits === before.commits ? 0 : COMMITS) |
    (sets.votes === before.votes ? 0 : VOTES) |
    (sets.opens === before.opens ? 0 : OPENS) |
    (sets.decided === before.decided ? 0 : DECIDED) |
    (sets.opened === before.opened ? 0 : OPENED)
  );
}

/** How many of the rounds there are up to the last of which anything is held. */
function lengthOf(rounds: readonly RoundSets[]): number {
  return rounds.findLastIndex((sets) => flagsOf(sets, empty) !== 0) + 1;
}

function writeSets(writer: Writer, sets: RoundSets, before: RoundSets): void {
  const flags = flagsOf(sets, before);
  writer.u8(flags);
  if ((flags & COMMITS) !== 0) writer.u16(sets.commits);
  if ((flags & VOTES) !== 0) writer.u16(sets.votes);
  if ((flags & OPENS) !== 0) writer.u16(sets.opens);
  if ((flags & DECIDED) !== 0) writer.u16(sets.decided);
  if ((flags & OPENED) !== 0) writer.u16(sets.opened);
}

/** How many bytes {@link writeSets} writes. */
function bytesOf(sets: RoundSets, before: RoundSets): number {
  let bytes = 1;
  for (let flags = flagsOf(sets, before); flags !== 0; flags &= flags - 1) bytes += 2;
  return bytes;
}

function readSets(reader: Reader, before: RoundSets): RoundSets | null {
  const flags = reader.u8();
  if (flags > FLAGS_MAX) return null;
  const given = (flag: number, same: PlayerSet): PlayerSet =>
    (flags & flag) === 0 ? same : playersFromBits(reader.u16());
  const sets: RoundSets = {
    commits: given(COMMITS, before.commits),
    votes: given(VOTES, before.votes),
    opens: given(OPENS, before.opens),
    decided: given(DECIDED, before.decided),
    opened: given(OPENED, before.opened),
  };
  return !reader.failed && flagsOf(sets, before) === flags ? sets : null;
}

function writeHeader(writer: Writer, { stamp, final, rounds }: RoundsHeader): void {
  const { sentAt, echo, held } = stamp;
  assert(held !== NOTHING_HEARD || echo === 0, 'who has heard nothing echoes nothing');
  assert(rounds.length <= HEADER_ROUNDS_MAX, 'a header lists at most HEADER_ROUNDS_MAX rounds');
  assert(lengthOf(rounds) === rounds.length, 'something is held of the last round that a header lists');
  assert(final + rounds.length <= ROUND_MAX, 'no round is after ROUND_MAX');
  writer.u32(sentAt).u32(echo).u32(held).u32(final).u8(rounds.length);
  let before = empty;
  for (const sets of rounds) {
    writeSets(writer, sets, before);
    before = sets;
  }
}

function readHeader(reader: Reader): RoundsHeader | null {
  const stamp = { sentAt: reader.u32(), echo: reader.u32(), held: reader.u32() };
  const final = reader.u32();
  const count = reader.u8();
  if (stamp.held === NOTHING_HEARD && stamp.echo !== 0) return null;
  if (count > HEADER_ROUNDS_MAX || final + count > ROUND_MAX) return null;
  const rounds: RoundSets[] = [];
  for (let i = 0; i < count; i++) {
    const sets = readSets(reader, rounds[i - 1] ?? empty);
    if (sets === null) return null;
    rounds.push(sets);
  }
  return lengthOf(rounds) === count ? { stamp, final, rounds } : null;
}

/** How many of the rounds, from the first, take at most so many bytes. */
function roundsWithin(rounds: readonly RoundSets[], bytes: number): number {
  if (rounds.length * ROUND_SETS_BYTES_MAX <= bytes) return rounds.length;
  let left = bytes;
  let before = empty;
  for (const [index, sets] of rounds.entries()) {
    left -= bytesOf(sets, before);
    if (left < 0) return index;
    before = sets;
  }
  return rounds.length;
}

/**
 * The header with as many of its rounds, from the first, as go into a datagram with so many bytes of items
 * (their own headers included), without those at the end of which nothing is held.
 */
export function headerBeside(header: RoundsHeader, itemBytes: number): RoundsHeader {
  const room = DATAGRAM_BYTES_MAX - ROUNDS_HEADER_BYTES - itemBytes;
  assert(room >= 0, 'the items of a datagram fit one');
  const { rounds } = header;
  const fitting = rounds.slice(0, Math.min(HEADER_ROUNDS_MAX, roundsWithin(rounds, room)));
  const length = lengthOf(fitting);
  return length === rounds.length ? header : { ...header, rounds: fitting.slice(0, length) };
}

export function encodeRounds(session: Uint8Array, { header, items }: Rounds): Uint8Array {
  assert(items.length <= ITEMS_MAX, 'a datagram has at most ITEMS_MAX items');
  const writer = new Writer(512).u8(PROTOCOL_VERSION).u8(ROUNDS).bytes(sessionTag(session));
  writeHeader(writer, header);
  for (const item of items) writeRoundsItem(writer, item);
  assert(writer.length <= DATAGRAM_BYTES_MAX, 'header and items fit one datagram');
  return writer.take();
}

/**
 * Reads a datagram of neo of this session, that has passed `datagramType`. Byte strings in the answer are
 * views of it.
 */
export function decodeRounds(session: Uint8Array, datagram: Uint8Array): Result<Rounds, EnvelopeRefusal> {
  const reader = new Reader(datagram);
  reader.u8();
  if (reader.u8() !== ROUNDS) return refuse('type');
  if (!equalBytes(reader.bytes(SESSION_TAG_BYTES), sessionTag(session))) return refuse('session');
  const header = readHeader(reader);
  if (header === null) return refuse('malformed');
  const items: RoundsItem[] = [];
  while (reader.left > 0 && !reader.failed) {
    const item = items.length < ITEMS_MAX ? readRoundsItem(reader) : null;
    if (item === null) return refuse('malformed');
    items.push(item);
  }
  return reader.done ? accept({ header, items }) : refuse('malformed');
}
