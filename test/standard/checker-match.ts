/**
 * Watches a whole match and names whatever an honest player does not send, as sections 6, 7, 9, 10 and 11
 * of src/wire/README.md have it. Its only source is the datagrams, in the order in which they left.
 */

import {
  checkPacket,
  type Deviation,
  deviationOf,
  type EntryRead,
  type PacketRead,
  readPacket,
  same,
} from './checker.ts';
import { readBundle, typeOf } from './checker-datagram.ts';
import {
  commitment,
  firstRoundSeed,
  nextSeed,
  type Opening,
  readEvidence,
  setDigest,
} from './checker-evidence.ts';
import { Meeting, type MeetingDeviation } from './checker-meeting.ts';

/** What only shows in a match of lockstep, beyond the deviations of checker.ts and checker-meeting.ts. */
export const matchDeviations = [
  'no-session',
  'standing',
  'seat',
  'shape',
  'epoch',
  'not-a-member',
  'contradiction',
  'after-remove',
  'after-leave',
  'opening',
  'early-set',
  'wrong-set',
  'target',
  'wish-index',
  'wish-round',
  'advanced',
  'accusation',
] as const;

export type MatchDeviation = Deviation | MeetingDeviation | (typeof matchDeviations)[number];

/** An advanced round as the standard has it. */
export interface OutcomeRead {
  readonly epoch: number;
  readonly round: number;
  /** By seat; null for seats that are no members. */
  readonly inputs: readonly (Buffer | null)[];
  readonly seed: Buffer;
}

interface Open {
  readonly set: Buffer;
  readonly opening: Opening;
}

/** What has been sent of one epoch, by round and seat. */
class Epoch {
  readonly members: readonly number[];
  readonly from: number;
  readonly commits = new Map<string, Buffer>();
  readonly opens = new Map<string, Open>();
  readonly removes = new Map<number, { readonly target: number; readonly advanced: number }>();
  readonly wishes = new Map<number, number>();

  constructor(members: readonly number[], from: number) {
    this.members = members;
    this.from = from;
  }

  /** The openings of a round that advances, in seat order, or null. */
  certificate(session: Buffer, epoch: number, round: number): readonly Opening[] | null {
    const opens = this.members.flatMap((seat) => this.opens.get(`${round} ${seat}`) ?? []);
    const slot = { session, epoch, round };
    const set = setDigest(
      slot,
      opens.map(({ opening }) => commitment(slot, opening)),
    );
    const all = opens.length === this.members.length && opens.every((open) => same(open.set, set));
    return all ? opens.map(({ opening }) => opening) : null;
  }

  /** How it ends, or null while it goes on. */
  end(): { readonly target: number; readonly after: number } | null {
    for (const target of this.members) {
      const others = this.members.filter((seat) => seat !== target).map((seat) => this.removes.get(seat));
      if (!others.every((each) => each?.target === target)) continue;
      return { target, after: Math.max(...others.map((each) => each?.advanced ?? 0)) };
    }
    return null;
  }
}

export class Watcher {
  readonly #meeting = new Meeting();
  readonly #said = new Map<string, Buffer>();
  readonly #epochs: Epoch[] = [];
  readonly #left = new Set<number>();
  /** The guilty seats of all proofs so far. */
  readonly convicted: Set<number> = new Set();

  get session(): Buffer | null {
    return this.#meeting.session;
  }

  get roster(): readonly Buffer[] {
    return this.#meeting.roster;
  }

  /** Takes a datagram that left the player at a seat; answers all that deviates. */
  take(from: number, datagram: Uint8Array): readonly MatchDeviation[] {
    let type = 0;
    const broken = deviationOf(() => {
      type = typeOf(datagram);
    });
    if (broken !== null) return [broken];
    if (type !== 1) return this.#bundle(from, datagram);
    const found = this.#meeting.take(from, datagram);
    if (this.session !== null && this.#epochs.length === 0) {
      this.#epochs.push(new Epoch([...this.roster.keys()], 1));
    }
    return found;
  }

  #bundle(from: number, datagram: Uint8Array): MatchDeviation[] {
    const { session } = this;
    if (session === null) return ['no-session'];
    const found: MatchDeviation[] = [];
    const broken = deviationOf(() => {
      const { epoch, round, sets, items } = readBundle(session, datagram);
      for (const { type, content } of items)
        found.push(...(type === 1 ? this.#packet(content) : this.#proof(content)));
      if (!this.#mayStand(from, epoch, round, sets)) found.push('standing');
    });
    return broken === null ? found : [broken];
  }

  /** True when everything of others that a standing says it holds has been sent by then. */
  #mayStand(from: number, epoch: number, round: number, sets: readonly number[]): boolean {
    const at = this.#epochs[epoch];
    if (at === undefined) return false;
    const all = (set: number | undefined, test: (seat: number) => boolean): boolean =>
      [...Array(16).keys()].every((seat) => (((set ?? 0) >> seat) & 1) === 0 || test(seat));
    const [commits, opens, removes, causes] = sets;
    return (
      from < this.roster.length &&
      (round === 1 || (round > 1 && this.#advanced(epoch, round - 1))) &&
      all(commits, (seat) => seat === from || at.commits.has(`${round} ${seat}`)) &&
      all(opens, (seat) => seat === from || at.opens.has(`${round} ${seat}`)) &&
      all(removes, (seat) => seat === from || at.removes.has(seat)) &&
      all(causes, (seat) => seat === from || this.#left.has(seat) || this.convicted.has(seat))
    );
  }

  /** True when the round has advanced in this epoch, or counted in one before it. */
  #advanced(epoch: number, round: number): boolean {
    const at = this.#epochs[epoch];
    if (at === undefined || this.session === null) return false;
    return round < at.from || at.certificate(this.session, epoch, round) !== null;
  }

  #proof(content: Buffer): MatchDeviation[] {
    const found: MatchDeviation[] = [];
    const broken = deviationOf(() => {
      const { guilty, session } = readEvidence(content);
      const seat = this.roster.findIndex((key) => same(key, guilty));
      if (seat < 0 || !same(session, this.session as Buffer)) found.push('accusation');
      else this.convicted.add(seat);
    });
    return broken === null ? found : [broken];
  }

  #packet(content: Buffer): MatchDeviation[] {
    const session = this.session as Buffer;
    let packet: PacketRead | null = null;
    let unknownSeat = false;
    const broken = deviationOf(() => {
      packet = readPacket(content);
      const key = this.roster[packet.sender];
      unknownSeat = key === undefined;
      if (key !== undefined) checkPacket(session, key, packet);
    });
    if (broken !== null || packet === null) return broken === null ? [] : [broken];
    if (unknownSeat) return ['seat'];
    const { sender, entries } = packet as PacketRead;
    const kinds = entries.map(({ kind, elided }) => (elided ? 'elided' : kind)).join(' ');
    const [first, second] = entries as [EntryRead, EntryRead?];
    const oneSlot = second === undefined || same(first.key.subarray(1), second.key.subarray(1));
    if (!['commit', 'set reveal', 'remove', 'wish', 'leave'].includes(kinds) || !oneSlot) return ['shape'];
    const epoch = this.#epochs[first.numbers.epoch as number];
    if (epoch === undefined) return ['epoch'];
    if (!epoch.members.includes(sender)) return ['not-a-member'];
    return entries.flatMap((entry) => this.#statement(sender, entry, epoch, entries));
  }

  #statement(sender: number, entry: EntryRead, epoch: Epoch, all: readonly EntryRead[]): MatchDeviation[] {
    const name = `${sender} ${entry.key.toString('hex')}`;
    const before = this.#said.get(name);
    if (before !== undefined) return same(before, entry.rest) ? [] : ['contradiction'];
    this.#said.set(name, entry.rest);
    const after: MatchDeviation[] = [];
    if (epoch.removes.has(sender) && entry.kind !== 'leave') after.push('after-remove');
    if (this.#left.has(sender) && ['commit', 'set', 'reveal'].includes(entry.kind)) after.push('after-leave');
    return [...after, ...this.#meaning(sender, entry, epoch, all)];
  }

  #meaning(sender: number, entry: EntryRead, at: Epoch, all: readonly EntryRead[]): MatchDeviation[] {
    const { kind, numbers, strings } = entry;
    const { epoch = 0, round = 0, target = 255, advanced = 0, index = 0 } = numbers;
    const place = `${round} ${sender}`;
    const isOther = target !== sender && at.members.includes(target);
    if (kind === 'commit') at.commits.set(place, strings.commitment as Buffer);
    else if (kind === 'reveal') return this.#reveal(sender, entry, at, all[0]?.strings.set as Buffer);
    else if (kind === 'set') return this.#set(strings.set as Buffer, at, epoch, round);
    else if (kind === 'leave') {
      this.#left.add(sender);
      return advanced === 0 || this.#advanced(epoch, advanced) ? [] : ['advanced'];
    } else if (kind === 'wish') {
      const expected = at.wishes.get(sender) ?? 0;
      at.wishes.set(sender, index + 1);
      if (index !== expected) return ['wish-index'];
      if (round !== 1 && (round === 0 || !this.#advanced(epoch, round - 1))) return ['wish-round'];
      if (!isOther && target !== 255) return ['target'];
    } else {
      at.removes.set(sender, { target, advanced });
      if (!isOther) return ['target'];
      if (advanced !== 0 && !this.#advanced(epoch, advanced)) return ['advanced'];
      this.#endEpoch(epoch);
    }
    return [];
  }

  #reveal(seat: number, entry: EntryRead, at: Epoch, set: Buffer): MatchDeviation[] {
    const { epoch = 0, round = 0 } = entry.numbers;
    const { salt, input } = entry.strings as { salt: Buffer; input: Buffer };
    const opening = { seat, salt, input };
    at.opens.set(`${round} ${seat}`, { set, opening });
    const sealed = at.commits.get(`${round} ${seat}`);
    const slot = { session: this.session as Buffer, epoch, round };
    return sealed !== undefined && same(sealed, commitment(slot, opening)) ? [] : ['opening'];
  }

  #set(set: Buffer, at: Epoch, epoch: number, round: number): MatchDeviation[] {
    const commits = at.members.flatMap((seat) => at.commits.get(`${round} ${seat}`) ?? []);
    if (commits.length < at.members.length) return ['early-set'];
    return same(set, setDigest({ session: this.session as Buffer, epoch, round }, commits))
      ? []
      : ['wrong-set'];
  }

  #endEpoch(epoch: number): void {
    const at = this.#epochs[epoch] as Epoch;
    const end = at.end();
    if (end === null || this.#epochs[epoch + 1] !== undefined) return;
    this.#epochs.push(
      new Epoch(
        at.members.filter((seat) => seat !== end.target),
        end.after + 1,
      ),
    );
  }

  /** All rounds that have advanced and count, with their seeds. */
  outcomes(): readonly OutcomeRead[] {
    const session = this.session as Buffer;
    const outcomes: OutcomeRead[] = [];
    let seed = firstRoundSeed(session);
    for (const [epoch, at] of this.#epochs.entries()) {
      const last = at.end()?.after ?? Number.POSITIVE_INFINITY;
      for (let round = at.from; round <= last; round++) {
        const openings = at.certificate(session, epoch, round);
        if (openings === null) break;
        const inputs = this.roster.map(
          (_, seat) => openings.find((each) => each.seat === seat)?.input ?? null,
        );
        outcomes.push({ epoch, round, inputs: inputs as (Buffer | null)[], seed });
        seed = nextSeed(seed, openings);
      }
    }
    return outcomes;
  }
}
