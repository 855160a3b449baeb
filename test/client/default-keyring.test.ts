import { describe, expect, it, vi } from 'vitest';
import { defaultKeyring, firstKeyring } from '../../src/client/default-keyring.ts';
import type { Keyring } from '../../src/keyring/keyring.ts';
import { keyring as noble } from '../../src/keyring/noble.ts';

const load = (keyring: Keyring) => async () => ({ keyring });
const absent = async (): Promise<never> => {
  throw new Error('not here');
};

describe('defaultKeyring', () => {
  it('is node:crypto on Node, and chosen once', async () => {
    expect((await defaultKeyring()).name).toBe('node');
    expect(await defaultKeyring()).toBe(await defaultKeyring());
  });

  it('is WebCrypto elsewhere', async () => {
    vi.resetModules();
    vi.stubGlobal('process', undefined);
    try {
      const fresh = await import('../../src/client/default-keyring.ts');
      expect((await fresh.defaultKeyring()).name).toBe('webcrypto');
    } finally {
      vi.unstubAllGlobals();
    }
  });
});

describe('firstKeyring', () => {
  it('passes over what does not load and what does not work', async () => {
    const gullible: Keyring = { ...noble, name: 'gullible', verify: () => true };
    const stubborn: Keyring = { ...noble, name: 'stubborn', verify: () => false };
    const throwing: Keyring = {
      ...noble,
      name: 'throwing',
      sign: () => {
        throw new Error('no');
      },
    };
    const loads = [absent, load(gullible), load(stubborn), load(throwing), load(noble)];
    expect((await firstKeyring(loads)).name).toBe('noble');
    const failure = (await firstKeyring(loads.slice(0, 4)).catch(
      (error: unknown) => error,
    )) as AggregateError;
    expect(failure.message).toBe('no Ed25519 provider works here; give the option keyring');
    expect(failure.errors.map(String)).toEqual([
      'Error: not here',
      'Error: keyring gullible refuses its own signatures',
      'Error: keyring stubborn refuses its own signatures',
      'Error: no',
    ]);
  });

  it('takes the first that works', async () => {
    const second: Keyring = { ...noble, name: 'second' };
    expect((await firstKeyring([load(noble), load(second)])).name).toBe('noble');
  });
});
