/**
 * A state as a tree of digests: that of a part is the one which the part would have as a state of its own.
 * Of what does not fit one answer, the ranges of a sequence and the stretches of an object's keys have
 * digests too, so a difference is found in few questions however wide the state is.
 */

import { hash } from '../../crypto/hash.ts';
import { decodePlain, encodePlain, type Plain } from '../../wire/plain.ts';
import { compareText } from '../../wire/plain-format.ts';
import {
  ANSWER_ROOM,
  type Answer,
  type Place,
  type Range,
  type SequenceKind,
  SUBTREE_DIGEST_BYTES,
} from './subtree-item.ts';

/** A value, or nothing where there is none. */
export type Side = Plain | undefined;
export type PlainObject = { readonly [key: string]: Plain };
export type Sequence = string | Uint8Array | readonly Plain[];

/** Ranges of a sequence under one answer. */
const FAN_OUT = 64;
/** Stretches of an object under one answer, where their keys leave room for so many. */
const STRETCHES_MAX = 48;
/** Units of a string that are told at once, and how many more so that what follows can be shown. */
const UNITS_MAX = 400;
export const UNITS_BEYOND = 41;

/** The state that bytes are the encoding of, or undefined: they are of a codec of the game's own. */
export function stateOf(bytes: Uint8Array): Side {
  const decoded = decodePlain(bytes);
  return decoded.ok ? decoded.value : undefined;
}

export function isObject(value: Side): value is PlainObject {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  );
}

/** What a value is made of, if it is a sequence. */
export function kindOf(value: Side): SequenceKind | null {
  if (typeof value === 'string') return 'string';
  if (value instanceof Uint8Array) return 'bytes';
  return Array.isArray(value) ? 'array' : null;
}

/** The units of a string as bytes; unlike UTF-8 it may be cut anywhere. */
export function unitsOf(text: string): Uint8Array {
  const bytes = new Uint8Array(2 * text.length);
  for (let i = 0; i < text.length; i++) {
    bytes[2 * i] = text.charCodeAt(i) >>> 8;
    bytes[2 * i + 1] = text.charCodeAt(i);
  }
  return bytes;
}

export function textOf(units: Uint8Array): string {
  let text = '';
  for (let i = 0; i + 1 < units.length; i += 2) {
    text += String.fromCharCode(((units[i] as number) << 8) | (units[i + 1] as number));
  }
  return text;
}

/** H(state; the canonical bytes of a part), its first bytes. */
export function partDigest(value: Plain): Uint8Array {
  return hash('state', encodePlain(value)).subarray(0, SUBTREE_DIGEST_BYTES);
}

/** A stretch of a sequence, as plain data. */
export function stretchOf(sequence: Sequence, from: number, to: number): Plain {
  const stretch = sequence.slice(from, to);
  return typeof stretch === 'string' ? unitsOf(stretch) : stretch;
}

/** The keys of an object in their order, of a range those in it. */
export function keysIn(object: PlainObject, range: Range | null): readonly string[] {
  const keys = Object.keys(object).sort(compareText);
  return range === null ? keys : keys.filter((key) => isWithin(key, range));
}

export function isWithin(key: string, { from, to }: Range): boolean {
  if (typeof from !== 'string' || compareText(key, from) < 0) return false;
  return to === null || (typeof to === 'string' && compareText(key, to) < 0);
}

/** Those entries of an object. */
export function entriesAt(object: PlainObject, keys: readonly string[]): PlainObject {
  return Object.fromEntries(keys.map((key) => [key, object[key] as Plain]));
}

/** What stands at a path, or undefined. */
export function valueAt(state: Side, path: Place['path']): Side {
  let value: Side = state;
  for (const step of path) {
    if (typeof step === 'number')
      value = Array.isArray(value) ? (value as readonly Plain[])[step] : undefined;
    else value = isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
  }
  return value;
}

/** The answer that tells a value outright, if it is small enough. */
function told(value: Plain): Answer | null {
  const bytes = encodePlain(value);
  return bytes.length <= ANSWER_ROOM ? { type: 'value', bytes } : null;
}

function sequenceAnswer(kind: SequenceKind, sequence: Sequence, range: Range | null): Answer {
  const count = sequence.length;
  const from = range === null ? 0 : (range.from as number);
  const to = range === null ? count : Math.min(range.to as number, count);
  if (range !== null && to - from <= (kind === 'string' ? UNITS_MAX : ANSWER_ROOM)) {
    const all = told(stretchOf(sequence, from, kind === 'string' ? to + UNITS_BEYOND : to));
    if (all !== null) return all;
  }
  const size = Math.max(1, Math.ceil((to - from) / FAN_OUT));
  const digests: Uint8Array[] = [];
  for (let at = from; at < to; at += size) {
    digests.push(partDigest(stretchOf(sequence, at, Math.min(at + size, to))));
  }
  const head = unitsOf(typeof sequence === 'string' ? sequence.slice(0, UNITS_BEYOND) : '');
  return { type: 'sequence', kind, count, size, head, digests };
}

/** The shortest beginning of `next` that comes after `last`. */
function separator(last: string, next: string): string {
  let text = '';
  for (const character of next) {
    text += character;
    if (compareText(text, last) > 0) return text;
  }
  return next;
}

/** Bytes of a key and a digest in an answer, at most. */
function roomFor(key: string): number {
  return 4 + 3 * key.length + SUBTREE_DIGEST_BYTES;
}

function room(keys: readonly string[]): number {
  return keys.reduce((sum, key) => sum + roomFor(key), 0);
}

function objectAnswer(object: PlainObject, range: Range | null): Answer {
  const count = Object.keys(object).length;
  const keys = keysIn(object, range);
  const all = range === null ? null : told(entriesAt(object, keys));
  if (all !== null) return all;
  if (room(keys) <= ANSWER_ROOM) {
    return { type: 'entries', count, keys, digests: keys.map((key) => partDigest(object[key] as Plain)) };
  }
  for (let stretches = Math.min(STRETCHES_MAX, keys.length); stretches >= 2; stretches >>>= 1) {
    const size = Math.ceil(keys.length / stretches);
    const starts: number[] = [];
    for (let at = size; at < keys.length; at += size) starts.push(at);
    const until = starts.map((at) => separator(keys[at - 1] as string, keys[at] as string));
    if (room(until) + SUBTREE_DIGEST_BYTES > ANSWER_ROOM) continue;
    const digests = [0, ...starts].map((at) => partDigest(entriesAt(object, keys.slice(at, at + size))));
    return { type: 'parts', count, keys: until, digests };
  }
  return { type: 'opaque' };
}

/** The answer to a question about a state; the work is that of encoding the part which is asked for. */
export function answerAbout(state: Side, { path, range }: Place): Answer {
  if (state === undefined) return { type: 'opaque' };
  const value = valueAt(state, path);
  if (value === undefined) return { type: 'missing' };
  const kind = kindOf(value);
  if (range === null) {
    const all = told(value);
    if (all !== null) return all;
  } else if (kind === null ? !isObject(value) : typeof range.from !== 'number') return { type: 'missing' };
  if (kind !== null) return sequenceAnswer(kind, value as Sequence, range);
  if (!isObject(value)) return { type: 'opaque' };
  return range !== null && typeof range.from !== 'string' ? { type: 'missing' } : objectAnswer(value, range);
}

/** The answer to a question about the state with these bytes. */
export function answerQuery(bytes: Uint8Array, place: Place): Answer {
  return answerAbout(stateOf(bytes), place);
}
