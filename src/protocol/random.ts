/**
 * Random numbers that all players compute alike from one seed: the stream is SHA-256 (tagged) of the
 * seed and a block counter, 0, 1, 2, ..., four bytes little-endian. Nobody can predict it without
 * the seed, so it is as fair as the seed is. The seed of a round comes from openings of earlier
 * rounds that are final, never from the round itself: else the last to open could choose it.
 */

import { hash } from '../crypto/hash.ts';

/** A stream of random numbers; a new one is made for each call of the game, none is kept in a state. */
export interface Random {
  /** An integer 0 .. bound-1, each equally likely; bound is 1 .. 2^32, else a RangeError. */
  (bound: number): number;
  /** The next `count` bytes, 0 .. 65536, else a RangeError. */
  bytes(count: number): Uint8Array;
}

const UINT32_COUNT = 0x100000000;
const BYTES_MAX = 0x10000;

/** The stream of a seed of any length. Draws with equal arguments in equal order give equal results. */
export function randomFrom(seed: Uint8Array): Random {
  const origin = seed.slice();
  const counter = new Uint8Array(4);
  let block = new Uint8Array(0);
  let at = 0;
  let blocks = 0;

  function nextByte(): number {
    if (at === block.length) {
      if (blocks === UINT32_COUNT) throw new RangeError('random: 2^32 blocks of one seed are used up');
      new DataView(counter.buffer).setUint32(0, blocks++, true);
      block = hash('random', origin, counter) as Uint8Array<ArrayBuffer>;
      at = 0;
    }
    return block[at++] as number;
  }

  function uint32(): number {
    return nextByte() + nextByte() * 0x100 + nextByte() * 0x10000 + nextByte() * 0x1000000;
  }

  function below(bound: number): number {
    if (!Number.isInteger(bound) || bound < 1 || bound > UINT32_COUNT) {
      throw new RangeError(`random(bound): ${String(bound)} is not an integer 1 .. 2^32`);
    }
    // The largest multiple of bound; what lies above it would favour small results.
    const fair = UINT32_COUNT - (UINT32_COUNT % bound);
    for (;;) {
      const drawn = uint32();
      if (drawn < fair) return drawn % bound;
    }
  }

  function bytes(count: number): Uint8Array {
    if (!Number.isInteger(count) || count < 0 || count > BYTES_MAX) {
      throw new RangeError(`random.bytes(count): ${String(count)} is not an integer 0 .. ${BYTES_MAX}`);
    }
    return new Uint8Array(count).map(nextByte);
  }

  return Object.freeze(Object.assign(below, { bytes }));
}
