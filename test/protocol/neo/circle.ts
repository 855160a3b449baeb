/**
 * Neo machines without a network: every event is given by the test, every record and statement is kept, and
 * a player can be stopped after any record and started again from what was on disk.
 */

import { type Round, type Seat, seatOf } from '../../../src/base/ids.ts';
import { nobody } from '../../../src/base/players.ts';
import { type Micros, micros } from '../../../src/base/time.ts';
import { commit } from '../../../src/crypto/commitment.ts';
import { hash } from '../../../src/crypto/hash.ts';
import { attest, type Verified } from '../../../src/crypto/signature.ts';
import { keyring } from '../../../src/keyring/node.ts';
import { type NeoEvent, stepNeo, wakeNeo, wantsInput } from '../../../src/protocol/neo/neo.ts';
import type { NeoRecord } from '../../../src/protocol/neo/record.ts';
import { restore } from '../../../src/protocol/neo/recovery.ts';
import {
  beginNeo,
  type Neo,
  type NeoRound,
  type NeoSetup,
  roundOf,
} from '../../../src/protocol/neo/state.ts';
import type { NeoEffect } from '../../../src/protocol/neo/turn.ts';
import type { Outcome } from '../../../src/protocol/round.ts';
import { elide, entriesOf, type Packet, signedMessage, signedPacket } from '../../../src/wire/packet.ts';
import type { NeoStatement, Reveal, StatementKind } from '../../../src/wire/statement.ts';
import { memberOf, pace, parameters, players, session } from './group.ts';

export type Vectors = readonly (readonly Uint8Array[])[];

/** A packet on its way, and the hashes beside it. */
export interface Sent {
  readonly packet: Verified<Packet>;
  readonly vectors: Vectors;
}

export const openAfter: Micros = micros(1000);
export const lateAfter: Micros = micros(400);

export function setupOf(size: number, me: number, change: Partial<NeoSetup> = {}): NeoSetup {
  return {
    session,
    me: seatOf(me),
    roster: players.slice(0, size).map(memberOf),
    log: parameters,
    pace,
    times: { viewFirst: 3, viewMax: micros(2000), openAfter, lateAfter },
    window: parameters.alpha,
    ...change,
  };
}

const noSignature = new Uint8Array(64);

/** The statements as a packet of a seat; signed only where somebody looks at signatures. */
export function packetOf(seat: number, statements: readonly NeoStatement[], signs = false): Verified<Packet> {
  const entries = entriesOf(statements);
  const message = signedMessage(session, seatOf(seat), entries);
  const { publicKey, secretKey } = players[seat] as (typeof players)[number];
  const signature = signs ? keyring.sign(secretKey, message) : noSignature;
  return attest({ publicKey, message, signature, value: signedPacket(seatOf(seat), entries, signature) });
}

/** What a seat says of a round when it plays `text`. */
export function moveOf(seat: number, text: string, round: Round = 1, epoch = 0): [NeoStatement, Reveal] {
  const salt = hash('seed', new TextEncoder().encode(`${seat} ${text} ${round}`)).slice(0, 16);
  const input = Uint8Array.of(0, ...new TextEncoder().encode(text));
  const commitment = commit({ session, epoch, round, author: seatOf(seat) }, salt, input);
  return [
    { kind: 'commit', epoch, round, commitment },
    { kind: 'reveal', epoch, round, input, salt },
  ];
}

/** All hashes that a machine can tell beside its packets. */
export function vectorsOf(neo: Neo): Vectors {
  return neo.rounds.flatMap(({ openings, slots, votes }) => {
    const confirms = [slots, ...openings].flatMap(
      (contest) => contest?.confirms.flatMap((list) => list ?? []) ?? [],
    );
    return [...votes, ...confirms].flatMap((held) => (held?.hashes?.length ? [held.hashes] : []));
  });
}

/** One player. */
export class Person {
  readonly seat: Seat;
  neo: Neo;
  at: Micros = 0;
  connectedAt: Micros = 0;
  /** Everything on disk. */
  records: NeoRecord[] = [];
  readonly effects: NeoEffect[] = [];
  /** Own packets, as they were signed. */
  readonly signed: Verified<Packet>[] = [];
  readonly outcomes: Outcome[] = [];
  /** Digest of the game's state after each round; 0 is the start. */
  states: Uint8Array[] = [hash('state', new Uint8Array(1))];
  readonly #setup: NeoSetup;
  readonly #signs: boolean;
  /** While true the game does not answer. */
  held = false;
  #waiting: Outcome[] = [];

  constructor(size: number, seat: number, signs = false, change: Partial<NeoSetup> = {}) {
    this.seat = seatOf(seat);
    this.#setup = setupOf(size, seat, change);
    this.#signs = signs;
    this.neo = beginNeo(this.#setup);
    const { roster } = this.#setup;
    const keys = roster.map(({ publicKey }) => publicKey);
    const nonces = roster.map(({ nonce }) => nonce);
    this.records.push({ type: 'session', keys, nonces });
    this.take({ type: 'played', round: 0, stateHash: this.states[0] as Uint8Array, illegal: nobody });
  }

  get now(): { at: Micros; time: Micros; connectedAt: Micros } {
    return { at: this.at, time: this.at, connectedAt: this.connectedAt };
  }

  round(number: Round = 1): NeoRound {
    return roundOf(this.neo, number) as NeoRound;
  }

  take(event: NeoEvent): this {
    const [neo, effects] = stepNeo(this.neo, this.now, event);
    this.neo = neo;
    this.effects.push(...effects);
    for (const effect of effects) this.#carryOut(effect);
    return this;
  }

  #carryOut(effect: NeoEffect): void {
    if (effect.type === 'persist') this.records.push(effect.record);
    else if (effect.type === 'sign' && effect.draft.type === 'packet') {
      const packet = packetOf(this.seat, effect.draft.statements as readonly NeoStatement[], this.#signs);
      this.signed.push(packet);
      this.take({ type: 'packet', packet, vectors: [] });
    } else if (effect.type === 'rollback') this.states = this.states.slice(0, effect.round + 1);
    else if (effect.type === 'advance') {
      this.#waiting.push(effect.outcome);
      if (!this.held) this.play();
    }
  }

  /** The game plays what it was told to. */
  play(): this {
    for (const outcome of this.#waiting.splice(0)) {
      const { inputs, round, seed } = outcome;
      this.outcomes.push(outcome);
      const before = this.states[round - 1] as Uint8Array;
      const stateHash = hash('state', before, seed, ...inputs.map((input) => input ?? noSignature));
      this.states = [...this.states.slice(0, round), stateHash];
      this.take({ type: 'played', round, stateHash, illegal: nobody });
    }
    return this;
  }

  /** Gives an input for every round up to `last` that wants one. */
  give(last: Round = 1): this {
    for (let next = wantsInput(this.neo, this.now); next !== null && next.round <= last; ) {
      const { round } = next;
      const text = `${this.seat} plays ${round} at ${this.at}`;
      const salt = hash('seed', new TextEncoder().encode(text)).slice(0, 16);
      const input = Uint8Array.of(round);
      this.take({ type: 'input', round, input, salt, report: { lateness: 0, lag: 0 } });
      next = wantsInput(this.neo, this.now);
    }
    return this;
  }

  hear(...all: readonly (Sent | Verified<Packet>)[]): this {
    for (const each of all) {
      const { packet, vectors } = 'packet' in each ? each : { packet: each, vectors: [] };
      this.take({ type: 'packet', packet, vectors });
    }
    return this;
  }

  tick(at: Micros = this.at): this {
    this.at = Math.max(at, this.at);
    return this.take({ type: 'tick' });
  }

  /** Ticks when the machine wants it, until that time; at most every ten milliseconds. */
  wait(ms: number): this {
    const until = this.at + micros(ms);
    for (;;) {
      const wake = wakeNeo(this.neo, this.now);
      if (wake === null || wake > until || this.at >= until) break;
      this.tick(Math.min(until, Math.max(wake, this.at + micros(10))));
    }
    return this.tick(until);
  }

  /** What was said in all lives and was on disk before it could leave. */
  get said(): readonly NeoStatement[] {
    return this.records.flatMap((record) => (record.type === 'said' ? record.statements : []));
  }

  saidOf<Kind extends StatementKind>(kind: Kind): readonly Extract<NeoStatement, { kind: Kind }>[] {
    return this.said.filter((each): each is Extract<NeoStatement, { kind: Kind }> => each.kind === kind);
  }

  /** Ends this life with the first records alone on disk, and begins another from them. */
  restart(records: number = this.records.length): this {
    this.records = this.records.slice(0, records);
    const restored = restore(this.records, () => this.#setup);
    this.neo = restored.neo as Neo;
    this.#waiting = [];
    this.states = this.states.slice(0, 1);
    for (const { round, inputs, seed } of restored.outcomes) {
      const before = this.states[round - 1] as Uint8Array;
      this.states[round] = hash('state', before, seed, ...inputs.map((input) => input ?? noSignature));
    }
    this.take({ type: 'played', round: 0, stateHash: this.states[0] as Uint8Array, illegal: nobody });
    for (const statements of restored.unsaid) {
      const packet = packetOf(this.seat, statements, this.#signs);
      this.signed.push(packet);
      this.take({ type: 'packet', packet, vectors: [] });
    }
    return this.tick();
  }
}

export function circle(size: number, signs = false, change: Partial<NeoSetup> = {}): Person[] {
  return Array.from({ length: size }, (_, seat) => new Person(size, seat, signs, change));
}

/** The packet without its statements of some kinds; null where nothing is left. */
export function without(
  packet: Verified<Packet>,
  ...kinds: readonly StatementKind[]
): Verified<Packet> | null {
  const keep = packet.entries.flatMap(({ statement }, index) =>
    statement !== null && !kinds.includes(statement.kind) ? [index] : [],
  );
  if (keep.length === packet.entries.length) return packet;
  return keep.length === 0 ? null : (elide(packet, session, keep) as Verified<Packet>);
}

export type Route = (from: number, to: number, packet: Verified<Packet>) => Verified<Packet> | null;

/** Everybody hears everything that those say, as it is routed, until nothing new is said. */
export function mingle(
  all: readonly Person[],
  route: Route = (_from, _to, packet) => packet,
  heard: Map<Person, number> = new Map(),
): void {
  for (let left = true; left; ) {
    left = false;
    for (const speaker of all) {
      const start = heard.get(speaker) ?? 0;
      heard.set(speaker, speaker.signed.length);
      for (const packet of speaker.signed.slice(start)) {
        left = true;
        const vectors = vectorsOf(speaker.neo);
        for (const to of all) {
          const routed = to === speaker ? null : route(speaker.seat, to.seat, packet);
          if (routed !== null) to.hear({ packet: routed, vectors });
        }
      }
    }
  }
}
