/**
 * Whole matches in one process and in virtual time: a driver a player, a pipe with a constant delay,
 * fixed keys, nonces, salts and inputs. Every datagram that leaves is recorded, so a match is the same
 * bytes each time.
 */

import { concatBytes } from '../../src/base/bytes.ts';
import { type Seat, seatOf } from '../../src/base/ids.ts';
import { nobody } from '../../src/base/players.ts';
import { type Micros, micros } from '../../src/base/time.ts';
import { hash } from '../../src/crypto/hash.ts';
import { ownSigned, verifySealed } from '../../src/keyring/keyring.ts';
import { keyring } from '../../src/keyring/node.ts';
import { Driver, type Ports } from '../../src/protocol/driver.ts';
import { encodeAgreement, rosterOf } from '../../src/protocol/handshake.ts';
import { lockstepEngine } from '../../src/protocol/lockstep-engine.ts';
import type { Outcome } from '../../src/protocol/round.ts';
import type { Session } from '../../src/protocol/session.ts';
import { BUNDLE, decodeBundle, encodeBundle, type Item } from '../../src/wire/envelope.ts';
import {
  decodePacket,
  entriesOf,
  type Packet,
  signedMessage,
  signedPacket,
  statementOf,
} from '../../src/wire/packet.ts';
import type { Statement } from '../../src/wire/statement.ts';

/** Bytes that a text stands for; different texts, different bytes. */
export function fixed(text: string, length = 32): Uint8Array {
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  return concatBytes(hash('random', bytes), hash('seed', bytes)).slice(0, length);
}

export interface Player {
  readonly secretKey: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** Players with fixed keys, by seat. */
export function playersOf(count: number): readonly Player[] {
  const players = Array.from({ length: count }, (_, i) => {
    const secretKey = fixed(`player ${i} of ${count}`);
    return { secretKey, publicKey: keyring.publicKey(secretKey) };
  });
  return rosterOf(players.map(({ publicKey }) => publicKey)).map(
    (key) => players.find(({ publicKey }) => publicKey === key) as Player,
  );
}

export const agreement: Uint8Array = encodeAgreement({
  game: { id: 'standard', version: 7, rules: { map: 'hill', lives: 3 } },
  protocol: { name: 'lockstep', parameters: { stallMs: 500 } },
});

/** A datagram that left a player. */
export interface Sent {
  readonly from: number;
  readonly to: number;
  readonly bytes: Uint8Array;
}

export type Told = Parameters<Ports['tell']>[0];

/** One seat of a match. */
export interface Seated {
  readonly driver: Driver<Session>;
  readonly outcomes: Outcome[];
  readonly told: Told[];
  /** The session and the seed that `begin` gave. */
  began: { readonly session: Uint8Array; readonly seed: Uint8Array } | null;
}

const DELAY: Micros = micros(5);

export class Match {
  readonly players: readonly Player[];
  readonly seats: readonly Seated[];
  readonly sent: Sent[] = [];
  /** What a player's datagram becomes before it leaves, where that player cheats. */
  cheat: (sent: Sent) => Sent = (sent) => sent;
  /** What happens to a datagram on its way; the answer is what arrives, in order. */
  onTheWay: (sent: Sent) => readonly Sent[] = (sent) => [sent];
  /** Rounds for which inputs are given. */
  rounds: number;
  #now: Micros = 0;
  readonly #planned: { at: Micros; run: () => void }[] = [];
  readonly #wakes: (Micros | null)[];

  constructor(count: number, rounds: number) {
    this.rounds = rounds;
    this.players = playersOf(count);
    this.#wakes = this.players.map(() => null);
    this.seats = this.players.map((_, seat) => this.#seat(seat));
    for (const seat of this.seats) this.#plan(this.#now, () => seat.driver.start());
  }

  get now(): Micros {
    return this.#now;
  }

  #plan(at: Micros, run: () => void): void {
    const after = this.#planned.findIndex((other) => other.at > at);
    this.#planned.splice(after < 0 ? this.#planned.length : after, 0, { at, run });
  }

  /** Plans the delivery of a datagram. */
  deliver({ from, to, bytes }: Sent, delay: Micros = DELAY): void {
    this.#plan(this.#now + delay, () => this.seats[to]?.driver.receive(seatOf(from), bytes.slice()));
  }

  #seat(me: number): Seated {
    const seat: Omit<Seated, 'driver'> = { outcomes: [], told: [], began: null };
    const nonce = fixed(`nonce ${me} of ${this.players.length}`, 16);
    const keys = this.players.map(({ publicKey }) => publicKey);
    const setup = { me: seatOf(me), keys, agreement, nonce, stallAfter: micros(500), handshakeWithin: null };
    return Object.assign(seat, { driver: new Driver(lockstepEngine, setup, this.#ports(me, seat)) });
  }

  #ports(me: number, seat: Omit<Seated, 'driver'>): Ports {
    const { secretKey } = this.players[me] as Player;
    let salts = 0;
    let state = new Uint8Array(32);
    const submit = (round: number): void => {
      if (round > this.rounds) return;
      this.#plan(this.#now, () =>
        this.seats[me]?.driver.submit(fixed(`input ${me} ${round}`, (7 * me + round) % 40)),
      );
    };
    return {
      now: () => this.#now,
      sign: (message, done) => done(keyring.sign(secretKey, message)),
      own: ownSigned,
      verify: (sealed, done) => done(verifySealed(keyring, sealed)),
      persist: () => {},
      flush: (done) => done(),
      send: (to: Seat, bytes) => {
        const sent = this.cheat({ from: me, to, bytes });
        this.sent.push(sent);
        for (const arriving of this.onTheWay(sent)) this.deliver(arriving);
      },
      salt: () => fixed(`salt ${me} ${salts++}`, 16),
      begin: (session, seed) => {
        seat.began = { session, seed };
        state = hash('state', seed) as Uint8Array<ArrayBuffer>;
        submit(1);
        return state;
      },
      advance: (outcome) => {
        seat.outcomes.push(outcome);
        const inputs = outcome.inputs.map((input) => input ?? new Uint8Array(0));
        state = hash('state', state, outcome.seed, ...inputs) as Uint8Array<ArrayBuffer>;
        submit(outcome.round + 1);
        return { stateHash: state, illegal: nobody };
      },
      permits: () => true,
      prove: () => null,
      stateBytes: () => null,
      rollback: () => state,
      final: () => {},
      tell: (effect) => seat.told.push(effect),
      wake: (at) => {
        this.#wakes[me] = at;
      },
    };
  }

  /** Lets the next thing happen. */
  #next(): void {
    const wakes = this.#wakes.flatMap((at, seat) =>
      at === null ? [] : [{ at: Math.max(at, this.#now), seat }],
    );
    const wake = wakes.sort((a, b) => a.at - b.at)[0];
    const planned = this.#planned[0];
    if (planned !== undefined && (wake === undefined || planned.at <= wake.at)) {
      this.#now = planned.at;
      this.#planned.shift();
      planned.run();
    } else if (wake !== undefined) {
      this.#now = wake.at;
      this.#wakes[wake.seat] = null;
      this.seats[wake.seat]?.driver.tick();
    }
  }

  /** Runs until the test holds. Throws if it does not within a minute of the match's time. */
  runUntil(test: () => boolean, what: string): void {
    const limit = this.#now + micros(60_000);
    while (!test()) {
      if (this.#now > limit) throw new Error(`the match never comes to: ${what}`);
      this.#next();
    }
  }

  /** Runs for so many milliseconds of the match's time. */
  runFor(ms: number): void {
    const end = this.#now + micros(ms);
    this.#plan(end, () => {});
    this.runUntil(() => this.#now >= end, `${ms} ms later`);
  }

  /** Takes a player off the network. */
  silence(seat: number): void {
    const before = this.onTheWay;
    this.onTheWay = (sent) => (sent.from === seat || sent.to === seat ? [] : before(sent));
  }

  round(seat: number): number {
    return this.seats[seat]?.driver.session.lockstep?.round ?? 0;
  }

  epoch(seat: number): number {
    return this.seats[seat]?.driver.session.lockstep?.epoch ?? 0;
  }
}

/** Two players; seat 1 leaves after four rounds. */
export function matchOfTwo(): Match {
  const match = new Match(2, 4);
  match.runUntil(() => match.round(0) === 5 && match.round(1) === 5, 'four rounds');
  match.seats[1]?.driver.dispatch({ type: 'leave', at: match.now });
  match.runUntil(() => match.seats[0]?.told.some(({ type }) => type === 'end') ?? false, 'the end');
  match.runFor(100);
  return match;
}

/** Whom the others wish to remove, on behalf of the game. */
export function wishOf(match: Match, wishers: readonly number[], target: number | null): void {
  const seat = target === null ? null : seatOf(target);
  for (const each of wishers)
    match.seats[each]?.driver.dispatch({ type: 'wish', at: match.now, target: seat });
}

/** Four players: a wish is made and taken back, seat 3 falls silent and is removed, seat 0 leaves. */
export function matchOfFour(): Match {
  const match = new Match(4, 30);
  match.runUntil(() => match.round(0) >= 4, 'three rounds');
  wishOf(match, [1], 2);
  match.runFor(20);
  wishOf(match, [1], null);
  match.runFor(20);
  match.silence(3);
  match.runFor(700);
  wishOf(match, [0, 1, 2], 3);
  match.runUntil(() => [0, 1, 2].every((seat) => match.epoch(seat) === 1), 'the removal of seat 3');
  const { length } = match.seats[1]?.outcomes ?? [];
  match.runUntil(() => (match.seats[1]?.outcomes.length ?? 0) >= (length ?? 0) + 3, 'three more rounds');
  match.seats[0]?.driver.dispatch({ type: 'leave', at: match.now });
  match.runUntil(() => [1, 2].every((seat) => match.epoch(seat) === 2), 'the end of the second epoch');
  match.runUntil(() => [1, 2].every((seat) => match.round(seat) === 31), 'all rounds');
  match.runFor(100);
  return match;
}

/** A packet with another signature by the same player: what its entries become is signed anew. */
export function resigned(match: Match, packet: Packet, change: (statement: Statement) => Statement): Packet {
  const session = match.seats[packet.sender]?.began?.session as Uint8Array;
  const { secretKey } = match.players[packet.sender] as Player;
  const parts = packet.entries.map(({ statement }) => change(statement as Statement));
  const entries = entriesOf(parts);
  return signedPacket(
    packet.sender,
    entries,
    keyring.sign(secretKey, signedMessage(session, packet.sender, entries)),
  );
}

/** The datagram with its packets changed, where the change has an answer. */
export function withPackets(
  session: Uint8Array,
  datagram: Uint8Array,
  change: (packet: Packet) => Packet | null,
): Uint8Array {
  const bundle = datagram[1] === BUNDLE ? decodeBundle(session, datagram) : null;
  if (!bundle?.ok) return datagram;
  const items = bundle.value.items.map((item): Item => {
    const packet = item.type === 'packet' ? decodePacket(item.bytes) : null;
    const changed = packet?.ok ? change(packet.value) : null;
    return changed === null ? item : { ...item, bytes: changed.bytes };
  });
  return encodeBundle(session, { ...bundle.value, items });
}

/** Three players; seat 2 tells seat 1 another commitment in round 3, and is removed for it. */
export function matchWithLiar(): Match {
  const match = new Match(3, 12);
  match.cheat = (sent) => {
    const session = match.seats[2]?.began?.session;
    if (sent.from !== 2 || sent.to !== 1 || session === undefined) return sent;
    const bytes = withPackets(session, sent.bytes, (packet) => {
      const commit = statementOf(packet, 'commit');
      if (packet.sender !== 2 || commit?.round !== 3) return null;
      return resigned(
        match,
        packet,
        (statement) => ({ ...statement, commitment: fixed('a lie') }) as Statement,
      );
    });
    return { ...sent, bytes };
  };
  match.runUntil(() => [0, 1].every((seat) => match.epoch(seat) === 1), 'the removal of the liar');
  match.runUntil(() => [0, 1].every((seat) => match.round(seat) === 13), 'all rounds');
  match.runFor(100);
  return match;
}
