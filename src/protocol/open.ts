/**
 * From bytes to claims and from drafts to bytes: the two membranes of a session, as far as they are the
 * same in every protocol. Opening does every check that costs no signature (length, version, session,
 * layout, signer, round, duplicate), so that a bad datagram costs microseconds; what is left are claims
 * with what their signatures must cover.
 */

import { assert } from '../base/assert.ts';
import { equalBytes } from '../base/bytes.ts';
import type { Seat } from '../base/ids.ts';
import { SIGNATURE_BYTES } from '../crypto/signature.ts';
import { decodeHello, type Hello, sealHello, signedHello } from '../wire/hello.ts';
import { entriesOf, type Packet, sealPacket, signedPacket } from '../wire/packet.ts';
import type { Draft } from './effect.ts';
import type { Opened, SessionSetup } from './engine.ts';
import type { Refusal } from './refusal.ts';

/** A datagram of which nothing is taken in. */
export function refusing(...refused: readonly Refusal[]): Opened<never, never> {
  return {
    refused,
    hello: null,
    header: null,
    carried: false,
    packets: [],
    proofs: [],
    attachments: [],
  };
}

/** Opens a hello that came from the address of `from`. */
export function openHello(
  { keys }: Pick<SessionSetup, 'keys'>,
  from: Seat,
  datagram: Uint8Array,
): Opened<never, never> {
  const decoded = decodeHello(datagram);
  if (!decoded.ok) return refusing(decoded.refused);
  const key = keys[from];
  if (key === undefined || !equalBytes(decoded.value.publicKey, key)) return refusing('sender');
  return { ...refusing(), hello: sealHello(decoded.value) };
}

/** A draft on its way to being signed. */
export interface Unsigned {
  /** What the own key must sign. */
  readonly message: Uint8Array;
  /** The packet or hello that the signature completes. */
  complete(signature: Uint8Array): Packet | Hello;
}

/**
 * The bytes that a draft must be signed over, exactly as every receiver will check them. Packets are of
 * a session that is agreed.
 */
export function unsigned(
  { keys, me }: Pick<SessionSetup, 'keys' | 'me'>,
  session: Uint8Array | null,
  draft: Draft,
): Unsigned {
  const blank = new Uint8Array(SIGNATURE_BYTES);
  if (draft.type === 'hello') {
    const { message } = sealHello(signedHello(draft.hello, blank));
    return { message, complete: (signature) => signedHello(draft.hello, signature) };
  }
  assert(session !== null, 'packets are signed in a session that is agreed');
  const entries = entriesOf(draft.statements);
  const { message } = sealPacket(signedPacket(me, entries, blank), session, keys[me] as Uint8Array);
  return { message, complete: (signature) => signedPacket(me, entries, signature) };
}
