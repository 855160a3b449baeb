/** The packets of a recording: read, with their signatures checked, and searched for lies. */

import { toHex } from '../../base/bytes.ts';
import { has } from '../../base/players.ts';
import { type Sealed, type Verified, verifyStrict } from '../../crypto/signature.ts';
import { decodeAnyPacket, doubleEntry, type Packet, sealPacket } from '../../wire/packet.ts';
import { type EvidenceKind, encodeEvidence, type Hashes, prove } from '../evidence.ts';
import type { LogState } from './log-state.ts';

export type PacketFault =
  /** Bytes that are no packet, or a packet that no honest player keeps. */
  | 'packet'
  /** A packet of somebody who is no member in its round. */
  | 'sender'
  | 'signature';

/** Hands over the value if its signature is valid, else null. */
export type Verify = (sealed: Sealed<Packet>) => Verified<Packet> | null;

/** A lie that signatures of one player prove. */
export interface Lie {
  readonly kind: EvidenceKind;
  /** Of the liar, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** For `verifyEvidence`. */
  readonly evidence: Uint8Array;
}

export interface BadPacket {
  readonly reason: PacketFault;
  readonly detail: string;
  readonly packet: number;
  readonly lies: readonly Lie[];
}

/** Packets of one player in one round that are compared with each other. */
const COMPARED_MAX = 64;
/** Packets that are remembered: one may prove something about several rounds. */
const REMEMBERED_MAX = 1024;

export class PacketReader {
  readonly #session: Uint8Array;
  readonly #verify: Verify;
  readonly #known = new Map<string, Verified<Packet>>();

  constructor(session: Uint8Array, verify: Verify = verifyStrict) {
    this.#session = session;
    this.#verify = verify;
  }

  /** The packets of a round that is ruled by this log; or the first that is none. */
  read(
    list: readonly Uint8Array[],
    log: LogState,
  ): { readonly packets: readonly Verified<Packet>[] } | BadPacket {
    const packets: Verified<Packet>[] = [];
    for (const [index, bytes] of list.entries()) {
      const packet = this.#read(bytes, log);
      if ('reason' in packet) return { ...packet, packet: index };
      packets.push(packet);
    }
    return { packets };
  }

  #read(bytes: Uint8Array, log: LogState): Verified<Packet> | Omit<BadPacket, 'packet'> {
    const bad = (
      reason: PacketFault,
      detail: string,
      lies: readonly Lie[] = [],
    ): Omit<BadPacket, 'packet'> => {
      return { reason, detail, lies };
    };
    const packet = decodeAnyPacket(bytes);
    if (packet === null) return bad('packet', 'what should be a packet is none');
    const publicKey = log.roster[packet.sender]?.publicKey;
    if (publicKey === undefined || !has(log.members, packet.sender)) {
      return bad('sender', `player ${packet.sender} is no member`);
    }
    const name = `${toHex(publicKey)} ${toHex(bytes)}`;
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const verified = this.#verify(sealPacket(packet, this.#session, publicKey));
    if (verified === null) {
      return bad('signature', `a signature under the name of player ${packet.sender} is not valid`);
    }
    if (doubleEntry(packet) !== null) {
      const lies = liesAmong(this.#session, log, [verified], []);
      return bad('packet', 'a packet lists one statement twice', lies);
    }
    if (this.#known.size === REMEMBERED_MAX) this.#known.clear();
    this.#known.set(name, verified);
    return verified;
  }
}

/** The lies between packets of one player each, one a player. `vectors` are hashes that they may speak of. */
export function liesAmong(
  session: Uint8Array,
  { roster }: LogState,
  packets: readonly Verified<Packet>[],
  vectors: readonly Hashes[],
): readonly Lie[] {
  return roster.flatMap(({ publicKey }, seat): readonly Lie[] => {
    const own = packets.filter(({ sender }) => sender === seat).slice(0, COMPARED_MAX);
    for (const [i, a] of own.entries()) {
      for (const b of own.slice(i)) {
        const evidence = prove(session, publicKey, a, b, vectors);
        if (evidence === null) continue;
        return [{ kind: evidence.conflict.kind, publicKey, evidence: encodeEvidence(evidence) }];
      }
    }
    return [];
  });
}
