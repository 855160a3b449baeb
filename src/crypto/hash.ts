/**
 * The one hash of the protocol, SHA-256 (FIPS 180-4), and every domain tag in use.
 * A tagged hash is SHA-256(length of tag, 1 byte; tag, ASCII; chunks back to back), so no two
 * purposes can ever share a preimage. Chunks must have fixed or length-prefixed layouts.
 */

import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes } from '../base/bytes.ts';

/** Bytes of a digest. */
export const DIGEST_BYTES = 32;

/** Every purpose that bytes are hashed or signed for. */
export const domains = {
  session: 'fairstep/session',
  hello: 'fairstep/hello',
  packet: 'fairstep/packet',
  part: 'fairstep/part',
  commitment: 'fairstep/commitment',
  set: 'fairstep/set',
  vector: 'fairstep/vector',
  state: 'fairstep/state',
  seed: 'fairstep/seed',
  random: 'fairstep/random',
  log: 'fairstep/log',
  epoch: 'fairstep/epoch',
  join: 'fairstep/join',
} as const;

export type Domain = keyof typeof domains;

const prefixes: Readonly<Record<Domain, Uint8Array>> = Object.fromEntries(
  Object.entries(domains).map(([domain, tag]) => {
    const prefix = new Uint8Array(1 + tag.length);
    prefix[0] = tag.length;
    for (let i = 0; i < tag.length; i++) prefix[1 + i] = tag.charCodeAt(i);
    return [domain, prefix];
  }),
) as Record<Domain, Uint8Array>;

/** The tag as it stands in front of what is hashed or signed: its length (1 byte), then itself. */
export function domainPrefix(domain: Domain): Uint8Array {
  return prefixes[domain];
}

/** SHA-256 of the domain's prefix and the chunks; 32 bytes. */
export function hash(domain: Domain, ...chunks: readonly Uint8Array[]): Uint8Array {
  return sha256(concatBytes(prefixes[domain], ...chunks));
}
