import { ed25519 } from '@noble/curves/ed25519.js';
import { bytesToNumberLE, numberToBytesLE } from '@noble/curves/utils.js';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, fromHex, toHex } from '../../src/base/bytes.ts';
import {
  admissible,
  admissibleKey,
  admit,
  isValidSignature,
  verifyStrict,
} from '../../src/crypto/signature.ts';
import { craftHolding, L, p, smallOrderSpellings } from '../keyring/crafted.ts';
import rfc8032 from '../vectors/ed25519-rfc8032.json' with { type: 'json' };
import speccheck from '../vectors/ed25519-speccheck.json' with { type: 'json' };

const bytes = (hex: string): Uint8Array => fromHex(hex) as Uint8Array;

const smallOrder = new Set(smallOrderSpellings.map((spelling) => toHex(spelling.bytes)));

/** The rule on a point's bytes, said slowly. */
function naivePoint(encoded: Uint8Array): boolean {
  const y = bytesToNumberLE(encoded) & ((1n << 255n) - 1n);
  return y < p && !smallOrder.has(toHex(encoded));
}

/** 32 bytes, often near the values where the rule changes its mind. */
const nearEdges = fc
  .tuple(
    fc.constantFrom(...smallOrderSpellings.map((spelling) => bytesToNumberLE(spelling.bytes)), p, L),
    fc.integer({ min: -40, max: 40 }),
    fc.integer({ min: 0, max: 255 }),
    fc.boolean(),
  )
  .map(([value, offset, bit, flip]) => {
    const moved = value + BigInt(offset) + (flip ? 1n << BigInt(bit) : 0n);
    return numberToBytesLE(((moved % (1n << 256n)) + (1n << 256n)) % (1n << 256n), 32);
  });

const anyPoint = fc.oneof(nearEdges, fc.uint8Array({ minLength: 32, maxLength: 32 }));

/** A good point and scalar, to vary the other part against. */
const basePoint = ed25519.Point.BASE.toBytes();
const one = numberToBytesLE(1n, 32);

describe('the spellings of small-order points', () => {
  it('are 14, as table 6b of eprint 2020/1244 counts them', () => {
    expect(smallOrder.size).toBe(14);
    expect(smallOrderSpellings).toHaveLength(14);
  });
});

describe('admissible', () => {
  it('refuses a key or R exactly when its y is not below p or its order is small', () => {
    fc.assert(
      fc.property(anyPoint, (point) => {
        expect(admissibleKey(point)).toBe(naivePoint(point));
        expect(admissible(point, concatBytes(basePoint, one))).toBe(naivePoint(point));
        expect(admissible(basePoint, concatBytes(point, one))).toBe(naivePoint(point));
      }),
      { numRuns: 3000 },
    );
  });

  it('refuses each of the 14, and each neighbour only if it is one of them', () => {
    for (const { bytes: spelled } of smallOrderSpellings) {
      expect(admissibleKey(spelled)).toBe(false);
      for (let bit = 0; bit < 256; bit++) {
        const near = new Uint8Array(spelled);
        near[bit >>> 3] = (near[bit >>> 3] as number) ^ (1 << (bit & 7));
        expect(admissibleKey(near)).toBe(naivePoint(near));
      }
    }
  });

  it('refuses every y from p to 2^255 - 1, and not p - 2', () => {
    for (let y = p - 1n; y < 1n << 255n; y++) expect(admissibleKey(numberToBytesLE(y, 32))).toBe(false);
    expect(admissibleKey(numberToBytesLE(p - 2n, 32))).toBe(true);
    expect(admissibleKey(numberToBytesLE(2n, 32))).toBe(true);
  });

  it('refuses s exactly when it is not below L', () => {
    const withScalar = (s: bigint): boolean =>
      admissible(basePoint, concatBytes(basePoint, numberToBytesLE(s, 32)));
    for (const s of [0n, 1n, L - 1n, (1n << 252n) - 1n]) expect(withScalar(s)).toBe(true);
    for (const s of [L, L + 1n, 2n * L, 1n << 253n, (1n << 256n) - 1n]) expect(withScalar(s)).toBe(false);
    fc.assert(
      fc.property(nearEdges, (s) => {
        expect(admissible(basePoint, concatBytes(basePoint, s))).toBe(bytesToNumberLE(s) < L);
      }),
      { numRuns: 2000 },
    );
  });

  it('refuses wrong lengths and what is not a Uint8Array', () => {
    const signature = concatBytes(basePoint, one);
    expect(admissible(basePoint, signature)).toBe(true);
    for (const length of [0, 31, 33, 63, 65]) {
      expect(admissibleKey(new Uint8Array(length).fill(3))).toBe(false);
      expect(admissible(basePoint, new Uint8Array(length).fill(3))).toBe(false);
    }
    for (const wrong of [null, undefined, '', Array.from(basePoint), {}] as unknown as Uint8Array[]) {
      expect(admissibleKey(wrong)).toBe(false);
      expect(admissible(basePoint, wrong)).toBe(false);
      expect(admissible(wrong, signature)).toBe(false);
    }
  });
});

describe('admit', () => {
  it('gives copies of all three', () => {
    const given = [basePoint, Uint8Array.of(1, 2), concatBytes(basePoint, one)] as const;
    const parts = admit(...given);
    expect(parts).toEqual({ publicKey: given[0], message: given[1], signature: given[2] });
    expect(parts?.publicKey).not.toBe(given[0]);
    expect(parts?.message).not.toBe(given[1]);
    expect(parts?.signature).not.toBe(given[2]);
  });

  it('gives null for what is not admissible', () => {
    expect(admit(basePoint, one, concatBytes(one, one))).toBeNull();
    expect(admit(basePoint, 'text' as unknown as Uint8Array, concatBytes(basePoint, one))).toBeNull();
  });
});

describe('isValidSignature', () => {
  it.each(rfc8032.vectors)('RFC 8032, section 7.1, $name', ({ publicKey, message, signature }) => {
    expect(isValidSignature(bytes(publicKey), bytes(message), bytes(signature))).toBe(true);
  });

  it.each(speccheck.vectors)('speccheck $name', ({ publicKey, message, signature, valid }) => {
    expect(isValidSignature(bytes(publicKey), bytes(message), bytes(signature))).toBe(valid);
  });

  it('refuses a key that is no point', () => {
    const offCurve = numberToBytesLE(2n, 32);
    expect(() => ed25519.Point.fromBytes(offCurve)).toThrow();
    expect(isValidSignature(offCurve, one, concatBytes(basePoint, one))).toBe(false);
  });

  it('does not multiply by the cofactor', () => {
    const honest = craftHolding('mixed', { scalar: 3n, index: 1 }, { scalar: 4n, index: 2 });
    expect(isValidSignature(honest.publicKey, honest.message, honest.signature)).toBe(true);
    const { publicKey, message, signature } = speccheck.vectors[4] as (typeof speccheck.vectors)[number];
    expect(ed25519.verify(bytes(signature), bytes(message), bytes(publicKey))).toBe(true);
    expect(isValidSignature(bytes(publicKey), bytes(message), bytes(signature))).toBe(false);
  });

  it('is false for any bytes, and throws for none', () => {
    const any = fc.oneof(fc.uint8Array({ maxLength: 70 }), anyPoint, fc.anything());
    fc.assert(
      fc.property(any, any, fc.oneof(any, fc.uint8Array({ minLength: 64, maxLength: 64 })), (a, b, c) => {
        expect(isValidSignature(a as Uint8Array, b as Uint8Array, c as Uint8Array)).toBe(false);
      }),
      { numRuns: 1000 },
    );
    fc.assert(
      fc.property(anyPoint, any, anyPoint, nearEdges, (A, message, R, s) => {
        expect(isValidSignature(A, message as Uint8Array, concatBytes(R, s))).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});

describe('verifyStrict', () => {
  const { publicKey, message, signature } = rfc8032.vectors[1] as (typeof rfc8032.vectors)[number];
  const sealed = { publicKey: bytes(publicKey), message: bytes(message), signature: bytes(signature) };

  it('gives the very value whose signature is valid', () => {
    const value = { round: 1 };
    expect(verifyStrict({ ...sealed, value })).toBe(value);
  });

  it('gives null otherwise', () => {
    expect(verifyStrict({ ...sealed, message: Uint8Array.of(1), value: 1 })).toBeNull();
    expect(verifyStrict({ ...sealed, signature: new Uint8Array(63), value: 1 })).toBeNull();
  });
});
