/**
 * From bytes to claims and from drafts to bytes: the two membranes of a session. Opening does every
 * check that costs no signature (length, version, session, layout, signer, round, duplicate), so that
 * a bad datagram costs microseconds; what is left are claims with what their signatures must cover.
 */

import { equalBytes } from '../base/bytes.ts';
import type { Seat } from '../base/ids.ts';
import { has } from '../base/players.ts';
import { type Sealed, SIGNATURE_BYTES } from '../crypto/signature.ts';
import { datagramType, decodeBundle, HELLO, type Item, type Standing } from '../wire/envelope.ts';
import { decodeHello, type Hello, sealHello, signedHello } from '../wire/hello.ts';
import {
  decodeAnyPacket,
  decodePacket,
  entriesOf,
  type Packet,
  sealPacket,
  signedPacket,
} from '../wire/packet.ts';
import type { Draft } from './effect.ts';
import { decodeEvidence } from './evidence.ts';
import { judge, type Refusal } from './judge.ts';
import type { Lockstep } from './lockstep-state.ts';
import type { Session } from './session.ts';

/** What a datagram holds, each claim with what its signature must be checked against. */
export interface Opened {
  readonly refused: readonly Refusal[];
  readonly hello: Sealed<Hello> | null;
  readonly standing: Standing | null;
  readonly carried: boolean;
  readonly packets: readonly Sealed<Packet>[];
  readonly proofs: readonly (readonly Sealed<Packet>[])[];
}

function refusing(...refused: readonly Refusal[]): Opened {
  return { refused, hello: null, standing: null, carried: false, packets: [], proofs: [] };
}

function openHello(session: Session, datagram: Uint8Array, from: Seat): Opened {
  const decoded = decodeHello(datagram);
  if (!decoded.ok) return refusing(decoded.refused);
  if (!equalBytes(decoded.value.publicKey, session.setup.keys[from] as Uint8Array)) return refusing('sender');
  return { ...refusing(), hello: sealHello(decoded.value) };
}

function openProof(lockstep: Lockstep, bytes: Uint8Array): Sealed<Packet>[] | Refusal {
  const { session, keys } = lockstep.setup;
  const evidence = decodeEvidence(bytes);
  if (evidence === null) return 'malformed';
  const [packet] = evidence.packets;
  const key = packet && keys[packet.sender];
  if (!packet || !key || !equalBytes(evidence.session, session)) return 'session';
  if (!equalBytes(evidence.publicKey, key)) return 'sender';
  if (!has(lockstep.members, packet.sender)) return 'sender';
  if (lockstep.removal.causes[packet.sender]?.reason === 'guilty') return 'duplicate';
  return evidence.packets.map((each) => sealPacket(each, session, key));
}

/** What one item claims: a packet to take in, packets that prove a lie, or (also) a refusal. */
interface Claim {
  readonly packet?: Sealed<Packet>;
  readonly proof?: readonly Sealed<Packet>[];
  readonly refused?: Refusal;
}

function openItem(lockstep: Lockstep, item: Item): Claim {
  const { session, keys } = lockstep.setup;
  if (item.type === 'proof') {
    const proof = openProof(lockstep, item.bytes);
    return typeof proof === 'string' ? { refused: proof } : { proof };
  }
  const decoded = decodePacket(item.bytes);
  if (decoded.ok) {
    const refused = judge(lockstep, decoded.value);
    if (refused !== null) return { refused };
    return { packet: sealPacket(decoded.value, session, keys[decoded.value.sender] as Uint8Array) };
  }
  const twice = decoded.refused === 'double-entry' ? decodeAnyPacket(item.bytes) : null;
  if (twice === null || !has(lockstep.members, twice.sender)) return { refused: decoded.refused };
  const key = keys[twice.sender] as Uint8Array;
  return { proof: [sealPacket(twice, session, key)], refused: decoded.refused };
}

/** Opens a datagram that came from the address of `from`. */
export function open(session: Session, from: Seat, datagram: Uint8Array): Opened {
  const type = datagramType(datagram);
  if (!type.ok) return refusing(type.refused);
  if (type.value === HELLO) return openHello(session, datagram, from);
  const { lockstep } = session;
  if (lockstep === null) return refusing('session');
  const answered = session.link.peers[from] || lockstep.farewell?.target === from;
  if (!answered) return refusing('sender');
  const bundle = decodeBundle(lockstep.setup.session, datagram);
  if (!bundle.ok) return refusing(bundle.refused);
  const { items, standing } = bundle.value;
  const claims = items.map((item) => openItem(lockstep, item));
  return {
    refused: claims.flatMap(({ refused }) => (refused === undefined ? [] : [refused])),
    hello: null,
    standing,
    carried: items.length > 0,
    packets: claims.flatMap(({ packet }) => (packet === undefined ? [] : [packet])),
    proofs: claims.flatMap(({ proof }) => (proof === undefined ? [] : [proof])),
  };
}

/** A draft on its way to being signed. */
export interface Unsigned {
  /** What the own key must sign. */
  readonly message: Uint8Array;
  /** The packet or hello that the signature completes. */
  complete(signature: Uint8Array): Packet | Hello;
}

/** The bytes that a draft must be signed over, exactly as every receiver will check them. */
export function unsigned(session: Session, draft: Draft): Unsigned {
  const blank = new Uint8Array(SIGNATURE_BYTES);
  if (draft.type === 'hello') {
    const { message } = sealHello(signedHello(draft.hello, blank));
    return { message, complete: (signature) => signedHello(draft.hello, signature) };
  }
  const { me, keys } = session.setup;
  const entries = entriesOf(draft.statements);
  const id = (session.lockstep as Lockstep).setup.session;
  const { message } = sealPacket(signedPacket(me, entries, blank), id, keys[me] as Uint8Array);
  return { message, complete: (signature) => signedPacket(me, entries, signature) };
}
