/**
 * HELLO, the one datagram of the handshake: who I am, what I want to play and with whom, my nonce,
 * and the nonces that I hold of the others. A hello that repeats my own nonce is fresh.
 */

import { compareBytes } from '../base/bytes.ts';
import { accept, type Result, refuse } from '../base/result.ts';
import { domainPrefix } from '../crypto/hash.ts';
import { PUBLIC_KEY_BYTES, type Sealed, SIGNATURE_BYTES } from '../crypto/signature.ts';
import { HELLO } from './envelope.ts';
import { AGREEMENT_BYTES_MAX, NONCE_BYTES, PLAYERS_MAX, PLAYERS_MIN, PROTOCOL_VERSION } from './limits.ts';
import { Reader } from './reader.ts';
import { Writer } from './writer.ts';

export interface HelloBody {
  readonly publicKey: Uint8Array;
  /** NONCE_BYTES fresh bytes of the sender. */
  readonly nonce: Uint8Array;
  /** Canonical plain data: game, rules, protocol, parameters. */
  readonly agreement: Uint8Array;
  /** Public keys of all players, ascending. */
  readonly roster: readonly Uint8Array[];
  /** For each key of the roster the nonce that the sender holds for it; zeroes where it holds none. */
  readonly nonces: readonly Uint8Array[];
}

export interface Hello extends HelloBody {
  readonly signature: Uint8Array;
  /** The whole datagram. */
  readonly bytes: Uint8Array;
}

/** What the sender signs: domain, then the datagram without its signature. */
export function helloMessage(unsigned: Uint8Array): Uint8Array {
  return new Writer(unsigned.length + 32).bytes(domainPrefix('hello')).bytes(unsigned).take();
}

/** The datagram without its signature. */
export function encodeHello(hello: HelloBody): Uint8Array {
  const writer = new Writer(512).u8(PROTOCOL_VERSION).u8(HELLO);
  writer.bytes(hello.publicKey).bytes(hello.nonce);
  writer.u16(hello.agreement.length).bytes(hello.agreement).u8(hello.roster.length);
  for (const key of hello.roster) writer.bytes(key);
  for (const nonce of hello.nonces) writer.bytes(nonce);
  return writer.take();
}

/** The hello that a signature completes. */
export function signedHello(hello: HelloBody, signature: Uint8Array): Hello {
  const bytes = new Writer(600).bytes(encodeHello(hello)).bytes(signature).take();
  return { ...hello, signature, bytes };
}

/** Reads a hello; the caller has checked `datagramType`. */
export function decodeHello(datagram: Uint8Array): Result<Hello, 'malformed'> {
  const reader = new Reader(datagram);
  reader.bytes(2);
  const publicKey = reader.bytes(PUBLIC_KEY_BYTES);
  const nonce = reader.bytes(NONCE_BYTES);
  const agreementLength = reader.u16();
  if (agreementLength > AGREEMENT_BYTES_MAX) return refuse('malformed');
  const agreement = reader.bytes(agreementLength);
  const count = reader.u8();
  if (count < PLAYERS_MIN || count > PLAYERS_MAX) return refuse('malformed');
  const roster: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    const key = reader.bytes(PUBLIC_KEY_BYTES);
    const before = roster[i - 1];
    if (before !== undefined && compareBytes(before, key) >= 0) return refuse('malformed');
    roster.push(key);
  }
  const nonces: Uint8Array[] = [];
  for (let i = 0; i < count; i++) nonces.push(reader.bytes(NONCE_BYTES));
  const signature = reader.bytes(SIGNATURE_BYTES);
  if (!reader.done) return refuse('malformed');
  return accept({ publicKey, nonce, agreement, roster, nonces, signature, bytes: datagram });
}

/** The hello with what its signature must be checked against. */
export function sealHello(hello: Hello): Sealed<Hello> {
  const unsigned = hello.bytes.subarray(0, hello.bytes.length - SIGNATURE_BYTES);
  return {
    publicKey: hello.publicKey,
    message: helloMessage(unsigned),
    signature: hello.signature,
    value: hello,
  };
}
