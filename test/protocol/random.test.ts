import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomFrom } from '../../src/protocol/random.ts';

const seed = Uint8Array.from({ length: 32 }, (_, i) => i);

/** The stream as its documentation describes it, computed by another SHA-256. */
function* stream(from: Uint8Array): Generator<number, never> {
  const tag = 'fairstep/random';
  for (let block = 0; ; block++) {
    const counter = new Uint8Array(4);
    new DataView(counter.buffer).setUint32(0, block, true);
    yield* createHash('sha256')
      .update(Uint8Array.of(tag.length))
      .update(tag)
      .update(from)
      .update(counter)
      .digest();
  }
}

/** The same draws, from the naive stream and with big integers. */
function naive(bytes: Generator<number, never>, bound: number): number {
  for (;;) {
    let drawn = 0n;
    for (let i = 0n; i < 4n; i++) drawn += BigInt(bytes.next().value) << (8n * i);
    const whole = (2n ** 32n / BigInt(bound)) * BigInt(bound);
    if (drawn < whole) return Number(drawn % BigInt(bound));
  }
}

describe('randomFrom', () => {
  it('is the tagged SHA-256 of seed and counter, block after block', () => {
    const bytes = stream(seed);
    const expected = Uint8Array.from({ length: 100 }, () => bytes.next().value);
    const random = randomFrom(seed);
    expect(random.bytes(70)).toEqual(expected.subarray(0, 70));
    expect(random.bytes(0)).toEqual(new Uint8Array(0));
    expect(random.bytes(30)).toEqual(expected.subarray(70));
  });

  it('draws as the naive twin does, whatever is drawn', () => {
    const large = fc.integer({ min: 2 ** 31 - 5, max: 2 ** 32 });
    const bound = fc.oneof(fc.integer({ min: 1, max: 100 }), large, fc.constantFrom(1, 2 ** 31 + 1, 2 ** 32));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.array(bound, { maxLength: 40 }), (from, bounds) => {
        const random = randomFrom(from);
        const bytes = stream(from);
        for (const below of bounds) expect(random(below)).toBe(naive(bytes, below));
        expect(random.bytes(1)[0]).toBe(bytes.next().value);
      }),
    );
  });

  it('throws away what would favour small numbers', () => {
    // Of 2^32 values, those from 2^31 + 1 on do not fill a second turn: about half are drawn again.
    const bound = 2 ** 31 + 1;
    const bytes = stream(seed);
    const random = randomFrom(seed);
    let drawn = 0;
    function* counted(): Generator<number, never> {
      for (;;) {
        drawn++;
        yield bytes.next().value;
      }
    }
    const counting = counted();
    for (let i = 0; i < 100; i++) expect(random(bound)).toBe(naive(counting, bound));
    expect(drawn / 4).toBeGreaterThan(150);
  });

  it('gives every result about as often', () => {
    const random = randomFrom(seed);
    const rolls = new Array<number>(6).fill(0);
    for (let i = 0; i < 6000; i++) {
      const roll = random(6);
      rolls[roll] = (rolls[roll] as number) + 1;
    }
    // The seed is fixed, so this is no matter of luck; 1000 is expected, the deviation 29.
    for (const count of rolls) expect(Math.abs(count - 1000)).toBeLessThan(120);
  });

  it('keeps no tie to the seed array, and streams of one seed do not disturb one another', () => {
    const own = seed.slice();
    const one = randomFrom(own);
    own.fill(0);
    const two = randomFrom(seed);
    expect([one(1000), two(1000), one(1000), two(1000)]).toEqual(firstDraws());
  });

  it('refuses bounds and counts that it cannot serve, naming them', () => {
    const random = randomFrom(seed);
    for (const bound of [0, -1, 1.5, Number.NaN, 2 ** 32 + 1, Infinity]) {
      expect(() => random(bound)).toThrow(RangeError);
      expect(() => random(bound)).toThrow(`random(bound): ${bound} is not an integer 1 .. 2^32`);
    }
    expect(() => random('6' as unknown as number)).toThrow(RangeError);
    for (const count of [-1, 0.5, 65537])
      expect(() => random.bytes(count)).toThrow(`random.bytes(count): ${count}`);
    expect(random.bytes(65536).length).toBe(65536);
  });

  it('cannot be changed from within a game', () => {
    expect(Object.isFrozen(randomFrom(seed))).toBe(true);
  });
});

function firstDraws(): number[] {
  const bytes = stream(seed);
  const [a, b] = [naive(bytes, 1000), naive(bytes, 1000)];
  return [a, a, b, b];
}
