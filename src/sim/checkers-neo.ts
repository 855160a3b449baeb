/**
 * What must hold of a simulated match of neo, checked by whoever sees everything: what each player sends,
 * gets, plays and writes. These checkers read statements and logs and share no rule with the machines.
 */

import type { Round, Seat } from '../base/ids.ts';
import { seatsOf } from '../base/players.ts';
import type { Micros } from '../base/time.ts';
import type { NeoSession } from '../protocol/neo/session.ts';
import { FinalsChecker, type LogView } from './checkers-finals.ts';
import { GateChecker, type RoundTerms } from './checkers-gate.ts';
import { type MemoryTerms, memoryExcess } from './checkers-memory.ts';
import type { Reading, SeenPacket } from './checkers-reading.ts';
import { SaidChecker } from './checkers-said.ts';
import type { Watcher } from './watcher.ts';

const VIOLATIONS_MAX = 20;
/** Datagrams between two looks at what a player keeps. */
const LOOK_EVERY = 128;

/** What the checkers look at. */
export interface NeoMatch {
  readonly honest: (seat: Seat) => boolean;
  readonly liars: readonly Seat[];
  readonly keepF: boolean;
  /** Players at the start. */
  readonly founders: number;
  readonly terms: MemoryTerms;
  readonly reading: Reading;
  now(): Micros;
  session(seat: Seat): NeoSession | null;
  records(seat: Seat): readonly Uint8Array[];
}

export class NeoCheckers implements Watcher {
  readonly #match: NeoMatch;
  readonly #violations: string[] = [];
  readonly #finals: FinalsChecker;
  readonly #said: SaidChecker;
  readonly #gate: GateChecker;
  readonly #seen = new Set<SeenPacket>();
  /** From this round on more lie than the members can bear: nothing is claimed any more. */
  #soundUntil: Round = Number.POSITIVE_INFINITY;
  #looks = 0;

  constructor(match: NeoMatch) {
    const tell = (text: string): void => this.#tell(text);
    this.#match = match;
    this.#finals = new FinalsChecker(tell, match.honest);
    this.#said = new SaidChecker(tell, match.records);
    this.#gate = new GateChecker((text) => this.#tell(text), match.honest);
    if (match.liars.length > this.#bearable(match.founders)) this.#soundUntil = 0;
  }

  /** Rounds below this one are played by members of whom few enough lie. */
  get soundUntil(): Round {
    return this.#soundUntil;
  }

  #tell(text: string): void {
    if (this.#violations.length < VIOLATIONS_MAX) this.#violations.push(text);
  }

  /** How many may lie among so many members. */
  #bearable(members: number): number {
    const { founders, keepF } = this.#match;
    return Math.floor(((keepF ? founders : members) - 1) / 3);
  }

  started(seat: Seat): void {
    this.#finals.started(seat);
  }

  played(seat: Seat, round: Round, stateHash: Uint8Array): void {
    this.#finals.played(seat, round, stateHash);
  }

  rolledBack(seat: Seat, round: Round): void {
    this.#finals.rolledBack(seat, round);
  }

  restored(seat: Seat, round: Round): void {
    this.#finals.restored(seat, round);
  }

  final(seat: Seat, round: Round, stateHash: Uint8Array): void {
    const { honest, liars, terms } = this.#match;
    const neo = this.#match.session(seat)?.neo ?? null;
    const past = neo?.past[round - neo.pastFrom] ?? null;
    const log: LogView | null = past && {
      members: past.log.members,
      epochId: past.log.epochId,
      removed: past.events.flatMap((event) => (event.type === 'removed' ? [event] : [])),
    };
    if (honest(seat) && past !== null) {
      const members = seatsOf(past.log.members);
      const lying = members.filter((each) => liars.includes(each)).length;
      if (lying > this.#bearable(members.length))
        this.#soundUntil = Math.min(this.#soundUntil, round + terms.alpha);
    }
    const sound = round < this.#soundUntil;
    this.#finals.final(seat, round, stateHash, log, sound);
    const open = neo?.rounds[round - neo.roundsFrom];
    const roundTerms = open && this.#terms(seatsOf(open.environment.members));
    if (honest(seat) && open && roundTerms && sound) this.#gate.decided(round, roundTerms, open.decided);
  }

  #terms(members: readonly Seat[]): RoundTerms {
    const n = members.length;
    return { members, certificate: Math.floor((n + this.#bearable(n)) / 2) + 1 };
  }

  sent(seat: Seat, session: Uint8Array | null, datagram: Uint8Array): void {
    const { honest, reading } = this.#match;
    if (session === null || !reading.reads(datagram)) return;
    const read = reading.read(session, datagram);
    if (read === null) {
      if (honest(seat)) this.#tell(`layout: player ${seat} sends what does not read`);
      return;
    }
    for (const vector of read.vectors) this.#gate.vector(vector);
    for (const seen of read.packets) {
      const theirs = seen.sender !== seat && (honest(seen.sender) || !seen.isValid());
      if (theirs || this.#seen.has(seen)) continue;
      this.#seen.add(seen);
      if (honest(seat) && seen.sender === seat) this.#said.sent(seat, seen);
      for (const statement of seen.statements) this.#gate.said(seen.sender, statement);
      if (seen.sender === seat) this.#opens(seat, seen);
    }
    if (honest(seat) && ++this.#looks % LOOK_EVERY === 0) this.#look(seat);
  }

  #opens(seat: Seat, { statements }: SeenPacket): void {
    if (!this.#match.honest(seat)) return;
    for (const { kind, round } of statements) {
      if (kind !== 'reveal') continue;
      const neo = this.#match.session(seat)?.neo;
      const open = neo?.rounds[round - neo.roundsFrom];
      if (open && round < this.#soundUntil)
        this.#gate.opens(seat, round, this.#terms(seatsOf(open.environment.members)));
    }
  }

  #look(seat: Seat): void {
    const session = this.#match.session(seat);
    for (const [name, kept, most] of session === null ? [] : memoryExcess(session, this.#match.terms))
      this.#tell(`memory: player ${seat} keeps ${kept} ${name}, more than ${most}`);
  }

  arrived(seat: Seat, session: Uint8Array | null, datagram: Uint8Array): void {
    const { now, reading } = this.#match;
    if (session === null || !reading.reads(datagram)) return;
    for (const seen of reading.read(session, datagram)?.packets ?? []) {
      if (seen.sender === seat) continue;
      for (const statement of seen.statements) {
        const { kind } = statement;
        if (kind !== 'vote' && kind !== 'confirm' && kind !== 'commit' && kind !== 'reveal') continue;
        if (seen.isValid()) this.#gate.arrived(now(), seat, seen.sender, statement);
      }
    }
  }

  accused(by: Seat, player: Seat): void {
    const { honest } = this.#match;
    if (honest(player) && honest(by)) this.#tell(`framed: player ${by} convicts honest player ${player}`);
  }

  /** The newest final round of a player. */
  finalOf(seat: Seat): Round {
    return this.#finals.finalOf(seat);
  }

  violations(): readonly string[] {
    return this.#violations;
  }
}
