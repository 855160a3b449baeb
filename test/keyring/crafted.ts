/**
 * Signatures that no honest signer makes, with the verdict that group theory gives them.
 *
 * Every point is bB + T_i with T_i = i T_1, T_1 of order 8. For a key A = aB + T_i and R = rB + T_j
 * with s = r + ka, the equation sB = R + kA without cofactor holds exactly when 8 divides j + ki, and
 * with the cofactor always: what the lenient libraries accept, and where the libraries part.
 */

import { ed25519 } from '@noble/curves/ed25519.js';
import { bytesToNumberLE, numberToBytesLE } from '@noble/curves/utils.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { concatBytes, toHex } from '../../src/base/bytes.ts';

const Point: typeof ed25519.Point = ed25519.Point;
type CurvePoint = typeof ed25519.Point.BASE;

/** Order of the base point. */
export const L: bigint = Point.Fn.ORDER;

/** Order of the field of coordinates. */
export const p: bigint = Point.Fp.ORDER;

/** T_0 .. T_7. */
export const torsion: readonly CurvePoint[] = multiplesOf(pointOfOrderEight());

/** Lifts points, by rising y, out of the prime-order part until one has the full order 8. */
function pointOfOrderEight(): CurvePoint {
  for (let y = 2n; ; y++) {
    try {
      const point = Point.fromBytes(numberToBytesLE(y, 32));
      const lifted = point.multiplyUnsafe(L - 1n).add(point);
      if (!lifted.double().double().is0()) return lifted;
    } catch {
      // No point has this y.
    }
  }
}

function multiplesOf(generator: CurvePoint): CurvePoint[] {
  const multiples = [Point.ZERO];
  while (multiples.length < 8) multiples.push((multiples.at(-1) as CurvePoint).add(generator));
  return multiples;
}

/** One spelling of a small-order point. */
export interface Spelling {
  readonly bytes: Uint8Array;
  /** Which T_i a decoder without strictness reads. */
  readonly index: number;
}

/** Every 32 bytes that a decoder could read as a small-order point: y or y + p, either sign bit. */
export const smallOrderSpellings: readonly Spelling[] = torsion.flatMap((point, index) => {
  const spellings: Spelling[] = [];
  for (const y of [point.y, point.y + p]) {
    if (y >= 1n << 255n) continue;
    for (const sign of [0n, 1n]) {
      if (point.x !== 0n && (point.x & 1n) !== sign) continue;
      spellings.push({ bytes: numberToBytesLE(y | (sign << 255n), 32), index });
    }
  }
  return spellings;
});

/** A stream of bytes and scalars from one seed: SHA-512 of the seed and a counter. */
export interface Source {
  bytes(length: number): Uint8Array;
  scalar(): bigint;
  below(limit: number): number;
}

export function source(seed: number): Source {
  let counter = 0;
  const block = (): Uint8Array => sha512(new TextEncoder().encode(`${seed}/${counter++}`));
  return {
    bytes: (length) => block().slice(0, length),
    scalar: () => 1n + (bytesToNumberLE(block()) % (L - 1n)),
    below: (limit) => Number(bytesToNumberLE(block().subarray(0, 6)) % BigInt(limit)),
  };
}

export interface Crafted {
  readonly kind: string;
  readonly publicKey: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
  /** What the algebra says of the equation without cofactor. */
  readonly holds: boolean;
  /** What the rule must say. */
  readonly valid: boolean;
}

/** One half of a signature's making: bB + T_index, written as given or else canonically. */
export interface Part {
  readonly scalar: bigint;
  readonly index: number;
  readonly spelled?: Uint8Array;
}

/** A signature over the message whose key and R are the given parts. */
export function craft(kind: string, key: Part, nonce: Part, message: Uint8Array): Crafted {
  const publicKey = key.spelled ?? encode(key);
  const R = nonce.spelled ?? encode(nonce);
  const k = bytesToNumberLE(sha512(concatBytes(R, publicKey, message))) % L;
  const s = (nonce.scalar + k * key.scalar) % L;
  const holds = (BigInt(nonce.index) + k * BigInt(key.index)) % 8n === 0n;
  return {
    kind,
    publicKey,
    message,
    signature: concatBytes(R, numberToBytesLE(s, 32)),
    holds,
    valid: holds && key.scalar !== 0n && nonce.scalar !== 0n,
  };
}

function encode({ scalar, index }: Part): Uint8Array {
  return Point.BASE.multiplyUnsafe(scalar)
    .add(torsion[index] as CurvePoint)
    .toBytes();
}

/** Tries messages until the equation without cofactor holds. Throws when none of many makes it hold. */
export function craftHolding(kind: string, key: Part, nonce: Part): Crafted {
  for (let i = 0; i < 1000; i++) {
    const crafted = craft(kind, key, nonce, Uint8Array.of(i, i >>> 8));
    if (crafted.holds) return crafted;
  }
  throw new Error(`no message makes T_${nonce.index} + k T_${key.index} vanish`);
}

/** The same with s replaced by s + times * L; not a signature by the rule. */
export function withScalarRaised(crafted: Crafted, times: number): Crafted {
  const s = bytesToNumberLE(crafted.signature.subarray(32)) + BigInt(times) * L;
  const signature = concatBytes(crafted.signature.subarray(0, 32), numberToBytesLE(s, 32));
  return { ...crafted, kind: `s + ${times} L`, signature, valid: false };
}

/** All kinds of crafted signatures: `rounds` for each of the 64 torsion pairs, some hundreds of others. */
export function craftAll(seed: number, rounds: number): readonly Crafted[] {
  const random = source(seed);
  const all: Crafted[] = [];
  for (let index = 0; index < 8; index++) {
    for (let round = 0; round < rounds; round++) {
      const scalar = random.scalar();
      const key = { scalar, index, spelled: encode({ scalar, index }) };
      for (let j = 0; j < 8; j++) {
        const nonce = { scalar: random.scalar(), index: j };
        all.push(craft(`pair ${index} ${j}`, key, nonce, random.bytes(1 + random.below(64))));
      }
    }
  }
  const honest = all.filter(({ kind }) => kind === 'pair 0 0');
  return [
    ...all,
    ...raised(honest),
    ...flipped(random, honest),
    ...smallOrder(random),
    ...unreadable(random),
  ];
}

/** s + L .. s + 15 L, which still fit into 32 bytes. */
function raised(honest: readonly Crafted[]): Crafted[] {
  return honest.flatMap((crafted) => [1, 2, 7, 15].map((times) => withScalarRaised(crafted, times)));
}

/** Honest signatures with one bit turned over, somewhere in key, message, R or s. */
function flipped(random: Source, honest: readonly Crafted[]): Crafted[] {
  return honest.flatMap((crafted) =>
    (['publicKey', 'message', 'signature', 'signature'] as const).map((field) => {
      const bytes = new Uint8Array(crafted[field]);
      const bit = random.below(8 * bytes.length);
      bytes[bit >>> 3] = (bytes[bit >>> 3] as number) ^ (1 << (bit & 7));
      return { ...crafted, kind: `flipped ${field}`, [field]: bytes, holds: false, valid: false };
    }),
  );
}

/** Every spelling of a small-order point as key with every T_j on R, and the other way round. */
function smallOrder(random: Source): Crafted[] {
  const all: Crafted[] = [];
  for (const { bytes, index } of smallOrderSpellings) {
    const small = { scalar: 0n, index, spelled: bytes };
    for (let j = 0; j < 8; j++) {
      const other = { scalar: random.scalar(), index: j };
      all.push(craft(`small-order key ${toHex(bytes)}`, small, other, random.bytes(32)));
      all.push(craft(`small-order R ${toHex(bytes)}`, other, small, random.bytes(32)));
    }
    all.push(craft(`small-order key and R ${toHex(bytes)}`, small, small, random.bytes(32)));
  }
  return all;
}

/** Keys and R's with y >= p, and random bytes for everything. */
function unreadable(random: Source): Crafted[] {
  const all: Crafted[] = [];
  const refused = (kind: string, publicKey: Uint8Array, R: Uint8Array): void => {
    const signature = concatBytes(R, numberToBytesLE(random.scalar(), 32));
    all.push({ kind, publicKey, message: random.bytes(32), signature, holds: false, valid: false });
  };
  for (let y = p; y < 1n << 255n; y++) {
    for (const sign of [0n, 1n]) {
      const spelled = numberToBytesLE(y | (sign << 255n), 32);
      const other = encode({ scalar: random.scalar(), index: random.below(8) });
      refused(`y >= p in the key ${toHex(spelled)}`, spelled, other);
      refused(`y >= p in R ${toHex(spelled)}`, other, spelled);
    }
  }
  for (let i = 0; i < 32; i++) refused('random bytes', random.bytes(32), random.bytes(32));
  return all;
}
