/**
 * Reads canonical plain data (plain-format.ts) from bytes of anyone. Only what {@link encodePlain}
 * writes is accepted, so equal values have equal hashes. Nothing is allocated ahead of the bytes
 * that fill it, and nothing that comes out shares memory with what went in.
 */

import { accept, type Result, refuse } from '../base/result.ts';
import {
  ARRAY,
  BYTES,
  FALSE,
  INTEGER,
  NULL,
  OBJECT,
  PLAIN_BYTES_MAX,
  PLAIN_CONTAINERS_MAX,
  PLAIN_DEPTH_MAX,
  type Plain,
  STRING,
  TRUE,
} from './plain-format.ts';

/**
 * - `truncated`: ends early, or announces more than is left
 * - `trailing`: bytes left over
 * - `tag`: a tag that is none
 * - `integer`: a varint that is not the shortest, or an integer beyond 2^53 - 1
 * - `utf8`: a string that is not valid UTF-8
 * - `key-order`: keys out of order or doubled
 * - `key`: the key `__proto__`
 * - `depth`: nested deeper than PLAIN_DEPTH_MAX
 * - `limit`: more than PLAIN_BYTES_MAX or PLAIN_CONTAINERS_MAX
 */
export type PlainRefusal =
  | 'truncated'
  | 'trailing'
  | 'tag'
  | 'integer'
  | 'utf8'
  | 'key-order'
  | 'key'
  | 'depth'
  | 'limit';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Strings up to this many bytes are read byte by byte, which is faster while they are ASCII. */
const SHORT_TEXT_BYTES = 24;

class Decoder {
  readonly #bytes: Uint8Array;
  #at = 0;
  #containers = 0;
  /** The first refusal; everything read after it is meaningless. */
  refused: PlainRefusal | null = null;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at === this.#bytes.length;
  }

  #fail(refused: PlainRefusal): null {
    this.refused ??= refused;
    return null;
  }

  /** The next byte; after the end a zero, and `truncated`. */
  #byte(): number {
    if (this.#at < this.#bytes.length) return this.#bytes[this.#at++] as number;
    this.#fail('truncated');
    return 0;
  }

  /** A length or count of things that take at least `size` bytes each; 0 after a refusal. */
  #length(size: number): number {
    let byte = this.#byte();
    let length = byte & 0x7f;
    for (let scale = 0x80; byte >= 0x80; scale *= 0x80) {
      byte = this.#byte();
      length += (byte & 0x7f) * scale;
      if (byte === 0) this.#fail('integer');
      else if (length * size > this.#bytes.length - this.#at) this.#fail('truncated');
      if (this.refused !== null) return 0;
    }
    if (length * size > this.#bytes.length - this.#at) this.#fail('truncated');
    return this.refused === null ? length : 0;
  }

  #integer(): number {
    let byte = this.#byte();
    const negative = (byte & 1) === 1;
    let magnitude = (byte >>> 1) & 0x3f;
    for (let scale = 0x40; byte >= 0x80; scale *= 0x80) {
      byte = this.#byte();
      magnitude += (byte & 0x7f) * scale;
      if (byte === 0 || magnitude > Number.MAX_SAFE_INTEGER) this.#fail('integer');
      if (this.refused !== null) return 0;
    }
    const value = negative ? -1 - magnitude : magnitude;
    if (!Number.isSafeInteger(value)) this.#fail('integer');
    return value;
  }

  #text(length: number): string {
    const start = this.#at;
    this.#at += length;
    if (length <= SHORT_TEXT_BYTES) {
      let text = '';
      let i = start;
      for (; i < this.#at; i++) {
        const byte = this.#bytes[i] as number;
        if (byte >= 0x80) break;
        text += String.fromCharCode(byte);
      }
      if (i === this.#at) return text;
    }
    try {
      return utf8.decode(this.#bytes.subarray(start, this.#at));
    } catch {
      this.#fail('utf8');
      return '';
    }
  }

  #container(): void {
    if (++this.#containers > PLAIN_CONTAINERS_MAX) this.#fail('limit');
  }

  #array(depth: number): Plain {
    const values: Plain[] = [];
    for (let left = this.#length(1); left > 0; left--) {
      values.push(this.value(depth));
      if (this.refused !== null) return null;
    }
    return values;
  }

  /** True when the bytes from `a` on (as many as `aLength`) come before those from `b` on. */
  #ascending(a: number, aLength: number, b: number, bLength: number): boolean {
    const shared = Math.min(aLength, bLength);
    for (let i = 0; i < shared; i++) {
      const difference = (this.#bytes[a + i] as number) - (this.#bytes[b + i] as number);
      if (difference !== 0) return difference < 0;
    }
    return aLength < bLength;
  }

  #object(depth: number): Plain {
    const entries: Record<string, Plain> = {};
    let before = 0;
    let beforeLength = -1;
    for (let left = this.#length(2); left > 0; left--) {
      const length = this.#length(1);
      const start = this.#at;
      if (beforeLength >= 0 && !this.#ascending(before, beforeLength, start, length)) {
        return this.#fail('key-order');
      }
      before = start;
      beforeLength = length;
      const key = this.#text(length);
      if (key === '__proto__') return this.#fail('key');
      if (this.refused !== null) return null;
      entries[key] = this.value(depth);
      if (this.refused !== null) return null;
    }
    return entries;
  }

  /** The next value, inside of `depth` arrays and objects. */
  value(depth: number): Plain {
    const tag = this.#byte();
    if (this.refused !== null) return null;
    if (tag === INTEGER) return this.#integer();
    if (tag === STRING) return this.#text(this.#length(1));
    if (tag === NULL) return null;
    if (tag === FALSE || tag === TRUE) return tag === TRUE;
    if (tag !== BYTES && tag !== ARRAY && tag !== OBJECT) return this.#fail('tag');
    this.#container();
    if (tag === BYTES) {
      const length = this.#length(1);
      this.#at += length;
      return this.#bytes.slice(this.#at - length, this.#at);
    }
    if (depth === PLAIN_DEPTH_MAX) return this.#fail('depth');
    return tag === ARRAY ? this.#array(depth + 1) : this.#object(depth + 1);
  }
}

/** The value of an encoding, or a refusal; never throws. Objects come with the usual prototype. */
export function decodePlain(bytes: Uint8Array): Result<Plain, PlainRefusal> {
  if (bytes.length > PLAIN_BYTES_MAX) return refuse('limit');
  // A subclass, such as the Buffers of Node, may have a `slice` that shares memory.
  const view = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  const decoder = new Decoder(view);
  const value = decoder.value(0);
  if (decoder.refused !== null) return refuse(decoder.refused);
  return decoder.done ? accept(value) : refuse('trailing');
}
