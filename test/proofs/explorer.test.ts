import { describe, expect, it } from 'vitest';
import { Claims } from '../../proofs/claims.ts';
import { explore, type Space } from '../../proofs/explorer.ts';
import { Interner } from '../../proofs/interner.ts';

const always = (): boolean => true;

/** Counters that go up by one, each to its own end: as many states as a box has places. */
function counters(ends: readonly number[], visit: Space['visit'] = () => {}): Space {
  return {
    parts: ends.length,
    initial: ends.map(() => 0),
    visit,
    moves: (state, report) => {
      for (const [part, value] of state.entries()) {
        report(part, Math.min(value + 1, ends[part] as number), part);
      }
    },
  };
}

describe('explore', () => {
  it.each([[[6]], [[2, 3]], [[9, 9, 9]], [[5, 6, 7, 8]]])(
    'counts the places of a box %j and the steps in it',
    (ends) => {
      const states = ends.reduce((product, end) => product * (end + 1), 1);
      const transitions = ends.reduce((sum, end) => sum + (states / (end + 1)) * end, 0);
      const seen = new Set<string>();
      const result = explore(
        counters(ends, (state) => seen.add(state.join())),
        always,
      );
      expect(result).toMatchObject({ complete: true, states, transitions });
      expect(seen.size).toBe(states);
    },
  );

  it('tells states with large parts apart', () => {
    const large = 2 ** 17 - 2;
    const space: Space = {
      parts: 3,
      initial: [0, 0, 0],
      visit: () => {},
      moves: (state, report) => {
        for (const [part, value] of state.entries()) if (value === 0) report(part, large + (part % 2), part);
      },
    };
    expect(explore(space, always)).toMatchObject({ states: 8, transitions: 12 });
    const beyond: Space = { ...space, moves: (_, report) => report(0, 2 ** 17, 0) };
    expect(() => explore(beyond, always)).toThrow(RangeError);
  });

  it('goes round a circle once', () => {
    const clock: Space = {
      parts: 1,
      initial: [0],
      visit: () => {},
      moves: ([hour = 0], report) => report(0, (hour + 1) % 12, 0),
    };
    expect(explore(clock, always)).toMatchObject({ complete: true, states: 12, transitions: 12 });
  });

  it('tells the shortest way to a state', () => {
    let corner = -1;
    const space = counters([2, 1], (state, index) => {
      if (state.join() === '2,1') corner = index;
    });
    const path = explore(space, always).path(corner);
    expect(path).toHaveLength(3);
    expect(path.filter(({ part }) => part === 0)).toEqual([
      expect.objectContaining({ from: 0, to: 1 }),
      expect.objectContaining({ from: 1, to: 2 }),
    ]);
  });

  it('stops when it is told to, and says so', () => {
    expect(explore(counters([100, 100]), (found) => found < 50).complete).toBe(false);
  });
});

describe('Interner', () => {
  it('gives equal data one number, and only equal data', () => {
    const interner = new Interner();
    const values: readonly unknown[] = [
      null,
      undefined,
      0,
      '0',
      false,
      [],
      {},
      [0],
      [[0]],
      [0, 0],
      { a: 0 },
      { a: 1 },
      { b: 0 },
      { a: { b: 0 } },
      Uint8Array.of(0),
      Uint8Array.of(0, 0),
      [Uint8Array.of(0)],
    ];
    const ids = values.map((value) => interner.id(value));
    expect(new Set(ids).size).toBe(values.length);
    expect(values.map((value) => interner.id(structuredClone(value)))).toEqual(ids);
    expect(interner.id({ b: 1, a: 2 })).toBe(interner.id({ a: 2, b: 1 }));
  });
});

describe('Claims', () => {
  it('fails a claim that was never checked', () => {
    const claims = new Claims(['something']);
    claims.check('something else', false, () => 'not claimed');
    expect(claims.verdicts(() => [])).toEqual([
      { claim: 'something', checks: 0, failure: { text: expect.stringContaining('no state'), path: [] } },
    ]);
  });

  it('keeps the first failure, and the way to it', () => {
    const claims = new Claims(['fine', 'broken']);
    claims.check('fine', true, () => '');
    claims.at = { state: 7, move: () => 'the last step' };
    claims.check('broken', false, () => 'first');
    claims.at = { state: 8, move: null };
    claims.check('broken', false, () => 'second');
    expect(claims.failed('fine')).toBe(false);
    expect(claims.verdicts((state) => [`to ${state}`])).toEqual([
      { claim: 'fine', checks: 1, failure: null },
      { claim: 'broken', checks: 2, failure: { text: 'first', path: ['to 7', 'the last step'] } },
    ]);
  });
});
