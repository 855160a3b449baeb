/** Where two pieces of plain data differ, in words short enough for an error message or a table. */

import { compareText, type Plain, plainPath, quoted } from './plain-format.ts';

/** One place and what each side has there: `40`, `"red"`, `bytes(12)`, `array(3)`, `missing`. */
export interface Difference {
  /** As a programmer writes it, such as `players[2].x`. */
  readonly path: string;
  readonly a: string;
  readonly b: string;
}

/** Characters of a string that are shown. */
const SHOWN_MAX = 40;
/** How many of them stand before the place where two strings differ. */
const BEFORE = 8;

type Side = Plain | undefined;

function isObject(value: Side): value is { readonly [key: string]: Plain } {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  );
}

/** A stretch of a string that shows what is at index `at`. */
function excerpt(text: string, at: number): string {
  if (text.length <= SHOWN_MAX) return quoted(text);
  const start = at < SHOWN_MAX - BEFORE ? 0 : at - BEFORE;
  const shown = quoted(text.slice(start, start + SHOWN_MAX));
  return `${start > 0 ? '...' : ''}${shown}${start + SHOWN_MAX < text.length ? '...' : ''}`;
}

function show(value: Side, at = 0): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'string') return excerpt(value, at);
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value instanceof Uint8Array) return `bytes(${value.length})`;
  if (Array.isArray(value)) return `array(${value.length})`;
  return `object(${Object.keys(value).length})`;
}

class Comparison {
  readonly #root: string;
  readonly #max: number;
  readonly #path: (string | number)[] = [];
  readonly found: Difference[] = [];

  constructor(root: string, max: number) {
    this.#root = root;
    this.#max = max;
  }

  #differ(a: Side, b: Side, at = 0): void {
    if (this.found.length >= this.#max) return;
    this.found.push({ path: plainPath(this.#path, this.#root), a: show(a, at), b: show(b, at) });
  }

  #at(step: string | number, a: Side, b: Side): void {
    if (this.found.length >= this.#max) return;
    this.#path.push(step);
    this.compare(a, b);
    this.#path.pop();
  }

  #bytes(a: Uint8Array, b: Uint8Array): void {
    const at = a.findIndex((byte, i) => byte !== b[i]);
    if (a.length !== b.length) this.#differ(a, b);
    else if (at >= 0) this.#at(at, a[at], b[at]);
  }

  /** Compares in the order of indices, and of keys as they are encoded. */
  compare(a: Side, b: Side): void {
    if (a === b) return;
    if (typeof a === 'string' && typeof b === 'string') {
      let at = 0;
      while (a[at] === b[at]) at++;
      this.#differ(a, b, at);
    } else if (a instanceof Uint8Array && b instanceof Uint8Array) this.#bytes(a, b);
    else if (Array.isArray(a) && Array.isArray(b)) {
      const length = Math.max(a.length, b.length);
      for (let i = 0; i < length && this.found.length < this.#max; i++) this.#at(i, a[i], b[i]);
    } else if (isObject(a) && isObject(b)) {
      const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort(compareText);
      for (const key of keys) {
        this.#at(key, Object.hasOwn(a, key) ? a[key] : undefined, Object.hasOwn(b, key) ? b[key] : undefined);
      }
    } else this.#differ(a, b);
  }
}

/**
 * The first `max` places where `a` and `b` differ; none if they encode alike. Of two byte strings
 * of one length only the first byte that differs is listed. `root` names the whole in paths.
 */
export function differences(a: Plain, b: Plain, max = 20, root = 'state'): readonly Difference[] {
  const comparison = new Comparison(root, max);
  comparison.compare(a, b);
  return comparison.found;
}

/** The first place where `a` and `b` differ, or null; see {@link differences}. */
export function firstDifference(a: Plain, b: Plain, root = 'state'): Difference | null {
  return differences(a, b, 1, root)[0] ?? null;
}
