/** One statement a key, also across restarts; and each on disk, with what it rests on, before it leaves. */

import { equalBytes, toHex } from '../base/bytes.ts';
import type { Seat } from '../base/ids.ts';
import { decodeNeoRecord } from '../protocol/neo/record.ts';
import { decodePacket, entriesOf } from '../wire/packet.ts';
import type { NeoStatement } from '../wire/statement.ts';
import type { SeenPacket } from './checkers-reading.ts';

/** What the log of a player holds, read as it grows. */
class Durable {
  readonly said = new Set<string>();
  readonly sealed = new Set<number>();
  readonly voted = new Set<number>();
  /** `<round> <author>` of every opening. */
  readonly openings = new Set<string>();
  #read = 0;

  read(records: readonly Uint8Array[]): void {
    for (; this.#read < records.length; this.#read++) this.#record(records[this.#read] as Uint8Array);
  }

  #record(bytes: Uint8Array): void {
    const record = decodeNeoRecord(bytes);
    if (record.type === 'sealed') this.sealed.add(record.reveal.round);
    else if (record.type === 'voted') this.voted.add(record.round);
    else if (record.type === 'said') {
      for (const entry of entriesOf(record.statements))
        if (entry.statement !== null) this.said.add(toHex(entry.bytes));
    } else if (record.type === 'keep') for (const packet of record.packets) this.#packet(packet);
    else if (record.type === 'final') {
      for (const [author, opening] of record.final.openings.entries())
        if (opening) this.openings.add(`${record.final.round} ${author}`);
    }
  }

  #packet(bytes: Uint8Array): void {
    const packet = decodePacket(bytes);
    if (!packet.ok) return;
    for (const { statement } of packet.value.entries) {
      if (statement?.kind === 'reveal') this.openings.add(`${statement.round} ${packet.value.sender}`);
    }
  }
}

export class SaidChecker {
  readonly #tell: (text: string) => void;
  readonly #records: (seat: Seat) => readonly Uint8Array[];
  readonly #said = new Map<string, Uint8Array>();
  readonly #durable = new Map<Seat, Durable>();

  constructor(tell: (text: string) => void, records: (seat: Seat) => readonly Uint8Array[]) {
    this.#tell = tell;
    this.#records = records;
  }

  /** An honest player sends its own packet for the first time. */
  sent(seat: Seat, { packet }: SeenPacket): void {
    const durable = this.#durable.get(seat) ?? new Durable();
    this.#durable.set(seat, durable);
    durable.read(this.#records(seat));
    for (const entry of packet.entries) {
      if (entry.statement === null) continue;
      const key = `${seat} ${toHex(entry.key)}`;
      const said = this.#said.get(key);
      const { kind, round } = entry.statement as NeoStatement;
      if (said === undefined) this.#said.set(key, entry.bytes);
      else if (!equalBytes(said, entry.bytes))
        this.#tell(`one-${kind}: player ${seat} says two different things in round ${round}`);
      if (!durable.said.has(toHex(entry.bytes)))
        this.#tell(`persist: ${kind} of player ${seat}, round ${round}`);
      this.#basis(seat, entry.statement as NeoStatement, durable);
    }
  }

  #basis(seat: Seat, statement: NeoStatement, durable: Durable): void {
    const { kind, round } = statement;
    if (kind === 'commit' && !durable.sealed.has(round))
      this.#tell(`persist: input of player ${seat}, round ${round}`);
    if (kind === 'vote' && !durable.voted.has(round))
      this.#tell(`persist: vote of player ${seat}, round ${round}`);
    if (kind !== 'hold') return;
    for (let author = 0; author < 16; author++) {
      if ((statement.authors & (1 << author)) === 0 || durable.openings.has(`${round} ${author}`)) continue;
      this.#tell(`persist: opening of ${author} that player ${seat} holds, round ${round}`);
    }
  }
}
