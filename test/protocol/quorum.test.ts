import { describe, expect, it } from 'vitest';
import { quorum } from '../../src/protocol/quorum.ts';

describe('quorums', () => {
  it('are those of the table', () => {
    const table = [2, 3, 4, 5, 6, 7, 8, 9, 10].map((n) => {
      const { f, fast, k, q } = quorum(n);
      return [n, f, k, q, fast];
    });
    expect(table).toEqual([
      [2, 0, 0, 2, 2],
      [3, 0, 1, 2, 3],
      [4, 1, 1, 3, 4],
      [5, 1, 1, 4, 5],
      [6, 1, 1, 4, 5],
      [7, 2, 2, 5, 7],
      [8, 2, 2, 6, 8],
      [9, 2, 2, 6, 8],
      [10, 3, 3, 7, 10],
    ]);
  });

  const all = Array.from({ length: 64 }, (_, i) => quorum(i + 1));

  it('let agreement and progress go together', () => {
    for (const { change, f, k, n, q } of all) {
      expect(n).toBeGreaterThanOrEqual(2 * k + f + 1);
      expect(k).toBeGreaterThanOrEqual(f);
      expect(change).toBe(n - k);
      expect(q).toBeLessThanOrEqual(n - k);
    }
  });

  it('meet in somebody honest', () => {
    for (const { change, f, fast, k, n, q } of all) {
      // Two certificates of one view share f + 1 players.
      expect(2 * q - n).toBeGreaterThanOrEqual(f + 1);
      // A set of view changes holds an honest player of every certificate.
      expect(q + change - n).toBeGreaterThanOrEqual(f + 1);
      // A fast decision leaves more than half of every such set, without the liars in it.
      expect(2 * (fast - k - f)).toBeGreaterThan(change);
      // The gate may count q equal votes: they hold more honest ones than a set of view changes can outvote.
      expect(k).toBeLessThanOrEqual(f + 1);
    }
  });

  it('cannot void what k + f others hold: a set without the author meets every holder but k', () => {
    for (const { change, f, k, n } of all) {
      if (k === 0) continue;
      expect(k + f + change - (n - 1)).toBeGreaterThanOrEqual(f + 1);
      expect(n - 1 - k).toBeGreaterThanOrEqual(k + f);
    }
  });

  it('go on with the liars of the first epoch where they are kept: never less safe', () => {
    for (let n = 1; n <= 64; n++) {
      for (let kept = 0; kept <= 21; kept++) {
        const { change, f, fast, k, q } = quorum(n, kept);
        expect(f).toBe(Math.max(quorum(n).f, Math.min(kept, n - 1)));
        expect(q).toBeGreaterThanOrEqual(quorum(n).q);
        expect(2 * q - n).toBeGreaterThanOrEqual(f + 1);
        expect(q + change - n).toBeGreaterThanOrEqual(f + 1);
        expect(2 * (fast - k - f)).toBeGreaterThan(change);
        expect(k).toBeGreaterThanOrEqual(0);
      }
    }
  });
});
