/**
 * A session as a game holds it: real clock, real randomness, a transport, a log and a keyring around
 * the pure machines, and nothing of the protocol's rules. The only loop of the library.
 */

import type { Seat } from '../base/ids.ts';
import { has } from '../base/players.ts';
import { micros } from '../base/time.ts';
import type { Keyring } from '../keyring/keyring.ts';
import type { Log } from '../log/log.ts';
import { Driver, type Ports } from '../protocol/driver.ts';
import type { EndReason } from '../protocol/effect.ts';
import type { Restored, Running } from '../protocol/engine.ts';
import { decodeNeoRecord } from '../protocol/neo/record.ts';
import { Recorder } from '../protocol/neo/recording-format.ts';
import { Play, type Played } from '../protocol/play.ts';
import type { Transport } from '../transport/transport.ts';
import { NONCE_BYTES } from '../wire/limits.ts';
import { type CheckedOptions, checkOptions } from './checked.ts';
import { Comparisons } from './comparisons.ts';
import { Alarm, type EdgePorts, edgePorts, now, randomBytes } from './edges.ts';
import { Listeners, type SessionEvents, surface } from './events.ts';
import type { SessionOptions } from './options.ts';
import { type Run, recoverFrom, runOf } from './protocol.ts';
import { type SessionStats, statsOf, Timings } from './stats.ts';
import { tellEvidence, tellNotice } from './tell.ts';

/** How long `leave` waits for others that may still need something, beside what the rules take. */
const LEAVE_MS = 2000;

export type SessionStatus = 'idle' | 'connecting' | 'running' | 'stalled' | 'ended';

/** A match as one player takes part in it. Made by {@link createSession}. */
export interface Session<State, Input> {
  /** Own seat: index into `players`. */
  readonly seat: number;
  /** Public keys of all players by seat. */
  readonly players: readonly Uint8Array[];
  readonly status: SessionStatus;
  /** The newest round that was played; 0 before the first. In neo it may be taken back. */
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
   * Neo commits when a round opens, to no input if there is none; lockstep waits for the first one.
   * Throws a TypeError that names the path of what is not plain data. False if the match is over.
   */
  submit(input: Input | null): boolean;
  /**
   * Wishes (or, with false, no longer wishes) to go on without a player that keeps everybody waiting.
   * It is removed when all others wish it. Never needed against a convicted player. In neo the decided rounds
   * remove who is silent, and this does nothing; but of two players nobody can, and it ends the match here.
   */
  remove(player: number, wish?: boolean): void;
  /**
   * The decided rounds with their certificates, for `verifyRecording`: what any third party can play again.
   * Null
   * in lockstep, before the match has begun, and with the option `record: false`.
   */
  recording(): Uint8Array | null;
  stats(): SessionStats;
  /**
   * Leaves, tells the others, and closes transport and log. Resolves when nothing is left running: in neo
   * when the decided rounds are without this player, or when that takes twice as long as it should.
   */
  leave(): Promise<void>;
}

class LiveSession<State, Input> implements Session<State, Input> {
  readonly seat: number;
  readonly players: readonly Uint8Array[];
  status: SessionStatus = 'idle';

  readonly #game: SessionOptions<State, Input>['game'];
  readonly #seatOf: ReadonlyMap<string, Seat>;
  readonly #keyring: Keyring;
  readonly #transport: Transport;
  readonly #log: Log;
  readonly #partingMs: number;
  readonly #play: Play<State, Input>;
  readonly #driver: Driver<Running>;
  readonly #listeners = new Listeners<SessionEvents<State, Input>>();
  readonly #timings = new Timings();
  readonly #comparisons = new Comparisons((player, round) => this.#inquire(player as Seat, round));
  /** What is recorded; null if nothing is. */
  readonly #recorder: Recorder | null;
  readonly #alarm = new Alarm(() => this.#guard(() => this.#driver.tick()));
  #stopReceiving: (() => void) | null = null;
  #began: { resolve(): void; reject(error: Error): void } | null = null;
  #ended: EndReason | null = null;
  #onEnd: (() => void) | null = null;
  #leaving: Promise<void> | null = null;
  #closed: Promise<void> | null = null;

  constructor(
    options: SessionOptions<State, Input>,
    checked: CheckedOptions,
    { engine, lag, partingMs }: Run,
    log: Log,
    recovered: Restored,
  ) {
    const { identity, keyring = identity.keyring, transport } = options;
    const { addresses, agreement, handshakeMs, keys, me } = checked;
    this.seat = me;
    this.players = keys;
    this.#game = options.game;
    this.#seatOf = new Map(addresses.map((address, seat) => [address, seat as Seat]));
    this.#keyring = keyring;
    this.#transport = transport;
    this.#log = log;
    this.#partingMs = partingMs;
    this.#play = new Play(options.game, keys.length, { lag });
    const setup = {
      me,
      keys,
      agreement,
      nonce: recovered.nonce ?? randomBytes(NONCE_BYTES),
      stallAfter: micros(options.protocol.parameters.stallMs),
      handshakeWithin: Number.isFinite(handshakeMs) ? micros(handshakeMs) : null,
    };
    const guard = (run: () => void): void => this.#guard(run);
    const failed = (error: unknown): void => this.#fail(error);
    const edges = edgePorts({ identity, keyring, transport, addresses, log, guard, failed });
    this.#recorder = engine.name === 'neo' && options.record !== false ? new Recorder() : null;
    for (const record of log.records) this.#record(record);
    const persist = (record: Uint8Array): void => {
      edges.persist(record);
      this.#record(record);
    };
    this.#driver = new Driver(engine, setup, { ...edges, persist, ...this.#gamePorts() }, recovered);
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
    const bytes = this.#game.encodeInput(input);
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

  recording(): Uint8Array | null {
    return this.#recorder?.bytes() ?? null;
  }

  #record(record: Uint8Array): void {
    if (this.#recorder !== null) this.#recorder.take(decodeNeoRecord(record));
  }

  #inquire(player: Seat, round: number): void {
    if (this.#closed !== null || this.#driver.protocol === 'lockstep') return this.#comparisons.close();
    this.#guard(() => this.#driver.dispatch({ type: 'inquire', at: now(), round, player }));
  }

  stats(): SessionStats {
    return statsOf(this.#driver, this.#keyring.name, this.round, this.#timings, now());
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
      const limitMs = LEAVE_MS + 2 * this.#partingMs;
      const limit = setTimeout(() => this.#driver.dispatch({ type: 'quit', at: now() }), limitMs);
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
      this.#alarm.set(null);
      this.#comparisons.close();
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

  #gamePorts(): Omit<Ports, keyof EdgePorts> {
    return {
      begin: (_session, seed) => this.#begin(seed),
      advance: (outcome, again) => {
        const played = this.#play.advance(outcome);
        if (again) this.#play.finalize(outcome.round);
        else this.#advanced(played);
        return played;
      },
      rollback: (round) => {
        const stateHash = this.#play.rollback(round);
        this.#listeners.tell('rollback', { round });
        return stateHash;
      },
      final: (round) => this.#final(round),
      permits: (round, input) => this.#play.permits(this.seat as Seat, round, input),
      prove: (illegal) => this.#play.prove(illegal),
      compared: (effect) => this.#comparisons.answered(effect),
      stateBytes: (round) => this.#play.stateAfter(round)?.bytes ?? null,
      tell: (effect) => this.#tell(effect),
      wake: (at) => this.#alarm.set(this.#closed === null ? at : null),
    };
  }

  #begin(seed: Uint8Array): Uint8Array {
    const stateHash = this.#play.begin(seed);
    this.status = 'running';
    const began = this.#began;
    this.#began = null;
    const members = this.#driver.match?.members;
    for (const player of this.players.keys()) {
      if (player === this.seat || (members !== undefined && !has(members, player as Seat))) continue;
      this.#listeners.tell('player', { player, status: 'joined' });
    }
    began?.resolve();
    return stateHash;
  }

  #advanced({ round, state, inputs }: Played<State, Input>): void {
    this.#timings.advanced(round, this.#driver.commitLeftAt(round), now());
    if (this.status === 'stalled') this.status = 'running';
    this.#listeners.tell('advance', { round, state, inputs });
  }

  #final(round: number): void {
    const stateHash = this.#play.hashAfter(round);
    this.#play.finalize(round);
    this.#timings.finalized(round, now());
    if (this.status === 'stalled') this.status = 'running';
    if (stateHash !== null) this.#listeners.tell('final', { round, stateHash });
  }

  #tell(effect: Parameters<Ports['tell']>[0]): void {
    if (effect.type === 'refused') this.#fail(new Error(`start: ${effect.reason}`));
    else if (effect.type === 'evidence') tellEvidence(this.#listeners, effect);
    else if (effect.type === 'end') this.#end(effect.reason);
    else {
      if (effect.notice.type === 'stall') this.status = 'stalled';
      tellNotice(this.#listeners, effect.notice, this.#comparisons);
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
    const run = runOf(options.protocol);
    return new LiveSession(options, checked, run, log, recoverFrom(run.engine, log, checked));
  } catch (error) {
    await log.close();
    throw error;
  }
}
