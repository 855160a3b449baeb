import { afterEach, describe, expect, it, vi } from 'vitest';
import { equalBytes, toHex } from '../../src/base/bytes.ts';
import { type Keyring, verifySealed } from '../../src/keyring/keyring.ts';
import { keyring as noble } from '../../src/keyring/noble.ts';
import { keyring as node } from '../../src/keyring/node.ts';
import { keyring as sodium } from '../../src/keyring/sodium.ts';
import { keyring as webcrypto } from '../../src/keyring/webcrypto.ts';
import { keyringContract } from './contract.ts';

const keyrings: readonly Keyring[] = [node, webcrypto, sodium, noble];

for (const keyring of keyrings) keyringContract(keyring);

describe('the keyrings together', () => {
  it('are named as documented', () => {
    expect(keyrings.map(({ name }) => name)).toEqual(['node', 'webcrypto', 'sodium', 'noble']);
  });

  it.each(keyrings)('what $name signs, all verify; all sign it alike', async (keyring) => {
    for (const length of [0, 1, 160, 1200]) {
      const { secretKey, publicKey } = await keyring.generate();
      const message = new Uint8Array(length).fill(length);
      const signature = await keyring.sign(secretKey, message);
      for (const other of keyrings) {
        expect(await other.publicKey(secretKey), other.name).toEqual(publicKey);
        expect(await other.sign(secretKey, message), other.name).toEqual(signature);
        expect(await other.verify(publicKey, message, signature), other.name).toBe(true);
      }
    }
  });

  it.each(keyrings)('$name opens a sealed value only with its signature', async (keyring) => {
    const { secretKey, publicKey } = await keyring.generate();
    const message = Uint8Array.of(1, 2, 3);
    const signature = await keyring.sign(secretKey, message);
    const value = { round: 7 };
    expect(await verifySealed(keyring, { publicKey, message, signature, value })).toBe(value);
    const forged = Uint8Array.of(1, 2, 4);
    expect(await verifySealed(keyring, { publicKey, message: forged, signature, value })).toBeNull();
  });

  it('do not draw the same secret', async () => {
    const secrets = await Promise.all(keyrings.map(async (keyring) => (await keyring.generate()).secretKey));
    expect(new Set(secrets.map(toHex)).size).toBe(keyrings.length);
    expect(secrets.some((secret) => equalBytes(secret, new Uint8Array(32)))).toBe(false);
  });
});

describe('keyring/webcrypto', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.resetModules();
  });

  it.each([
    ['without WebCrypto', {}],
    ['without Ed25519', { subtle: { importKey: () => Promise.reject(new Error('unrecognized name')) } }],
  ])('%s, the import rejects and says what to use', async (_, crypto) => {
    vi.resetModules();
    vi.stubGlobal('crypto', crypto);
    await expect(import('../../src/keyring/webcrypto.ts')).rejects.toThrow(/use keyring\/sodium here/);
  });
});
