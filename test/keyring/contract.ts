/** What every keyring must do, also one of a user's own: run it with `keyringContract(keyring)`. */

import { inspect } from 'node:util';
import { runInNewContext } from 'node:vm';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/base/bytes.ts';
import type { Keyring } from '../../src/keyring/keyring.ts';
import { PUBLIC_KEYS_MAX } from '../../src/keyring/keys.ts';
import rfc8032 from '../vectors/ed25519-rfc8032.json' with { type: 'json' };
import speccheck from '../vectors/ed25519-speccheck.json' with { type: 'json' };
import { craftHolding, smallOrderSpellings, withScalarRaised } from './crafted.ts';

export function bytes(hex: string): Uint8Array {
  const read = fromHex(hex);
  if (read === null) throw new Error(`not hexadecimal: ${hex}`);
  return read;
}

/** The same bytes in memory that other threads may share. */
function shared(array: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new SharedArrayBuffer(array.length));
  copy.set(array);
  return copy;
}

const first = rfc8032.vectors[0] as (typeof rfc8032.vectors)[number];
const second = rfc8032.vectors[1] as (typeof rfc8032.vectors)[number];
const secretKey: Uint8Array = bytes(second.secretKey);
const publicKey: Uint8Array = bytes(second.publicKey);
const message: Uint8Array = bytes(second.message);
const signature: Uint8Array = bytes(second.signature);

/** Values of a wrong type or length, which JavaScript callers can still pass. */
const malformed: readonly unknown[] = [
  undefined,
  null,
  0,
  32,
  Number.NaN,
  'x'.repeat(32),
  'x'.repeat(64),
  Array.from(publicKey),
  Array.from(signature),
  { length: 32 },
  publicKey.buffer,
  new DataView(new ArrayBuffer(32)),
  new Uint16Array(32),
  new Int8Array(64),
];

const wrongLengths = [0, 1, 31, 33, 63, 64, 65, 96];

export function keyringContract(keyring: Keyring): void {
  describe(keyring.name, () => {
    publishedVectors(keyring);
    refusals(keyring);
    callersMistakes(keyring);
    memory(keyring);
  });
}

function publishedVectors(keyring: Keyring): void {
  it.each(rfc8032.vectors)('RFC 8032, section 7.1, $name', async (vector) => {
    const secret = bytes(vector.secretKey);
    expect(toHex(await keyring.publicKey(secret))).toBe(vector.publicKey);
    expect(toHex(await keyring.sign(secret, bytes(vector.message)))).toBe(vector.signature);
    expect(
      await keyring.verify(bytes(vector.publicKey), bytes(vector.message), bytes(vector.signature)),
    ).toBe(true);
  });

  it.each(speccheck.vectors)('speccheck $name', async (vector) => {
    expect(
      await keyring.verify(bytes(vector.publicKey), bytes(vector.message), bytes(vector.signature)),
    ).toBe(vector.valid);
  });

  it('verifies what it signed, of any length, and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 1200 }), fc.nat(), async (signed, at) => {
        const made = await keyring.sign(secretKey, signed);
        expect(await keyring.verify(publicKey, signed, made)).toBe(true);
        const other = Uint8Array.of(...signed, 0);
        expect(await keyring.verify(publicKey, other, made)).toBe(false);
        other[at % other.length] = (other[at % other.length] as number) ^ 0x10;
        expect(await keyring.verify(publicKey, other.subarray(0, signed.length), made)).toBe(
          at % other.length === signed.length,
        );
      }),
      { numRuns: 20 },
    );
  });

  it('generates pairs that sign, each another', async () => {
    const pairs = [await keyring.generate(), await keyring.generate()];
    for (const pair of pairs) {
      expect(pair.secretKey).toHaveLength(32);
      expect(await keyring.publicKey(pair.secretKey)).toEqual(pair.publicKey);
      const made = await keyring.sign(pair.secretKey, message);
      expect(await keyring.verify(pair.publicKey, message, made)).toBe(true);
    }
    expect(pairs[0]?.secretKey).not.toEqual(pairs[1]?.secretKey);
  });

  it('gives plain arrays, whose slice() is a copy', async () => {
    const pair = await keyring.generate();
    const made = await keyring.sign(pair.secretKey, message);
    for (const array of [pair.publicKey, pair.secretKey, await keyring.publicKey(secretKey), made]) {
      expect(Object.getPrototypeOf(array)).toBe(Uint8Array.prototype);
    }
  });
}

function refusals(keyring: Keyring): void {
  const other = { scalar: 5n, index: 1 };

  it.each(smallOrderSpellings)('a small-order key, $#, though the equation holds', async (spelling) => {
    const small = { scalar: 0n, index: spelling.index, spelled: spelling.bytes };
    const crafted = craftHolding('key', small, { scalar: 5n, index: 0 });
    expect(await keyring.verify(crafted.publicKey, crafted.message, crafted.signature)).toBe(false);
  });

  it.each(smallOrderSpellings)('a small-order R, $#, though the equation holds', async (spelling) => {
    const small = { scalar: 0n, index: spelling.index, spelled: spelling.bytes };
    const crafted = craftHolding('R', other, small);
    expect(await keyring.verify(crafted.publicKey, crafted.message, crafted.signature)).toBe(false);
  });

  it('s + L, for a signature that is valid with s', async () => {
    const crafted = craftHolding('mixed', other, { scalar: 7n, index: 3 });
    expect(await keyring.verify(crafted.publicKey, crafted.message, crafted.signature)).toBe(true);
    for (let times = 1; times < 16; times++) {
      const raised = withScalarRaised(crafted, times);
      expect(await keyring.verify(raised.publicKey, raised.message, raised.signature)).toBe(false);
    }
  });

  it('a change of any byte of the signature', async () => {
    for (let i = 0; i < signature.length; i++) {
      const changed = new Uint8Array(signature);
      changed[i] = (changed[i] as number) ^ (1 << (i % 8));
      expect(await keyring.verify(publicKey, message, changed), `byte ${i}`).toBe(false);
    }
  });

  it('a change of any byte of the key', async () => {
    for (let i = 0; i < publicKey.length; i++) {
      const changed = new Uint8Array(publicKey);
      changed[i] = (changed[i] as number) ^ (1 << (i % 8));
      expect(await keyring.verify(changed, message, signature), `byte ${i}`).toBe(false);
    }
  });

  it('keys and signatures of a wrong length', async () => {
    for (const length of wrongLengths) {
      const wrong = new Uint8Array(length);
      wrong.set(signature.subarray(0, length));
      if (length !== 64) expect(await keyring.verify(publicKey, message, wrong)).toBe(false);
      wrong.set(publicKey.subarray(0, length));
      expect(await keyring.verify(wrong, message, signature)).toBe(false);
    }
  });

  it('what is not a Uint8Array, without throwing', async () => {
    for (const wrong of malformed as readonly Uint8Array[]) {
      expect(await keyring.verify(wrong, message, signature)).toBe(false);
      expect(await keyring.verify(publicKey, wrong, signature)).toBe(false);
      expect(await keyring.verify(publicKey, message, wrong)).toBe(false);
    }
  });

  it('a message whose memory was transferred away', async () => {
    const gone = new Uint8Array(message);
    structuredClone(gone, { transfer: [gone.buffer] });
    expect(await keyring.verify(publicKey, gone, signature)).toBe(false);
  });
}

function callersMistakes(keyring: Keyring): void {
  it('throws a TypeError without the secret for a secret key that is not 32 bytes', async () => {
    const secrets = [
      ...wrongLengths.map((length) => new Uint8Array(length).fill(0xa7)),
      ...malformed,
      'a7'.repeat(32),
      { secretKey },
    ] as readonly Uint8Array[];
    for (const secret of secrets) {
      for (const use of [() => keyring.sign(secret, message), () => keyring.publicKey(secret)]) {
        const thrown = await failureOf(use);
        expect(thrown).toBeInstanceOf(TypeError);
        expect(inspect(thrown)).not.toMatch(/a7a7|167, 167|p6en/);
        expect((thrown as Error).message).toMatch(/^secretKey must be a Uint8Array of 32 bytes/);
      }
    }
  });

  it('throws a TypeError for a message that is not a Uint8Array', async () => {
    for (const wrong of malformed as readonly Uint8Array[]) {
      const thrown = await failureOf(() => keyring.sign(secretKey, wrong));
      expect(thrown).toBeInstanceOf(TypeError);
      expect((thrown as Error).message).toMatch(/^message must be a Uint8Array/);
    }
  });

  it('answers always at once, or always by promise', async () => {
    const waits = keyring.publicKey(secretKey) instanceof Promise;
    const pair = keyring.generate();
    expect(pair instanceof Promise).toBe(waits);
    expect(keyring.sign(secretKey, message) instanceof Promise).toBe(waits);
    expect(keyring.verify(publicKey, message, signature) instanceof Promise).toBe(waits);
    expect(keyring.verify(publicKey, message, new Uint8Array(1)) instanceof Promise).toBe(waits);
    await pair;
  });

  it('shows no secret when printed', async () => {
    await keyring.sign(secretKey, message);
    const printed = inspect(keyring, { depth: 9, showHidden: true }) + JSON.stringify(keyring);
    expect(printed).toContain(keyring.name);
    expect(printed).not.toContain(second.secretKey);
    expect(printed).not.toContain(Array.from(secretKey.subarray(0, 4)).join(', '));
  });
}

async function failureOf(use: () => unknown): Promise<unknown> {
  try {
    await use();
  } catch (thrown) {
    return thrown;
  }
  return null;
}

function memory(keyring: Keyring): void {
  it('signs the same bytes alike, in whatever array', async () => {
    const again = await keyring.sign(new Uint8Array(secretKey), Buffer.from(message));
    expect(again).toEqual(await keyring.sign(secretKey, message));
    expect(again).toEqual(signature);
  });

  it('goes by what an array holds when it is called', async () => {
    const [secret, key] = [new Uint8Array(secretKey), new Uint8Array(publicKey)];
    expect(await keyring.sign(secret, message)).toEqual(signature);
    expect(await keyring.verify(key, message, signature)).toBe(true);
    secret.set(bytes(first.secretKey));
    key.set(bytes(first.publicKey));
    expect(toHex(await keyring.publicKey(secret))).toBe(first.publicKey);
    expect(toHex(await keyring.sign(secret, bytes(first.message)))).toBe(first.signature);
    expect(await keyring.verify(key, message, signature)).toBe(false);
    expect(await keyring.verify(key, bytes(first.message), bytes(first.signature))).toBe(true);
  });

  it('does not see what is written into its arguments after the call', async () => {
    const { secretKey: secret, publicKey: key } = await keyring.generate();
    const text = new Uint8Array(message);
    const made = keyring.sign(secret, text);
    const kept = { secret: new Uint8Array(secret), key: new Uint8Array(key) };
    secret.fill(1);
    text.fill(1);
    expect(await made).toEqual(await keyring.sign(kept.secret, message));
    const again = [new Uint8Array(kept.key), new Uint8Array(message), await made] as const;
    const verdict = keyring.verify(...again);
    for (const array of again) array.fill(1);
    expect(await verdict).toBe(true);
  });

  it('reads from shared memory', async () => {
    expect(await keyring.sign(shared(secretKey), shared(message))).toEqual(signature);
    const three = [publicKey, message, signature] as const;
    for (let i = 0; i < 3; i++) {
      const [key, text, made] = three.map((array, at) => (at === i ? shared(array) : array));
      const ask = (): unknown => keyring.verify(key as Uint8Array, text as Uint8Array, made as Uint8Array);
      expect(await ask()).toBe(true);
      const changed = [key, text, made][i] as Uint8Array;
      changed[0] = (changed[0] as number) ^ 1;
      expect(await ask()).toBe(false);
    }
  });

  it('takes arrays of another realm, as of another window', async () => {
    const foreign = [secretKey, publicKey, message, signature].map(
      (array): Uint8Array => runInNewContext('Uint8Array.from(given)', { given: Array.from(array) }),
    );
    const [secret, key, text, made] = foreign as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    expect(text).not.toBeInstanceOf(Uint8Array);
    expect(await keyring.sign(secret, text)).toEqual(signature);
    expect(await keyring.publicKey(secret)).toEqual(publicKey);
    expect(await keyring.verify(key, text, made)).toBe(true);
    expect(await keyring.verify(key, made, made)).toBe(false);
  });

  it('stays right with more keys than it remembers', { timeout: 60_000 }, async () => {
    const pairs = [];
    for (let i = 0; i < PUBLIC_KEYS_MAX + 8; i++) {
      const pair = await keyring.generate();
      pairs.push({ ...pair, signature: await keyring.sign(pair.secretKey, message) });
    }
    for (const direction of [pairs, [...pairs].reverse()]) {
      for (const pair of direction) {
        expect(await keyring.verify(pair.publicKey, message, pair.signature)).toBe(true);
      }
    }
    const [a, b] = [pairs[0], pairs.at(-1)];
    if (a === undefined || b === undefined) throw new Error('no pairs');
    expect(await keyring.verify(a.publicKey, message, b.signature)).toBe(false);
    expect(await keyring.verify(b.publicKey, message, a.signature)).toBe(false);
  });
}
