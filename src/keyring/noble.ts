/**
 * Ed25519 in plain JavaScript, answering at once: @noble/curves signs, crypto/signature.ts verifies.
 * Runs anywhere and needs nothing, at ten times the cost of the others: the last resort, and an oracle.
 */

import { ed25519 } from '@noble/curves/ed25519.js';
import { isValidSignature } from '../crypto/signature.ts';
import type { SyncKeyring } from './keyring.ts';
import { checkMessage, checkSecretKey } from './keys.ts';

function derive(secretKey: Uint8Array): Uint8Array {
  checkSecretKey(secretKey);
  return ed25519.getPublicKey(secretKey);
}

/** Ed25519 by @noble/curves: everywhere, and an order of magnitude slower; the last fallback. */
export const keyring: SyncKeyring = {
  name: 'noble',
  generate() {
    const secretKey = ed25519.utils.randomSecretKey();
    return { publicKey: derive(secretKey), secretKey };
  },
  publicKey: derive,
  sign(secretKey, message) {
    checkSecretKey(secretKey);
    checkMessage(message);
    return ed25519.sign(message, secretKey);
  },
  verify: isValidSignature,
};
