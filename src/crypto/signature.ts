/**
 * The one rule of signature validity: Ed25519 (RFC 8032, section 5.1.7), strict and cofactorless.
 *
 * A signature (R, s) of a message M by a key A, all as bytes, is valid when
 *   1. s < L, the order of the base point B;
 *   2. neither A nor R has y >= p, and neither is a point of small order, in any spelling;
 *   3. A decodes to a point, and sB - kA encodes to the bytes of R, with k = SHA-512(R, A, M) mod L.
 * There is no multiplication by the cofactor. Libraries differ on crafted signatures (Chalkias,
 * Garillot, Nikolaenko: "Taming the many EdDSAs", eprint 2020/1244), and where two players differ on
 * one signature a cheat splits the group. So every keyring refuses by 1 and 2 before it asks its
 * library for 3, and evidence is judged by {@link isValidSignature}, which runs the same everywhere.
 */

import { ed25519 } from '@noble/curves/ed25519.js';
import { bytesToNumberLE, isBytes } from '@noble/curves/utils.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { concatBytes, equalBytes, fromHex } from '../base/bytes.ts';

/** Bytes of a public key: an encoded point. */
export const PUBLIC_KEY_BYTES = 32;

/** Bytes of a signature: R, then s. */
export const SIGNATURE_BYTES = 64;

/** Bytes of a secret key: the seed of RFC 8032, section 5.1.5. */
export const SECRET_KEY_BYTES = 32;

/** A value together with the signature that should cover it; not yet checked. */
export interface Sealed<T> {
  readonly publicKey: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
  readonly value: T;
}

declare const verified: unique symbol;

/** A value whose signature has been checked. Made only by {@link attest}. */
export type Verified<T> = T & { readonly [verified]: true };

/** Marks a checked value. Called only by keyring/keyring.ts and {@link verifyStrict}. */
export function attest<T>(sealed: Sealed<T>): Verified<T> {
  return sealed.value as Verified<T>;
}

/** The value, marked, when its signature is valid; else null. Judged by {@link isValidSignature}. */
export function verifyStrict<T>(sealed: Sealed<T>): Verified<T> | null {
  return isValidSignature(sealed.publicKey, sealed.message, sealed.signature) ? attest(sealed) : null;
}

/** The verdict of the whole rule. False for anything malformed, never throws. About a millisecond. */
export function isValidSignature(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    const parts = admit(publicKey, message, signature);
    return parts !== null && satisfiesEquation(parts);
  } catch {
    return false;
  }
}

/** Part 3 of the rule. Throws when A is not a point. */
function satisfiesEquation({ publicKey, message, signature }: Admitted): boolean {
  const { Point } = ed25519;
  const R = signature.subarray(0, PUBLIC_KEY_BYTES);
  const s = bytesToNumberLE(signature.subarray(PUBLIC_KEY_BYTES));
  const A = Point.fromBytes(publicKey);
  const k = Point.Fn.create(bytesToNumberLE(sha512(concatBytes(R, publicKey, message))));
  const expected = Point.BASE.multiplyUnsafe(s).subtract(A.multiplyUnsafe(k));
  return equalBytes(expected.toBytes(), R);
}

/** What a provider may look at: it passed the cheap part of the rule, and nobody else can change it. */
export interface Admitted {
  readonly publicKey: Uint8Array<ArrayBuffer>;
  readonly message: Uint8Array<ArrayBuffer>;
  readonly signature: Uint8Array<ArrayBuffer>;
}

/**
 * Copies of the three, or null when {@link admissible} refuses them or one is not a Uint8Array.
 * A copy, because the memory may be shared with another thread, or reused before a promise is kept.
 * Throws only on an array whose memory was transferred away.
 */
export function admit(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Admitted | null {
  if (!isBytes(publicKey) || !isBytes(message) || !isBytes(signature)) return null;
  const copies = {
    publicKey: new Uint8Array(publicKey),
    message: new Uint8Array(message),
    signature: new Uint8Array(signature),
  };
  return admissible(copies.publicKey, copies.signature) ? copies : null;
}

/** Parts 1 and 2 of the rule: lengths and bytes only, well under a microsecond. */
export function admissible(publicKey: Uint8Array, signature: Uint8Array): boolean {
  return (
    admissibleKey(publicKey) &&
    isBytes(signature) &&
    signature.length === SIGNATURE_BYTES &&
    admissiblePoint(signature) &&
    admissibleScalar(signature)
  );
}

/**
 * Part 2 of the rule for a key alone, for whoever lets a key in: 32 bytes, y < p, not of small order.
 * It does not tell whether the bytes decode to a point; about half of all that pass do not.
 */
export function admissibleKey(publicKey: Uint8Array): boolean {
  return isBytes(publicKey) && publicKey.length === PUBLIC_KEY_BYTES && admissiblePoint(publicKey);
}

/** y of two of the four points of order 8, little-endian; the other two have p - y. */
const orderEight = fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05') as Uint8Array;

/** p - y of the above. */
const orderEightNegated = fromHex(
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
) as Uint8Array;

/**
 * False when the first 32 bytes spell a y >= p or the y of a small-order point: 0, 1, p - 1 and the
 * two of order 8. The sign bit does not matter, so this covers all 14 spellings of such points.
 */
function admissiblePoint(bytes: Uint8Array): boolean {
  const first = bytes[0] as number;
  switch ((bytes[31] as number) & 0x7f) {
    case 0x00:
      return first > 0x01 || !filled(bytes, 0x00);
    case 0x7f:
      return first < 0xec || !filled(bytes, 0xff);
    case 0x05:
      return !startsWith(bytes, orderEight);
    case 0x7a:
      return !startsWith(bytes, orderEightNegated);
    default:
      return true;
  }
}

/** True when bytes 1 to 30 are all `value`. */
function filled(bytes: Uint8Array, value: number): boolean {
  for (let i = 1; i < 31; i++) if (bytes[i] !== value) return false;
  return true;
}

/** True when the first 31 bytes are those of `y`. */
function startsWith(bytes: Uint8Array, y: Uint8Array): boolean {
  for (let i = 0; i < 31; i++) if (bytes[i] !== y[i]) return false;
  return true;
}

/** L = 2^252 + 27742317777372353535851937790883648493, little-endian, as it stands in a signature. */
const orderOfBase = fromHex('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010') as Uint8Array;

/** True when s, the last 32 bytes of the signature, is below L. */
function admissibleScalar(signature: Uint8Array): boolean {
  for (let i = 31; i >= 0; i--) {
    const difference = (signature[PUBLIC_KEY_BYTES + i] as number) - (orderOfBase[i] as number);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
