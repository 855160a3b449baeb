/**
 * Asking another player where its state differs from mine: from the whole down to the parts whose digests
 * differ, in the order in which plain-diff.ts lists differences, until there are enough of them. The other
 * may answer anything: it can make the list wrong, but not long, nor the questions many.
 */

import { equalBytes } from '../../base/bytes.ts';
import type { Round } from '../../base/ids.ts';
import { decodePlain, type Plain } from '../../wire/plain.ts';
import { differences } from '../../wire/plain-diff.ts';
import { compareText, plainPath } from '../../wire/plain-format.ts';
import type { StateRow } from '../effect.ts';
import {
  entriesAt,
  isObject,
  isWithin,
  keysIn,
  kindOf,
  type PlainObject,
  partDigest,
  type Sequence,
  type Side,
  stateOf,
  stretchOf,
  textOf,
  UNITS_BEYOND,
  valueAt,
} from './subtree.ts';
import { type Answer, decodeAnswer, encodeQuery, type Place, type Range, type Step } from './subtree-item.ts';

/** Differences that are listed, and answers that are taken for it. */
export const ROWS_MAX = 32;
export const ANSWERS_MAX = 400;
/** One more tells that there are more. */
const LISTED_MAX: number = ROWS_MAX + 1;
/** Questions that are open at once. */
const WINDOW = 4;

/** Something still to be asked, in its place among the rows. */
interface Pending extends Place {
  readonly id: number;
}

type Part = { readonly row: StateRow } | { readonly pending: Pending };

export interface Inquiry {
  readonly round: Round;
  /** My state; undefined if it is not plain data. */
  readonly mine: Side;
  readonly parts: readonly Part[];
  readonly nextId: number;
  readonly answers: number;
  /** Why it ended early; null if it did not. */
  readonly failed:
    | null
    /** The state of one side has a codec of its own, or a part of it is too unwieldy to be told. */
    | 'opaque'
    /** The other has no state after that round; see `rounds`. */
    | 'unknown'
    /** The other's answers make no sense, or never end. */
    | 'nonsense';
  /** Rounds after which the other has a state. */
  readonly rounds: readonly Round[];
}

export interface Question {
  readonly id: number;
  readonly bytes: Uint8Array;
}

/** Begins to compare the state after a round, which has these bytes here. */
export function beginInquiry(round: Round, bytes: Uint8Array): Inquiry {
  const mine = stateOf(bytes);
  const whole: Pending = { id: 0, path: [], range: null };
  const failed = mine === undefined ? 'opaque' : null;
  return { round, mine, parts: [{ pending: whole }], nextId: 1, answers: 0, failed, rounds: [] };
}

/** What has to be asked next; ask again what gets no answer. None when the inquiry is over. */
export function openQuestions({ failed, parts, round }: Inquiry): readonly Question[] {
  const questions: Question[] = [];
  let rows = 0;
  for (const part of failed === null ? parts : []) {
    if (rows >= ROWS_MAX || questions.length === WINDOW) break;
    if ('row' in part) rows++;
    else {
      const bytes = encodeQuery({ ...part.pending, round });
      if (bytes !== null) questions.push({ id: part.pending.id, bytes });
    }
  }
  return questions;
}

export function isOver(inquiry: Inquiry): boolean {
  return openQuestions(inquiry).length === 0;
}

/** The differences so far, in order, at most ROWS_MAX; after an early end those before what was not told. */
export function rowsOf({ parts }: Inquiry): readonly StateRow[] {
  return parts.flatMap((part) => ('row' in part ? [part.row] : [])).slice(0, ROWS_MAX);
}

/** True when the rows are all differences that there are. */
export function isComplete({ failed, parts }: Inquiry): boolean {
  return failed === null && parts.length <= ROWS_MAX && parts.every((part) => 'row' in part);
}

/** What {@link differences} says of two values at a path; nothing where one is undefined. */
function compare(path: readonly Step[], mine: Side, theirs: Side): readonly Part[] {
  if (path.length === 0 && mine !== undefined && theirs !== undefined) {
    return differences(mine, theirs, LISTED_MAX).map(({ path: at, a, b }) => rowPart(at, a, b));
  }
  const side = (value: Side): Plain => (value === undefined ? {} : { v: value });
  const prefix = plainPath(path, 'state');
  return differences(side(mine), side(theirs), LISTED_MAX).map(({ path: at, a, b }) =>
    rowPart(prefix + at.slice(1), a, b),
  );
}

/** An entry of an object, or undefined. */
function at(object: PlainObject, key: string): Side {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function rowPart(path: string, mine: string, theirs: string): Part {
  return { row: { path, mine, theirs } };
}

/** How my value is shown beside one of another kind. */
function shown(mine: Side): string {
  if (mine === undefined) return 'missing';
  const other = mine === null ? true : null;
  return differences(mine, other)[0]?.a ?? 'missing';
}

/** One answer being taken in: what it says becomes parts. Null for an answer that makes no sense. */
class Reading {
  readonly #place: Pending;
  readonly #mine: Side;
  #nextId: number;

  constructor(inquiry: Inquiry, place: Pending) {
    this.#place = place;
    this.#mine = valueAt(inquiry.mine, place.path);
    this.#nextId = inquiry.nextId;
  }

  get nextId(): number {
    return this.#nextId;
  }

  #ask(path: readonly Step[], range: Range | null = null): Part {
    return { pending: { id: this.#nextId++, path, range } };
  }

  parts(answer: Exclude<Answer, { type: 'unknown' | 'opaque' }>): readonly Part[] | null {
    const { path, range } = this.#place;
    if (answer.type === 'missing') return range === null ? compare(path, this.#mine, undefined) : null;
    if (answer.type === 'sequence') return this.#sequence(answer);
    if (answer.type !== 'value') return this.#object(answer);
    const decoded = decodePlain(answer.bytes);
    if (!decoded.ok) return null;
    return range === null ? compare(path, this.#mine, decoded.value) : this.#range(range, decoded.value);
  }

  /** A whole range of something of which both have the same kind. */
  #range({ from, to }: Range, theirs: Plain): readonly Part[] | null {
    const { path, range } = this.#place;
    const mine = this.#mine;
    if (isObject(mine)) {
      if (!isObject(theirs) || range === null) return null;
      if (!Object.keys(theirs).every((key) => isWithin(key, range))) return null;
      const keys = [...new Set([...keysIn(mine, range), ...Object.keys(theirs)])].sort(compareText);
      return keys.flatMap((key) => this.#child(key, at(mine, key), at(theirs, key)));
    }
    const [start, end] = [from as number, to as number];
    if (typeof mine === 'string') {
      if (!(theirs instanceof Uint8Array) || theirs.length > 2 * (end - start + UNITS_BEYOND)) return null;
      return compare(path, mine, mine.slice(0, start) + textOf(theirs));
    }
    if (kindOf(mine) !== kindOf(theirs) || (theirs as Sequence).length > end - start) return null;
    const own = mine as Uint8Array | readonly Plain[];
    const other = theirs as Uint8Array | readonly Plain[];
    const parts: Part[] = [];
    for (let at = start; at < end && parts.length < LISTED_MAX; at++) {
      parts.push(...this.#child(at, own[at], other[at - start]));
      if (own instanceof Uint8Array && parts.length > 0) break;
    }
    return parts;
  }

  #child(step: Step, mine: Side, theirs: Side): readonly Part[] {
    return mine === undefined && theirs === undefined
      ? []
      : compare([...this.#place.path, step], mine, theirs);
  }

  #sequence(answer: Extract<Answer, { type: 'sequence' }>): readonly Part[] | null {
    const { count, digests, head, kind, size } = answer;
    const { path, range } = this.#place;
    const mine = this.#mine;
    const start = (range?.from ?? 0) as number;
    const end = range === null ? count : Math.min(range.to as number, count);
    if (digests.length !== Math.ceil(Math.max(0, end - start) / size)) return null;
    if (kindOf(mine) !== kind) {
      if (range !== null) return null;
      const theirs = kind === 'string' ? shown(textOf(head)) : `${kind}(${count})`;
      return [rowPart(plainPath(path, 'state'), shown(mine), theirs)];
    }
    const own = mine as Sequence;
    if (kind === 'bytes' && own.length !== count) {
      return range === null ? [rowPart(plainPath(path, 'state'), shown(mine), `bytes(${count})`)] : null;
    }
    const parts: Part[] = [];
    for (const [i, digest] of digests.entries()) {
      const from = start + i * size;
      const to = Math.min(from + size, end);
      if (from < own.length && equalBytes(partDigest(stretchOf(own, from, to)), digest)) continue;
      if (kind === 'array' && to - from === 1) parts.push(this.#ask([...path, from]));
      else if (range === null || to - from < (range.to as number) - start)
        parts.push(this.#ask(path, { from, to }));
      else return null;
      if (kind !== 'array') return parts;
    }
    if (range === null) parts.push(...this.#beyond(own, count));
    return parts;
  }

  /** What mine has after the end of theirs, which is like the beginning of mine if both are strings. */
  #beyond(own: Sequence, count: number): readonly Part[] {
    if (typeof own === 'string') return compare(this.#place.path, own, own.slice(0, count));
    const parts: Part[] = [];
    for (let at = count; at < own.length && parts.length < LISTED_MAX; at++) {
      parts.push(...this.#child(at, own[at] as Plain, undefined));
    }
    return parts;
  }

  #object(answer: Extract<Answer, { type: 'parts' | 'entries' }>): readonly Part[] | null {
    const { count, digests, keys } = answer;
    const { path, range } = this.#place;
    const mine = this.#mine;
    if (!isObject(mine)) {
      return range === null ? [rowPart(plainPath(path, 'state'), shown(mine), `object(${count})`)] : null;
    }
    const whole: Range = range ?? { from: '', to: null };
    if (!keys.every((key) => isWithin(key, whole))) return null;
    if (answer.type === 'entries') return this.#entries(mine, whole, keys, digests);
    if (keys.length === 0 || keys[0] === whole.from) return null;
    const own = keysIn(mine, whole);
    let from = whole.from;
    let next = 0;
    return digests.flatMap((digest, i): readonly Part[] => {
      const stretch: Range = { from, to: keys[i] ?? whole.to };
      const first = next;
      while (next < own.length && isWithin(own[next] as string, stretch)) next++;
      if (stretch.to !== null) from = stretch.to;
      const same = equalBytes(partDigest(entriesAt(mine, own.slice(first, next))), digest);
      return same ? [] : [this.#ask(path, stretch)];
    });
  }

  #entries(
    mine: PlainObject,
    range: Range,
    keys: readonly string[],
    digests: readonly Uint8Array[],
  ): readonly Part[] {
    const theirs = new Map(keys.map((key, i) => [key, digests[i] as Uint8Array]));
    const all = [...new Set([...keysIn(mine, range), ...keys])].sort(compareText);
    return all.flatMap((key): readonly Part[] => {
      const digest = theirs.get(key);
      const value = at(mine, key);
      if (digest === undefined) return this.#child(key, value, undefined);
      if (value !== undefined && equalBytes(partDigest(value), digest)) return [];
      return [this.#ask([...this.#place.path, key])];
    });
  }
}

function fail(inquiry: Inquiry, at: number, failed: 'opaque' | 'nonsense'): Inquiry {
  return { ...inquiry, parts: inquiry.parts.slice(0, at), failed };
}

/** What comes after more rows than are listed is not needed. */
function trimmed(parts: readonly Part[]): readonly Part[] {
  let rows = 0;
  for (const [at, part] of parts.entries()) {
    if ('row' in part && ++rows > ROWS_MAX) return parts.slice(0, at + 1);
  }
  return parts;
}

/** Takes an answer in, whatever it is; one that nothing asks for changes nothing. */
export function takeAnswer(inquiry: Inquiry, bytes: Uint8Array): Inquiry {
  const taken = decodeAnswer(bytes);
  const at = inquiry.parts.findIndex((part) => 'pending' in part && part.pending.id === taken?.id);
  const part = inquiry.parts[at];
  if (taken === null || inquiry.failed !== null || part === undefined || 'row' in part) return inquiry;
  const { answer } = taken;
  const answers = inquiry.answers + 1;
  if (answer.type === 'unknown') return { ...inquiry, failed: 'unknown', rounds: answer.rounds };
  if (answer.type === 'opaque') return fail(inquiry, at, 'opaque');
  const reading = new Reading(inquiry, part.pending);
  const found = answers > ANSWERS_MAX ? null : reading.parts(answer);
  if (found === null) return fail(inquiry, at, 'nonsense');
  const parts = trimmed([...inquiry.parts.slice(0, at), ...found, ...inquiry.parts.slice(at + 1)]);
  return { ...inquiry, parts, nextId: reading.nextId, answers };
}
