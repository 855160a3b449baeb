/** Opening the datagrams of a lockstep session: cheap checks, and claims for the keyring. */

import { equalBytes } from '../base/bytes.ts';
import type { Seat } from '../base/ids.ts';
import { has } from '../base/players.ts';
import type { Sealed } from '../crypto/signature.ts';
import { datagramType, decodeBundle, HELLO, type Item, type Standing } from '../wire/envelope.ts';
import { decodeAnyPacket, decodePacket, type Packet, sealPacket } from '../wire/packet.ts';
import type { Opened } from './engine.ts';
import { decodeEvidence } from './evidence.ts';
import { judge } from './judge.ts';
import type { Lockstep } from './lockstep-state.ts';
import { openHello, refusing } from './open.ts';
import type { Refusal } from './refusal.ts';
import type { Session } from './session.ts';

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
export function open(session: Session, from: Seat, datagram: Uint8Array): Opened<Standing, never> {
  const type = datagramType(datagram);
  if (!type.ok) return refusing(type.refused);
  if (type.value === HELLO) return openHello(session.setup, from, datagram);
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
    header: standing,
    carried: items.length > 0,
    packets: claims.flatMap(({ packet }) => (packet === undefined ? [] : [packet])),
    proofs: claims.flatMap(({ proof }) => (proof === undefined ? [] : [proof])),
    attachments: [],
  };
}
