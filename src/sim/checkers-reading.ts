/** What the checkers of neo read from datagrams: each packet once, and whether its signature holds. */

import { equalBytes, toHex } from '../base/bytes.ts';
import type { Seat } from '../base/ids.ts';
import { ROUNDS } from '../wire/envelope.ts';
import { decodePacket, type Packet, sealPacket } from '../wire/packet.ts';
import { decodeRounds } from '../wire/rounds.ts';
import type { NeoStatement } from '../wire/statement.ts';
import type { Verifier } from './keys.ts';

/** A packet that was seen somewhere. */
export interface SeenPacket {
  readonly sender: Seat;
  readonly statements: readonly NeoStatement[];
  readonly packet: Packet;
  /** Its signature holds: looked at when somebody asks. */
  isValid(): boolean;
}

export interface SeenDatagram {
  readonly packets: readonly SeenPacket[];
  /** Hashes that stand behind digests. */
  readonly vectors: readonly (readonly Uint8Array[])[];
}

const REMEMBERED_MAX = 1 << 14;

export class Reading {
  readonly #keys: readonly Uint8Array[];
  readonly #verifier: Verifier;
  readonly #packets = new Map<string, SeenPacket>();

  constructor(keys: readonly Uint8Array[], verifier: Verifier) {
    this.#keys = keys;
    this.#verifier = verifier;
  }

  /** What a datagram carries, or null if it does not read; packets that do not read are left out. */
  read(session: Uint8Array, datagram: Uint8Array): SeenDatagram | null {
    const rounds = decodeRounds(session, datagram);
    if (!rounds.ok) return null;
    const packets: SeenPacket[] = [];
    const vectors: (readonly Uint8Array[])[] = [];
    for (const item of rounds.value.items) {
      const seen = item.type === 'packet' ? this.#packet(session, item.bytes) : null;
      if (seen !== null) packets.push(seen);
      if (item.type === 'vector') vectors.push(item.digests);
    }
    return { packets, vectors };
  }

  /** True for a datagram of the kind that these checkers read. */
  reads(datagram: Uint8Array): boolean {
    return datagram[1] === ROUNDS;
  }

  #packet(session: Uint8Array, bytes: Uint8Array): SeenPacket | null {
    const key = `${bytes.length} ${toHex(bytes.subarray(-64))}`;
    const known = this.#packets.get(key);
    if (known !== undefined && equalBytes(known.packet.bytes, bytes)) return known;
    const decoded = decodePacket(bytes.slice());
    if (!decoded.ok) return null;
    const seen = this.#seen(session, decoded.value);
    if (this.#packets.size >= REMEMBERED_MAX) this.#packets.clear();
    this.#packets.set(key, seen);
    return seen;
  }

  #seen(session: Uint8Array, packet: Packet): SeenPacket {
    const key = this.#keys[packet.sender];
    let valid: boolean | null = null;
    return {
      sender: packet.sender,
      packet,
      statements: packet.entries.flatMap(({ statement }) =>
        statement === null ? [] : [statement as NeoStatement],
      ),
      isValid: () => {
        valid ??= key !== undefined && this.#verifier.verify(sealPacket(packet, session, key)) !== null;
        return valid;
      },
    };
  }
}
