/** One change of a neo machine on its way: the state so far, what it says, and the effects it causes. */

import { assert } from '../../base/assert.ts';
import type { Round, Seat } from '../../base/ids.ts';
import { ITEM_BYTES_MAX, PARTS_MAX } from '../../wire/limits.ts';
import { entriesOf, type Packet, partHashOf } from '../../wire/packet.ts';
import { type NeoStatement, ROUND_INSTANCE } from '../../wire/statement.ts';
import type { Notice, SessionEffect } from '../effect.ts';
import type { BySeat } from '../round.ts';
import type { LogEvent } from './log-state.ts';
import type { NeoRecord } from './record.ts';
import { type Contest, type Neo, type NeoRound, type Now, newContest, roundOf } from './state.ts';
import type { Operation } from './update.ts';

/** The list with one place changed. */
export function put<T>(list: readonly T[], index: number, value: T): readonly T[] {
  const copy = list.slice();
  copy[index] = value;
  return copy;
}

/** Adds to what is kept of a seat, the newest last; at most `most` are kept. */
export function push<T>(
  lists: BySeat<readonly T[]>,
  seat: Seat,
  value: T,
  most: number,
): BySeat<readonly T[]> {
  return put(lists, seat, [...(lists[seat] ?? []), value].slice(-most));
}

export type NeoEffect =
  | SessionEffect<NeoRecord>
  /** A packet that everybody should see, whoever made it: the link's business. */
  | { readonly type: 'retell'; readonly packet: Uint8Array };

export class Turn {
  state: Neo;
  readonly now: Now;
  readonly effects: NeoEffect[] = [];
  readonly #said: NeoStatement[] = [];

  constructor(state: Neo, now: Now) {
    this.state = state;
    this.now = now;
  }

  set(change: Partial<Neo>): void {
    this.state = { ...this.state, ...change };
  }

  /** A round that is kept. */
  round(round: Round): NeoRound {
    const found = roundOf(this.state, round);
    assert(found !== null, 'a round that is spoken of is kept');
    return found;
  }

  change(round: Round, change: Partial<NeoRound>): void {
    const { rounds, roundsFrom } = this.state;
    this.set({ rounds: put(rounds, round - roundsFrom, { ...this.round(round), ...change }) });
  }

  /** The contest of an instance; a new one where there is none yet. */
  contest(round: Round, instance: number): Contest {
    const { slots, openings } = this.round(round);
    if (instance === ROUND_INSTANCE) return slots;
    return openings[instance] ?? newContest(instance, openings.length, slots.timeout);
  }

  changeContest(round: Round, instance: number, change: Partial<Contest>): void {
    const contest = { ...this.contest(round, instance), ...change };
    if (instance === ROUND_INSTANCE) this.change(round, { slots: contest });
    else this.change(round, { openings: put(this.round(round).openings, instance, contest) });
  }

  persist(record: NeoRecord): void {
    this.effects.push({ type: 'persist', record });
  }

  /** Says a statement: all of one step share as few packets as they fit. */
  say(statement: NeoStatement): void {
    this.#said.push(statement);
  }

  /** Has what was said written down and signed. */
  finish(): void {
    for (const statements of packed(this.#said.splice(0))) {
      this.persist({ type: 'said', statements });
      this.effects.push({ type: 'sign', draft: { type: 'packet', statements } });
    }
  }

  notify(notice: Notice): void {
    this.effects.push({ type: 'notify', notice });
  }

  /** Tells what the final log has brought. */
  happened(event: LogEvent): void {
    if (event.type === 'joined') return this.notify({ type: 'player', player: event.seat, status: 'joined' });
    const status = event.reason === 'left' ? 'left' : 'expelled';
    this.notify({ type: 'player', player: event.seat, status });
  }

  /** Puts an operation into my updates until it is seen in a final round. */
  want(operation: Operation): void {
    this.set({ wanted: [...this.state.wanted, { operation, carried: 0 }] });
  }

  /** The hash by which others name a statement of a packet. */
  hashOf(packet: Packet, index: number): Uint8Array {
    return partHashOf(this.state.setup.session, packet, index);
  }
}

/** Statements in as few packets as they fit, in order. */
function packed(said: readonly NeoStatement[]): (readonly NeoStatement[])[] {
  const packets: NeoStatement[][] = [];
  let room = 0;
  for (const statement of said) {
    const [entry] = entriesOf([statement]);
    assert(entry !== undefined && entry.statement !== null, 'a statement has an entry');
    const need = entry.bytes.length;
    let current = packets.at(-1);
    if (current === undefined || current.length === PARTS_MAX || need > room) {
      current = [];
      packets.push(current);
      room = PACKET_ROOM;
    }
    current.push(statement);
    room -= need;
  }
  return packets;
}

/** Bytes for the statements of one packet, beside its sender, count and signature. */
const PACKET_ROOM = ITEM_BYTES_MAX - 2 - 64 - 40;
