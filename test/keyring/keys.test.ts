import { describe, expect, it } from 'vitest';
import { PUBLIC_KEYS_MAX, rememberPublicKeys, rememberSecretKeys } from '../../src/keyring/keys.ts';

function key(number: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(number, number >>> 8, ...new Uint8Array(30));
}

describe('rememberPublicKeys', () => {
  it('imports each key once, told by its bytes', () => {
    const imported: number[] = [];
    const remember = rememberPublicKeys((publicKey) => imported.push(publicKey[0] as number));
    expect([1, 2, 1, 2].map((number) => remember(key(number)))).toEqual([1, 2, 1, 2]);
    expect(imported).toEqual([1, 2]);
  });

  it('forgets the oldest key, and only that, when a new one is too many', () => {
    let imports = 0;
    const remember = rememberPublicKeys(() => ++imports);
    for (let i = 0; i < PUBLIC_KEYS_MAX; i++) remember(key(i));
    expect(imports).toBe(PUBLIC_KEYS_MAX);
    remember(key(PUBLIC_KEYS_MAX));
    for (let i = 1; i <= PUBLIC_KEYS_MAX; i++) remember(key(i));
    expect(imports).toBe(PUBLIC_KEYS_MAX + 1);
    remember(key(0));
    expect(imports).toBe(PUBLIC_KEYS_MAX + 2);
  });
});

describe('rememberSecretKeys', () => {
  it('imports a key once for an array, and again when the array holds another', () => {
    let imports = 0;
    const remember = rememberSecretKeys(() => ++imports);
    const secret = key(1);
    expect([remember(secret), remember(secret), imports]).toEqual([1, 1, 1]);
    secret[31] = 1;
    expect([remember(secret), remember(secret), imports]).toEqual([2, 2, 2]);
    secret[31] = 0;
    expect(remember(secret)).toBe(3);
  });

  it('hands over a copy, which the caller cannot change', () => {
    const secret = key(1);
    const copy = rememberSecretKeys((given) => given)(secret);
    secret.fill(9);
    expect(copy).toEqual(key(1));
  });
});
