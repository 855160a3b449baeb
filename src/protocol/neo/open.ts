/** Opening the datagrams of a neo session: cheap checks, and claims for the keyring. */

import type { Seat } from '../../base/ids.ts';
import type { Sealed } from '../../crypto/signature.ts';
import { datagramType, HELLO } from '../../wire/envelope.ts';
import { decodePacket, type Packet, sealPacket } from '../../wire/packet.ts';
import { decodeRounds, type RoundsHeader } from '../../wire/rounds.ts';
import type { OpaqueItem, VectorItem } from '../../wire/rounds-item.ts';
import type { Opened } from '../engine.ts';
import type { Refusal } from '../judge.ts';
import { openHello, refusing } from '../open.ts';
import { judgePacket } from './judge.ts';
import type { NeoSession } from './session.ts';
import { type Neo, pastOf } from './state.ts';

/** What comes beside packets, outside of signatures. */
export type Attachment = VectorItem | OpaqueItem;

function openPacket(neo: Neo, bytes: Uint8Array): Sealed<Packet> | Refusal {
  const decoded = decodePacket(bytes);
  if (!decoded.ok) return decoded.refused;
  const refused = judgePacket(neo, decoded.value);
  if (refused !== null) return refused;
  const key = pastOf(neo, neo.final).log.roster[decoded.value.sender]?.publicKey;
  return key === undefined ? 'sender' : sealPacket(decoded.value, neo.setup.session, key);
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
  if (neo === null) return refusing('session');
  if (!link.peers[from]) return refusing('sender');
  const rounds = decodeRounds(neo.setup.session, datagram);
  if (!rounds.ok) return refusing(rounds.refused);
  const { header, items } = rounds.value;
  const refused: Refusal[] = [];
  const packets: Sealed<Packet>[] = [];
  const attachments: Attachment[] = [];
  for (const item of items) {
    if (item.type === 'vector' || item.type === 'query' || item.type === 'answer') attachments.push(item);
    else if (item.type === 'packet') {
      const opened = openPacket(neo, item.bytes);
      if (typeof opened === 'string') refused.push(opened);
      else packets.push(opened);
    } else refused.push('shape');
  }
  return { refused, hello: null, header, carried: items.length > 0, packets, proofs: [], attachments };
}
