/** A simulated match at work: players, network, faults and whoever watches, under one virtual clock. */

import { toHex } from '../base/bytes.ts';
import { type Round, type Seat, seatOf } from '../base/ids.ts';
import { has, seatsOf } from '../base/players.ts';
import { type Prng, prng } from '../base/prng.ts';
import { type Micros, micros } from '../base/time.ts';
import type { Notice } from '../protocol/effect.ts';
import type { Game } from '../protocol/game.ts';
import { alphaOf } from '../protocol/neo/options.ts';
import type { NeoSession } from '../protocol/neo/session.ts';
import type { CheatRun } from './cheat.ts';
import { Checkers } from './checkers.ts';
import { NeoCheckers } from './checkers-neo.ts';
import { Reading } from './checkers-reading.ts';
import { rawTime, virtualTime } from './clocks.ts';
import { Faults } from './faults.ts';
import { Junk } from './junk.ts';
import { nobleSigner } from './keys.ts';
import { type Match, matchOf } from './match.ts';
import { Network } from './network.ts';
import { comerOf, requestOf } from './newcomer.ts';
import type {
  Moment,
  SimulatedDesync,
  SimulatedEvidence,
  SimulatedPlayer,
  SimulatedStall,
  SimulationOptions,
  SimulationResult,
} from './options.ts';
import { Crash, type Player, type PlayerEvent, type PlayerWorld } from './player.ts';
import { EventQueue } from './queue.ts';
import { addCounts, noStanding, playerOf, type Standing } from './standing.ts';
import { TraceWriter } from './trace.ts';
import type { Watcher } from './watcher.ts';

const NOTICES_MAX = 1000;

type Event = { readonly seat: Seat; readonly what: PlayerEvent; readonly wake?: number };

/** One match; {@link simulate} runs one and is all that most need. */
export class Simulation<State, Input> {
  readonly players: Player<State, Input>[] = [];
  readonly queue: EventQueue<Event | (() => void)> = new EventQueue();
  readonly evidence: SimulatedEvidence[] = [];
  readonly stalls: SimulatedStall[] = [];
  readonly desyncs: SimulatedDesync[] = [];
  readonly sent: { datagrams: number; bytes: number } = { datagrams: 0, bytes: 0 };
  readonly trace: TraceWriter | null;
  readonly watcher: Watcher;
  now: Micros = 0;

  readonly #options: SimulationOptions<State, Input>;
  readonly #game: Game<State, Input>;
  readonly #match: Match<State, Input>;
  /** By seat, of all who ever came. */
  readonly #keys: Uint8Array[];
  readonly #random: Prng;
  readonly #network: Network;
  readonly #faults: Faults;
  readonly #junk: Junk;
  readonly #cheats = new Map<Seat, CheatRun>();
  readonly #inputs: Prng[];
  readonly #standings: Standing<State>[];
  #rollbacks = 0;

  constructor(game: Game<State, Input>, options: SimulationOptions<State, Input>) {
    const { players = 4, seed = 1 } = options;
    this.#game = game;
    this.#options = options;
    this.#random = prng(seed);
    this.#network = new Network(this.#random.split('network'), options.network);
    this.#inputs = Array.from({ length: players }, (_, seat) => this.#random.split('input').split(seat));
    this.#standings = Array.from({ length: players }, () => noStanding<State>());
    this.trace = options.trace === undefined ? null : new TraceWriter(options.trace === 'lines');
    this.#match = matchOf(game, options);
    this.#keys = [...this.#match.keys];
    for (const { seat } of this.#match.identities) {
      this.players.push(this.#match.player(seat, this.#world()));
      this.#cheat(seat);
    }
    this.watcher = this.#watcher();
    this.#junk = new Junk(this.#random.split('junk'), players);
    this.#faults = new Faults(
      {
        network: this.#network,
        now: () => this.now,
        later: (at, act) => this.queue.add(at, act),
        take: (seat, what) => this.#take(seat, what),
        hasBegun: () => this.players.every(({ session }) => session !== null),
        junk: (to) => this.#throwJunk(to),
      },
      this.#random.split('crash'),
    );
  }

  cheats(seat: Seat): boolean {
    return this.#options.cheats?.[seat] !== undefined;
  }

  /** The neo session of a player that runs; null for one that is down, and in lockstep. */
  neoSession(seat: Seat): NeoSession | null {
    const session = this.players[seat]?.driver?.session;
    return session && 'neo' in session ? (session as NeoSession) : null;
  }

  /** The members as a running player knows them; null before the match. */
  membersFor(seat: Seat): readonly Seat[] | null {
    const members = this.players[seat]?.driver?.match?.members;
    return members === undefined ? null : seatsOf(members);
  }

  /** Somebody comes who was not there at the start. */
  #comeIn(): void {
    const { players: founders = 4, seed = 1, identitySeed = seed } = this.#options;
    const { keyring = nobleSigner } = this.#options;
    const comer = comerOf(this.players, keyring, identitySeed, founders, this.#game.legal !== null);
    if (comer === null) return this.queue.add(this.now + micros(100), () => this.#comeIn());
    const { newcomer, seat } = comer;
    const player = this.#match.comer(comer, this.#world(), (own) => {
      if (own !== seat)
        throw new Error('simulate: newcomers must come far enough apart to take seats in order');
    });
    this.players.push(player);
    this.#standings.push(noStanding());
    this.#inputs.push(this.#random.split('input').split(seat));
    this.#keys.push(newcomer.publicKey);
    this.#take(seat, { type: 'start' });
    const nonce = player.driver?.session.setup.nonce as Uint8Array;
    const { verifier } = this.#match;
    const request = requestOf(comer, nonce, (secret, key, message) => verifier.sign(secret, key, message));
    for (const other of this.players)
      if (other !== player) this.#take(other.seat, { type: 'sponsor', request });
  }

  #cheat(seat: Seat): void {
    const cheat = this.#options.cheats?.[seat];
    const { keys, identities, verifier } = this.#match;
    const { publicKey, secretKey } = identities[seat] as (typeof identities)[number];
    const dice = this.#random.split('cheat').split(seat);
    if (cheat === undefined) return;
    const run = cheat.begin({
      seat,
      keys,
      sign: (message) => verifier.sign(secretKey, publicKey, message),
      random: (bound) => dice.below(bound),
    });
    this.#cheats.set(seat, run);
  }

  #watcher(): Watcher {
    const { newcomers = [], players = 4, protocol } = this.#options;
    const honest = (seat: Seat): boolean => !this.cheats(seat);
    if (protocol?.name !== 'neo') return new Checkers(players, honest);
    const { verifier } = this.#match;
    const { keepF, silentRounds: silence } = protocol.parameters;
    return new NeoCheckers({
      honest,
      liars: this.players.map(({ seat }) => seat).filter((seat) => this.cheats(seat)),
      keepF,
      founders: players,
      terms: { n: players + newcomers.length, alpha: alphaOf(protocol.parameters), silence },
      reading: new Reading(this.#keys, verifier),
      now: () => this.now,
      session: (seat) => this.neoSession(seat),
      records: (seat) => this.players[seat]?.records ?? [],
    });
  }

  #world(): PlayerWorld {
    const { clocks = {} } = this.#options;
    return {
      now: (seat) => rawTime(clocks[seat] ?? {}, this.now),
      send: (from, to, datagram) => this.#send(from, to, datagram),
      wake: (seat, at) => this.#wake(seat, at === null ? null : virtualTime(clocks[seat] ?? {}, at)),
      played: (seat, round, stateHash, again) => {
        this.watcher.played(seat, round, stateHash, again);
        if (again) return;
        this.#saw(seat, 'advance', round);
        this.#plan(seat);
      },
      restored: (seat, round) => this.watcher.restored(seat, round),
      rolledBack: (seat, round) => {
        this.#rollbacks++;
        this.watcher.rolledBack(seat, round);
        this.#saw(seat, 'rollback', round);
      },
      final: (seat, round, stateHash) => this.#final(seat, round, stateHash),
      tell: (seat, effect) => this.#told(seat, effect),
      line: this.trace === null ? null : (seat, text) => this.trace?.add(this.now, seat, text),
      act: (seat) => this.#act(seat),
    };
  }

  #saw(player: Seat, type: Moment['type'], round: Round): void {
    this.#options.watch?.({ atMs: this.now / 1000, player, type, round });
  }

  #final(seat: Seat, round: Round, stateHash: Uint8Array): void {
    const standing = this.#standings[seat] as Standing<State>;
    const { rounds = 100 } = this.#options;
    this.watcher.final(seat, round, stateHash);
    this.#saw(seat, 'final', round);
    if (round < standing.rounds) return;
    standing.rounds = round;
    if (round > rounds) return;
    standing.stateHash = toHex(stateHash);
    const { play } = this.players[seat] as Player<State, Input>;
    const bytes = play?.stateAfter(round)?.bytes;
    const decoded = bytes && this.#game.decodeState(bytes);
    standing.state = decoded?.ok ? decoded.state : (play?.current?.state ?? null);
  }

  #told(seat: Seat, effect: Parameters<PlayerWorld['tell']>[1]): void {
    if (effect.type === 'evidence') {
      const { evidence, kind, player } = effect;
      this.evidence.push({ by: seat, player, kind, evidence });
      this.watcher.accused(seat, player);
    } else if (effect.type === 'end') (this.#standings[seat] as Standing<State>).ended = effect.reason;
    else if (effect.type === 'notify') {
      const { notice } = effect;
      if (notice.type === 'stall') this.#stalled(seat, notice);
      if (notice.type === 'desync' && this.desyncs.length < NOTICES_MAX) {
        this.desyncs.push({ by: seat, round: notice.round, players: seatsOf(notice.players) });
      }
    }
  }

  #act(seat: Seat): void {
    const act = ++(this.#standings[seat] as Standing<State>).acts;
    for (const fault of this.#options.faults ?? []) {
      if (fault.type !== 'crash-at-act' || fault.player !== seat || fault.act !== act) continue;
      this.queue.add(this.now + micros(fault.downMs), { seat, what: { type: 'start' } });
      throw new Crash(`player ${seat} crashes before act ${act}`);
    }
  }

  #sessionOf(seat: Seat): Uint8Array | null {
    return (this.players[seat] as Player<State, Input>).session;
  }

  #send(from: Seat, to: Seat, datagram: Uint8Array): void {
    const cheat = this.#cheats.get(from);
    const routed = cheat === undefined ? [[to, datagram] as const] : cheat.outgoing(to, datagram);
    for (const [target, bytes] of routed) this.#sendOne(from, seatOf(target), bytes);
  }

  #sendOne(from: Seat, to: Seat, datagram: Uint8Array): void {
    const { passing } = this.#options;
    this.watcher.sent(from, this.#sessionOf(from), datagram);
    this.#junk.saw(to, datagram);
    this.sent.datagrams++;
    this.sent.bytes += datagram.length;
    const arrivals = this.#network.arrivals(from, to, this.now);
    if (passing !== undefined && !passing({ atMs: this.now / 1000, from, to, datagram })) return;
    for (const at of arrivals) this.queue.add(at, () => this.#deliver(from, to, datagram));
  }

  #deliver(from: Seat, to: Seat, datagram: Uint8Array): void {
    const cheat = this.#cheats.get(to);
    const routed = cheat === undefined ? [[from, datagram] as const] : cheat.incoming(from, datagram);
    for (const [source, bytes] of routed) {
      this.#take(to, { type: 'datagram', from: seatOf(source), datagram: bytes });
    }
  }

  #throwJunk(to: Seat): void {
    const [from, datagram] = this.#junk.next(to);
    this.#take(to, { type: 'datagram', from, datagram });
  }

  #wake(seat: Seat, at: Micros | null): void {
    const standing = this.#standings[seat] as Standing<State>;
    const wake = ++standing.wake;
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

  #stalled(seat: Seat, notice: Extract<Notice, { type: 'stall' }>): void {
    const { reason, round } = notice;
    const waitingFor = seatsOf(notice.waitingFor);
    if (this.stalls.length < NOTICES_MAX) this.stalls.push({ by: seat, round, waitingFor, reason });
    const [target] = waitingFor;
    if (this.#options.onStall !== 'remove' || target === undefined) return;
    this.queue.add(this.now, { seat, what: { type: 'wish', target } });
  }

  #take(seat: Seat, what: PlayerEvent): void {
    const player = this.players[seat] as Player<State, Input>;
    if (this.#faults.holds(seat, what)) return;
    if (what.type === 'start' ? player.driver !== null : player.driver === null) return;
    const before = player.driver;
    const began = player.session !== null;
    if (what.type === 'start') this.watcher.started(seat);
    if (what.type === 'datagram') this.watcher.arrived(seat, player.session, what.datagram);
    player.take(what);
    if (before !== null && player.driver !== before)
      addCounts(this.#standings[seat] as Standing<State>, before.counts.refused);
    const fresh = what.type === 'start' && player.session !== null;
    if (fresh || (!began && player.session !== null)) this.#plan(seat);
  }

  /** Seats of honest players that are still in the match. */
  playing(): readonly Seat[] {
    return this.players
      .filter(({ seat, driver }) => {
        const ended = this.#standings[seat]?.ended ?? null;
        return !this.cheats(seat) && driver !== null && ended === null && !this.#isOut(seat);
      })
      .map(({ seat }) => seat);
  }

  /** True when an honest player goes on without this one, whether it knows or not. */
  #isRemoved(seat: Seat): boolean {
    return this.players.some((other) => {
      const match = other.driver?.match;
      return match && other.seat !== seat && !this.cheats(other.seat) && !has(match.members, seat);
    });
  }

  /** In neo what an honest player's final log says of a member is so for all. */
  #isOut(seat: Seat): boolean {
    return this.#options.protocol?.name === 'neo' && this.#isRemoved(seat);
  }

  #done(): boolean {
    const { rounds = 100, faults = [] } = this.#options;
    const away = this.players.some(
      ({ seat, driver }) =>
        driver === null &&
        faults.some((f) => 'downMs' in f && f.player === seat && Number.isFinite(f.downMs)) &&
        !this.#isOut(seat),
    );
    const playing = this.playing();
    return !away && playing.every((seat) => (this.#standings[seat]?.rounds ?? 0) >= rounds);
  }

  run(): SimulationResult<State> {
    const { faults = [], limitMs = 3_600_000, newcomers = [] } = this.#options;
    for (const { seat } of this.players) this.queue.add(0, { seat, what: { type: 'start' } });
    this.#faults.plan(faults);
    for (const { atMs } of newcomers) this.queue.add(micros(atMs), () => this.#comeIn());
    let steps = 0;
    for (let next = this.queue.next(); next !== null; next = this.queue.next()) {
      if (next.at > micros(limitMs)) break;
      this.now = next.at;
      const { value } = next;
      if (typeof value === 'function') value();
      else if (value.wake === undefined || value.wake === this.#standings[value.seat]?.wake)
        this.#take(value.seat, value.what);
      if (++steps % 32 === 0 && this.#done()) break;
    }
    return this.result();
  }

  /** What has come of it so far. */
  result(): SimulationResult<State> {
    const { rounds = 100 } = this.#options;
    const players = this.players.map((player): SimulatedPlayer<State> => {
      const standing = this.#standings[player.seat] as Standing<State>;
      return playerOf(player, standing, this.#keys[player.seat] as Uint8Array);
    });
    const playing = this.playing().map((seat) => players[seat] as SimulatedPlayer<State>);
    const least = playing.length === 0 ? 0 : Math.min(...playing.map((player) => player.rounds));
    const violations = this.watcher.violations((seat) => this.#isRemoved(seat));
    const equal = new Set(playing.map(({ stateHash }) => stateHash)).size === 1;
    return {
      agreed: equal && least >= rounds && violations.length === 0,
      rounds: least,
      players,
      evidence: this.evidence,
      stalls: this.stalls,
      desyncs: this.desyncs,
      violations,
      rollbacks: this.#rollbacks,
      virtualMs: this.now / 1000,
      sent: this.sent,
      trace: this.trace?.finish() ?? null,
    };
  }
}
