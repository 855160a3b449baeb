/**
 * The one line that data takes: datagram, open, verify, step, effects, sign, seal, datagram. Whoever
 * runs a session (the client on real edges, the simulator in virtual time) answers the ports; answers
 * may come at once or later. Effects are carried out in order, each finished before the next.
 */

import { assert } from '../base/assert.ts';
import type { Round, Seat } from '../base/ids.ts';
import type { Micros } from '../base/time.ts';
import type { Sealed, Verified } from '../crypto/signature.ts';
import type { Hello } from '../wire/hello.ts';
import { type Packet, statementOf } from '../wire/packet.ts';
import type { Effect } from './effect.ts';
import type { Refusal } from './judge.ts';
import { firstSeed } from './lockstep-state.ts';
import { type Opened, open, unsigned } from './open.ts';
import { encodeRecord } from './record.ts';
import type { Recovered } from './recovery.ts';
import type { Outcome } from './round.ts';
import {
  createSession,
  type Session,
  type SessionEvent,
  type SessionSetup,
  step,
  wakeAt,
  wanted,
} from './session.ts';

/** Verifications of one player's datagrams under way at once. */
const VERIFYING_MAX = 64;

/** What a driver asks of the world. */
export interface Ports {
  now(): Micros;
  /** Signs with the own key and hands over the signature. */
  sign(message: Uint8Array, done: (signature: Uint8Array) => void): void;
  /** Marks what the own key has just signed. */
  own<T>(sealed: Sealed<T>): Verified<T>;
  /** Hands over the value, or null if the signature does not hold. */
  verify<T>(sealed: Sealed<T>, done: (value: Verified<T> | null) => void): void;
  /** Adds a record to the log. */
  persist(record: Uint8Array): void;
  /** Calls back when all records so far are durable. */
  flush(done: () => void): void;
  send(to: Seat, datagram: Uint8Array): void;
  /** SALT_BYTES fresh random bytes. */
  salt(): Uint8Array;
  /** The game starts (or starts again after a restart); answers the digest of its state. */
  begin(session: Uint8Array, seed: Uint8Array): Uint8Array;
  /** The game steps; answers the digest of its state. `again` while a log is being replayed. */
  advance(outcome: Outcome, again: boolean): Uint8Array;
  /** The newest round is final: it is durable here, so that a restart plays it again as it was. */
  final(round: Round): void;
  /** What the game may want to know. */
  tell(effect: Extract<Effect, { type: 'evidence' | 'notify' | 'refused' | 'end' }>): void;
  /** Asks for a tick at that time; replaces an earlier wish. */
  wake(at: Micros | null): void;
}

/** What a driver has counted. */
export interface Counts {
  datagramsIn: number;
  datagramsOut: number;
  bytesIn: number;
  bytesOut: number;
  signed: number;
  verified: number;
  readonly refused: Partial<Record<Refusal, number>>;
}

/** What somebody else comes to know of: what was written before must be durable. */
function isSeen({ type }: Effect): boolean {
  return type === 'send' || type === 'evidence' || type === 'end';
}

export class Driver {
  session: Session;
  readonly counts: Counts = {
    datagramsIn: 0,
    datagramsOut: 0,
    bytesIn: 0,
    bytesOut: 0,
    signed: 0,
    verified: 0,
    refused: {},
  };
  /** When my newest commitment left; null before it has. */
  commitLeftAt: Micros | null = null;

  readonly #ports: Ports;
  readonly #effects: Effect[] = [];
  readonly #verifying: number[];
  #draining = false;
  #unflushed = false;
  /** A round that was played and is not durable yet. */
  #unfinished: Round | null = null;
  #digest: Uint8Array | null = null;
  #input: Uint8Array | null = null;
  /** What was committed to last: committed to again when its round is played anew in another epoch. */
  #committed: { readonly round: Round; readonly input: Uint8Array } | null = null;
  #commitSigned = false;
  #recovered: Recovered | null;
  #stopped = false;

  constructor(setup: SessionSetup, ports: Ports, recovered: Recovered | null = null) {
    this.#ports = ports;
    this.#recovered = recovered;
    this.#verifying = setup.keys.map(() => 0);
    this.session = createSession(setup, ports.now(), recovered);
    const before = recovered?.lockstep;
    if (before?.own) this.#committed = { round: before.round, input: before.own.input };
  }

  /** Plays again what the log holds, and begins to talk. */
  start(): void {
    const { lockstep } = this.session;
    if (lockstep !== null) {
      const id = lockstep.setup.session;
      this.#digest = this.#ports.begin(id, firstSeed(id));
      for (const outcome of this.#recovered?.outcomes ?? [])
        this.#digest = this.#ports.advance(outcome, true);
    }
    this.#recovered = null;
    this.dispatch({ type: 'start', at: this.#ports.now() });
  }

  /** The encoded input for the round that is, or comes to be, wanted; the last one before that wins. */
  submit(input: Uint8Array): void {
    this.#input = input;
    this.#feed();
  }

  /** Drops everything that comes from now on. */
  stop(): void {
    this.#stopped = true;
    this.#effects.length = 0;
  }

  tick(): void {
    this.dispatch({ type: 'tick', at: this.#ports.now() });
  }

  count(refusal: Refusal): void {
    const { refused } = this.counts;
    refused[refusal] = (refused[refusal] ?? 0) + 1;
  }

  /** Takes a datagram in from the address of a player. */
  receive(from: Seat, datagram: Uint8Array): void {
    if (this.#stopped) return;
    this.counts.datagramsIn++;
    this.counts.bytesIn += datagram.length;
    const opened = open(this.session, from, datagram);
    for (const refusal of opened.refused) this.count(refusal);
    if (opened.hello !== null) this.#receiveHello(from, opened.hello);
    else if (opened.standing !== null) this.#receiveBundle(from, opened);
  }

  #receiveHello(from: Seat, sealed: Sealed<Hello>): void {
    if ((this.#verifying[from] ?? 0) >= VERIFYING_MAX) return this.count('busy');
    this.#verify(from, sealed, (hello) => {
      if (hello === null) this.count('signature');
      else this.dispatch({ type: 'hello', at: this.#ports.now(), from, hello });
    });
  }

  #receiveBundle(from: Seat, { standing, carried, packets, proofs }: Opened): void {
    assert(standing !== null, 'a bundle has a standing');
    const claims = [...packets, ...proofs.flat()];
    if ((this.#verifying[from] ?? 0) + claims.length > VERIFYING_MAX) return this.count('busy');
    const values = new Map<Sealed<Packet>, Verified<Packet>>();
    let left = claims.length;
    const finish = (): void => {
      const held = (sealed: Sealed<Packet>): Verified<Packet>[] => {
        const value = values.get(sealed);
        return value === undefined ? [] : [value];
      };
      this.dispatch({
        type: 'bundle',
        at: this.#ports.now(),
        from,
        standing,
        carried,
        packets: packets.flatMap(held),
        proofs: proofs
          .filter((proof) => proof.every((each) => values.has(each)))
          .map((proof) => proof.flatMap(held)),
      });
    };
    if (left === 0) return finish();
    for (const claim of claims) {
      this.#verify(from, claim, (value) => {
        if (value === null) this.count('signature');
        else values.set(claim, value);
        left--;
        if (left === 0) finish();
      });
    }
  }

  #verify<T>(from: Seat, sealed: Sealed<T>, done: (value: Verified<T> | null) => void): void {
    this.#verifying[from] = (this.#verifying[from] ?? 0) + 1;
    this.counts.verified++;
    this.#ports.verify(sealed, (value) => {
      this.#verifying[from] = (this.#verifying[from] ?? 1) - 1;
      if (!this.#stopped) done(value);
    });
  }

  /** Steps the session and carries out what follows. */
  dispatch(event: SessionEvent): void {
    if (this.#stopped) return;
    const [session, effects] = step(this.session, event);
    this.session = session;
    this.#effects.push(...effects);
    this.#drain();
  }

  #drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    let effect = this.#effects.shift();
    while (effect !== undefined) {
      if (this.#unflushed && (isSeen(effect) || (effect.type === 'advance' && this.#unfinished !== null))) {
        const waiting = effect;
        let now = true;
        this.#ports.flush(() => {
          if (this.#stopped) return;
          this.#effects.unshift(waiting);
          this.#flushed();
          if (now) return;
          this.#draining = false;
          this.#drain();
        });
        now = false;
        if (this.#unflushed) return;
      } else this.#carryOut(effect);
      effect = this.#effects.shift();
    }
    this.#draining = false;
    if (this.#stopped) return;
    this.#ports.wake(wakeAt(this.session));
    this.#feed();
    this.#finish();
  }

  #flushed(): void {
    this.#unflushed = false;
    const round = this.#unfinished;
    this.#unfinished = null;
    if (round !== null) this.#ports.final(round);
  }

  /** Tells that the newest round is final once it is durable; the next commitment shares its flush. */
  #finish(): void {
    if (this.#unfinished === null || this.#draining || this.#stopped) return;
    if (!this.#unflushed) return this.#flushed();
    this.#draining = true;
    this.#ports.flush(() => {
      this.#draining = false;
      if (this.#stopped) return;
      this.#flushed();
      this.#drain();
    });
  }

  #carryOut(effect: Effect): void {
    const ports = this.#ports;
    if (effect.type === 'persist') {
      ports.persist(encodeRecord(effect.record));
      this.#unflushed = true;
    } else if (effect.type === 'sign') this.#sign(effect.draft);
    else if (effect.type === 'send') this.#send(effect.to, effect.datagram);
    else if (effect.type === 'begin') this.#digest = ports.begin(effect.session, effect.seed);
    else if (effect.type === 'advance') this.#advance(effect.outcome);
    else if (effect.type !== 'hold') ports.tell(effect);
  }

  #advance(outcome: Outcome): void {
    this.#digest = this.#ports.advance(outcome, false);
    this.#unfinished = outcome.round;
  }

  #send(to: Seat, datagram: Uint8Array): void {
    if (this.#commitSigned) {
      this.#commitSigned = false;
      this.commitLeftAt = this.#ports.now();
    }
    this.counts.datagramsOut++;
    this.counts.bytesOut += datagram.length;
    this.#ports.send(to, datagram);
  }

  #sign(draft: Extract<Effect, { type: 'sign' }>['draft']): void {
    const { message, complete } = unsigned(this.session, draft);
    const publicKey = this.session.setup.keys[this.session.setup.me] as Uint8Array;
    this.counts.signed++;
    this.#ports.sign(message, (signature) => {
      if (this.#stopped) return;
      const value = this.#ports.own({ publicKey, message, signature, value: complete(signature) });
      if ('entries' in value && statementOf(value, 'commit') !== null) this.#commitSigned = true;
      this.dispatch({
        type: 'signed',
        at: this.#ports.now(),
        value: value as Verified<Packet> | Verified<Hello>,
      });
    });
  }

  /** Gives the waiting input to the session when it wants one and the game has caught up. */
  #feed(): void {
    if (this.#draining || this.#stopped || this.#digest === null) return;
    const slot = wanted(this.session);
    if (slot === null) return;
    const again = this.#committed?.round === slot.round ? this.#committed.input : null;
    const input = this.#input ?? again;
    if (input === null) return;
    this.#input = null;
    this.#committed = { round: slot.round, input };
    const own = { input, salt: this.#ports.salt(), state: this.#digest };
    this.dispatch({ type: 'input', at: this.#ports.now(), input: own });
  }
}
