/**
 * The bytes of a log file, format 1. Numbers are little-endian.
 *
 *   file    head, then frames back to back
 *   head    "fairstep log v1\n" (16), salt (16, random), check (8)
 *   frame   mark (4), length of body (4), check (8), body
 *   body    0, boot counter (4)  |  1, then records: length (4), bytes
 *
 * mark is the salt's first four bytes. A check is the first 8 bytes of SHA-256: of magic and salt in the head;
 * of salt, offset of the frame in the file (8), length and body in a frame. So a frame is valid in its place in
 * its log and nowhere else, no peer can hide a frame inside a record, and each frame is judged by itself.
 *
 * One flush writes one frame and waits for the disk, so a crash can spoil only the last frame, however its
 * sectors got there. That is a torn tail: nothing in it was ever reported durable. What a crash cannot do is
 * damage: bytes that are no frame, but with a frame after them, or more of them than a frame can have.
 */

import { createHash } from 'node:crypto';
import { equalBytes } from '../base/bytes.ts';
import { RECORD_BYTES_MAX } from './log.ts';

const magic = 'fairstep log v1\n';
const saltBytes = 16;
const checkBytes = 8;
const saltAt = magic.length;

/** Bytes of the head of a log file. */
export const HEAD_BYTES: number = saltAt + saltBytes + checkBytes;

/** Bytes of a salt. */
export const SALT_BYTES: number = saltBytes;

const markBytes = 4;
const frameHeadBytes = markBytes + 4 + checkBytes;
const bootKind = 0;
const recordsKind = 1;
const bootBodyBytes = 5;

/** The longest body: any record fits. */
const bodyBytesMax = 2 * RECORD_BYTES_MAX;

function firstOfSha256(...chunks: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256');
  for (const chunk of chunks) hash.update(chunk);
  return new Uint8Array(hash.digest().subarray(0, checkBytes));
}

function frameCheck(salt: Uint8Array, offset: number, length: number, body: Uint8Array): Uint8Array {
  const place = Buffer.alloc(12);
  place.writeBigUInt64LE(BigInt(offset), 0);
  place.writeUInt32LE(length, 8);
  return firstOfSha256(salt, place, body);
}

/** The head of a new log. */
export function encodeHead(salt: Uint8Array): Uint8Array {
  const start = Buffer.concat([Buffer.from(magic, 'latin1'), salt]);
  return Buffer.concat([start, firstOfSha256(start)]);
}

/** The salt of a log file; 'version' when another format wrote it, 'foreign' when it is no log or its head is damaged. */
export function decodeHead(file: Buffer): Uint8Array | 'version' | 'foreign' {
  const start = file.toString('latin1', 0, saltAt);
  if (start !== magic) return /^fairstep log v\d/.test(start) ? 'version' : 'foreign';
  const checkAt = saltAt + saltBytes;
  if (!equalBytes(file.subarray(checkAt, HEAD_BYTES), firstOfSha256(file.subarray(0, checkAt)))) return 'foreign';
  return file.subarray(saltAt, checkAt);
}

/** A frame as it stands at `offset`. */
function encodeFrame(salt: Uint8Array, offset: number, body: Buffer): Buffer {
  const head = Buffer.alloc(frameHeadBytes);
  head.set(salt.subarray(0, markBytes), 0);
  head.writeUInt32LE(body.length, markBytes);
  head.set(frameCheck(salt, offset, body.length, body), markBytes + 4);
  return Buffer.concat([head, body]);
}

/** The frame that counts an opening, at `offset`. */
export function encodeBoot(salt: Uint8Array, offset: number, counter: number): Buffer {
  const body = Buffer.alloc(bootBodyBytes);
  body[0] = bootKind;
  body.writeUInt32LE(counter, 1);
  return encodeFrame(salt, offset, body);
}

/** One frame at `offset` with as many of the records, from the first on, as fit; and how many those are. */
export function encodeRecords(
  salt: Uint8Array,
  offset: number,
  records: readonly Uint8Array[],
): readonly [frame: Buffer, taken: number] {
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
  return [encodeFrame(salt, offset, Buffer.concat(chunks)), taken];
}

/** The body of the frame at `offset`, or null when none is there. */
function frameBody(file: Buffer, salt: Uint8Array, offset: number): Buffer | null {
  const bodyAt = offset + frameHeadBytes;
  if (bodyAt > file.length || !equalBytes(file.subarray(offset, offset + markBytes), salt.subarray(0, markBytes))) {
    return null;
  }
  const length = file.readUInt32LE(offset + markBytes);
  if (length > bodyBytesMax || bodyAt + length > file.length) return null;
  const body = file.subarray(bodyAt, bodyAt + length);
  const check = file.subarray(offset + markBytes + 4, bodyAt);
  return equalBytes(check, frameCheck(salt, offset, length, body)) ? body : null;
}

/** Copies of the records of a body; null when it is not one that this format writes. */
function recordsOf(body: Buffer): Uint8Array[] | null {
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
export interface Contents {
  readonly records: readonly Uint8Array[];
  /** The last boot counter; 0 when there is none. */
  readonly boots: number;
  /** Where the frames end; what is beyond is a torn tail, to be cut off. */
  readonly end: number;
}

/** True when a frame stands anywhere beyond `offset`, or more bytes than one frame can have. */
function isDamage(file: Buffer, salt: Uint8Array, offset: number): boolean {
  if (file.length - offset > frameHeadBytes + bodyBytesMax) return true;
  const mark = salt.subarray(0, markBytes);
  for (let at = file.indexOf(mark, offset + 1); at >= 0; at = file.indexOf(mark, at + 1)) {
    if (frameBody(file, salt, at) !== null) return true;
  }
  return false;
}

/** Reads the frames behind the head. A number is the offset of damage. */
export function decodeFrames(file: Buffer, salt: Uint8Array): Contents | number {
  const records: Uint8Array[] = [];
  let boots = 0;
  let end = HEAD_BYTES;
  while (end < file.length) {
    const body = frameBody(file, salt, end);
    if (body === null) {
      if (isDamage(file, salt, end)) return end;
      break;
    }
    if (body[0] === bootKind && body.length === bootBodyBytes) boots = body.readUInt32LE(1);
    else {
      const more = body[0] === recordsKind ? recordsOf(body) : null;
      if (more === null) return end;
      for (const record of more) records.push(record);
    }
    end += frameHeadBytes + body.length;
  }
  return { records, boots, end };
}
