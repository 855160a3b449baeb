/**
 * A whole match in one process and in virtual time: the real machines and drivers, one seed for
 * everything that chance decides, faults and cheats as wanted. The same options give the same trace.
 */

import { toHex } from '../base/bytes.ts';
import { type Seat, seatOf } from '../base/ids.ts';
import { has, type PlayerSet, seatsOf } from '../base/players.ts';
import { type Prng, prng } from '../base/prng.ts';
import { type Micros, micros } from '../base/time.ts';
import type { EndReason } from '../protocol/effect.ts';
import type { Game } from '../protocol/game.ts';
import type { Refusal } from '../protocol/judge.ts';
import type { CheatRun } from './cheat.ts';
import { Checkers } from './checkers.ts';
import { matchOf } from './match.ts';
import { Network } from './network.ts';
import {
  checkSimulation,
  type SimulatedDesync,
  type SimulatedEvidence,
  type SimulatedFault,
  type SimulatedPlayer,
  type SimulatedStall,
  type SimulationOptions,
  type SimulationResult,
} from './options.ts';
import { Crash, type Player, type PlayerEvent, type PlayerWorld } from './player.ts';
import { EventQueue } from './queue.ts';
import { TraceWriter } from './trace.ts';

export type * from './cheat.ts';
export { cheats } from './cheats.ts';
export type * from './options.ts';
export { replayTrace } from './replay.ts';

const NOTICES_MAX = 1000;

interface Stall {
  readonly round: number;
  readonly waitingFor: PlayerSet;
  readonly reason: string;
}

type Event = { readonly seat: Seat; readonly what: PlayerEvent; readonly wake?: number };

export class Simulation<State, Input> {
  readonly players: Player<State, Input>[] = [];
  readonly queue = new EventQueue<Event | (() => void)>();
  readonly evidence: SimulatedEvidence[] = [];
  readonly stalls: SimulatedStall[] = [];
  readonly desyncs: SimulatedDesync[] = [];
  readonly sent = { datagrams: 0, bytes: 0 };
  readonly trace: TraceWriter | null;
  now: Micros = 0;

  readonly #options: SimulationOptions<State, Input>;
  readonly #game: Game<State, Input>;
  readonly #random: Prng;
  readonly #network: Network;
  readonly checkers: Checkers;
  readonly #cheats = new Map<Seat, CheatRun>();
  readonly #inputs: Prng[];
  readonly #wakes: number[];
  readonly #acts: number[];
  readonly #ended: (EndReason | null)[];
  readonly #refused: Partial<Record<Refusal, number>>[];

  constructor(game: Game<State, Input>, options: SimulationOptions<State, Input>) {
    const { players = 4, seed = 1 } = options;
    this.#game = game;
    this.#options = options;
    this.#random = prng(seed);
    this.#network = new Network(this.#random.split('network'), options.network);
    this.#inputs = Array.from({ length: players }, (_, seat) => this.#random.split('input').split(seat));
    this.#wakes = new Array<number>(players).fill(0);
    this.#acts = new Array<number>(players).fill(0);
    this.#ended = new Array<null>(players).fill(null);
    this.#refused = Array.from({ length: players }, () => ({}));
    this.trace = options.trace === undefined ? null : new TraceWriter(options.trace === 'lines');
    this.checkers = new Checkers(players, (seat) => !this.cheats(seat));
    const match = matchOf(game, options);
    for (const { seat, secretKey, publicKey } of match.identities) {
      this.players.push(match.player(seat, this.#world()));
      const cheat = options.cheats?.[seat];
      const dice = this.#random.split('cheat').split(seat);
      if (cheat === undefined) continue;
      const run = cheat.begin({
        seat,
        keys: match.keys,
        sign: (message) => match.verifier.sign(secretKey, publicKey, message),
        random: (bound) => dice.below(bound),
      });
      this.#cheats.set(seat, run);
    }
  }

  cheats(seat: Seat): boolean {
    return this.#options.cheats?.[seat] !== undefined;
  }

  #world(): PlayerWorld {
    return {
      now: () => this.now,
      send: (from, to, datagram) => this.#send(from, to, datagram),
      wake: (seat, at) => this.#wake(seat, at),
      played: (seat, again) => {
        if (!again) this.#plan(seat);
      },
      final: (seat, round, stateHash) => this.checkers.final(seat, round, stateHash),
      tell: (seat, effect) => this.#told(seat, effect),
      line: this.trace === null ? null : (seat, text) => this.trace?.add(this.now, seat, text),
      act: (seat) => this.#act(seat),
    };
  }

  #told(seat: Seat, effect: Parameters<PlayerWorld['tell']>[1]): void {
    if (effect.type === 'evidence') {
      const { evidence, kind, player } = effect;
      this.evidence.push({ by: seat, player, kind, evidence });
      this.checkers.accused(seat, player);
    } else if (effect.type === 'end') this.#ended[seat] = effect.reason;
    else if (effect.type === 'notify') {
      const { notice } = effect;
      if (notice.type === 'stall') this.#stalled(seat, notice);
      if (notice.type === 'desync' && this.desyncs.length < NOTICES_MAX) {
        this.desyncs.push({ by: seat, round: notice.round, players: seatsOf(notice.players) });
      }
    }
  }

  #act(seat: Seat): void {
    const act = (this.#acts[seat] ?? 0) + 1;
    this.#acts[seat] = act;
    for (const fault of this.#options.faults ?? []) {
      if (fault.type !== 'crash-at-act' || fault.player !== seat || fault.act !== act) continue;
      this.queue.add(this.now + micros(fault.downMs), { seat, what: { type: 'start' } });
      throw new Crash(`player ${seat} crashes before act ${act}`);
    }
  }

  #send(from: Seat, to: Seat, datagram: Uint8Array): void {
    this.checkers.sent(from, (this.players[from] as Player<State, Input>).session, datagram);
    const cheat = this.#cheats.get(from);
    const routed = cheat === undefined ? [[to, datagram] as const] : cheat.outgoing(to, datagram);
    for (const [target, bytes] of routed) {
      this.sent.datagrams++;
      this.sent.bytes += bytes.length;
      for (const at of this.#network.arrivals(from, seatOf(target), this.now)) {
        this.queue.add(at, () => this.#deliver(from, seatOf(target), bytes));
      }
    }
  }

  #deliver(from: Seat, to: Seat, datagram: Uint8Array): void {
    const cheat = this.#cheats.get(to);
    const routed = cheat === undefined ? [[from, datagram] as const] : cheat.incoming(from, datagram);
    for (const [source, bytes] of routed) {
      this.#take(to, { type: 'datagram', from: seatOf(source), datagram: bytes });
    }
  }

  #wake(seat: Seat, at: Micros | null): void {
    const wake = (this.#wakes[seat] ?? 0) + 1;
    this.#wakes[seat] = wake;
    if (at !== null) this.queue.add(Math.max(at, this.now), { seat, what: { type: 'tick' }, wake });
  }

  /** Plans the input for the next round; a player that is done gives none. */
  #plan(seat: Seat): void {
    this.queue.add(this.now, () => {
      const player = this.players[seat] as Player<State, Input>;
      const current = player.play?.current;
      const { input, rounds = 100 } = this.#options;
      if (player.driver === null || !current || current.round >= rounds) return;
      if (player.driver.match?.committed) return;
      const random = (bound: number): number => (this.#inputs[seat] as Prng).below(bound);
      const chosen = input({ player: seat, round: current.round + 1, state: current.state, random });
      this.#take(seat, { type: 'input', input: this.#game.encodeInput(chosen) });
    });
  }

  #stalled(seat: Seat, notice: Stall): void {
    const { reason, round } = notice;
    const waitingFor = seatsOf(notice.waitingFor);
    if (this.stalls.length < NOTICES_MAX) this.stalls.push({ by: seat, round, waitingFor, reason });
    const [target] = waitingFor;
    if (this.#options.onStall !== 'remove' || target === undefined) return;
    this.queue.add(this.now, { seat, what: { type: 'wish', target } });
  }

  #take(seat: Seat, what: PlayerEvent): void {
    const player = this.players[seat] as Player<State, Input>;
    if (player.driver === null && what.type !== 'start') return;
    const before = player.driver;
    const began = player.session !== null;
    player.take(what);
    if (before !== null && player.driver !== before) this.#keepCounts(seat, before.counts.refused);
    const fresh = what.type === 'start' && player.session !== null;
    if (fresh || (!began && player.session !== null)) this.#plan(seat);
  }

  #keepCounts(seat: Seat, refused: Readonly<Partial<Record<Refusal, number>>>): void {
    const total = this.#refused[seat] as Partial<Record<Refusal, number>>;
    for (const [name, count] of Object.entries(refused) as [Refusal, number][])
      total[name] = (total[name] ?? 0) + count;
  }

  #schedule(): void {
    for (const { seat } of this.players) this.queue.add(0, { seat, what: { type: 'start' } });
    for (const fault of this.#options.faults ?? []) {
      if (fault.type === 'crash-at-act') continue;
      this.queue.add(micros(fault.atMs), () => this.#fault(fault));
    }
  }

  #fault(fault: Exclude<SimulatedFault, { type: 'crash-at-act' }>): void {
    if (fault.type === 'partition') {
      this.#network.partition(fault.groups);
      this.queue.add(this.now + micros(fault.forMs), () => this.#network.partition(null));
      return;
    }
    const seat = seatOf(fault.player);
    if (fault.type === 'leave') return this.#take(seat, { type: 'leave' });
    const kept = this.#random.split('crash').split(this.now).below(4);
    this.#take(seat, { type: 'crash', kept });
    if (Number.isFinite(fault.downMs))
      this.queue.add(this.now + micros(fault.downMs), { seat, what: { type: 'start' } });
  }

  /** Seats of honest players that are still in the match. */
  #playing(): readonly Seat[] {
    const members = this.players
      .filter(({ seat, driver }) => !this.cheats(seat) && driver !== null && this.#ended[seat] === null)
      .map(({ seat }) => seat);
    return members;
  }

  /** True when an honest player goes on without this one, whether it knows or not. */
  #isRemoved(seat: Seat): boolean {
    return this.players.some((other) => {
      const match = other.driver?.match;
      return match && other.seat !== seat && !this.cheats(other.seat) && !has(match.members, seat);
    });
  }

  #done(): boolean {
    const { rounds = 100, faults = [] } = this.#options;
    const away = this.players.some(
      ({ seat, driver }) =>
        driver === null &&
        faults.some(
          (f) => 'player' in f && f.player === seat && f.type !== 'leave' && Number.isFinite(f.downMs),
        ),
    );
    const playing = this.#playing();
    return !away && playing.every((seat) => (this.players[seat]?.play?.current?.round ?? 0) >= rounds);
  }

  run(): SimulationResult<State> {
    const { limitMs = 3_600_000 } = this.#options;
    this.#schedule();
    let steps = 0;
    for (let next = this.queue.next(); next !== null; next = this.queue.next()) {
      if (next.at > micros(limitMs)) break;
      this.now = next.at;
      const { value } = next;
      if (typeof value === 'function') value();
      else if (value.wake === undefined || value.wake === this.#wakes[value.seat])
        this.#take(value.seat, value.what);
      if (++steps % 16 === 0 && this.#done()) break;
    }
    return this.#result();
  }

  #result(): SimulationResult<State> {
    const { rounds = 100 } = this.#options;
    const players = this.players.map((player): SimulatedPlayer<State> => {
      if (player.driver !== null) this.#keepCounts(player.seat, player.driver.counts.refused);
      const current = player.play?.current ?? null;
      return {
        publicKey: player.driver?.session.setup.keys[player.seat] ?? new Uint8Array(32),
        rounds: current?.round ?? 0,
        state: current?.state ?? null,
        stateHash: current === null ? '' : toHex(current.stateHash),
        ended: this.#ended[player.seat] ?? null,
        refused: this.#refused[player.seat] ?? {},
      };
    });
    const playing = this.#playing().map((seat) => players[seat] as SimulatedPlayer<State>);
    const least = playing.length === 0 ? 0 : Math.min(...playing.map((player) => player.rounds));
    const violations = this.checkers.violations((seat) => this.#isRemoved(seat));
    const equal = new Set(playing.map(({ stateHash }) => stateHash)).size === 1;
    return {
      agreed: equal && least >= rounds && violations.length === 0,
      rounds: least,
      players,
      evidence: this.evidence,
      stalls: this.stalls,
      desyncs: this.desyncs,
      violations,
      virtualMs: this.now / 1000,
      sent: this.sent,
      trace: this.trace?.finish() ?? null,
    };
  }
}

/**
 * Plays a match of `game` in virtual time. Throws a TypeError or RangeError that names the option
 * that is wrong; everything else is in the result.
 */
export function simulate<State, Input>(
  game: Game<State, Input>,
  options: SimulationOptions<State, Input>,
): SimulationResult<State> {
  checkSimulation(options);
  return new Simulation(game, options).run();
}
