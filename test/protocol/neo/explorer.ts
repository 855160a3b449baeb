/**
 * A world of three honest players and one liar, in which anything may come at any time, any number of times:
 * every choice is drawn from a seed. The liar signs whatever statements there are; honest players may be
 * stopped after any record that nobody has seen the like of, and start again.
 */

import { equalBytes, toHex } from '../../../src/base/bytes.ts';
import type { Round } from '../../../src/base/ids.ts';
import { add, has, nobody, type PlayerSet, seatsOf } from '../../../src/base/players.ts';
import { type Prng, prng } from '../../../src/base/prng.ts';
import { vectorDigest } from '../../../src/crypto/commitment.ts';
import type { Verified } from '../../../src/crypto/signature.ts';
import { conflict, selfConflict } from '../../../src/protocol/conflict.ts';
import { leaderOf } from '../../../src/protocol/neo/instance.ts';
import { judgePacket } from '../../../src/protocol/neo/judge.ts';
import { leaderValue } from '../../../src/protocol/neo/justify.ts';
import type { FinalRound } from '../../../src/protocol/neo/record.ts';
import { type Packet, partHashOf } from '../../../src/wire/packet.ts';
import {
  type Certified,
  type Change,
  type Commit,
  type NeoStatement,
  type Propose,
  type Reveal,
  ROUND_INSTANCE,
  type StatementKind,
} from '../../../src/wire/statement.ts';
import { moveOf, Person, packetOf, vectorsOf, without } from './circle.ts';
import { session, setOf } from './group.ts';

const zero = new Uint8Array(32);
const SEATS = [0, 1, 2, 3] as const;

/** What a seed may bring. */
export interface Climate {
  /** The last round that is played. */
  readonly rounds: Round;
  readonly steps: number;
  /** Of a hundred worlds so many begin well. */
  readonly calm: number;
  /** Of a hundred steps so many are a crash, and so many something that the liar says. */
  readonly crashes: number;
  readonly lies: number;
}

export class World {
  readonly honest: readonly Person[];
  readonly liar: number;
  readonly #random: Prng;
  readonly #climate: Climate;
  /** Everything that was ever sent. */
  readonly #pool: Verified<Packet>[] = [];
  readonly #pooled = new Set<string>();
  /** Hashes that votes and confirms speak of. */
  readonly #vectors = new Map<string, readonly Uint8Array[]>();
  /** By person how many own packets were sent, and how many records were on disk by then. */
  readonly #sent = new Map<Person, { packets: number; records: number }>();

  constructor(seed: number, climate: Climate) {
    this.#random = prng(seed);
    this.#climate = climate;
    this.liar = this.#below(4);
    this.honest = SEATS.filter((seat) => seat !== this.liar).map((seat) => new Person(4, seat));
    for (const person of this.honest) this.#sent.set(person, { packets: 0, records: person.records.length });
  }

  #below(bound: number): number {
    return this.#random.below(bound);
  }

  #pick<T>(list: readonly T[]): T {
    return list[this.#below(list.length)] as T;
  }

  #pool1(packet: Verified<Packet>): void {
    const name = toHex(packet.bytes);
    if (this.#pooled.has(name)) return;
    this.#pooled.add(name);
    this.#pool.push(packet);
  }

  #flush(person: Person): void {
    const sent = this.#sent.get(person) as { packets: number; records: number };
    for (const packet of person.signed.slice(sent.packets)) this.#pool1(packet);
    this.#sent.set(person, { packets: person.signed.length, records: person.records.length });
    for (const vector of vectorsOf(person.neo)) this.#vectors.set(toHex(vectorDigest(vector)), vector);
  }

  /** The hashes beside a packet, as far as anybody knows them. */
  #beside(packet: Packet): readonly (readonly Uint8Array[])[] {
    return packet.entries.flatMap(({ statement }) => {
      if (statement?.kind !== 'vote' && statement?.kind !== 'confirm' && statement?.kind !== 'hold')
        return [];
      const vector = this.#vectors.get(toHex(statement.values));
      return vector === undefined || vector.length === 0 ? [] : [vector];
    });
  }

  #deliver(person: Person, packet: Verified<Packet>, whole: boolean): void {
    if (packet.sender === person.seat) return;
    const parts =
      whole || this.#below(4) > 0 ? packet : without(packet, this.#pick(['vote', 'reveal', 'confirm']));
    if (parts === null || judgePacket(person.neo, parts) !== null) return;
    const vectors = whole || this.#below(2) === 0 ? this.#beside(parts) : [];
    person.hear({ packet: parts, vectors });
  }

  /**
   * A good beginning, as most rounds have it: commitments and votes reach everybody, all slots are decided.
   * The opening of the liar reaches one player or nobody.
   */
  begin(): void {
    const [commit, reveal] = moveOf(this.liar, 'a', 1) as [Commit, Reveal];
    this.#pool1(packetOf(this.liar, [commit]));
    for (const person of this.honest) {
      person.give(1);
      this.#flush(person);
    }
    const spread = (...dropped: readonly StatementKind[]): void => {
      for (const person of this.honest) {
        for (const packet of [...this.#pool]) {
          const some = packet.sender === this.liar ? packet : without(packet, ...dropped);
          if (some !== null && packet.sender !== person.seat && judgePacket(person.neo, some) === null)
            person.hear({ packet: some, vectors: this.#beside(some) });
        }
        this.#flush(person);
      }
    };
    const dropped = this.#pick<readonly StatementKind[]>([
      [],
      ['hold'],
      ['reveal', 'hold'],
      ['confirm', 'hold'],
    ]);
    spread(...dropped);
    const { ownVote } = (this.honest[0] as Person).round(1);
    const hashes = (ownVote ?? []).filter((value) => value !== null);
    const vote = {
      kind: 'vote',
      epoch: 0,
      round: 1,
      named: setOf(SEATS),
      values: vectorDigest(hashes),
      state: zero,
    } as const;
    if (this.#below(3) > 0) this.#pool1(packetOf(this.liar, [vote]));
    spread(...dropped);
    spread(...dropped);
    if (this.#below(2) === 0) this.#pick(this.honest).hear(packetOf(this.liar, [reveal]));
    for (const person of this.honest) if (this.#below(2) === 0) person.wait(this.#pick([50, 1200]));
  }

  /** One thing that happens. */
  step(): void {
    const { crashes, lies, rounds } = this.#climate;
    const person = this.#pick(this.honest);
    const chance = this.#below(100);
    if (chance < crashes) this.#crash(person);
    else if (chance < crashes + lies) this.#lie();
    else if (chance < crashes + lies + 12)
      person.tick(person.at + this.#pick([1, 5, 20, 40, 100, 400, 1200]) * 1000);
    else if (chance < crashes + lies + 24) person.give(rounds);
    else if (chance < crashes + lies + 36) this.#flush(person);
    else if (this.#pool.length > 0) this.#deliver(person, this.#pick(this.#pool), false);
  }

  #crash(person: Person): void {
    const { records } = this.#sent.get(person) as { records: number };
    this.stop(person, records + this.#below(person.records.length - records + 1));
  }

  /** Ends a player's life with that many records on disk; no fewer than what others may know rests on. */
  stop(person: Person, records: number): void {
    const sent = this.#sent.get(person) as { packets: number; records: number };
    person.signed.length = sent.packets;
    person.restart(Math.min(person.records.length, Math.max(sent.records, records)));
  }

  /** Values for some slots, each something that somebody may believe in. */
  #values(slots: PlayerSet, round: Round): { named: PlayerSet; hashes: Uint8Array[] } {
    let named = nobody;
    const hashes: Uint8Array[] = [];
    for (const slot of seatsOf(slots)) {
      const commits = this.#pool.flatMap(({ entries, sender }) =>
        sender !== slot
          ? []
          : entries.flatMap(({ statement }) =>
              statement?.kind === 'commit' && statement.round === round ? [statement.commitment] : [],
            ),
      );
      if (commits.length === 0 || this.#below(5) === 0) continue;
      named = add(named, slot);
      hashes.push(this.#pick(commits));
    }
    this.#vectors.set(toHex(vectorDigest(hashes)), hashes);
    return { named, hashes };
  }

  #lie(): void {
    const statement = this.#lieOf(1 + this.#below(this.#climate.rounds));
    if (statement !== null) this.#pool1(packetOf(this.liar, [statement]));
  }

  #said<Kind extends NeoStatement['kind']>(
    kind: Kind,
    round: Round,
  ): { packet: Packet; index: number; statement: Extract<NeoStatement, { kind: Kind }> }[] {
    return this.#pool.flatMap((packet) =>
      packet.entries.flatMap(({ statement }, index) =>
        statement?.kind === kind && 'round' in statement && statement.round === round
          ? [{ packet, index, statement: statement as Extract<NeoStatement, { kind: Kind }> }]
          : [],
      ),
    );
  }

  #lieOf(round: Round): NeoStatement | null {
    const [commit, reveal] = moveOf(this.liar, this.#pick(['a', 'b']), round) as [Commit, Reveal];
    const place = { epoch: 0, round };
    const instance = this.#below(2) === 0 ? ROUND_INSTANCE : this.#below(4);
    const view = 1 + this.#below(this.#below(10) === 0 ? 65535 : 4);
    const all = setOf(SEATS);
    const slots = instance === ROUND_INSTANCE ? all : add(nobody, instance as never);
    const kind = this.#pick([
      'commit',
      'vote',
      'vote',
      'reveal',
      'hold',
      'change',
      'propose',
      'prepare',
      'confirm',
    ]);
    if (kind === 'commit') return commit;
    if (kind === 'reveal') return reveal;
    if (kind === 'vote') {
      const { named, hashes } = this.#values(all, round);
      return { kind, ...place, named, values: vectorDigest(hashes), state: zero };
    }
    if (kind === 'hold') {
      const { named, hashes } = this.#values(setOf(SEATS.filter(() => this.#below(2) === 0)), round);
      return { kind, ...place, index: this.#below(5), authors: named, values: vectorDigest(hashes) };
    }
    if (kind === 'change') return this.#change(round, instance, view);
    if (kind === 'propose') return this.#propose(round, instance, slots);
    if (kind === 'prepare') {
      const proposals = this.#said('propose', round);
      if (proposals.length === 0) return null;
      const { index, packet, statement } = this.#pick(proposals);
      const proposal = partHashOf(session, packet, index);
      return { kind, ...place, instance: statement.instance, view: statement.view, proposal };
    }
    const some = instance === ROUND_INSTANCE ? setOf(SEATS.filter(() => this.#below(3) > 0)) : slots;
    const { named, hashes } = this.#values(some, round);
    const values = vectorDigest(hashes);
    return {
      kind: 'confirm',
      ...place,
      instance,
      view: this.#below(3),
      index: this.#below(2),
      slots: some,
      named,
      values,
    };
  }

  #change(round: Round, instance: number, view: number): Change {
    const ofSlots = instance === ROUND_INSTANCE;
    const { named, hashes } = ofSlots ? this.#values(setOf(SEATS), round) : { named: nobody, hashes: [] };
    const person = this.#pick(this.honest);
    const contest = ofSlots ? person.round(round).slots : person.round(round).openings[instance];
    const certified = (contest?.best ?? []).filter(
      (each): each is Certified => each !== null && this.#below(2) === 0,
    );
    const decided = person.round(round).decided[instance] ?? zero;
    const claim = ofSlots || this.#below(2) === 0 ? zero : decided;
    return { kind: 'change', epoch: 0, round, instance, view, named, votes: hashes, certified, claim };
  }

  /** A proposal of a view that the liar leads, from view changes that there are. */
  #propose(round: Round, instance: number, slots: PlayerSet): Propose | null {
    const any = (this.honest[0] as Person).round(round);
    const views = [1, 2, 3, 4, 5].filter((view) => leaderOf(any, instance, view) === this.liar);
    if (views.length === 0) return null;
    const view = this.#pick(views);
    const changes = this.#said('change', round).filter(
      ({ statement }) => statement.instance === instance && statement.view === view,
    );
    const senders = new Map(changes.map((each) => [each.packet.sender, each]));
    const set = [...senders.values()].sort(() => this.#below(3) - 1).slice(0, 3);
    if (set.length < 3) return null;
    const statements = set.map(({ statement }) => statement);
    let named = nobody;
    const values: Uint8Array[] = [];
    for (const slot of seatsOf(slots)) {
      const value = leaderValue(instance, slot, statements);
      if (equalBytes(value, zero) || this.#below(20) === 0) continue;
      named = add(named, slot);
      values.push(value);
    }
    const names = set.map(({ index, packet }) => partHashOf(session, packet, index));
    return { kind: 'propose', epoch: 0, round, instance, view, changes: names, named, values };
  }

  /** From here on everything reaches everybody and nobody lies; true when all rounds become final. */
  calm(turns: number): boolean {
    const { rounds } = this.#climate;
    for (const person of this.honest) {
      for (const { reveals } of person.neo.rounds)
        for (const held of reveals) if (held) this.#pool1(held.packet);
    }
    const isDone = (): boolean => this.honest.every(({ neo }) => neo.final >= rounds);
    for (let turn = 0; turn < turns && !isDone(); turn++) {
      for (const person of this.honest) {
        person.give(rounds);
        person.wait(100);
        person.give(rounds);
        this.#flush(person);
      }
      for (const person of this.honest)
        for (const packet of [...this.#pool]) this.#deliver(person, packet, true);
      for (const person of this.honest) this.#flush(person);
    }
    return isDone();
  }

  /** Everything that must never be, and is. */
  faults(): string[] {
    return [...this.#disagreements(), ...this.honest.flatMap((person) => this.#lies(person))];
  }

  #disagreements(): string[] {
    const faults: string[] = [];
    for (let number = 1; number <= this.#climate.rounds; number++) {
      for (const slot of SEATS) {
        const rounds = this.honest.map((person) => person.round(number));
        const values = new Set(
          rounds.flatMap(({ decided }) => (decided[slot] ? [toHex(decided[slot])] : [])),
        );
        if (values.size > 1) faults.push(`round ${number} slot ${slot} is decided twice`);
        const open = rounds.some(({ opened }) => has(opened, slot as never));
        if (open && rounds.some(({ voided }) => has(voided, slot as never)))
          faults.push(`round ${number}: the opening of ${slot} is open and void`);
      }
      const finals = this.honest.flatMap(({ records }) =>
        records.flatMap((record): FinalRound[] =>
          record.type === 'final' && record.final.round === number ? [record.final] : [],
        ),
      );
      const told = new Set(finals.map(({ stateHash, voided }) => `${toHex(stateHash)} ${voided}`));
      if (told.size > 1) faults.push(`round ${number} is final in ${told.size} ways`);
    }
    return faults;
  }

  /** Whether anything that an honest player may have sent convicts it. */
  #lies({ effects, records, seat }: Person): string[] {
    const own = this.#pool.filter(({ sender }) => sender === seat);
    const logged = records.flatMap((record) =>
      record.type === 'said' ? [packetOf(seat, record.statements)] : [],
    );
    const packets = [...new Map([...own, ...logged].map((packet) => [toHex(packet.bytes), packet])).values()];
    const faults: string[] = [];
    for (const [i, a] of packets.entries()) {
      const alone = selfConflict(session, a, this.#beside(a));
      if (alone !== null) faults.push(`${seat} convicts itself: ${alone.kind} ${alone.statement}`);
      for (const b of packets.slice(i + 1)) {
        const found = conflict(session, a, b, [...this.#beside(a), ...this.#beside(b)]);
        if (found !== null)
          faults.push(`${seat} convicts itself: ${found.kind} ${found.statement} of ${found.round}`);
      }
    }
    for (const effect of effects) {
      if (effect.type === 'evidence' && effect.player !== this.liar)
        faults.push(`${seat} accuses ${effect.player} of ${effect.kind}`);
    }
    return faults;
  }
}

/** What goes wrong with a seed; nothing if all is well. */
export function explore(seed: number, climate: Climate): string[] {
  const world = new World(seed, climate);
  if (seed % 100 < climate.calm) world.begin();
  for (let i = 0; i < climate.steps; i++) world.step();
  const done = world.calm(80);
  const faults = world.faults();
  const finals = world.honest.map(({ neo }) => neo.final);
  return done ? faults : [...faults, `no progress: final are ${finals}, the liar is ${world.liar}`];
}
