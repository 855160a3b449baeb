/** Ed25519 of node:crypto, answering at once. The default on Node: no dependency, about 0.1 ms a verify. */

import { createPrivateKey, createPublicKey, type KeyObject, randomFillSync, sign, verify } from 'node:crypto';
import { admit, PUBLIC_KEY_BYTES, SECRET_KEY_BYTES } from '../crypto/signature.ts';
import type { SyncKeyring } from './keyring.ts';
import { checkMessage, pkcs8, rememberPublicKeys, rememberSecretKeys } from './keys.ts';

const privateKeyOf = rememberSecretKeys((secretKey): KeyObject => {
  const der = pkcs8(secretKey);
  const view = Buffer.from(der.buffer, der.byteOffset, der.byteLength);
  const key = createPrivateKey({ key: view, format: 'der', type: 'pkcs8' });
  der.fill(0);
  return key;
});

/** By JWK: on Node 20 a DER key costs ten times as much to import, almost as much as a verify. */
const publicKeyOf = rememberPublicKeys((publicKey): KeyObject => {
  const x = Buffer.from(publicKey).toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
});

function derive(secretKey: Uint8Array): Uint8Array {
  const der = createPublicKey(privateKeyOf(secretKey)).export({ format: 'der', type: 'spki' });
  return new Uint8Array(der.subarray(-PUBLIC_KEY_BYTES));
}

/** Ed25519 by `node:crypto`: the default on Node. */
export const keyring: SyncKeyring = {
  name: 'node',
  generate() {
    const secretKey = randomFillSync(new Uint8Array(SECRET_KEY_BYTES));
    return { publicKey: derive(secretKey), secretKey };
  },
  publicKey: derive,
  sign(secretKey, message) {
    checkMessage(message);
    return new Uint8Array(sign(null, message, privateKeyOf(secretKey)));
  },
  verify(publicKey, message, signature) {
    try {
      const parts = admit(publicKey, message, signature);
      if (parts === null) return false;
      return verify(null, parts.message, publicKeyOf(parts.publicKey), parts.signature);
    } catch {
      return false;
    }
  },
};
