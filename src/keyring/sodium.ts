/**
 * Ed25519 of libsodium compiled to WebAssembly, answering at once.
 * For browsers without Ed25519 in WebCrypto, or where answers without promises are wanted.
 */

import sodium from 'libsodium-wrappers';
import { admit, SECRET_KEY_BYTES } from '../crypto/signature.ts';
import type { SyncKeyring } from './keyring.ts';
import { checkMessage, rememberSecretKeys } from './keys.ts';

await sodium.ready;

/** libsodium signs with seed and public key in one, its `privateKey` of 64 bytes. */
const pairOf = rememberSecretKeys((secretKey) => sodium.crypto_sign_seed_keypair(secretKey));

function derive(secretKey: Uint8Array): Uint8Array {
  return new Uint8Array(pairOf(secretKey).publicKey);
}

/** Ed25519 by libsodium in WebAssembly: answers at once, also in browsers. */
export const keyring: SyncKeyring = {
  name: 'sodium',
  generate() {
    const secretKey = sodium.randombytes_buf(SECRET_KEY_BYTES);
    return { publicKey: derive(secretKey), secretKey };
  },
  publicKey: derive,
  sign(secretKey, message) {
    checkMessage(message);
    return sodium.crypto_sign_detached(new Uint8Array(message), pairOf(secretKey).privateKey);
  },
  verify(publicKey, message, signature) {
    try {
      const parts = admit(publicKey, message, signature);
      if (parts === null) return false;
      return sodium.crypto_sign_verify_detached(parts.signature, parts.message, parts.publicKey);
    } catch {
      return false;
    }
  },
};
