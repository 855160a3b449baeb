/** What a keyring is: Ed25519 (RFC 8032) under the one rule of validity of crypto/signature.ts. */

import { attest, type Sealed, type Verified } from '../crypto/signature.ts';

/** A key pair. `secretKey` is the 32-byte seed of RFC 8032, section 5.1.5. */
export interface KeyPair {
  readonly publicKey: Uint8Array;
  readonly secretKey: Uint8Array;
}

type Answer<T> = T | Promise<T>;

/** An Ed25519 provider; it may answer at once or by promise, but must do the same on every call. */
export interface Keyring {
  /** Short name of the provider, shown in stats: node, webcrypto, sodium or noble. */
  readonly name: string;
  /** A fresh key pair from the provider's secure randomness. */
  generate(): Answer<KeyPair>;
  /** The public key (32 bytes) of a secret key (32-byte seed). */
  publicKey(secretKey: Uint8Array): Answer<Uint8Array>;
  /**
   * The deterministic 64-byte signature. Throws (or rejects with) a TypeError, which does not show the
   * secret, on a secret key that is not 32 bytes. Keep passing the same array: a provider remembers
   * with the array what it made of it, and on some engines making it costs ten signatures.
   */
  sign(secretKey: Uint8Array, message: Uint8Array): Answer<Uint8Array>;
  /** The verdict of the one rule; false, never an exception or a rejection, for anything malformed. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Answer<boolean>;
}

/** A keyring that answers at once; the simulator needs one. */
export interface SyncKeyring extends Keyring {
  generate(): KeyPair;
  publicKey(secretKey: Uint8Array): Uint8Array;
  sign(secretKey: Uint8Array, message: Uint8Array): Uint8Array;
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}

/** Checks a sealed value: the only road from bytes of a peer into a machine. */
export function verifySealed<T>(keyring: SyncKeyring, sealed: Sealed<T>): Verified<T> | null;
export function verifySealed<T>(keyring: Keyring, sealed: Sealed<T>): Answer<Verified<T> | null>;
export function verifySealed<T>(keyring: Keyring, sealed: Sealed<T>): Answer<Verified<T> | null> {
  const verdict = keyring.verify(sealed.publicKey, sealed.message, sealed.signature);
  if (typeof verdict === 'boolean') return verdict ? attest(sealed) : null;
  return verdict.then((valid) => (valid ? attest(sealed) : null));
}

/** What our own identity has just signed; it needs no checking. */
export function ownSigned<T>(sealed: Sealed<T>): Verified<T> {
  return attest(sealed);
}
