import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { equalBytes } from '../../src/base/bytes.ts';
import { encodePlain, type Plain } from '../../src/wire/plain.ts';
import { differences, firstDifference } from '../../src/wire/plain-diff.ts';
import { plainData } from './plain-values.ts';

describe('firstDifference', () => {
  it.each<[Plain, Plain, string, string, string]>([
    [{ players: [{}, {}, { x: 40 }] }, { players: [{}, {}, { x: 41 }] }, 'players[2].x', '40', '41'],
    [{ a: 1 }, { a: 1, b: 2 }, 'b', 'missing', '2'],
    [{ a: null }, {}, 'a', 'null', 'missing'],
    [[1, 2], [1], 'state[1]', '2', 'missing'],
    [1, true, 'state', '1', 'true'],
    ['1', 1, 'state', '"1"', '1'],
    [{ a: [] }, { a: {} }, 'a', 'array(0)', 'object(0)'],
    [{ a: [1, 2] }, { a: new Uint8Array(3) }, 'a', 'array(2)', 'bytes(3)'],
    [{ a: new Uint8Array(12) }, { a: new Uint8Array(13) }, 'a', 'bytes(12)', 'bytes(13)'],
    [{ a: Uint8Array.of(1, 2, 3) }, { a: Uint8Array.of(1, 9, 4) }, 'a[1]', '2', '9'],
    [{ z: 1, a: { y: 1 } }, { a: { y: 2 }, z: 3 }, 'a.y', '1', '2'],
    [{ n: 'red' }, { n: 'blue' }, 'n', '"red"', '"blue"'],
    [{ constructor: 1 }, {}, 'constructor', '1', 'missing'],
    [{ n: 'a\u009b\u202e' }, { n: '\n' }, 'n', '"a\\u{9b}\\u{202e}"', '"\\n"'],
  ])('of %j and %j', (a, b, path, shownA, shownB) => {
    expect(firstDifference(a, b)).toEqual({ path, a: shownA, b: shownB });
  });

  it('shows the stretch of long strings that differs', () => {
    const head = 'x'.repeat(100);
    expect(firstDifference(`${head}left${head}`, `${head}right${head}`)).toEqual({
      path: 'state',
      a: `..."xxxxxxxxleft${'x'.repeat(28)}"...`,
      b: `..."xxxxxxxxright${'x'.repeat(27)}"...`,
    });
    expect(firstDifference(head, `${head}!`)?.b).toBe('..."xxxxxxxx!"');
  });

  it('is null exactly when both encode alike', () => {
    fc.assert(
      fc.property(plainData, plainData, (a, b) => {
        expect(firstDifference(a, b) === null).toBe(equalBytes(encodePlain(a), encodePlain(b)));
        expect(firstDifference(a, structuredClone(a))).toBeNull();
      }),
      { numRuns: 1000 },
    );
    expect(firstDifference(0, -0)).toBeNull();
  });
});

describe('differences', () => {
  const a = { list: [1, 2, 3], name: 'a', bytes: new Uint8Array(2) };
  const b = { list: [1, 5], name: 'b', bytes: Uint8Array.of(1, 1) };

  it('lists all, in the order of the encoding', () => {
    expect(differences(a, b)).toEqual([
      { path: 'bytes[0]', a: '0', b: '1' },
      { path: 'list[1]', a: '2', b: '5' },
      { path: 'list[2]', a: '3', b: 'missing' },
      { path: 'name', a: '"a"', b: '"b"' },
    ]);
  });

  it('stops at the maximum, also in long arrays', () => {
    expect(differences(a, b, 2).map(({ path }) => path)).toEqual(['bytes[0]', 'list[1]']);
    expect(differences(new Array<number>(1000).fill(0), []).length).toBe(20);
  });

  it('names the root as asked', () => {
    expect(differences([1], [2], 20, 'rules')[0]?.path).toBe('rules[0]');
  });
});
