/**
 * Whole players around one table: the real driver in virtual time, with real keys; every datagram can be
 * looked at, dropped or replaced, and every player stopped and started again.
 */

import { type Seat, seatOf } from '../../src/base/ids.ts';
import { nobody } from '../../src/base/players.ts';
import { type Micros, micros } from '../../src/base/time.ts';
import { hash } from '../../src/crypto/hash.ts';
import { attest } from '../../src/crypto/signature.ts';
import { keyring } from '../../src/keyring/node.ts';
import { Driver, type Ports } from '../../src/protocol/driver.ts';
import type { Effect, Notice } from '../../src/protocol/effect.ts';
import { sessionOf } from '../../src/protocol/handshake.ts';
import { lockstepEngine } from '../../src/protocol/lockstep-engine.ts';
import type { Lockstep } from '../../src/protocol/lockstep-state.ts';
import { decodeRecord, type LogRecord } from '../../src/protocol/record.ts';
import { recover } from '../../src/protocol/recovery.ts';
import type { Outcome } from '../../src/protocol/round.ts';
import type { Session } from '../../src/protocol/session.ts';
import { standingOf } from '../../src/protocol/standing.ts';
import { Verifier } from '../../src/sim/keys.ts';
import { EventQueue } from '../../src/sim/queue.ts';
import { BUNDLE, decodeBundle, encodeBundle, type Item } from '../../src/wire/envelope.ts';
import { decodePacket, type Packet } from '../../src/wire/packet.ts';
import { bytesOfText, noState, type People, people, rules } from './table.ts';

/** A player at the table: the real driver, what it was told, and what it has sent. */
export class Guest {
  readonly seat: Seat;
  driver: Driver<Session> | null = null;
  /** Records that are on disk, and those that are not yet. */
  durable: Uint8Array[] = [];
  written: Uint8Array[] = [];
  readonly told: Parameters<Ports['tell']>[0][] = [];
  readonly advanced: Outcome[] = [];
  /** Rounds of which it was told that they are final. */
  readonly finals: number[] = [];
  /** Own packets that left, each with how many records were on disk by then. */
  readonly sent: { readonly packet: Packet; readonly durable: number }[] = [];
  /** When hellos and bundles left. */
  readonly leftAt: { readonly at: Micros; readonly to: number; readonly datagram: Uint8Array }[] = [];

  constructor(seat: number) {
    this.seat = seatOf(seat);
  }

  get round(): number {
    return this.driver?.session.lockstep?.round ?? 0;
  }

  get lockstep(): Lockstep {
    return this.driver?.session.lockstep as Lockstep;
  }

  notices<Type extends Notice['type']>(type: Type): Extract<Notice, { type: Type }>[] {
    return this.told
      .flatMap((effect) => (effect.type === 'notify' ? [effect.notice] : []))
      .filter((notice): notice is Extract<Notice, { type: Type }> => notice.type === type);
  }

  heard<Type extends 'evidence' | 'refused' | 'end'>(type: Type): Extract<Effect, { type: Type }>[] {
    return this.told.filter((effect): effect is Extract<Effect, { type: Type }> => effect.type === type);
  }
}

export interface HallOptions {
  readonly stallMs?: number;
  readonly handshakeMs?: number | null;
  readonly delayMs?: number;
  /** By seat, where it is not {@link rules}. */
  readonly agreements?: Readonly<Record<number, Uint8Array>>;
  /** By seat, where it is not everybody. */
  readonly rosters?: Readonly<Record<number, readonly Uint8Array[]>>;
  /** Players give an input for every round unless they are idle. */
  readonly idle?: readonly number[];
  /** Where nonces and salts begin, so that two halls differ. */
  readonly salts?: number;
}

/** Players around one table. Seats are those of `people`, also where a player's own roster says otherwise. */
export class Hall {
  readonly people: People;
  readonly guests: Guest[];
  now: Micros = 0;
  /** What arrives instead of a datagram. */
  route: (from: number, to: number, datagram: Uint8Array) => readonly Uint8Array[] = (_from, _to, it) => [it];
  readonly #options: HallOptions;
  readonly #queue = new EventQueue<() => void>();
  readonly #verifier = new Verifier(keyring);
  #salts: number;

  constructor(count: number, options: HallOptions = {}) {
    this.people = people(count);
    this.#salts = options.salts ?? 0;
    this.guests = this.people.keys.map((_, seat) => new Guest(seat));
    this.#options = options;
  }

  guest(seat: number): Guest {
    return this.guests[seat] as Guest;
  }

  get session(): Uint8Array {
    return this.guests.find(({ driver }) => driver?.session.lockstep)?.lockstep.setup.session as Uint8Array;
  }

  /** Starts everybody, or those seats; from their logs if there is anything in them. */
  start(...seats: readonly number[]): this {
    for (const { seat } of this.guests) if (seats.length === 0 || seats.includes(seat)) this.#start(seat);
    return this;
  }

  /** Everything that is not on disk is gone; without its log, that too. */
  crash(seat: number, keepLog = true): void {
    const guest = this.guest(seat);
    guest.driver?.stop();
    guest.driver = null;
    guest.written = [];
    if (!keepLog) guest.durable = [];
  }

  later(ms: number, run: () => void): void {
    this.#queue.add(this.now + micros(ms), run);
  }

  /** Lets that much time pass. */
  run(ms: number): this {
    const until = this.now + micros(ms);
    this.#queue.add(until, () => {});
    for (let next = this.#queue.next(); next !== null; next = this.#queue.next()) {
      this.now = next.at;
      next.value();
      if (next.at === until) break;
    }
    this.now = until;
    return this;
  }

  /** A datagram that any insider or eavesdropper could send from that address. */
  inject(from: number, to: number, datagram: Uint8Array): void {
    const seat = this.#seatIn(to, from);
    if (seat >= 0) this.guest(to).driver?.receive(seatOf(seat), datagram);
  }

  /** The seat that one player has in the roster of another; -1 if it has none. */
  #seatIn(roster: number, seat: number): number {
    const keys = this.#options.rosters?.[roster] ?? this.people.keys;
    return keys.indexOf(this.people.keys[seat] as Uint8Array);
  }

  #start(seat: Seat): void {
    const { agreements = {}, handshakeMs = null, rosters = {}, stallMs = 1000 } = this.#options;
    const guest = this.guest(seat);
    const keys = rosters[seat] ?? this.people.keys;
    const agreement = agreements[seat] ?? rules;
    const me = seatOf(this.#seatIn(seat, seat));
    const recovered = recover(guest.durable.map(decodeRecord), (agreed) => ({
      session: sessionOf(agreement, agreed.keys, agreed.nonces),
      me,
    }));
    const fresh = hash('seed', Uint8Array.of(seat, this.#salts++)).slice(0, 16);
    const stallAfter = micros(stallMs);
    const handshakeWithin = handshakeMs === null ? null : micros(handshakeMs);
    const setup = { me, keys, agreement, nonce: recovered.nonce ?? fresh, stallAfter, handshakeWithin };
    guest.driver = new Driver(lockstepEngine, setup, this.#ports(guest), recovered);
    guest.driver.start();
  }

  #ports(guest: Guest): Ports {
    const { seat } = guest;
    const secret = this.people.secrets[seat] as Uint8Array;
    const idle = this.#options.idle?.includes(seat);
    let digest = noState;
    let wakes = 0;
    const play = (round: number): void => {
      if (!idle) guest.driver?.submit(bytesOfText(`${seat} plays ${round}`));
    };
    return {
      now: () => this.now,
      sign: (message, done) =>
        done(this.#verifier.sign(secret, this.people.keys[seat] as Uint8Array, message)),
      own: attest,
      verify: (sealed, done) => done(this.#verifier.verify(sealed)),
      persist: (record) => guest.written.push(record),
      flush: (done) => {
        guest.durable.push(...guest.written.splice(0));
        done();
      },
      send: (to, datagram) => this.#send(guest, to, datagram),
      salt: () => hash('seed', Uint8Array.of(seat, this.#salts++ >>> 8, this.#salts)).slice(0, 16),
      begin: (_session, seed) => {
        digest = hash('state', seed);
        play(1);
        return digest;
      },
      advance: (outcome, again) => {
        if (!again) guest.advanced.push(outcome);
        digest = hash('state', digest, ...outcome.inputs.map((input) => input ?? noState));
        play(outcome.round + 1);
        return { stateHash: digest, illegal: nobody };
      },
      permits: () => true,
      prove: () => null,
      stateBytes: () => null,
      rollback: () => {
        throw new Error('lockstep never goes back');
      },
      final: (round) => guest.finals.push(round),
      tell: (effect) => guest.told.push(effect),
      wake: (at) => {
        const wake = ++wakes;
        const { driver } = guest;
        if (at === null) return;
        this.#queue.add(Math.max(at, this.now), () => {
          if (wake === wakes && guest.driver === driver) driver?.tick();
        });
      },
    };
  }

  #send(guest: Guest, place: Seat, datagram: Uint8Array): void {
    const { seat } = guest;
    const key = (this.#options.rosters?.[seat] ?? this.people.keys)[place] as Uint8Array;
    const to = this.people.keys.indexOf(key);
    guest.leftAt.push({ at: this.now, to, datagram });
    for (const each of this.packetsIn(datagram)) {
      if (each.sender === seat) guest.sent.push({ packet: each, durable: guest.durable.length });
    }
    for (const bytes of to < 0 ? [] : this.route(seat, to, datagram)) {
      this.later(this.#options.delayMs ?? 10, () => this.inject(seat, to, bytes));
    }
  }

  #items(datagram: Uint8Array): readonly { readonly item: Item; readonly packet: Packet | null }[] {
    const bundle = datagram[1] === BUNDLE ? decodeBundle(this.session, datagram) : null;
    if (!bundle?.ok) return [];
    return bundle.value.items.map((item) => {
      const decoded = item.type === 'packet' ? decodePacket(item.bytes) : null;
      return { item, packet: decoded?.ok ? decoded.value : null };
    });
  }

  /** The packets of a bundle of this session. */
  packetsIn(datagram: Uint8Array): Packet[] {
    return this.#items(datagram).flatMap(({ packet: each }) => (each === null ? [] : [each]));
  }

  /** The bundle without the packets that match; its standing goes on. */
  without(datagram: Uint8Array, matches: (packet: Packet) => boolean): Uint8Array {
    const bundle = datagram[1] === BUNDLE ? decodeBundle(this.session, datagram) : null;
    if (!bundle?.ok) return datagram;
    const kept = this.#items(datagram).filter(({ packet: each }) => each === null || !matches(each));
    return encodeBundle(this.session, {
      standing: bundle.value.standing,
      items: kept.map(({ item }) => item),
    });
  }

  /** A bundle of that packet as its sender could send it, with the standing of that seat. */
  bundle(seat: number, ...packets: readonly Packet[]): Uint8Array {
    const items = packets.map(({ bytes }): Item => ({ type: 'packet', bytes }));
    return encodeBundle(this.session, { standing: standingOf(this.guest(seat).lockstep), items });
  }

  records(seat: number): LogRecord[] {
    return this.guest(seat).durable.map(decodeRecord);
  }
}
