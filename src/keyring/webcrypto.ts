/**
 * Ed25519 of WebCrypto (W3C Web Cryptography Level 2), answering by promise. The default in browsers.
 * Importing this module rejects where there is no such Ed25519: an old engine, or a page without https.
 */

import { ed25519 } from '@noble/curves/ed25519.js';
import { admit, PUBLIC_KEY_BYTES, SECRET_KEY_BYTES } from '../crypto/signature.ts';
import type { Keyring } from './keyring.ts';
import { checkMessage, checkSecretKey, pkcs8, rememberPublicKeys, rememberSecretKeys } from './keys.ts';

const subtle = await findEd25519();

async function findEd25519(): Promise<SubtleCrypto> {
  const basePoint = new Uint8Array(PUBLIC_KEY_BYTES).fill(0x66);
  basePoint[0] = 0x58;
  try {
    const found = globalThis.crypto.subtle;
    await found.importKey('raw', basePoint, 'Ed25519', false, ['verify']);
    return found;
  } catch (cause) {
    throw new Error(
      'keyring/webcrypto needs Ed25519 in WebCrypto, and a page served by https or from localhost; ' +
        'use keyring/sodium here',
      { cause },
    );
  }
}

const privateKeyOf = rememberSecretKeys(async (secretKey): Promise<CryptoKey> => {
  const der = pkcs8(secretKey);
  try {
    return await subtle.importKey('pkcs8', der, 'Ed25519', false, ['sign']);
  } finally {
    der.fill(0);
  }
});

const publicKeyOf = rememberPublicKeys(
  (publicKey): Promise<CryptoKey> => subtle.importKey('raw', publicKey, 'Ed25519', false, ['verify']),
);

/** WebCrypto goes from a secret to its public key only through a JWK, which is a secret in a string. */
function derive(secretKey: Uint8Array): Uint8Array {
  checkSecretKey(secretKey);
  return ed25519.getPublicKey(secretKey);
}

/** Ed25519 by WebCrypto: answers by promises; the default in browsers. */
export const keyring: Keyring = {
  name: 'webcrypto',
  async generate() {
    const secretKey = globalThis.crypto.getRandomValues(new Uint8Array(SECRET_KEY_BYTES));
    return { publicKey: derive(secretKey), secretKey };
  },
  async publicKey(secretKey) {
    return derive(secretKey);
  },
  async sign(secretKey, message) {
    checkMessage(message);
    const copy = new Uint8Array(message);
    return new Uint8Array(await subtle.sign('Ed25519', await privateKeyOf(secretKey), copy));
  },
  async verify(publicKey, message, signature) {
    try {
      const parts = admit(publicKey, message, signature);
      if (parts === null) return false;
      const key = await publicKeyOf(parts.publicKey);
      return await subtle.verify('Ed25519', key, parts.signature, parts.message);
    } catch {
      return false;
    }
  },
};
