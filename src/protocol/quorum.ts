/**
 * How many equal statements mean what, as functions of the number of members alone. `f` players may
 * lie and `k` may be silent; agreement and progress together need n >= 2k + f + 1 and k >= f.
 */

import { assert } from '../base/assert.ts';

export interface Quorum {
  /** Members of the epoch. */
  readonly n: number;
  /** Players that may lie without breaking agreement. */
  readonly f: number;
  /** Players that may be silent without stopping play. */
  readonly k: number;
  /** Equal votes, prepares or confirms that form a certificate: any two such sets share f + 1 players. */
  readonly q: number;
  /** Equal votes that decide at once; more than n where too many may lie for that. */
  readonly fast: number;
  /** View changes that a leader needs. */
  readonly change: number;
}

/**
 * The quorums of `n` members. `liars` raises f above what n alone gives (option `keepF`: an epoch goes on
 * with the first epoch's f), which keeps agreement and stalls earlier.
 */
export function quorum(n: number, liars = 0): Quorum {
  assert(Number.isInteger(n) && n >= 1, 'an epoch has members');
  const usual = Math.floor((n - 1) / 3);
  const f = Math.max(usual, Math.min(liars, n - 1));
  const k = Math.max(0, Math.min(n === 3 ? 1 : usual, Math.floor((n - f - 1) / 2)));
  const q = Math.floor((n + f) / 2) + 1;
  const fast = Math.floor((n + 2 * f + k) / 2) + 1;
  return { n, f, k, q, fast, change: n - k };
}
