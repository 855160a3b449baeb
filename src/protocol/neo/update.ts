/**
 * The sealed update: what a COMMIT of neo seals and its REVEAL opens. Beside the game's input it has a
 * system part: a report for the pace, and operations on the membership. All of it exists only if the slot
 * is accepted and its opening is not void.
 *
 * Bytes: none at all for the empty update. Else a head (number of operations; bit 7: there is a report), the
 * report (lateness u16, lag u16), the operations, and the game's input up to the end. An operation is its
 * tag and:
 *
 *   1 accuse    length u16, evidence (protocol/evidence.ts)
 *   2 illegal   round u32, seat u8, length u16, packet with the accused's VOTE of that round
 *   3 late      round u32, seat u8
 *   4 leave
 *   5 sponsor   public key 32, nonce 16, length u8, address (ASCII), signature 64
 */

import { assert, unreachable } from '../../base/assert.ts';
import { type Round, type Seat, seatOf } from '../../base/ids.ts';
import { domainPrefix } from '../../crypto/hash.ts';
import { PUBLIC_KEY_BYTES, SIGNATURE_BYTES } from '../../crypto/signature.ts';
import {
  INPUT_BYTES_MAX,
  NONCE_BYTES,
  PLAYERS_MAX,
  PROTOCOL_VERSION,
  SESSION_BYTES,
  UPDATE_BYTES_MAX,
} from '../../wire/limits.ts';
import { Reader } from '../../wire/reader.ts';
import { Writer } from '../../wire/writer.ts';
import type { Report } from './pace.ts';

/** A player as the session knows it. Only key and nonce are its identity; the address is a hint. */
export interface Member {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Its fresh bytes for this session, 16. */
  readonly nonce: Uint8Array;
  /** Where it says that it can be reached: 1 to ADDRESS_BYTES_MAX characters of ASCII, no spaces. */
  readonly address: string;
}

/** Evidence that convicts a member. */
export interface Accuse {
  readonly type: 'accuse';
  readonly evidence: Uint8Array;
}

/** The input of a member broke the rules of the game, judged on the state that its own VOTE names. */
export interface AccuseIllegal {
  readonly type: 'illegal';
  readonly round: Round;
  readonly seat: Seat;
  /** A packet of the accused with its VOTE of that round; all else in it is best left out. */
  readonly vote: Uint8Array;
}

/** I waited longer than T_late for the accepted opening of this seat in this round. */
export interface Late {
  readonly type: 'late';
  readonly round: Round;
  readonly seat: Seat;
}

/** I leave. */
export interface LeaveGame {
  readonly type: 'leave';
}

/** I want this player in; it has asked for it with its signature. */
export interface Sponsor extends Member {
  readonly type: 'sponsor';
  /** The joiner's, over {@link joinMessage}; 64 bytes. */
  readonly signature: Uint8Array;
}

export type Operation = Accuse | AccuseIllegal | Late | LeaveGame | Sponsor;

export interface Update {
  /** What the author measured, or null: it says nothing of it. */
  readonly report: Report | null;
  readonly operations: readonly Operation[];
  /** Encoded input of the game, 1 to INPUT_BYTES_MAX bytes; null for none. */
  readonly input: Uint8Array | null;
}

export const ADDRESS_BYTES_MAX = 64;

/** Operations of one update. */
export const OPERATIONS_MAX = 32;

/** Operations of one update with signatures to check, which takes a while: all but `late` and `leave`. */
export const CHECKED_MAX = 3;

const HAS_REPORT = 0x80;
const HEAD_BYTES = 1;
const REPORT_BYTES = 4;
const tags: Readonly<Record<Operation['type'], number>> = {
  accuse: 1,
  illegal: 2,
  late: 3,
  leave: 4,
  sponsor: 5,
};

/** The update of a player who has nothing to say. */
export const emptyUpdate: Update = { report: null, operations: [], input: null };

/** True for what can stand as an address. */
export function isAddress(address: string): boolean {
  return address.length <= ADDRESS_BYTES_MAX && /^[\x21-\x7e]+$/.test(address);
}

/** What a player signs to be let into a session: its id, the joiner's key, nonce and address. */
export function joinMessage(session: Uint8Array, { publicKey, nonce, address }: Member): Uint8Array {
  const writer = new Writer(192).bytes(domainPrefix('join')).u8(PROTOCOL_VERSION).bytes(session);
  assert(session.length === SESSION_BYTES, 'a session id has SESSION_BYTES bytes');
  writeMember(writer, { publicKey, nonce, address });
  return writer.take();
}

/** Key 32, nonce 16, length u8 and address. What breaks a limit is our own mistake: it throws. */
export function writeMember(writer: Writer, { publicKey, nonce, address }: Member): void {
  assert(publicKey.length === PUBLIC_KEY_BYTES, 'a public key has PUBLIC_KEY_BYTES bytes');
  assert(nonce.length === NONCE_BYTES, 'a nonce has NONCE_BYTES bytes');
  assert(isAddress(address), 'an address is 1 to ADDRESS_BYTES_MAX characters of ASCII without spaces');
  writer.bytes(publicKey).bytes(nonce).u8(address.length);
  for (let i = 0; i < address.length; i++) writer.u8(address.charCodeAt(i));
}

/** What {@link writeMember} writes; the reader has failed where it is none. */
export function readMember(reader: Reader): Member {
  const publicKey = reader.bytes(PUBLIC_KEY_BYTES);
  const nonce = reader.bytes(NONCE_BYTES);
  const address = String.fromCharCode(...reader.bytes(reader.u8()));
  if (!isAddress(address)) reader.fail();
  return { publicKey, nonce, address };
}

function writePlace(writer: Writer, { round, seat }: { readonly round: Round; readonly seat: Seat }): void {
  assert(seat < PLAYERS_MAX, 'a seat is below PLAYERS_MAX');
  writer.u32(round).u8(seat);
}

function readPlace(reader: Reader): { round: Round; seat: Seat } {
  const round = reader.u32();
  const seat = reader.u8();
  if (seat >= PLAYERS_MAX) reader.fail();
  return { round, seat: seatOf(seat) };
}

function writeLong(writer: Writer, bytes: Uint8Array): void {
  writer.u16(bytes.length).bytes(bytes);
}

function writeOperation(writer: Writer, operation: Operation): void {
  writer.u8(tags[operation.type]);
  switch (operation.type) {
    case 'accuse':
      return writeLong(writer, operation.evidence);
    case 'illegal':
      writePlace(writer, operation);
      return writeLong(writer, operation.vote);
    case 'late':
      return writePlace(writer, operation);
    case 'leave':
      return;
    case 'sponsor':
      writeMember(writer, operation);
      assert(operation.signature.length === SIGNATURE_BYTES, 'a signature has SIGNATURE_BYTES bytes');
      writer.bytes(operation.signature);
      return;
    default:
      unreachable(operation);
  }
}

function readOperation(reader: Reader): Operation | null {
  const tag = reader.u8();
  if (tag === tags.accuse) return { type: 'accuse', evidence: reader.bytes(reader.u16()) };
  if (tag === tags.illegal) {
    return { type: 'illegal', ...readPlace(reader), vote: reader.bytes(reader.u16()) };
  }
  if (tag === tags.late) return { type: 'late', ...readPlace(reader) };
  if (tag === tags.leave) return { type: 'leave' };
  if (tag === tags.sponsor) {
    return { type: 'sponsor', ...readMember(reader), signature: reader.bytes(SIGNATURE_BYTES) };
  }
  return null;
}

function isChecked({ type }: Operation): boolean {
  return type !== 'late' && type !== 'leave';
}

function isAccusation({ type }: Operation): boolean {
  return type === 'accuse' || type === 'illegal';
}

/** The one byte string of an update. What breaks a limit is our own mistake: it throws. */
export function encodeUpdate({ report, operations, input }: Update): Uint8Array {
  if (report === null && operations.length === 0 && input === null) return new Uint8Array(0);
  assert(operations.length <= OPERATIONS_MAX, 'an update has at most OPERATIONS_MAX operations');
  assert(operations.filter(isChecked).length <= CHECKED_MAX, 'at most CHECKED_MAX of them carry signatures');
  const writer = new Writer().u8(operations.length | (report === null ? 0 : HAS_REPORT));
  if (report !== null) writer.u16(report.lateness).u16(report.lag);
  for (const operation of operations) writeOperation(writer, operation);
  if (input !== null) {
    assert(input.length >= 1 && input.length <= INPUT_BYTES_MAX, 'an input has 1 to INPUT_BYTES_MAX bytes');
    writer.bytes(input);
  }
  assert(writer.length <= UPDATE_BYTES_MAX, 'an update has at most UPDATE_BYTES_MAX bytes');
  return writer.take();
}

/** Reads what {@link encodeUpdate} writes; null for all else, never throws. Its parts are views. */
export function decodeUpdate(bytes: Uint8Array): Update | null {
  if (bytes.length === 0) return emptyUpdate;
  if (bytes.length > UPDATE_BYTES_MAX) return null;
  const reader = new Reader(bytes);
  const head = reader.u8();
  const count = head & ~HAS_REPORT;
  if (head === 0 && reader.left === 0) return null;
  if (count > OPERATIONS_MAX) return null;
  const report = (head & HAS_REPORT) === 0 ? null : { lateness: reader.u16(), lag: reader.u16() };
  const operations: Operation[] = [];
  for (let i = 0; i < count; i++) {
    const operation = readOperation(reader);
    if (operation === null || reader.failed) return null;
    operations.push(operation);
  }
  if (operations.filter(isChecked).length > CHECKED_MAX) return null;
  const input = reader.left === 0 ? null : reader.bytes(reader.left);
  if (!reader.done || (input !== null && input.length > INPUT_BYTES_MAX)) return null;
  return { report, operations, input };
}

/** Bytes of one operation in an update. */
function bytesOf(operation: Operation): number {
  const writer = new Writer();
  writeOperation(writer, operation);
  return writer.length;
}

/**
 * An update with as many of the operations as fit, the first ones first; those that went in are in it as
 * they were given, the others wait for another round. The input (no bytes: none) has its room before any
 * of them but an accusation: if the two do not fit together, the accusation goes and the author gives up
 * its input of this round. An accusation that would not even fit alone is left out.
 */
export function choose(report: Report | null, operations: readonly Operation[], input: Uint8Array): Update {
  let room = UPDATE_BYTES_MAX - HEAD_BYTES - (report === null ? 0 : REPORT_BYTES);
  let kept = input.length === 0 ? null : input;
  let checked = 0;
  const taken: Operation[] = [];
  for (const operation of operations) {
    const need = bytesOf(operation);
    if (taken.length === OPERATIONS_MAX || need > room) continue;
    if (isChecked(operation) && checked === CHECKED_MAX) continue;
    if (need > room - (kept?.length ?? 0)) {
      if (!isAccusation(operation)) continue;
      kept = null;
    }
    taken.push(operation);
    room -= need;
    if (isChecked(operation)) checked++;
  }
  return { report, operations: taken, input: kept };
}

/** The bytes of what {@link choose} chooses. */
export function pack(report: Report | null, operations: readonly Operation[], input: Uint8Array): Uint8Array {
  return encodeUpdate(choose(report, operations, input));
}
