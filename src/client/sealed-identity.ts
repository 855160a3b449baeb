/**
 * A secret sealed under a passphrase: scrypt (RFC 7914, @noble/hashes) makes the key, libsodium's
 * secretbox (XSalsa20-Poly1305) seals. libsodium is loaded when it is first needed.
 *
 *   log2 N (1)  r (1)  p (1)  salt (16)  nonce (24)  box (secret + 16)
 */

import { scryptAsync } from '@noble/hashes/scrypt.js';
import { concatBytes } from '../base/bytes.ts';

/** log2 of scrypt's cost: 2^17 takes 128 MiB; less is asked of small devices. */
export const COST_MIN = 15;
export const COST_MAX = 17;

const BLOCK_SIZE = 8;
const PARALLEL = 1;
const SALT_BYTES = 16;
const NONCE_BYTES = 24;
const TAG_BYTES = 16;
const HEAD_BYTES = 3 + SALT_BYTES + NONCE_BYTES;

/** Bytes of a sealed secret of `length` bytes. */
export function sealedLength(length: number): number {
  return HEAD_BYTES + length + TAG_BYTES;
}

/** The key of a passphrase, which counts alike however its accents were typed (Unicode NFC). */
async function keyOf(passphrase: string, salt: Uint8Array, cost: number): Promise<Uint8Array> {
  const typed = new TextEncoder().encode(passphrase.normalize('NFC'));
  try {
    return await scryptAsync(typed, salt, { N: 2 ** cost, r: BLOCK_SIZE, p: PARALLEL, dkLen: 32 });
  } finally {
    typed.fill(0);
  }
}

async function loadSodium(): Promise<typeof import('libsodium-wrappers').default> {
  const { default: sodium } = await import('libsodium-wrappers');
  await sodium.ready;
  return sodium;
}

/** Seals a secret; `cost` is COST_MIN .. COST_MAX. */
export async function sealSecret(secret: Uint8Array, passphrase: string, cost: number): Promise<Uint8Array> {
  const sodium = await loadSodium();
  const salt = globalThis.crypto.getRandomValues(new Uint8Array(SALT_BYTES));
  const nonce = globalThis.crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const key = await keyOf(passphrase, salt, cost);
  try {
    const box = sodium.crypto_secretbox_easy(secret, nonce, key);
    return concatBytes(Uint8Array.of(cost, BLOCK_SIZE, PARALLEL), salt, nonce, box);
  } finally {
    key.fill(0);
  }
}

/** False when the parameters would take more memory or time than any that {@link sealSecret} uses. */
export function parametersOk(sealed: Uint8Array): boolean {
  const [cost = 0, r = 0, p = 0] = sealed;
  return cost >= COST_MIN && cost <= COST_MAX && r === BLOCK_SIZE && p === PARALLEL;
}

/** The secret, or null when the passphrase is another. The caller has checked the parameters. */
export async function openSecret(sealed: Uint8Array, passphrase: string): Promise<Uint8Array | null> {
  const sodium = await loadSodium();
  const salt = sealed.subarray(3, 3 + SALT_BYTES);
  const nonce = sealed.subarray(3 + SALT_BYTES, HEAD_BYTES);
  const key = await keyOf(passphrase, salt, sealed[0] as number);
  try {
    return sodium.crypto_secretbox_open_easy(sealed.subarray(HEAD_BYTES), nonce, key);
  } catch {
    return null;
  } finally {
    key.fill(0);
  }
}
