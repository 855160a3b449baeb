/**
 * A session as a game holds it: real clock, real randomness, a transport, a log and a keyring around
 * the pure machines, and nothing of the protocol's rules. The only loop of the library.
 */

import { equalBytes } from '../base/bytes.ts';
import type { Seat } from '../base/ids.ts';
import { type PlayerSet, seatsOf } from '../base/players.ts';
import type { Micros } from '../base/time.ts';
import { micros } from '../base/time.ts';
import type { Sealed, Verified } from '../crypto/signature.ts';
import { type Keyring, ownSigned, verifySealed } from '../keyring/keyring.ts';
import type { Log } from '../log/log.ts';
import { Driver, type Ports } from '../protocol/driver.ts';
import type { Effect, EndReason } from '../protocol/effect.ts';
import { sessionOf } from '../protocol/handshake.ts';
import { lockstepEngine } from '../protocol/lockstep-engine.ts';
import { Play, type Played } from '../protocol/play.ts';
import { decodeRecord, type LogRecord } from '../protocol/record.ts';
import { type Recovered, recover } from '../protocol/recovery.ts';
import type { Session as LockstepSession } from '../protocol/session.ts';
import type { Transport } from '../transport/transport.ts';
import { NONCE_BYTES, SALT_BYTES } from '../wire/limits.ts';
import { Listeners, type SessionEvents, surface } from './events.ts';
import { type CheckedOptions, checkOptions, type SessionOptions } from './options.ts';
import { Latencies, type SessionStats, statsOf } from './stats.ts';

/** How long `leave` waits for others that may still need something. */
const LEAVE_MS = 2000;

export type SessionStatus = 'idle' | 'connecting' | 'running' | 'stalled' | 'ended';

/** A match as one player takes part in it. Made by {@link createSession}. */
export interface Session<State, Input> {
  /** Own seat: index into `players`. */
  readonly seat: number;
  /** Public keys of all players by seat. */
  readonly players: readonly Uint8Array[];
  readonly status: SessionStatus;
  /** The newest round that was played; 0 before the first. */
  readonly round: number;
  /** The state after it, or null before the match has begun. Do not change it. */
  readonly state: State | null;
  /** Its digest, 32 bytes, or null. */
  readonly stateHash: Uint8Array | null;
  /** Adds a listener; the answer takes it away again. */
  on<Name extends keyof SessionEvents<State, Input>>(
    name: Name,
    listener: (event: SessionEvents<State, Input>[Name]) => unknown,
  ): () => void;
  /** Resolves when all players have agreed to begin; rejects with what keeps them from it. */
  start(): Promise<void>;
  /**
   * The input for the next round that is not committed yet; the last one before that counts, null is none.
   * Throws a TypeError that names the path of what is not plain data. False if the match is over.
   */
  submit(input: Input | null): boolean;
  /**
   * Wishes (or, with false, no longer wishes) to go on without a player that keeps everybody waiting.
   * It is removed when all others wish it. Never needed against a convicted player.
   */
  remove(player: number, wish?: boolean): void;
  stats(): SessionStats;
  /** Leaves, tells the others, and closes transport and log. Resolves when nothing is left running. */
  leave(): Promise<void>;
}

type Answer<T> = T | Promise<T>;

/** Calls back now or later, as the answer comes. */
function whenAnswered<T>(
  answer: Answer<T>,
  done: (value: T) => void,
  failed: (error: unknown) => void,
): void {
  if (answer instanceof Promise) answer.then(done, failed);
  else done(answer);
}

function randomBytes(count: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(count));
}

/** What the log's match and this one do not have in common, or null. */
function strange(records: readonly LogRecord[], { agreement, keys, me }: CheckedOptions): string | null {
  for (const record of records) {
    if (record.type === 'hello') {
      if (!equalBytes(record.publicKey, keys[me] as Uint8Array)) return 'another player';
      if (!equalBytes(record.agreement, agreement)) return 'another game, other rules or another protocol';
    }
    if (record.type !== 'session') continue;
    const same = (key: Uint8Array, seat: number): boolean =>
      equalBytes(key, record.keys[seat] ?? key.subarray(1));
    if (record.keys.length !== keys.length || !keys.every(same)) return 'other players';
  }
  return null;
}

/** The log's match, if it holds one that is not over. Throws when it is another match than this. */
function recoverFrom(log: Log, checked: CheckedOptions): Recovered {
  const all = log.records.map(decodeRecord);
  const records = all.slice(all.findLastIndex(({ type }) => type === 'end') + 1);
  const what = strange(records, checked);
  if (what !== null) {
    const remedy = 'give each player and each match a log of its own';
    throw new Error(`createSession: log ${log.name} holds an unfinished match of ${what}; ${remedy}`);
  }
  return recover(records, ({ keys, nonces }) => ({
    session: sessionOf(checked.agreement, keys, nonces),
    me: checked.me,
  }));
}

class LiveSession<State, Input> implements Session<State, Input> {
  readonly seat: number;
  readonly players: readonly Uint8Array[];
  status: SessionStatus = 'idle';

  readonly #options: SessionOptions<State, Input>;
  readonly #addresses: readonly string[];
  readonly #seatOf: ReadonlyMap<string, Seat>;
  readonly #keyring: Keyring;
  readonly #transport: Transport;
  readonly #log: Log;
  readonly #play: Play<State, Input>;
  readonly #driver: Driver<LockstepSession>;
  readonly #listeners = new Listeners<SessionEvents<State, Input>>();
  readonly #latencies = new Latencies();
  #stopReceiving: (() => void) | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #wakeAt: Micros | null = null;
  #began: { resolve(): void; reject(error: Error): void } | null = null;
  #ended: EndReason | null = null;
  #onEnd: (() => void) | null = null;
  #leaving: Promise<void> | null = null;
  #closed: Promise<void> | null = null;

  constructor(
    options: SessionOptions<State, Input>,
    checked: CheckedOptions,
    log: Log,
    recovered: Recovered,
  ) {
    this.#options = options;
    this.seat = checked.me;
    this.players = checked.keys;
    this.#addresses = checked.addresses;
    this.#seatOf = new Map(checked.addresses.map((address, seat) => [address, seat as Seat]));
    this.#keyring = options.keyring ?? options.identity.keyring;
    this.#transport = options.transport;
    this.#log = log;
    this.#play = new Play(options.game, checked.keys.length);
    const { handshakeMs } = checked;
    const setup = {
      me: checked.me,
      keys: checked.keys,
      agreement: checked.agreement,
      nonce: recovered.nonce ?? randomBytes(NONCE_BYTES),
      stallAfter: micros(options.protocol.parameters.stallMs),
      handshakeWithin: Number.isFinite(handshakeMs) ? micros(handshakeMs) : null,
    };
    this.#driver = new Driver(lockstepEngine, setup, this.#ports(), recovered);
  }

  get round(): number {
    return this.#play.current?.round ?? 0;
  }

  get state(): State | null {
    return this.#play.current?.state ?? null;
  }

  get stateHash(): Uint8Array | null {
    return this.#play.current?.stateHash ?? null;
  }

  on<Name extends keyof SessionEvents<State, Input>>(
    name: Name,
    listener: (event: SessionEvents<State, Input>[Name]) => unknown,
  ): () => void {
    return this.#listeners.add(name, listener);
  }

  start(): Promise<void> {
    if (this.status !== 'idle')
      return Promise.reject(new Error('start: the session has been started before'));
    this.status = 'connecting';
    const began = new Promise<void>((resolve, reject) => {
      this.#began = { resolve, reject };
    });
    this.#stopReceiving = this.#transport.receive((from, datagram) => {
      const seat = this.#seatOf.get(from);
      if (seat === undefined) this.#driver.count('address');
      else this.#guard(() => this.#driver.receive(seat, datagram));
    });
    this.#guard(() => this.#driver.start());
    return began;
  }

  submit(input: Input | null): boolean {
    const bytes = this.#options.game.encodeInput(input);
    if (this.#ended !== null || this.#closed !== null) return false;
    this.#guard(() => this.#driver.submit(bytes));
    return true;
  }

  remove(player: number, wish = true): void {
    if (!Number.isInteger(player) || player < 0 || player >= this.players.length || player === this.seat) {
      throw new RangeError(`remove: player must be the seat of another player; got ${String(player)}`);
    }
    if (this.status !== 'running' && this.status !== 'stalled') return;
    const target = wish ? (player as Seat) : null;
    this.#guard(() => this.#driver.dispatch({ type: 'wish', at: now(), target }));
  }

  stats(): SessionStats {
    return statsOf(this.#driver, this.#keyring.name, this.round, this.#latencies, now());
  }

  leave(): Promise<void> {
    this.#leaving ??= this.#leave();
    return this.#leaving;
  }

  async #leave(): Promise<void> {
    if (this.#closed === null && this.#ended === null && this.#driver.sessionId !== null) {
      const ended = new Promise<void>((resolve) => {
        this.#onEnd = resolve;
      });
      const limit = setTimeout(() => this.#driver.dispatch({ type: 'quit', at: now() }), LEAVE_MS);
      this.#guard(() => this.#driver.dispatch({ type: 'leave', at: now() }));
      await ended;
      clearTimeout(limit);
    }
    this.status = 'ended';
    return this.#close();
  }

  #close(): Promise<void> {
    this.#closed ??= (async () => {
      this.#driver.stop();
      this.#stopReceiving?.();
      this.#setTimer(null);
      this.#began?.reject(new Error('start: the session was left before the match began'));
      this.#began = null;
      await Promise.all([this.#transport.close(), this.#log.close()]);
    })();
    return this.#closed;
  }

  /** Runs a piece of the loop; what it throws is the end of the session. */
  #guard(run: () => void): void {
    try {
      run();
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  #fail(thrown: unknown): void {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    this.status = 'ended';
    const began = this.#began;
    this.#began = null;
    this.#close().catch(surface);
    this.#onEnd?.();
    const heard = this.#listeners.tell('error', error);
    if (began !== null) began.reject(error);
    else if (!heard) surface(error);
  }

  #ports(): Ports {
    const failed = (error: unknown): void => this.#fail(error);
    const { identity } = this.#options;
    return {
      now,
      sign: (message, done) =>
        whenAnswered(identity.sign(message), (signature) => this.#guard(() => done(signature)), failed),
      own: ownSigned,
      verify: <T>(sealed: Sealed<T>, done: (value: Verified<T> | null) => void) =>
        whenAnswered(verifySealed(this.#keyring, sealed), (value) => this.#guard(() => done(value)), failed),
      persist: (record) => this.#log.append(record),
      flush: (done) => {
        whenAnswered(this.#log.flush() as Answer<void>, () => this.#guard(done), failed);
      },
      send: (to, datagram) => this.#transport.send(this.#addresses[to] as string, datagram),
      salt: () => randomBytes(SALT_BYTES),
      begin: (_session, seed) => this.#begin(seed),
      advance: (outcome, again) => {
        const played = this.#play.advance(outcome);
        if (again) this.#play.finalize(outcome.round);
        else this.#advanced(played);
        return played;
      },
      rollback: (round) => this.#play.rollback(round),
      final: (round) => {
        const stateHash = this.#play.hashAfter(round);
        this.#play.finalize(round);
        if (stateHash !== null) this.#listeners.tell('final', { round, stateHash });
      },
      tell: (effect) => this.#tell(effect),
      wake: (at) => this.#setTimer(at),
    };
  }

  #begin(seed: Uint8Array): Uint8Array {
    const stateHash = this.#play.begin(seed);
    this.status = 'running';
    const began = this.#began;
    this.#began = null;
    for (const player of this.players.keys()) {
      if (player !== this.seat) this.#listeners.tell('player', { player, status: 'joined' });
    }
    began?.resolve();
    return stateHash;
  }

  #advanced({ round, state, inputs }: Played<State, Input>): void {
    const commitLeftAt = this.#driver.commitLeftAt(round);
    if (commitLeftAt !== null) this.#latencies.add(now() - commitLeftAt);
    this.status = 'running';
    this.#listeners.tell('advance', { round, state, inputs });
  }

  #tell(effect: Parameters<Ports['tell']>[0]): void {
    if (effect.type === 'refused') this.#fail(new Error(`start: ${effect.reason}`));
    else if (effect.type === 'evidence') {
      const { kind, player, evidence } = effect;
      this.#listeners.tell('cheat', { kind, player, evidence });
    } else if (effect.type === 'end') this.#end(effect.reason);
    else this.#notify(effect.notice);
  }

  #notify(notice: Extract<Effect, { type: 'notify' }>['notice']): void {
    const seats = (set: PlayerSet): readonly number[] => seatsOf(set);
    if (notice.type === 'player') {
      const { player, status } = notice;
      this.#listeners.tell('player', { player, status });
    } else if (notice.type === 'desync') {
      this.#listeners.tell('desync', { round: notice.round, players: seats(notice.players) });
    } else {
      this.status = 'stalled';
      const { round, waitingFor, reason } = notice;
      this.#listeners.tell('stall', { round, waitingFor: seats(waitingFor), reason });
    }
  }

  #end(reason: EndReason): void {
    this.#ended = reason;
    this.status = 'ended';
    this.#onEnd?.();
    this.#listeners.tell('end', { reason });
    if (reason !== 'left') {
      const timer = setTimeout(() => this.#close().catch(surface), LEAVE_MS);
      (timer as { unref?: () => void }).unref?.();
    }
  }

  #setTimer(at: Micros | null): void {
    if (at === this.#wakeAt && this.#timer !== null) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#wakeAt = at;
    if (at === null || this.#closed !== null) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = null;
        this.#guard(() => this.#driver.tick());
      },
      Math.max(0, Math.ceil((at - now()) / 1000)),
    );
  }
}

function now(): Micros {
  return Math.round(performance.now() * 1000);
}

/**
 * Makes a session from its options and its log; nothing is sent before `start`. Rejects at once with
 * an error that names the option, or that says what is wrong with the log.
 */
export async function createSession<State, Input>(
  options: SessionOptions<State, Input>,
): Promise<Session<State, Input>> {
  const checked = checkOptions(options);
  const log = await options.log();
  try {
    return new LiveSession(options, checked, log, recoverFrom(log, checked));
  } catch (error) {
    await log.close();
    throw error;
  }
}
