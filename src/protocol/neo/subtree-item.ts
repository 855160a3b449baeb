/**
 * Questions about a state and their answers, as the opaque items `query` and `answer` carry them: canonical
 * plain data. A question names a part of the state after a round; the answer is the part itself where it is
 * small, else digests of what it is made of. No signature covers either: they only ever make a notice.
 *
 *   query  = [id, round, path, from, to]
 *   answer = [id, 0, rounds] | [id, 1] | [id, 2] | [id, 3, value] | [id, 4, kind, count, size, head, digests]
 *          | [id, 5, count, until, digests] | [id, 6, count, keys, digests]
 */

import type { Round } from '../../base/ids.ts';
import { QUERY_BYTES_MAX, ROUND_MAX } from '../../wire/limits.ts';
import { decodePlain, encodePlain, type Plain } from '../../wire/plain.ts';
import { compareText, PLAIN_BYTES_MAX, PLAIN_DEPTH_MAX } from '../../wire/plain-format.ts';

export type Step = string | number;

/** Places of an array, bytes or string from `from` to before `to`; keys of an object, null for no end. */
export interface Range {
  readonly from: Step;
  readonly to: Step | null;
}

/** What is asked for: the whole at a path, or of the sequence or object there a range. */
export interface Place {
  readonly path: readonly Step[];
  readonly range: Range | null;
}

export interface Query extends Place {
  /** The asker's number for it. */
  readonly id: number;
  readonly round: Round;
}

export type SequenceKind = 'array' | 'bytes' | 'string';

export type Answer =
  /** There is no such state here; there is one after each of these rounds. */
  | { readonly type: 'unknown'; readonly rounds: readonly Round[] }
  /** The state is not plain data, or this part of it cannot be told in one item. */
  | { readonly type: 'opaque' }
  | { readonly type: 'missing' }
  /** Encoded plain data; the units of a range of a string as bytes, two each. */
  | { readonly type: 'value'; readonly bytes: Uint8Array }
  /** `count` in all; a digest for every `size` of them from the start of the range on. */
  | {
      readonly type: 'sequence';
      readonly kind: SequenceKind;
      readonly count: number;
      readonly size: number;
      /** The first units of a string, as bytes. */
      readonly head: Uint8Array;
      readonly digests: readonly Uint8Array[];
    }
  /**
   * Of an object with `count` entries in all, those of the range: a digest of what comes before each of
   * `keys` and from the one before on, and of the rest (`parts`); or all keys, and a digest of each value
   * (`entries`).
   */
  | {
      readonly type: 'parts' | 'entries';
      readonly count: number;
      readonly keys: readonly string[];
      readonly digests: readonly Uint8Array[];
    };

/** Bytes of a digest: enough to find differences, which is all that it is for. */
export const SUBTREE_DIGEST_BYTES = 8;

/** Bytes of whatever an answer carries, beside its frame. */
export const ANSWER_ROOM: number = QUERY_BYTES_MAX - 40;

const ID_MAX = 0xffffffff;
const ROUNDS_MAX = 8;
const kinds: readonly SequenceKind[] = ['array', 'bytes', 'string'];

function isNatural(value: Plain | undefined, max: number): value is number {
  return typeof value === 'number' && value >= 0 && value <= max;
}

function isStep(value: Plain | undefined): value is Step {
  return typeof value === 'string' || isNatural(value, PLAIN_BYTES_MAX);
}

function isText(value: Plain | undefined): value is string {
  return typeof value === 'string';
}

/** True for keys in strictly ascending order. */
export function isAscending(keys: readonly string[]): boolean {
  return keys.every((key, i) => i === 0 || compareText(keys[i - 1] as string, key) < 0);
}

/** The list of an encoding that is one item, or null. */
function listOf(bytes: Uint8Array): readonly Plain[] | null {
  if (bytes.length > QUERY_BYTES_MAX) return null;
  const decoded = decodePlain(bytes);
  return decoded.ok && Array.isArray(decoded.value) ? decoded.value : null;
}

/** The bytes of a question; null where its path is too long for one item. */
export function encodeQuery({ id, path, range, round }: Query): Uint8Array | null {
  const bytes = encodePlain([id, round, path, range?.from ?? null, range?.to ?? null]);
  return bytes.length <= QUERY_BYTES_MAX ? bytes : null;
}

/** The question of bytes of anyone, or null. Never throws. */
export function decodeQuery(bytes: Uint8Array): Query | null {
  const list = listOf(bytes);
  if (list === null || list.length !== 5) return null;
  const [id, round, path, from, to] = list;
  if (!isNatural(id, ID_MAX) || !isNatural(round, ROUND_MAX)) return null;
  if (!Array.isArray(path) || path.length > PLAIN_DEPTH_MAX || !path.every(isStep)) return null;
  if (from === null && to === null) return { id, round, path, range: null };
  if (!isStep(from) || !(isStep(to) || (to === null && isText(from)))) return null;
  if (to !== null && typeof to !== typeof from) return null;
  return { id, round, path, range: { from, to } };
}

function packed(digests: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(digests.length * SUBTREE_DIGEST_BYTES);
  for (const [i, digest] of digests.entries()) all.set(digest, i * SUBTREE_DIGEST_BYTES);
  return all;
}

function unpacked(value: Plain | undefined): readonly Uint8Array[] | null {
  if (!(value instanceof Uint8Array) || value.length % SUBTREE_DIGEST_BYTES !== 0) return null;
  const count = value.length / SUBTREE_DIGEST_BYTES;
  return Array.from({ length: count }, (_, i) =>
    value.subarray(i * SUBTREE_DIGEST_BYTES, (i + 1) * SUBTREE_DIGEST_BYTES),
  );
}

function contentOf(answer: Answer): readonly Plain[] {
  switch (answer.type) {
    case 'unknown':
      return [0, answer.rounds.slice(0, ROUNDS_MAX)];
    case 'opaque':
      return [1];
    case 'missing':
      return [2];
    case 'value':
      return [3, answer.bytes];
    case 'sequence': {
      const { count, digests, head, kind, size } = answer;
      return [4, kinds.indexOf(kind), count, size, head, packed(digests)];
    }
    case 'parts':
    case 'entries':
      return [answer.type === 'parts' ? 5 : 6, answer.count, answer.keys, packed(answer.digests)];
  }
}

/** The bytes of an answer; null where it does not fit one item. */
export function encodeAnswer(id: number, answer: Answer): Uint8Array | null {
  const bytes = encodePlain([id, ...contentOf(answer)]);
  return bytes.length <= QUERY_BYTES_MAX ? bytes : null;
}

function answerOf([tag, ...content]: readonly Plain[]): Answer | null {
  const [a, b, c, d, e] = content;
  if (tag === 0) {
    const rounds = Array.isArray(a) && a.length <= ROUNDS_MAX ? (a as readonly Plain[]) : null;
    const good = rounds?.every((round) => isNatural(round, ROUND_MAX));
    return good ? { type: 'unknown', rounds: rounds as readonly number[] } : null;
  }
  if (tag === 1) return { type: 'opaque' };
  if (tag === 2) return { type: 'missing' };
  if (tag === 3) return a instanceof Uint8Array ? { type: 'value', bytes: a } : null;
  if (tag === 4) {
    const kind = kinds[a as number];
    const digests = unpacked(e);
    if (kind === undefined || digests === null || !(d instanceof Uint8Array) || d.length % 2 !== 0)
      return null;
    if (!isNatural(b, PLAIN_BYTES_MAX) || !isNatural(c, PLAIN_BYTES_MAX) || c < 1) return null;
    return { type: 'sequence', kind, count: b, size: c, head: d, digests };
  }
  const digests = unpacked(c);
  if ((tag !== 5 && tag !== 6) || digests === null || !isNatural(a, PLAIN_BYTES_MAX)) return null;
  if (!Array.isArray(b) || !b.every(isText) || !isAscending(b)) return null;
  if (digests.length !== b.length + (tag === 5 ? 1 : 0)) return null;
  return { type: tag === 5 ? 'parts' : 'entries', count: a, keys: b, digests };
}

/** The answer of bytes of anyone with the number of its question, or null. Never throws. */
export function decodeAnswer(bytes: Uint8Array): { readonly id: number; readonly answer: Answer } | null {
  const [id, ...rest] = listOf(bytes) ?? [];
  const answer = answerOf(rest);
  return isNatural(id, ID_MAX) && answer !== null ? { id, answer } : null;
}
