/** What the providers share about keys: checks of the caller's arguments, and keys imported once. */

import { isBytes } from '@noble/hashes/utils.js';
import { SECRET_KEY_BYTES } from '../crypto/signature.ts';

/** How many imported public keys a provider remembers; the oldest is forgotten first. */
export const PUBLIC_KEYS_MAX = 256;

/** Throws a TypeError, which never shows the secret, unless it is a Uint8Array of 32 bytes. */
export function checkSecretKey(secretKey: Uint8Array): void {
  if (isBytes(secretKey) && secretKey.length === SECRET_KEY_BYTES) return;
  const got = isBytes(secretKey) ? `${secretKey.length} bytes` : typeof secretKey;
  throw new TypeError(
    `secretKey must be a Uint8Array of ${SECRET_KEY_BYTES} bytes, as generate() makes it; got ${got}`,
  );
}

/** Throws a TypeError unless the message is a Uint8Array. */
export function checkMessage(message: Uint8Array): void {
  if (isBytes(message)) return;
  throw new TypeError(`message must be a Uint8Array, encode it first; got ${typeof message}`);
}

/** Makes something of a public key once, and remembers it for the last {@link PUBLIC_KEYS_MAX} keys. */
export function rememberPublicKeys<Imported>(
  importKey: (publicKey: Uint8Array<ArrayBuffer>) => Imported,
): (publicKey: Uint8Array<ArrayBuffer>) => Imported {
  const remembered = new Map<string, Imported>();
  return (publicKey) => {
    const name = String.fromCharCode.apply(null, publicKey as unknown as number[]);
    const known = remembered.get(name);
    if (known !== undefined) return known;
    if (remembered.size >= PUBLIC_KEYS_MAX) remembered.delete(remembered.keys().next().value as string);
    const imported = importKey(publicKey);
    remembered.set(name, imported);
    return imported;
  };
}

/**
 * Makes something of a secret key once, and remembers it as long as the caller keeps that array.
 * The key is told by the array and compared with a copy, so it is never in a string, and an array
 * that was given other bytes since is another key. Throws as {@link checkSecretKey} does.
 */
export function rememberSecretKeys<Imported>(
  importKey: (secretKey: Uint8Array<ArrayBuffer>) => Imported,
): (secretKey: Uint8Array) => Imported {
  const remembered = new WeakMap<Uint8Array, { copy: Uint8Array; imported: Imported }>();
  return (secretKey) => {
    checkSecretKey(secretKey);
    const known = remembered.get(secretKey);
    if (known !== undefined && equalSecrets(known.copy, secretKey)) return known.imported;
    const copy = new Uint8Array(secretKey);
    const imported = importKey(copy);
    remembered.set(secretKey, { copy, imported });
    return imported;
  };
}

/** Looks at every byte, wherever the first difference is. */
function equalSecrets(a: Uint8Array, b: Uint8Array): boolean {
  let differences = 0;
  for (let i = 0; i < SECRET_KEY_BYTES; i++) differences |= (a[i] as number) ^ (b[i] as number);
  return differences === 0;
}

/** PKCS #8 as Ed25519 keys are written (RFC 8410, section 7): a fixed prefix, then the 32 bytes. */
const pkcs8Prefix = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20] as const;

/** The PKCS #8 form of a secret key; 48 bytes, to be overwritten after use. */
export function pkcs8(secretKey: Uint8Array): Uint8Array<ArrayBuffer> {
  const der = new Uint8Array(pkcs8Prefix.length + SECRET_KEY_BYTES);
  der.set(pkcs8Prefix);
  der.set(secretKey, pkcs8Prefix.length);
  return der;
}
