import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { prng } from '../../src/base/prng.ts';

const mask64 = (1n << 64n) - 1n;
const mask32 = (1n << 32n) - 1n;

/** splitmix64 as in its authors' C, on big integers. */
function* splitmix64(seed: bigint): Generator<bigint, never> {
  let x = seed & mask64;
  for (;;) {
    x = (x + 0x9e3779b97f4a7c15n) & mask64;
    let z = x;
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & mask64;
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & mask64;
    yield z ^ (z >> 31n);
  }
}

/** xoshiro128** 1.1 as in its authors' C, on big integers. */
function* xoshiro128(state: readonly [bigint, bigint, bigint, bigint]): Generator<number, never> {
  const s = [...state] as [bigint, bigint, bigint, bigint];
  const rotl = (x: bigint, k: bigint): bigint => ((x << k) | (x >> (32n - k))) & mask32;
  for (;;) {
    yield Number((rotl((s[1] * 5n) & mask32, 7n) * 9n) & mask32);
    const t = (s[1] << 9n) & mask32;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 11n);
  }
}

function twin(seed: number): Generator<number, never> {
  const filler = splitmix64(BigInt(seed));
  const [a, b] = [filler.next().value, filler.next().value];
  return xoshiro128([a & mask32, a >> 32n, b & mask32, b >> 32n]);
}

function take<T>(count: number, from: () => T): T[] {
  return Array.from({ length: count }, from);
}

const anySeed = fc.maxSafeInteger();

describe('prng', () => {
  it('has a twin that gives the published outputs of its two parts', () => {
    const filler = splitmix64(1234567n);
    expect(take(5, () => filler.next().value)).toEqual([
      6457827717110365317n,
      3203168211198807973n,
      9817491932198370423n,
      4593380528125082431n,
      16408922859458223821n,
    ]);
    const outputs = xoshiro128([1n, 2n, 3n, 4n]);
    expect(take(10, () => outputs.next().value)).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
    ]);
  });

  it('equals its twin for every seed', () => {
    fc.assert(
      fc.property(anySeed, (seed) => {
        const numbers = prng(seed);
        const slow = twin(seed);
        expect(take(50, () => numbers.next())).toEqual(take(50, () => slow.next().value));
      }),
    );
  });

  it('gives fractions of one output each', () => {
    const numbers = prng(7);
    const slow = twin(7);
    for (const unit of take(200, () => numbers.unit())) {
      expect(unit).toBe(slow.next().value / 2 ** 32);
      expect(unit).toBeLessThan(1);
    }
  });

  it('draws below n, and every answer about equally often', () => {
    fc.assert(
      fc.property(anySeed, fc.integer({ min: 1, max: 2 ** 32 }), (seed, n) => {
        const numbers = prng(seed);
        for (const answer of take(20, () => numbers.below(n))) {
          expect(Number.isInteger(answer) && answer >= 0 && answer < n).toBe(true);
        }
      }),
    );
    const counts = [0, 0, 0, 0, 0, 0, 0];
    const numbers = prng(3);
    for (const answer of take(70_000, () => numbers.below(7))) counts[answer] = (counts[answer] ?? 0) + 1;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });

  it('draws again when an output falls into the uneven rest', () => {
    // With n = 2^31 + 1, outputs above 2^31 are the rest: nearly every second one.
    const n = 2 ** 31 + 1;
    const numbers = prng(11);
    const slow = twin(11);
    const kept = take(200, () => slow.next().value).filter((output) => output < n);
    expect(kept.length).toBeLessThan(150);
    expect(take(kept.length, () => numbers.below(n))).toEqual(kept);
  });

  it('splits into streams that depend on labels alone, not on what was drawn', () => {
    fc.assert(
      fc.property(anySeed, fc.string(), fc.nat(20), (seed, label, drawn) => {
        const numbers = prng(seed);
        take(drawn, () => numbers.next());
        const child = numbers.split(label);
        const again = prng(seed).split(label);
        expect(take(5, () => child.next())).toEqual(take(5, () => again.next()));
      }),
    );
  });

  it('gives different labels, parents and paths different streams', () => {
    const root = prng(1);
    const streams = [
      root,
      prng(2),
      root.split(''),
      root.split('a'),
      root.split('b'),
      root.split('ab'),
      root.split('ba'),
      root.split('a').split('b'),
      prng(2).split('a'),
      root.split(1),
      root.split(2),
      root.split(12),
    ];
    const heads = new Set(streams.map((numbers) => take(4, () => numbers.next()).join()));
    expect(heads.size).toBe(streams.length);
    expect(root.split(12).next()).toBe(root.split('12').next());
  });

  it('refuses seeds and bounds that are not integers in range, by name', () => {
    for (const seed of [0.5, Number.NaN, 2 ** 53, Number.POSITIVE_INFINITY, '1' as unknown as number]) {
      expect(() => prng(seed)).toThrow(RangeError);
      expect(() => prng(seed)).toThrow(/seed must be an integer/);
    }
    for (const n of [0, -1, 1.5, 2 ** 32 + 1, Number.NaN]) {
      expect(() => prng(1).below(n)).toThrow(/n must be an integer/);
    }
  });
});
