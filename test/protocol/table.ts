/**
 * Fixtures of the protocol's tests: people with real keys, lockstep machines that sign at once or when
 * they are told to, and whole players around one table in virtual time, every datagram of which can be
 * looked at, dropped or replaced.
 */

import { compareBytes } from '../../src/base/bytes.ts';
import { type Seat, seatOf } from '../../src/base/ids.ts';
import { type Micros, micros } from '../../src/base/time.ts';
import { commit, commitmentSet } from '../../src/crypto/commitment.ts';
import { hash } from '../../src/crypto/hash.ts';
import { attest, type Verified } from '../../src/crypto/signature.ts';
import { keyring } from '../../src/keyring/node.ts';
import { Driver, type Ports } from '../../src/protocol/driver.ts';
import type { Effect, Notice } from '../../src/protocol/effect.ts';
import { decodeEvidence } from '../../src/protocol/evidence.ts';
import { encodeAgreement, sessionOf } from '../../src/protocol/handshake.ts';
import { type LockstepEvent, stepLockstep } from '../../src/protocol/lockstep.ts';
import { beginLockstep, type Lockstep } from '../../src/protocol/lockstep-state.ts';
import { decodeRecord, type LogRecord } from '../../src/protocol/record.ts';
import { recover } from '../../src/protocol/recovery.ts';
import type { Outcome } from '../../src/protocol/round.ts';
import { standingOf } from '../../src/protocol/standing.ts';
import { simulatedSecret, Verifier } from '../../src/sim/keys.ts';
import { EventQueue } from '../../src/sim/queue.ts';
import { BUNDLE, decodeBundle, encodeBundle, type Item } from '../../src/wire/envelope.ts';
import { decodePacket, entriesOf, type Packet, signedMessage, signedPacket } from '../../src/wire/packet.ts';
import type { Commit, CommitmentSet, Reveal, Statement } from '../../src/wire/statement.ts';

/** Players of one session, in seat order. */
export interface People {
  readonly session: Uint8Array;
  readonly keys: readonly Uint8Array[];
  readonly secrets: readonly Uint8Array[];
}

export const rules: Uint8Array = encodeAgreement({
  game: { id: 'test', version: 1, rules: null },
  protocol: { name: 'lockstep', parameters: { stallMs: 1000 } },
});

export const noState: Uint8Array = new Uint8Array(32);

export function nonceOf(seat: number): Uint8Array {
  return new Uint8Array(16).fill(seat + 1);
}

function bytesOfText(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** That many players with keys of their own; the same ones every time. */
export function people(count: number): People {
  const pairs = Array.from({ length: count }, (_, index) => simulatedSecret(count, index))
    .map((secret) => ({ secret, key: keyring.publicKey(secret) }))
    .sort((a, b) => compareBytes(a.key, b.key));
  const keys = pairs.map(({ key }) => key);
  const session = sessionOf(rules, keys, keys.map((_, seat) => nonceOf(seat)));
  return { session, keys, secrets: pairs.map(({ secret }) => secret) };
}

/** The statements as one packet, signed by that seat. */
export function packet(of: People, seat: number, ...statements: readonly Statement[]): Verified<Packet> {
  const entries = entriesOf(statements);
  const message = signedMessage(of.session, seatOf(seat), entries);
  const signature = keyring.sign(of.secrets[seat] as Uint8Array, message);
  const publicKey = of.keys[seat] as Uint8Array;
  return attest({ publicKey, message, signature, value: signedPacket(seatOf(seat), entries, signature) });
}

export interface Place {
  readonly epoch: number;
  readonly round: number;
}

export const first: Place = { epoch: 0, round: 1 };

/** What a seat that plays `text` says: its commitment, and what it is opened to. */
export function move(of: People, seat: number, text: string, place: Place = first): [Commit, Reveal] {
  const salt = hash('seed', bytesOfText(`${seat} ${text} ${place.epoch} ${place.round}`)).slice(0, 16);
  const input = bytesOfText(text);
  const commitment = commit({ session: of.session, ...place, author: seatOf(seat) }, salt, input);
  return [
    { kind: 'commit', ...place, commitment },
    { kind: 'reveal', ...place, input, salt },
  ];
}

/** The SET of those commitments, which are in seat order. */
export function setOf(of: People, commits: readonly Commit[], place: Place = first): CommitmentSet {
  const set = commitmentSet({ session: of.session, ...place }, commits.map(({ commitment }) => commitment));
  return { kind: 'set', ...place, set, state: noState };
}

/** A lockstep machine with the key of its player. */
export class Machine {
  state: Lockstep;
  readonly seat: Seat;
  /** All effects so far. */
  readonly effects: Effect[] = [];
  /** Own packets in the order in which they were signed. */
  readonly signed: Verified<Packet>[] = [];
  /** What waits for a signature. */
  readonly drafts: (readonly Statement[])[] = [];
  readonly #of: People;
  readonly #slow: boolean;

  /** A slow one signs only when `sign` is called. */
  constructor(of: People, seat: number, slow = false) {
    this.#of = of;
    this.#slow = slow;
    this.seat = seatOf(seat);
    this.state = beginLockstep({ session: of.session, keys: of.keys, me: this.seat });
  }

  take(event: LockstepEvent): this {
    const [state, effects] = stepLockstep(this.state, event);
    this.state = state;
    this.effects.push(...effects);
    for (const effect of effects) {
      if (effect.type === 'sign' && effect.draft.type === 'packet') this.drafts.push(effect.draft.statements);
    }
    return this.#slow ? this : this.sign();
  }

  /** Signs what waits, and takes it in. */
  sign(count: number = Number.POSITIVE_INFINITY): this {
    for (let left = count; left > 0; left--) {
      const statements = this.drafts.shift();
      if (statements === undefined) break;
      const own = packet(this.#of, this.seat, ...statements);
      this.signed.push(own);
      this.take({ type: 'packet', packet: own });
    }
    return this;
  }

  play(text: string): this {
    const { epoch, round } = this.state;
    const [, { input, salt }] = move(this.#of, this.seat, text, { epoch, round });
    return this.take({ type: 'input', input: { input, salt, state: noState } });
  }

  hear(...packets: readonly Verified<Packet>[]): this {
    for (const each of packets) this.take({ type: 'packet', packet: each });
    return this;
  }

  /** Takes a proof in as it stands in a datagram. */
  learn(evidence: Uint8Array): this {
    const proof = decodeEvidence(evidence)?.packets as readonly Verified<Packet>[];
    return this.take({ type: 'proof', proof });
  }

  wish(target: number | null): this {
    return this.take({ type: 'wish', target: target === null ? null : seatOf(target) });
  }

  all<Type extends Effect['type']>(type: Type): Extract<Effect, { type: Type }>[] {
    return this.effects.filter((effect): effect is Extract<Effect, { type: Type }> => effect.type === type);
  }

  /** Every statement of that kind that was given out to be signed. */
  said<Kind extends Statement['kind']>(kind: Kind): Extract<Statement, { kind: Kind }>[] {
    return this.all('sign').flatMap(({ draft }) =>
      draft.type === 'packet'
        ? draft.statements.filter((each): each is Extract<Statement, { kind: Kind }> => each.kind === kind)
        : [],
    );
  }
}

export function machines(of: People): Machine[] {
  return of.keys.map((_, seat) => new Machine(of, seat));
}

/** Gives every own packet to everybody else, until nothing new is signed. Lost ones do not come again. */
export function mingle(
  all: readonly Machine[],
  lose: (from: number, to: number, packet: Packet) => boolean = () => false,
): void {
  const given = new Map<Machine, number>();
  let left = true;
  while (left) {
    left = false;
    for (const from of all) {
      const start = given.get(from) ?? 0;
      given.set(from, from.signed.length);
      for (const each of from.signed.slice(start)) {
        left = true;
        for (const to of all) if (to !== from && !lose(from.seat, to.seat, each)) to.hear(each);
      }
    }
  }
}

/** A player at the table: the real driver, what it was told, and what it has sent. */
export class Guest {
  readonly seat: Seat;
  driver: Driver | null = null;
  /** Records that are on disk, and those that are not yet. */
  durable: Uint8Array[] = [];
  written: Uint8Array[] = [];
  readonly told: Parameters<Ports['tell']>[0][] = [];
  readonly advanced: Outcome[] = [];
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
  #salts = 0;

  constructor(count: number, options: HallOptions = {}) {
    this.people = people(count);
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
    this.guest(to).driver?.receive(seatOf(from), datagram);
  }

  #start(seat: Seat): void {
    const { agreements = {}, handshakeMs = null, rosters = {}, stallMs = 1000 } = this.#options;
    const guest = this.guest(seat);
    const keys = rosters[seat] ?? this.people.keys;
    const agreement = agreements[seat] ?? rules;
    const me = seatOf(keys.indexOf(this.people.keys[seat] as Uint8Array));
    const recovered = recover(guest.durable.map(decodeRecord), (agreed) => ({
      session: sessionOf(agreement, agreed.keys, agreed.nonces),
      me,
    }));
    const fresh = hash('seed', Uint8Array.of(seat, this.#salts++)).slice(0, 16);
    const stallAfter = micros(stallMs);
    const handshakeWithin = handshakeMs === null ? null : micros(handshakeMs);
    const setup = { me, keys, agreement, nonce: recovered.nonce ?? fresh, stallAfter, handshakeWithin };
    guest.driver = new Driver(setup, this.#ports(guest), recovered);
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
      sign: (message, done) => done(this.#verifier.sign(secret, this.people.keys[seat] as Uint8Array, message)),
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
        return digest;
      },
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

  #send(guest: Guest, to: Seat, datagram: Uint8Array): void {
    const { seat } = guest;
    guest.leftAt.push({ at: this.now, to, datagram });
    for (const each of this.packetsIn(datagram)) {
      if (each.sender === seat) guest.sent.push({ packet: each, durable: guest.durable.length });
    }
    for (const bytes of this.route(seat, to, datagram)) {
      this.later(this.#options.delayMs ?? 10, () => this.guest(to).driver?.receive(seat, bytes));
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
    return encodeBundle(this.session, { standing: bundle.value.standing, items: kept.map(({ item }) => item) });
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
