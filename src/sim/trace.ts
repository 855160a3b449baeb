/** Traces: what happened to each player and what it did, a line each; and running one again. */

import { sha256 } from '@noble/hashes/sha2.js';
import { toHex } from '../base/bytes.ts';
import type { Seat } from '../base/ids.ts';
import type { Micros } from '../base/time.ts';

export interface Trace {
  /** Number of lines. */
  readonly length: number;
  /** SHA-256 of all lines, each with its line feed; lower-case hexadecimal. */
  readonly digest: string;
  /** `<virtual microseconds> <seat> <text>`; `>` marks what came in. Null unless asked for. */
  readonly lines: readonly string[] | null;
}

/** Gathers a trace. */
export class TraceWriter {
  readonly #lines: string[] | null;
  readonly #hash = sha256.create();
  #pending: string[] = [];
  #length = 0;

  constructor(keep: boolean) {
    this.#lines = keep ? [] : null;
  }

  add(at: Micros, seat: Seat, text: string): void {
    const line = `${at} ${seat} ${text}`;
    this.#length++;
    this.#lines?.push(line);
    this.#pending.push(line);
    if (this.#pending.length >= 256) this.#digest();
  }

  #digest(): void {
    const text = this.#pending.map((line) => `${line}\n`).join('');
    this.#hash.update(new TextEncoder().encode(text));
    this.#pending = [];
  }

  finish(): Trace {
    this.#digest();
    return { length: this.#length, digest: toHex(this.#hash.clone().digest()), lines: this.#lines };
  }
}
