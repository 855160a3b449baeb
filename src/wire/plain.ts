/**
 * Writes canonical plain data (plain-format.ts): game states, inputs, rules, log records. What is
 * not plain data is a mistake of our own caller and is named with its path; nothing is dropped or
 * rounded in silence. {@link decodePlain} reads it back (plain-decode.ts).
 */

import {
  ARRAY,
  BYTES,
  compareText,
  FALSE,
  INTEGER,
  NULL,
  OBJECT,
  PLAIN_BYTES_MAX,
  PLAIN_CONTAINERS_MAX,
  PLAIN_DEPTH_MAX,
  plainPath,
  STRING,
  TRUE,
} from './plain-format.ts';

export { decodePlain, type PlainRefusal } from './plain-decode.ts';
export type { Plain } from './plain-format.ts';

/** What to use instead of an object of some class. */
const remedies: Readonly<Record<string, string>> = {
  Map: 'use an array of pairs or an object',
  Set: 'use a sorted array',
  Date: 'use an integer',
  ArrayBuffer: 'use a Uint8Array',
  Buffer: 'use new Uint8Array(buffer), whose slice() does not share memory',
  Promise: 'await it before',
};

/** Why a number is not plain data. */
function numberProblem(value: number): string {
  if (Number.isInteger(value)) return `${value} is beyond 2^53 - 1; use two integers or a string`;
  if (!Number.isFinite(value)) return `${value} is not an integer; use null, or mend how it came about`;
  return `${value} is not an integer; scale it (a float differs between engines)`;
}

/** Why an object that is neither array nor object literal is not plain data. */
function classProblem(value: object): string {
  const name: unknown = Object.getPrototypeOf(value)?.constructor?.name;
  const shown = typeof name === 'string' && name !== '' ? name : 'an object with a prototype of its own';
  let remedy = remedies[shown] ?? 'use an object literal';
  if (ArrayBuffer.isView(value) && shown !== 'Buffer') remedy = 'use a Uint8Array, or an array of integers';
  return `${shown} is not plain data; ${remedy}`;
}

class Encoder {
  readonly #root: string;
  #bytes = new Uint8Array(1024);
  #length = 0;
  #containers = 0;
  #depth = 0;
  /** The keys and indices that lead to the value at hand; #depth of them. */
  readonly #path: (string | number)[] = [];
  /** The arrays and objects that the value at hand is in; #depth of them. */
  readonly #around: object[] = [];

  constructor(root: string) {
    this.#root = root;
  }

  #fail(problem: string): never {
    const path = plainPath(this.#path.slice(0, this.#depth), this.#root);
    throw new TypeError(`${path}: ${problem}`);
  }

  /** Makes room for `count` more bytes. */
  #room(count: number): void {
    const length = this.#length + count;
    if (length <= this.#bytes.length) return;
    if (length > PLAIN_BYTES_MAX + 16) this.#tooLarge(`${PLAIN_BYTES_MAX} bytes`);
    const grown = new Uint8Array(Math.max(2 * this.#bytes.length, length));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }

  #tooLarge(limit: string): never {
    throw new RangeError(`${this.#root}: encodes to more than ${limit}; keep less in it`);
  }

  /** Counts an array, object or byte string. */
  #count(): void {
    if (++this.#containers > PLAIN_CONTAINERS_MAX)
      this.#tooLarge(`${PLAIN_CONTAINERS_MAX} arrays and objects`);
  }

  #byte(byte: number): void {
    this.#room(1);
    this.#bytes[this.#length++] = byte;
  }

  #varint(length: number): void {
    this.#room(5);
    let rest = length;
    for (; rest >= 0x80; rest >>>= 7) this.#bytes[this.#length++] = (rest & 0x7f) | 0x80;
    this.#bytes[this.#length++] = rest;
  }

  #integer(value: number): void {
    if (!Number.isSafeInteger(value)) this.#fail(numberProblem(value));
    this.#room(9);
    this.#bytes[this.#length++] = INTEGER;
    let rest = value < 0 ? -1 - value : value;
    const low = rest % 0x40;
    let byte = 2 * low + (value < 0 ? 1 : 0);
    rest = (rest - low) / 0x40;
    while (rest > 0) {
      this.#bytes[this.#length++] = byte | 0x80;
      byte = rest % 0x80;
      rest = (rest - byte) / 0x80;
    }
    this.#bytes[this.#length++] = byte;
  }

  /** Length and UTF-8 bytes of a string. */
  #text(text: string): void {
    let size = text.length;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit < 0x80) continue;
      if (unit < 0x800) size += 1;
      else if (unit < 0xd800 || unit > 0xdfff) size += 2;
      else if (unit < 0xdc00 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) {
        size += 2;
        i++;
      } else this.#fail(`a string with a lone surrogate (at ${i}) is not valid Unicode`);
    }
    this.#varint(size);
    this.#room(size);
    const bytes = this.#bytes;
    let at = this.#length;
    for (let i = 0; i < text.length; i++) {
      let point = text.charCodeAt(i);
      if (point < 0x80) {
        bytes[at++] = point;
        continue;
      }
      if (point >= 0xd800 && point < 0xe000) point = text.codePointAt(i++) as number;
      if (point < 0x800) bytes[at++] = 0xc0 | (point >>> 6);
      else {
        if (point < 0x10000) bytes[at++] = 0xe0 | (point >>> 12);
        else {
          bytes[at++] = 0xf0 | (point >>> 18);
          bytes[at++] = 0x80 | ((point >>> 12) & 0x3f);
        }
        bytes[at++] = 0x80 | ((point >>> 6) & 0x3f);
      }
      bytes[at++] = 0x80 | (point & 0x3f);
    }
    this.#length = at;
  }

  #array(values: readonly unknown[]): void {
    this.#varint(values.length);
    for (let i = 0; i < values.length; i++) {
      this.#path[this.#depth - 1] = i;
      const value = values[i];
      if (value === undefined && !Object.hasOwn(values, i)) {
        this.#fail('missing from a sparse array; fill it with null');
      }
      this.value(value);
    }
    const names = Object.keys(values);
    if (names.length > values.length) {
      this.#path[this.#depth - 1] = names[values.length] as string;
      this.#fail('a property of an array that is no element; use an object');
    }
  }

  #object(value: object): void {
    const names = Object.getOwnPropertyNames(value);
    names.sort(compareText);
    this.#varint(names.length);
    for (const name of names) {
      this.#path[this.#depth - 1] = name;
      const property = Object.getOwnPropertyDescriptor(value, name);
      if (property === undefined || !('value' in property)) {
        this.#fail('an accessor property; store the value itself');
      }
      if (property.enumerable !== true) this.#fail('a hidden (not enumerable) property; make it a usual one');
      if (name === '__proto__') this.#fail('a key that JavaScript reserves; rename it');
      this.#text(name);
      this.value(property.value);
    }
  }

  /** Enters an array or object, or refuses to. */
  #enter(value: object): void {
    this.#count();
    for (let i = 0; i < this.#depth; i++) {
      if (this.#around[i] === value) {
        const outer = plainPath(this.#path.slice(0, i), this.#root);
        this.#fail(`a cycle: it is ${outer} again; store an index or a name`);
      }
    }
    const symbol = Object.getOwnPropertySymbols(value)[0];
    if (symbol !== undefined) this.#fail(`a key that is a symbol (${String(symbol)}); use strings`);
    if (this.#depth === PLAIN_DEPTH_MAX) this.#fail(`nested deeper than ${PLAIN_DEPTH_MAX}; make it flatter`);
    this.#around[this.#depth++] = value;
  }

  #structure(value: object): void {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (Array.isArray(value) && prototype === Array.prototype) {
      this.#enter(value);
      this.#byte(ARRAY);
      this.#array(value);
      this.#depth--;
    } else if (prototype === Object.prototype || prototype === null) {
      this.#enter(value);
      this.#byte(OBJECT);
      this.#object(value);
      this.#depth--;
    } else if (prototype === Uint8Array.prototype) {
      this.#count();
      const bytes = value as Uint8Array;
      this.#byte(BYTES);
      this.#varint(bytes.length);
      this.#room(bytes.length);
      this.#bytes.set(bytes, this.#length);
      this.#length += bytes.length;
    } else this.#fail(classProblem(value));
  }

  value(value: unknown): void {
    if (typeof value === 'number') this.#integer(value);
    else if (typeof value === 'string') {
      this.#byte(STRING);
      this.#text(value);
    } else if (value === null) this.#byte(NULL);
    else if (typeof value === 'boolean') this.#byte(value ? TRUE : FALSE);
    else if (typeof value === 'object') this.#structure(value);
    else if (value === undefined) this.#fail('undefined is not plain data; leave the key out or use null');
    else if (typeof value === 'bigint') this.#fail('a bigint is not plain data; use integers or a string');
    else this.#fail(`a ${typeof value} is not plain data; keep it outside`);
  }

  take(): Uint8Array {
    if (this.#length > PLAIN_BYTES_MAX) this.#tooLarge(`${PLAIN_BYTES_MAX} bytes`);
    return this.#bytes.slice(0, this.#length);
  }
}

/**
 * The canonical bytes of a value: null, booleans, safe integers, well-formed strings, Uint8Arrays,
 * dense arrays and plain objects of these, whatever the order of keys. A reference that occurs
 * twice is written twice.
 *
 * Throws a TypeError that names the path of anything else (`players[2].speed: 0.5 is not an
 * integer; ...`), and a RangeError beyond PLAIN_BYTES_MAX. `label` is the name of the root in both.
 */
export function encodePlain(value: unknown, label = 'value'): Uint8Array {
  const encoder = new Encoder(label);
  encoder.value(value);
  return encoder.take();
}
