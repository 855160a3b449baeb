/**
 * The bytes of a log file, format 1. Numbers are little-endian.
 *
 *   file    head, then frames back to back
 *   head    "fairstep log v1\n" (16), salt (16, random), check (8)
 *   frame   mark (4), length of body (4), check of what stands before the frame (8), check (8), body
 *   body    0, boot counter (4)  |  1, then records: length (4), bytes
 *
 * mark is the salt's first 4 bytes. A check is the first 8 bytes of SHA-256: of magic and salt in the head;
 * of salt, length, earlier check and body in a frame. So the frames are a chain, yet each can be judged by
 * itself wherever it stands, and no peer, not knowing the salt, can hide a frame inside a record.
 *
 * One flush writes one frame and waits for the disk, so a crash can spoil only the last frame, however its
 * sectors got there. That is a torn tail: nothing in it was ever reported durable. What a crash cannot do is
 * damage: bytes that are no frame but have a frame after them, or are more than a frame can have; and a frame
 * that does not continue the chain.
 */

import { createHash } from 'node:crypto';
import { equalBytes } from '../base/bytes.ts';
import { RECORD_BYTES_MAX } from './log.ts';

const magic = 'fairstep log v1\n';
const checkBytes = 8;

/** Bytes of a salt. */
export const SALT_BYTES = 16;

const saltEnd = magic.length + SALT_BYTES;

/** Bytes of the head of a log file. */
export const HEAD_BYTES: number = saltEnd + checkBytes;

const lengthAt = 4;
const earlierAt = 8;
const checkAt = 16;

/** Bytes of a frame before its body. */
export const FRAME_HEAD_BYTES = 24;

/** The longest body: any record fits. */
const bodyBytesMax = 2 * RECORD_BYTES_MAX;

const bootKind = 0;
const recordsKind = 1;
const bootBodyBytes = 5;

/** Where a log can be continued. */
export interface Chain {
  readonly salt: Uint8Array;
  /** The check of the last frame, or of the head. */
  readonly last: Uint8Array;
}

/** The first bytes of SHA-256 of the chunks; lengths are fixed or among what is hashed. */
function checkOf(...chunks: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256');
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest().subarray(0, checkBytes);
}

/** The head of a new log. */
export function encodeHead(salt: Uint8Array): Buffer {
  const start = Buffer.concat([Buffer.from(magic, 'latin1'), salt]);
  return Buffer.concat([start, checkOf(start)]);
}

/** The chain that a head begins; 'version' if it is of another format, 'foreign' if it is no whole head. */
export function decodeHead(file: Buffer): Chain | 'version' | 'foreign' {
  const start = file.toString('latin1', 0, 2 * magic.length);
  if (!start.startsWith(magic)) return /^fairstep log v\d+\n/.test(start) ? 'version' : 'foreign';
  const last = file.subarray(saltEnd, HEAD_BYTES);
  if (!equalBytes(last, checkOf(file.subarray(0, saltEnd)))) return 'foreign';
  return { salt: file.subarray(magic.length, saltEnd), last };
}

/** The check of a whole frame, which the next one continues. */
export function checkOfFrame(frame: Buffer): Uint8Array {
  return frame.subarray(checkAt, FRAME_HEAD_BYTES);
}

/** The frame with this body that continues a chain. */
export function encodeFrame({ salt, last }: Chain, body: Uint8Array): Buffer {
  const head = Buffer.alloc(FRAME_HEAD_BYTES);
  head.set(salt.subarray(0, lengthAt), 0);
  head.writeUInt32LE(body.length, lengthAt);
  head.set(last, earlierAt);
  head.set(checkOf(salt, head.subarray(lengthAt, checkAt), body), checkAt);
  return Buffer.concat([head, body]);
}

/** The body of the frame that counts an opening. */
export function bootBody(counter: number): Buffer {
  const body = Buffer.alloc(bootBodyBytes);
  body.writeUInt32LE(counter, 1);
  return body;
}

/** A body with as many of the records, from the first on, as fit; and how many those are. */
export function recordsBody(records: readonly Uint8Array[]): readonly [body: Buffer, taken: number] {
  const chunks: Uint8Array[] = [Uint8Array.of(recordsKind)];
  let length = 1;
  let taken = 0;
  for (const record of records) {
    if (length + 4 + record.length > bodyBytesMax) break;
    const prefix = Buffer.alloc(4);
    prefix.writeUInt32LE(record.length, 0);
    chunks.push(prefix, record);
    length += 4 + record.length;
    taken++;
  }
  return [Buffer.concat(chunks), taken];
}

/** The frame at `offset`, or null when none is there. Whether it continues the chain is another question. */
function frameAt(file: Buffer, salt: Uint8Array, offset: number): Buffer | null {
  const bodyAt = offset + FRAME_HEAD_BYTES;
  if (bodyAt > file.length) return null;
  const length = file.readUInt32LE(offset + lengthAt);
  if (length > bodyBytesMax || bodyAt + length > file.length) return null;
  const frame = file.subarray(offset, bodyAt + length);
  if (!equalBytes(frame.subarray(0, lengthAt), salt.subarray(0, lengthAt))) return null;
  const check = checkOf(salt, frame.subarray(lengthAt, checkAt), frame.subarray(FRAME_HEAD_BYTES));
  return equalBytes(check, checkOfFrame(frame)) ? frame : null;
}

/** Copies of the records of a body; null when this format writes no such body. */
function recordsOf(body: Buffer): readonly Uint8Array[] | null {
  if (body[0] !== recordsKind) return null;
  const records: Uint8Array[] = [];
  let at = 1;
  while (at < body.length) {
    if (at + 4 > body.length) return null;
    const end = at + 4 + body.readUInt32LE(at);
    if (end > body.length) return null;
    records.push(new Uint8Array(body.subarray(at + 4, end)));
    at = end;
  }
  return records;
}

/** What a log file holds. */
export interface Contents extends Chain {
  readonly records: readonly Uint8Array[];
  /** The last boot counter; 0 when there is none. */
  readonly boots: number;
  /** Where the frames end; what is beyond is a torn tail, to be cut off. */
  readonly end: number;
}

/** True when a frame stands beyond `offset`, or more bytes than one frame can have. */
function isDamage(file: Buffer, salt: Uint8Array, offset: number): boolean {
  if (file.length - offset > FRAME_HEAD_BYTES + bodyBytesMax) return true;
  const mark = salt.subarray(0, lengthAt);
  for (let at = file.indexOf(mark, offset + 1); at >= 0; at = file.indexOf(mark, at + 1)) {
    if (frameAt(file, salt, at) !== null) return true;
  }
  return false;
}

/** Reads the frames behind the head, whose chain is given. A number is the offset of damage. */
export function decodeFrames(file: Buffer, { salt, last: headCheck }: Chain): Contents | number {
  const records: Uint8Array[] = [];
  let last = headCheck;
  let boots = 0;
  let end = HEAD_BYTES;
  while (end < file.length) {
    const frame = frameAt(file, salt, end);
    if (frame === null) {
      if (isDamage(file, salt, end)) return end;
      break;
    }
    if (!equalBytes(frame.subarray(earlierAt, checkAt), last)) return end;
    const body = frame.subarray(FRAME_HEAD_BYTES);
    if (body[0] === bootKind && body.length === bootBodyBytes) boots = body.readUInt32LE(1);
    else {
      const more = recordsOf(body);
      if (more === null) return end;
      for (const record of more) records.push(record);
    }
    last = checkOfFrame(frame);
    end += frame.length;
  }
  return { records, boots, end, salt, last };
}
