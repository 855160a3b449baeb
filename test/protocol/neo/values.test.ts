import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { equalBytes } from '../../../src/base/bytes.ts';
import { has, seatsOf, within } from '../../../src/base/players.ts';
import { vectorDigest } from '../../../src/crypto/commitment.ts';
import {
  entriesOf,
  isNone,
  NONE,
  resolve,
  sameValue,
  unresolved,
  vectorOf,
} from '../../../src/protocol/neo/values.ts';
import { setOf } from './group.ts';

const hashOf = (value: number): Uint8Array => new Uint8Array(32).fill(value);
const anySeats = fc.subarray([...Array(16).keys()]).map(setOf);
/** By seat a hash, NONE, or nothing. */
const anyValues = fc.array(fc.option(fc.integer({ min: 0, max: 3 }).map(hashOf)), {
  minLength: 16,
  maxLength: 16,
});

describe('values', () => {
  it('are NONE when they are 32 zero bytes, whoever made them', () => {
    expect([NONE, new Uint8Array(32), hashOf(1)].map(isNone)).toEqual([true, true, false]);
    expect(sameValue(new Uint8Array(32), NONE)).toBe(true);
  });

  it('go into a vector and come back: NONE where there was none', () => {
    fc.assert(
      fc.property(anySeats, anyValues, (slots, values) => {
        const vector = vectorOf(slots, values);
        const entries = entriesOf(slots, vector, 16);
        expect(within(vector.named, slots)).toBe(true);
        expect(seatsOf(vector.named)).toHaveLength(vector.hashes.length);
        for (const [seat, entry] of entries.entries()) {
          if (!has(slots, seat as never)) expect(entry).toBeNull();
          else expect(entry).toEqual(values[seat] ?? NONE);
        }
      }),
    );
  });

  it('are known as NONE, and not known as hashes, while there is only the bitmap', () => {
    const entries = unresolved(setOf([0, 1, 2]), setOf([1]), 4);
    expect(entries).toEqual([NONE, null, NONE, null]);
  });
});

describe('a digest', () => {
  const named = setOf([0, 2]);
  const hashes = [hashOf(1), hashOf(2)];
  const digest = vectorDigest(hashes);

  it('stands for what I hold of the named, or for a vector that came along', () => {
    expect(resolve(named, digest, [hashOf(1), null, hashOf(2)], [])).toEqual(hashes);
    expect(resolve(named, digest, [hashOf(1), hashOf(9), hashOf(2)], [])).toEqual(hashes);
    expect(resolve(named, digest, [hashOf(1), null, null], [hashes])).toEqual(hashes);
    expect(resolve(named, digest, [hashOf(3), null, hashOf(2)], [[hashOf(7)], hashes])).toEqual(hashes);
  });

  it('stands for nothing while neither fits', () => {
    expect(resolve(named, digest, [hashOf(1), null, null], [])).toBeNull();
    expect(resolve(named, digest, [], [hashes.toReversed(), [hashOf(1)], [...hashes, hashOf(3)]])).toBeNull();
    expect(resolve(setOf([0]), digest, [], [hashes])).toBeNull();
  });

  it('stands for one vector only, whatever else is held', () => {
    fc.assert(
      fc.property(anySeats, anyValues, fc.array(anyValues, { maxLength: 4 }), (slots, values, others) => {
        const vector = vectorOf(slots, values);
        const known = [...others.map((each) => vectorOf(slots, each).hashes), vector.hashes];
        const found = resolve(vector.named, vectorDigest(vector.hashes), others[0] ?? [], known);
        expect(found?.every((hash, i) => equalBytes(hash, vector.hashes[i] as Uint8Array))).toBe(true);
        expect(found).toHaveLength(vector.hashes.length);
      }),
    );
  });
});
