/** What liars in a match of neo know: the session, its rounds, hashes, and packets to show again. */

import { toHex } from '../base/bytes.ts';
import { sessionOf } from '../protocol/handshake.ts';
import { HELLO, ROUNDS } from '../wire/envelope.ts';
import { decodeHello } from '../wire/hello.ts';
import { decodePacket, type Packet } from '../wire/packet.ts';
import { decodeRounds, type Rounds } from '../wire/rounds.ts';
import type { NeoStatement } from '../wire/statement.ts';

const PACKETS_MAX = 128;
const ROUNDS_MAX = 64;

/** What a group of liars share. */
export class Conspiracy {
  readonly #camps = new Map<number, number>();
  /** Commitments of a round by seat. */
  readonly commitments: Map<number, Map<number, Uint8Array>> = new Map();
  /** Part hashes of view changes and proposals cannot be known from outside: any bytes do. */
  readonly packets: Packet[] = [];

  /** The seats that are told one thing in a round, as bits; the others are told another. */
  campOf(round: number, random: (bound: number) => number): number {
    const phase = Math.floor(round / 4);
    const known = this.#camps.get(phase);
    if (known !== undefined) return known;
    const camp = random(0x10000);
    this.#camps.set(phase, camp);
    return camp;
  }

  see(packet: Packet, random: (bound: number) => number): void {
    if (this.packets.length < PACKETS_MAX) this.packets.push(packet);
    else if (random(4) === 0) this.packets[random(PACKETS_MAX)] = packet;
    for (const { statement } of packet.entries) {
      if (statement?.kind !== 'commit') continue;
      const known = this.commitments.get(statement.round) ?? new Map<number, Uint8Array>();
      this.commitments.set(statement.round, known);
      if (!known.has(packet.sender)) known.set(packet.sender, statement.commitment);
      if (this.commitments.size > ROUNDS_MAX)
        this.commitments.delete(this.commitments.keys().next().value as number);
    }
  }
}

export class LiarTable {
  readonly conspiracy: Conspiracy;
  session: Uint8Array | null = null;
  epoch = 0;
  /** The newest round that the own session has spoken of. */
  round = 1;
  readonly #random: (bound: number) => number;
  readonly #seen = new Set<string>();

  constructor(conspiracy: Conspiracy, random: (bound: number) => number) {
    this.conspiracy = conspiracy;
    this.#random = random;
  }

  /** Looks at a datagram; what a rounds datagram holds, or null. */
  read(datagram: Uint8Array, own: boolean): Rounds | null {
    if (datagram[1] === HELLO) this.#hear(datagram);
    if (this.session === null || datagram[1] !== ROUNDS) return null;
    const rounds = decodeRounds(this.session, datagram);
    if (!rounds.ok) return null;
    for (const item of rounds.value.items) if (item.type === 'packet') this.#note(item.bytes, own);
    return rounds.value;
  }

  #hear(datagram: Uint8Array): void {
    const hello = decodeHello(datagram);
    if (!hello.ok || hello.value.nonces.some((nonce) => nonce.every((byte) => byte === 0))) return;
    this.session = sessionOf(hello.value.agreement, hello.value.roster, hello.value.nonces);
  }

  #note(bytes: Uint8Array, own: boolean): void {
    const key = toHex(bytes.subarray(-24));
    if (this.#seen.has(key)) return;
    if (this.#seen.size > 4096) this.#seen.clear();
    this.#seen.add(key);
    const packet = decodePacket(bytes.slice());
    if (!packet.ok) return;
    this.conspiracy.see(packet.value, this.#random);
    if (!own) return;
    for (const { statement } of packet.value.entries) {
      if (statement === null || !('round' in statement) || statement.round < this.round) continue;
      this.round = statement.round;
      this.epoch = (statement as NeoStatement).epoch;
    }
  }
}
