import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareBytes, toHex } from '../../src/base/bytes.ts';
import { decodePlain, encodePlain } from '../../src/wire/plain.ts';
import {
  compareText,
  PLAIN_BYTES_MAX,
  PLAIN_CONTAINERS_MAX,
  plainPath,
} from '../../src/wire/plain-format.ts';
import { plainData } from './plain-values.ts';

/** `depth` arrays within one another. */
function nested(depth: number): unknown {
  let value: unknown = [];
  for (let i = 1; i < depth; i++) value = [value];
  return value;
}

describe('encodePlain: the bytes of each kind of value', () => {
  it.each<[unknown, string]>([
    [null, '00'],
    [false, '01'],
    [true, '02'],
    [0, '0300'],
    [-0, '0300'],
    [-1, '0301'],
    [1, '0302'],
    [63, '037e'],
    [-64, '037f'],
    [64, '038001'],
    [-65, '038101'],
    [2 ** 31, '038080808010'],
    [Number.MAX_SAFE_INTEGER, '03feffffffffffff1f'],
    [Number.MIN_SAFE_INTEGER, '03fdffffffffffff1f'],
    ['', '0400'],
    ['aé€😀', '040a61c3a9e282acf09f9880'],
    [new Uint8Array([1, 255]), '050201ff'],
    [[], '0600'],
    [[1, [null]], '060203020601' + '00'],
    [{}, '0700'],
    [{ b: 1, a: true, '': null }, '0703' + '0000' + '016102' + '01620302'],
    ['x'.repeat(128), `048001${'78'.repeat(128)}`],
  ])('%j is %s', (value, hex) => {
    expect(toHex(encodePlain(value))).toBe(hex);
  });

  it('orders keys by their UTF-8 bytes, where U+10000 comes after U+FFFF', () => {
    const bytes = encodePlain({ '\u{10000}': 1, '\uffff': 2, b: 3, '10': 4, '9': 5 });
    expect(toHex(bytes)).toBe(
      '0705' + '0231300308' + '0139030a' + '01620306' + '03efbfbf0304' + '04f09080800302',
    );
  });

  it('does not depend on the order of keys, on the prototype null or on shared references', () => {
    const shared = { x: 1 };
    const bare = Object.assign(Object.create(null), { b: { x: 1 }, a: { x: 1 } });
    expect(encodePlain({ a: shared, b: shared })).toEqual(encodePlain(bare));
  });

  it('grows for large values', () => {
    const value = { text: 'é'.repeat(5000), numbers: Array.from({ length: 3000 }, (_, i) => 7 - i * i) };
    expect(decodePlain(encodePlain(value))).toEqual({ ok: true, value });
  });
});

describe('encodePlain: what is not plain data is named with its path', () => {
  class Unit {
    hp = 1;
  }
  const sparse = [1, 2, 3];
  delete sparse[1];
  const cyclic: Record<string, unknown> = { units: [{}] };
  (cyclic.units as Record<string, unknown>[])[0] = { game: cyclic };
  const fractions = [NaN, Infinity, -Infinity];

  it.each<[unknown, string]>([
    [
      { players: [{}, {}, { speed: 0.5 }] },
      'players[2].speed: 0.5 is not an integer; scale it (a float differs between engines)',
    ],
    [{ cells: new Map() }, 'cells: Map is not plain data; use an array of pairs or an object'],
    [{ seen: new Set() }, 'seen: Set is not plain data; use a sorted array'],
    [{ at: new Date(0) }, 'at: Date is not plain data; use an integer'],
    [{ unit: new Unit() }, 'unit: Unit is not plain data; use an object literal'],
    [{ list: class List extends Array {}.of(1) }, 'list: List is not plain data'],
    [
      { grid: new Float64Array(1) },
      'grid: Float64Array is not plain data; use a Uint8Array, or an array of integers',
    ],
    [{ raw: new ArrayBuffer(1) }, 'raw: ArrayBuffer is not plain data; use a Uint8Array'],
    [{ raw: Buffer.from('a') }, 'raw: Buffer is not plain data; use new Uint8Array(buffer)'],
    [{ o: Object.create({}) }, 'o: Object is not plain data'],
    [{ o: Object.create(Object.create(null)) }, 'o: an object with a prototype of its own is not plain data'],
    [{ 'a b': [undefined] }, 'value["a b"][0]: undefined is not plain data; leave the key out or use null'],
    [[undefined], 'value[0]: undefined'],
    [undefined, 'value: undefined'],
    [{ f: () => 1 }, 'f: a function is not plain data'],
    [{ s: Symbol('x') }, 's: a symbol is not plain data'],
    [{ n: 1n }, 'n: a bigint is not plain data'],
    [{ n: fractions[0] }, 'n: NaN is not an integer'],
    [{ n: fractions[1] }, 'n: Infinity is not an integer'],
    [{ n: fractions[2] }, 'n: -Infinity is not an integer'],
    [{ n: 2 ** 53 }, 'n: 9007199254740992 is beyond 2^53 - 1'],
    [{ n: -(2 ** 53) }, 'n: -9007199254740992 is beyond 2^53 - 1'],
    [{ cells: sparse }, 'cells[1]: missing from a sparse array; fill it with null'],
    [{ cells: Object.assign([1], { extra: 2 }) }, 'cells.extra: a property of an array that is no element'],
    [
      {
        hp: {
          get now() {
            return 1;
          },
        },
      },
      'hp.now: an accessor property; store the value itself',
    ],
    [Object.defineProperty({}, 'x', { value: 1 }), 'x: a hidden (not enumerable) property'],
    [{ a: { [Symbol('tag')]: 1 } }, 'a: a key that is a symbol (Symbol(tag)); use strings'],
    [{ a: JSON.parse('{"__proto__": 1}') as unknown }, 'a.__proto__: a key that JavaScript reserves'],
    [{ name: 'ab\ud800' }, 'name: a string with a lone surrogate (at 2) is not valid Unicode'],
    [{ name: '\udc00' }, 'name: a string with a lone surrogate (at 0)'],
    [{ name: '\ud800\ud800\udc00' }, 'name: a string with a lone surrogate (at 0)'],
    [{ '\ud800': 1 }, 'a string with a lone surrogate'],
    [cyclic, 'units[0].game: a cycle: it is value again; store an index or a name'],
    [{ a: { b: [nested(62)] } }, `a.b${'[0]'.repeat(62)}: nested deeper than 64; make it flatter`],
  ])('%#: %s', (value, message) => {
    expect(() => encodePlain(value)).toThrow(TypeError);
    expect(() => encodePlain(value)).toThrow(message);
  });

  it('calls the root by the label', () => {
    expect(() => encodePlain(0.5, 'state')).toThrow(/^state: 0.5 is not/);
    expect(() => encodePlain([0.5], 'state')).toThrow(/^state\[0\]: 0.5 is not/);
    expect(() => encodePlain({ x: 0.5 }, 'state')).toThrow(/^x: 0.5 is not/);
  });

  it('takes 64 levels and one object in many places', () => {
    expect(decodePlain(encodePlain(nested(64)))).toEqual({ ok: true, value: nested(64) });
    expect(() => encodePlain(nested(65))).toThrow('nested deeper than 64');
    const twice = { x: 1 };
    expect(encodePlain([twice, twice, [twice]])).toEqual(encodePlain([{ x: 1 }, { x: 1 }, [{ x: 1 }]]));
  });

  it('names the cycle of an array within itself', () => {
    const loop: unknown[] = [1];
    loop.push({ loop });
    expect(() => encodePlain({ loop })).toThrow('loop[1].loop: a cycle: it is loop again');
  });

  it('refuses more than the limits with a RangeError', () => {
    expect(() => encodePlain({ map: new Uint8Array(PLAIN_BYTES_MAX) }, 'state')).toThrow(RangeError);
    expect(() => encodePlain({ map: new Uint8Array(PLAIN_BYTES_MAX) }, 'state')).toThrow(
      /^state: encodes to more/,
    );
    expect(encodePlain(new Uint8Array(PLAIN_BYTES_MAX - 5)).length).toBe(PLAIN_BYTES_MAX);
    expect(() => encodePlain(new Uint8Array(PLAIN_BYTES_MAX - 4))).toThrow(RangeError);
    const empty: unknown[] = [];
    const row = new Array<unknown>(PLAIN_CONTAINERS_MAX - 1).fill(empty);
    expect(decodePlain(encodePlain(row)).ok).toBe(true);
    row.push(empty);
    expect(() => encodePlain(row)).toThrow(RangeError);
    // 2^40 leaves, were it written out.
    let doubled: unknown = [0];
    for (let i = 0; i < 40; i++) doubled = [doubled, doubled];
    expect(() => encodePlain(doubled)).toThrow(RangeError);
  });

  it('does not change or keep what it encodes', () => {
    const value = Object.freeze({ b: Object.freeze([3, 1]), a: Object.freeze({ z: 1, y: 2 }) });
    encodePlain(value);
    expect(Object.keys(value)).toEqual(['b', 'a']);
  });
});

describe('encodePlain and decodePlain together', () => {
  it('give back an equal value', () => {
    fc.assert(
      fc.property(plainData, (value) => {
        expect(decodePlain(encodePlain(value))).toStrictEqual({ ok: true, value });
      }),
      { numRuns: 2000 },
    );
  });
});

describe('compareText', () => {
  it('is the order of the UTF-8 bytes', () => {
    const encoder = new TextEncoder();
    const unit = fc.constantFrom(
      'a',
      '\u007f',
      '\u0080',
      '\ud7ff',
      '\ue000',
      '\uffff',
      '\u{10000}',
      '\u{10ffff}',
    );
    const text = fc.oneof(fc.string({ unit, maxLength: 4 }), fc.string({ unit: 'binary', maxLength: 8 }));
    fc.assert(
      fc.property(text, text, (a, b) => {
        const expected = compareBytes(encoder.encode(a), encoder.encode(b));
        expect(Math.sign(compareText(a, b))).toBe(Math.sign(expected));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('plainPath', () => {
  it('writes a place as a programmer would', () => {
    expect(plainPath(['players', 2, 'x'], 'state')).toBe('players[2].x');
    expect(plainPath([], 'state')).toBe('state');
    expect(plainPath([0, 'x'], 'state')).toBe('state[0].x');
    expect(plainPath(['a', 'b c', '1'], 'state')).toBe('a["b c"]["1"]');
  });

  it('escapes what a terminal would obey or hide', () => {
    expect(plainPath(['\u001b[2J', '\u009b', '\u202e'], 'state')).toBe(
      'state["\\u001b[2J"]["\\u{9b}"]["\\u{202e}"]',
    );
  });
});
