/**
 * Who a player is: an Ed25519 key pair whose secret half signs and is never shown. Secrets are kept
 * in a table outside of the objects, which no console, inspector or clone follows.
 *
 * Exported, all lengths in bytes:
 *
 *   "FSID"  version (1)  mode (1)  body  public key (32)  checksum (8)
 *
 * Mode 0: the body is the secret seed itself (32). Mode 1: it is sealed (sealed-identity.ts, 91). The
 * checksum is the beginning of SHA-256 of all before it; "FSID" can begin no tagged hash (crypto/hash.ts).
 */

import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, equalBytes, toHex } from '../base/bytes.ts';
import { PUBLIC_KEY_BYTES, SECRET_KEY_BYTES } from '../crypto/signature.ts';
import type { Keyring } from '../keyring/keyring.ts';
import { defaultKeyring } from './default-keyring.ts';
import { COST_MAX, openSecret, parametersOk, sealedLength, sealSecret } from './sealed-identity.ts';

/** A player's own key pair. Made by {@link generateIdentity} and {@link importIdentity} only. */
export interface Identity {
  /** 32 bytes; a copy each time. */
  readonly publicKey: Uint8Array;
  /** The provider that signs. */
  readonly keyring: Keyring;
  /** The Ed25519 signature of a message, 64 bytes; at once or by promise, as the keyring does. */
  sign(message: Uint8Array): Uint8Array | Promise<Uint8Array>;
  /**
   * Bytes for {@link importIdentity}. With a passphrase they are sealed, which takes about a second and
   * 128 MiB; without one **they are the secret**: whoever reads them can sign as this player.
   */
  export(passphrase?: string): Promise<Uint8Array>;
}

const MAGIC = Uint8Array.of(0x46, 0x53, 0x49, 0x44);
const VERSION = 1;
const CLEAR = 0;
const SEALED = 1;
const HEAD_BYTES = 6;
const CHECKSUM_BYTES = 8;

const secrets = new WeakMap<object, Uint8Array>();

function secretOf(identity: object): Uint8Array {
  const secret = secrets.get(identity);
  if (secret === undefined)
    throw new TypeError('identity: not one that generateIdentity or importIdentity made');
  return secret;
}

function checkPassphrase(passphrase: unknown): asserts passphrase is string {
  if (typeof passphrase === 'string' && passphrase !== '') return;
  throw new TypeError('passphrase must be a string that is not empty, or left out');
}

function checksum(bytes: Uint8Array): Uint8Array {
  return sha256(bytes).subarray(0, CHECKSUM_BYTES);
}

class KeyPairIdentity implements Identity {
  readonly #publicKey: Uint8Array;
  readonly #keyring: Keyring;

  constructor(secret: Uint8Array, publicKey: Uint8Array, keyring: Keyring) {
    secrets.set(this, secret);
    this.#publicKey = publicKey;
    this.#keyring = keyring;
    Object.freeze(this);
  }

  get publicKey(): Uint8Array {
    return this.#publicKey.slice();
  }

  get keyring(): Keyring {
    return this.#keyring;
  }

  sign(message: Uint8Array): Uint8Array | Promise<Uint8Array> {
    const secret = secretOf(this);
    return this.#keyring.sign(secret, message);
  }

  async export(passphrase?: string): Promise<Uint8Array> {
    const secret = secretOf(this);
    if (passphrase !== undefined) checkPassphrase(passphrase);
    const mode = passphrase === undefined ? CLEAR : SEALED;
    const body = passphrase === undefined ? secret : await sealSecret(secret, passphrase, COST_MAX);
    const bytes = concatBytes(MAGIC, Uint8Array.of(VERSION, mode), body, this.#publicKey);
    return concatBytes(bytes, checksum(bytes));
  }

  toString(): string {
    return `Identity(${toHex(this.#publicKey)})`;
  }

  toJSON(): { readonly publicKey: string } {
    return { publicKey: toHex(this.#publicKey) };
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/** The keyring that was asked for, or the default. Throws a TypeError when it is none. */
async function keyringOf(keyring: Keyring | undefined): Promise<Keyring> {
  if (keyring === undefined) return defaultKeyring();
  for (const method of ['generate', 'publicKey', 'sign', 'verify'] as const) {
    if (typeof keyring?.[method] !== 'function') {
      throw new TypeError(`keyring must have generate, publicKey, sign and verify; ${method} is missing`);
    }
  }
  return keyring;
}

/** A new identity from secure randomness. `keyring`: the provider; default see defaultKeyring. */
export async function generateIdentity(options: { readonly keyring?: Keyring } = {}): Promise<Identity> {
  const keyring = await keyringOf(options.keyring);
  const { publicKey, secretKey } = await keyring.generate();
  return new KeyPairIdentity(secretKey, publicKey.slice(), keyring);
}

/** Cuts exported bytes into parts. Throws an Error that says what is wrong, and shows no part of them. */
function parse(bytes: Uint8Array): {
  readonly mode: number;
  readonly body: Uint8Array;
  readonly publicKey: Uint8Array;
} {
  if (bytes.length < HEAD_BYTES || !equalBytes(bytes.subarray(0, MAGIC.length), MAGIC)) {
    throw new Error('importIdentity: these bytes are no exported identity');
  }
  const [version, mode] = bytes.subarray(MAGIC.length);
  const bodyEnd = bytes.length - PUBLIC_KEY_BYTES - CHECKSUM_BYTES;
  if (version !== VERSION || (mode !== CLEAR && mode !== SEALED)) {
    throw new Error('importIdentity: damaged, or exported by a newer version of this library');
  }
  const bodyBytes = mode === CLEAR ? SECRET_KEY_BYTES : sealedLength(SECRET_KEY_BYTES);
  if (bodyEnd - HEAD_BYTES !== bodyBytes) {
    throw new Error('importIdentity: truncated or damaged: the length is wrong; use another copy');
  }
  const end = bytes.length - CHECKSUM_BYTES;
  if (!equalBytes(bytes.subarray(end), checksum(bytes.subarray(0, end)))) {
    throw new Error('importIdentity: damaged: the checksum is wrong; use another copy');
  }
  return { mode, body: bytes.subarray(HEAD_BYTES, bodyEnd), publicKey: bytes.subarray(bodyEnd, end) };
}

/** The secret of the body of a sealed export. */
async function unseal(body: Uint8Array, passphrase: string | undefined): Promise<Uint8Array> {
  if (passphrase === undefined) throw new Error('importIdentity: sealed; give the option passphrase');
  checkPassphrase(passphrase);
  if (!parametersOk(body))
    throw new Error('importIdentity: asks for more work than any export does; refused');
  const secret = await openSecret(body, passphrase);
  if (secret === null) throw new Error('importIdentity: the passphrase is wrong');
  return secret;
}

/**
 * The identity of exported bytes. Rejects with an Error that tells a wrong or missing passphrase, damage
 * and truncation apart, and contains nothing of the secret.
 */
export async function importIdentity(
  bytes: Uint8Array,
  options: { readonly passphrase?: string; readonly keyring?: Keyring } = {},
): Promise<Identity> {
  if (!(bytes instanceof Uint8Array))
    throw new TypeError('importIdentity(bytes): bytes must be a Uint8Array');
  const copy = new Uint8Array(bytes);
  try {
    const { mode, body, publicKey } = parse(copy);
    if (mode === CLEAR && options.passphrase !== undefined) {
      throw new Error('importIdentity: not sealed; leave out the option passphrase, and export it with one');
    }
    const keyring = await keyringOf(options.keyring);
    const secret = mode === CLEAR ? body.slice() : await unseal(body, options.passphrase);
    if (!equalBytes(await keyring.publicKey(secret), publicKey)) {
      throw new Error('importIdentity: damaged: the secret and the public key do not belong together');
    }
    return new KeyPairIdentity(secret, publicKey.slice(), keyring);
  } finally {
    copy.fill(0);
  }
}
