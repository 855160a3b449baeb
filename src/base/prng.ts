/**
 * Seeded numbers for simulated networks and for tests: xoshiro128** 1.1 (Blackman and Vigna,
 * "Scrambled linear pseudorandom number generators", 2021), its state filled by splitmix64
 * (Steele, Lea and Flood, 2014), as its authors advise. Never for secrets: a few outputs tell the rest.
 */

/** One stream of numbers. Its only state is its place in the stream. */
export interface Prng {
  /** The next output: an integer in 0 .. 2^32 - 1. */
  next(): number;
  /** A multiple of 2^-32 in [0, 1), from one output. */
  unit(): number;
  /** An integer in 0 .. n - 1, all equally likely. Throws a RangeError unless n is one in 1 .. 2^32. */
  below(n: number): number;
  /**
   * The stream that belongs to `label` (a number is taken as its decimal text). It depends on the seed and
   * the labels that led here, not on what was drawn, so that one more draw elsewhere changes nothing in it.
   */
  split(label: string | number): Prng;
}

/** The stream of a seed. Throws a RangeError unless the seed is an integer that a number holds exactly. */
export function prng(seed: number): Prng {
  if (!Number.isSafeInteger(seed)) {
    throw new RangeError(`seed must be an integer between -2^53 and 2^53, not ${seed}`);
  }
  return stream(BigInt.asUintN(64, BigInt(seed)));
}

const golden = 0x9e3779b97f4a7c15n;

/** The output function of splitmix64: a bijection of 64-bit integers. */
function mix(key: bigint): bigint {
  let z = BigInt.asUintN(64, key);
  z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
  z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
  return z ^ (z >> 31n);
}

/**
 * The key of a labelled child: the key is scrambled before each UTF-16 unit is added (seeds and units are
 * both small, and would meet otherwise), and once more before an end mark that is no such unit.
 */
function childKey(key: bigint, label: string): bigint {
  let child = key;
  for (let i = 0; i < label.length; i++) child = mix(child + golden) ^ BigInt(label.charCodeAt(i));
  return mix(child + golden) ^ 0x10000n;
}

function rotateLeft(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}

function stream(key: bigint): Prng {
  // Two outputs of splitmix64, low half first; a bijection of two different inputs is never twice zero.
  const first = mix(key + golden);
  const second = mix(key + 2n * golden);
  let s0 = Number(first & 0xffffffffn) | 0;
  let s1 = Number(first >> 32n) | 0;
  let s2 = Number(second & 0xffffffffn) | 0;
  let s3 = Number(second >> 32n) | 0;

  function next(): number {
    const output = Math.imul(rotateLeft(Math.imul(s1, 5), 7), 9) >>> 0;
    const shifted = s1 << 9;
    s2 ^= s0;
    s3 ^= s1;
    s1 ^= s2;
    s0 ^= s3;
    s2 ^= shifted;
    s3 = rotateLeft(s3, 11);
    return output;
  }

  function below(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > 2 ** 32) {
      throw new RangeError(`n must be an integer between 1 and 2^32, not ${n}`);
    }
    // The outputs left over after whole runs of n would make small answers likelier: draw again.
    const whole = 2 ** 32 - (2 ** 32 % n);
    let output = next();
    while (output >= whole) output = next();
    return output % n;
  }

  return {
    next,
    unit: () => next() / 2 ** 32,
    below,
    split: (label) => stream(childKey(key, String(label))),
  };
}
