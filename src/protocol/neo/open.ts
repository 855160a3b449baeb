/** Opening the datagrams of a neo session: cheap checks, and claims for the keyring. */

import type { Seat } from '../../base/ids.ts';
import { has } from '../../base/players.ts';
import type { Sealed } from '../../crypto/signature.ts';
import { datagramType, HELLO } from '../../wire/envelope.ts';
import { decodeAnyPacket, decodePacket, type Packet, sealPacket } from '../../wire/packet.ts';
import { decodeRounds, type RoundsHeader } from '../../wire/rounds.ts';
import type { Opened } from '../engine.ts';
import { openHello, refusing } from '../open.ts';
import type { Refusal } from '../refusal.ts';
import type { Arrival } from './arrival.ts';
import type { Attachment } from './inquiry.ts';
import { judgePacket } from './judge.ts';
import type { NeoSession } from './session.ts';
import { type Neo, pastOf } from './state.ts';

/** A packet that lists one key twice convicts its signer, if it is of a member who is not convicted yet. */
function openTwice(neo: Neo, bytes: Uint8Array): Sealed<Packet> | null {
  const packet = decodeAnyPacket(bytes);
  const { members, roster } = pastOf(neo, neo.final).log;
  if (packet === null || !has(members, packet.sender) || has(neo.liars, packet.sender)) return null;
  return sealPacket(packet, neo.setup.session, roster[packet.sender]?.publicKey as Uint8Array);
}

function openPacket(neo: Neo, bytes: Uint8Array): Sealed<Packet> | Refusal {
  const decoded = decodePacket(bytes);
  if (!decoded.ok) return decoded.refused;
  const refused = judgePacket(neo, decoded.value);
  if (refused !== null) return refused;
  const key = pastOf(neo, neo.final).log.roster[decoded.value.sender]?.publicKey;
  return key === undefined ? 'sender' : sealPacket(decoded.value, neo.setup.session, key);
}

/** Of a datagram that comes before I have a snapshot only parts of one are of use. */
function openParts({ trust }: Arrival, from: Seat, datagram: Uint8Array): Opened<RoundsHeader, Attachment> {
  if (!has(trust.invitation.members, from)) return refusing('sender');
  const rounds = decodeRounds(trust.invitation.session, datagram);
  if (!rounds.ok) return refusing(rounds.refused);
  const { header, items } = rounds.value;
  const attachments = items.filter((item) => item.type === 'chunk');
  return { ...refusing(), header, attachments };
}

/** Opens a datagram that came from the address of `from`. */
export function openRounds(
  session: NeoSession,
  from: Seat,
  datagram: Uint8Array,
): Opened<RoundsHeader, Attachment> {
  const type = datagramType(datagram);
  if (!type.ok) return refusing(type.refused);
  if (type.value === HELLO) return openHello(session.setup, from, datagram);
  const { link, neo } = session;
  if (session.arrival !== null) return openParts(session.arrival, from, datagram);
  if (neo === null) return refusing('session');
  if (!link.peers[from]) return refusing('sender');
  const rounds = decodeRounds(neo.setup.session, datagram);
  if (!rounds.ok) return refusing(rounds.refused);
  const { header, items } = rounds.value;
  const refused: Refusal[] = [];
  const packets: Sealed<Packet>[] = [];
  const proofs: (readonly Sealed<Packet>[])[] = [];
  const attachments: Attachment[] = [];
  for (const item of items) {
    if (item.type === 'vector' || item.type === 'query' || item.type === 'answer') attachments.push(item);
    else if (item.type === 'packet') {
      const opened = openPacket(neo, item.bytes);
      const twice = opened === 'double-entry' ? openTwice(neo, item.bytes) : null;
      if (twice !== null) proofs.push([twice]);
      if (typeof opened === 'string') refused.push(opened);
      else packets.push(opened);
    } else refused.push('shape');
  }
  return { refused, hello: null, header, carried: items.length > 0, packets, proofs, attachments };
}
