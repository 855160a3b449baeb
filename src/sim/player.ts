/**
 * One simulated player: the real driver on simulated edges. Everything that comes in and goes out
 * passes through here as a line of text, so a recorded player can be run again line by line.
 */

import { fromHex, toHex } from '../base/bytes.ts';
import type { Round, Seat } from '../base/ids.ts';
import { seatsOf } from '../base/players.ts';
import type { Prng } from '../base/prng.ts';
import type { Micros } from '../base/time.ts';
import { Driver, type Ports } from '../protocol/driver.ts';
import type { Effect } from '../protocol/effect.ts';
import type { Engine, Restored, Running, SessionSetup } from '../protocol/engine.ts';
import type { Game } from '../protocol/game.ts';
import { Play } from '../protocol/play.ts';
import type { JoiningPorts } from '../protocol/ports.ts';
import { NONCE_BYTES, SALT_BYTES } from '../wire/limits.ts';
import type { Verifier } from './keys.ts';
import { playerAt } from './newcomer.ts';

/** What reaches a player from outside of it. */
export type PlayerEvent =
  | { readonly type: 'start' }
  | { readonly type: 'datagram'; readonly from: Seat; readonly datagram: Uint8Array }
  | { readonly type: 'tick' }
  | { readonly type: 'input'; readonly input: Uint8Array }
  | { readonly type: 'wish'; readonly target: Seat | null }
  | { readonly type: 'leave' }
  /** Lets somebody in whose request this is. */
  | { readonly type: 'sponsor'; readonly request: Uint8Array }
  /** Dies at once; that many of the records that were not yet flushed survive nevertheless. */
  | { readonly type: 'crash'; readonly kept: number };

/** The world as a player's edges see it. */
export interface PlayerWorld {
  /** What the player's clock reads. */
  now(seat: Seat): Micros;
  send(from: Seat, to: Seat, datagram: Uint8Array): void;
  wake(seat: Seat, at: Micros | null): void;
  /** A round was played; also while a log is being replayed (`again`). */
  played(seat: Seat, round: Round, stateHash: Uint8Array, again: boolean): void;
  /** What was played after that round is taken back. */
  rolledBack(seat: Seat, round: Round): void;
  /** The game starts after that round, from a snapshot. */
  restored(seat: Seat, round: Round): void;
  /** A round is final: played, and durable. */
  final(seat: Seat, round: Round, stateHash: Uint8Array): void;
  tell(seat: Seat, effect: Parameters<Ports['tell']>[0]): void;
  /** Takes a line of the trace; null if there is none. */
  readonly line: ((seat: Seat, text: string) => void) | null;
  /** Called before each thing that the player does outside; may throw {@link Crash}. */
  act(seat: Seat): void;
}

/** Thrown to stop a player between two of its effects. */
export class Crash extends Error {}

export interface PlayerSetup<State, Input> {
  readonly engine: Engine<Running, Restored>;
  readonly game: Game<State, Input>;
  /** See {@link Play}. */
  readonly lag: number;
  readonly seat: Seat;
  readonly secretKey: Uint8Array;
  readonly session: Omit<SessionSetup, 'me' | 'nonce'>;
  /** Called when a newcomer has its seat. */
  readonly seated?: (seat: Seat) => void;
  readonly random: Prng;
  readonly verifier: Verifier;
  readonly world: PlayerWorld;
}

export class Player<State, Input> {
  readonly seat: Seat;
  driver: Driver<Running> | null = null;
  play: Play<State, Input> | null = null;
  /** Records that would survive a crash. */
  readonly records: Uint8Array[] = [];
  readonly #setup: PlayerSetup<State, Input>;
  readonly #unflushed: Uint8Array[] = [];
  /** Those who came later and can be told apart. */
  readonly #addresses = new Set<Seat>();

  constructor(setup: PlayerSetup<State, Input>) {
    this.#setup = setup;
    this.seat = setup.seat;
  }

  /** Session id once it is agreed. */
  get session(): Uint8Array | null {
    return this.driver?.sessionId ?? null;
  }

  /** Lets something happen to the player. A crash stops it and whatever it was about to do. */
  take(event: PlayerEvent): void {
    this.#setup.world.line?.(this.seat, lineOf(event));
    try {
      this.#take(event);
    } catch (thrown) {
      if (!(thrown instanceof Crash)) throw thrown;
      this.#setup.world.line?.(this.seat, 'crashed');
      this.#die(0);
    }
  }

  #take(event: PlayerEvent): void {
    const at = this.#setup.world.now(this.seat);
    if (event.type === 'start') this.#start();
    else if (event.type === 'crash') this.#die(event.kept);
    else if (event.type === 'datagram') this.#receive(event.from, event.datagram);
    else if (event.type === 'tick') this.driver?.tick();
    else if (event.type === 'input') this.driver?.submit(event.input);
    else if (event.type === 'sponsor') this.driver?.sponsor(event.request);
    else if (event.type === 'wish') this.driver?.dispatch({ type: 'wish', at, target: event.target });
    else this.driver?.dispatch({ type: 'leave', at });
  }

  #receive(from: Seat, datagram: Uint8Array): void {
    if (from < this.#setup.session.keys.length || this.#addresses.has(from))
      this.driver?.receive(from, datagram);
    else this.driver?.count('address');
  }

  #die(kept: number): void {
    this.records.push(...this.#unflushed.slice(0, kept));
    this.#unflushed.length = 0;
    this.driver?.stop();
    this.driver = null;
    this.#addresses.clear();
    this.#setup.world.wake(this.seat, null);
  }

  #start(): void {
    const { engine, game, lag, random, seat, session } = this.#setup;
    const recovered = engine.recover(this.records, { agreement: session.agreement, me: seat });
    const nonce = recovered.nonce ?? randomBytes(random, NONCE_BYTES);
    this.play = new Play(game, session.keys.length, { lag });
    const setup = { ...session, me: seat, nonce };
    this.driver = new Driver(engine, setup, this.#ports(this.play), recovered);
    this.driver.start();
  }

  #joining(play: Play<State, Input>): JoiningPorts {
    const { seat, seated, world } = this.#setup;
    return {
      states: (round, count) => play.states(round, count),
      restore: (round, states) => {
        world.line?.(seat, `restore ${round}`);
        world.restored(seat, round);
        return play.restore(round, states);
      },
      address: (player, address) => {
        if (playerAt(address) === player) this.#addresses.add(player);
      },
      seated: (own) => seated?.(own),
    };
  }

  #final(play: Play<State, Input>, round: number): void {
    const stateHash = play.hashAfter(round);
    play.finalize(round);
    if (stateHash !== null) this.#setup.world.final(this.seat, round, stateHash);
  }

  #ports(play: Play<State, Input>): Ports {
    const { random, seat, secretKey, session, verifier, world } = this.#setup;
    const publicKey = session.newcomer?.publicKey ?? (session.keys[seat] as Uint8Array);
    return {
      now: () => world.now(seat),
      sign: (message, done) => done(verifier.sign(secretKey, publicKey, message)),
      own: (sealed) => verifier.own(sealed),
      verify: (sealed, done) => done(verifier.verify(sealed)),
      persist: (record) => {
        world.act(seat);
        world.line?.(seat, `persist ${toHex(record)}`);
        this.#unflushed.push(record);
      },
      flush: (done) => {
        world.act(seat);
        world.line?.(seat, 'flush');
        this.records.push(...this.#unflushed.splice(0));
        done();
      },
      send: (to, datagram) => {
        world.act(seat);
        world.line?.(seat, `send ${to} ${toHex(datagram)}`);
        world.send(seat, to, datagram);
      },
      salt: () => randomBytes(random, SALT_BYTES),
      begin: (_session, seed) => play.begin(seed),
      advance: (outcome, again) => {
        const played = play.advance(outcome);
        world.line?.(seat, `advance ${outcome.round} ${toHex(played.stateHash)}`);
        world.played(seat, outcome.round, played.stateHash, again);
        if (again) this.#final(play, outcome.round);
        return played;
      },
      permits: (round, input) => play.permits(seat, round, input),
      prove: (illegal) => play.prove(illegal),
      stateBytes: (round) => play.stateAfter(round)?.bytes ?? null,
      joining: this.#joining(play),
      rollback: (round) => {
        world.line?.(seat, `rollback ${round}`);
        world.rolledBack(seat, round);
        return play.rollback(round);
      },
      final: (round) => this.#final(play, round),
      tell: (effect) => {
        world.line?.(seat, `tell ${tellText(effect)}`);
        world.tell(seat, effect);
      },
      wake: (at) => world.wake(seat, at),
    };
  }
}

function randomBytes(random: Prng, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, () => random.below(256));
}

function tellText(effect: Extract<Effect, { type: 'evidence' | 'notify' | 'refused' | 'end' }>): string {
  if (effect.type === 'evidence') return `evidence ${effect.kind} ${effect.player} ${toHex(effect.evidence)}`;
  if (effect.type === 'refused') return `refused ${effect.reason}`;
  if (effect.type === 'end') return `end ${effect.reason}`;
  const { notice } = effect;
  if (notice.type === 'player') return `player ${notice.player} ${notice.status}`;
  if (notice.type === 'desync') return `desync ${notice.round} ${seatsOf(notice.players).join(',')}`;
  return `stall ${notice.round} ${notice.reason} ${seatsOf(notice.waitingFor).join(',')}`;
}

/** An event as a line of a trace. */
export function lineOf(event: PlayerEvent): string {
  if (event.type === 'datagram') return `> datagram ${event.from} ${toHex(event.datagram)}`;
  if (event.type === 'input') return `> input ${toHex(event.input)}`;
  if (event.type === 'wish') return `> wish ${event.target ?? '-'}`;
  if (event.type === 'crash') return `> crash ${event.kept}`;
  if (event.type === 'sponsor') return `> sponsor ${toHex(event.request)}`;
  return `> ${event.type}`;
}

/** The event of a line that {@link lineOf} wrote, or null for a line of what the player did. */
export function eventOf(line: string): PlayerEvent | null {
  const [mark, type, a, b] = line.split(' ');
  if (mark !== '>') return null;
  if (type === 'datagram')
    return { type, from: Number(a) as Seat, datagram: fromHex(b ?? '') ?? new Uint8Array(0) };
  if (type === 'input') return { type, input: fromHex(a ?? '') ?? new Uint8Array(0) };
  if (type === 'wish') return { type, target: a === '-' ? null : (Number(a) as Seat) };
  if (type === 'sponsor') return { type, request: fromHex(a ?? '') ?? new Uint8Array(0) };
  if (type === 'crash') return { type, kept: Number(a) };
  if (type === 'start' || type === 'tick' || type === 'leave') return { type };
  return null;
}
