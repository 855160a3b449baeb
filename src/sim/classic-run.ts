/**
 * A match under the NEO round as it was published (GauthierDickey et al. 2004), in virtual time: rounds of
 * one length, `{ E_K(S_A(U)), key of an earlier round, S_A(V) }` to everybody at the start of each,
 * acceptance by the votes that are held at the own deadline, keys released on a timer. Here to show what
 * its repairs are for.
 */

import { type Prng, prng } from '../base/prng.ts';
import { type Micros, micros } from '../base/time.ts';
import { atHand, type Fetch, honestAnswer, shuffled, takeAnswer } from './classic-fetch.ts';
import {
  type ClassicAnswer,
  type ClassicCheatRun,
  type ClassicOptions,
  type ClassicResult,
  type ClassicTable,
  checkClassic,
  within,
} from './classic-options.ts';
import { ClassicPlayer, majorityOf } from './classic-player.ts';
import { type Outcome, Tally } from './classic-tally.ts';
import { type ClassicPacket, Key, type Signed, seal, type Update, type Votes } from './classic-terms.ts';
import { EventQueue } from './queue.ts';

type Happening =
  | { readonly type: 'packet'; readonly to: number; readonly packet: ClassicPacket }
  | { readonly type: 'send' | 'end'; readonly desk: Desk }
  | { readonly type: 'ask'; readonly fetch: Fetch; readonly turn: number; readonly voter: number }
  | {
      readonly type: 'answer';
      readonly fetch: Fetch;
      readonly turn: number;
      readonly answer: ClassicAnswer | null;
    }
  | { readonly type: 'act'; readonly act: () => void };

/** A player with its clock and its own keys. */
interface Desk {
  readonly player: ClassicPlayer;
  readonly random: Prng;
  /** For the order in which others are asked. */
  readonly order: Prng;
  readonly keys: Map<number, Key>;
  /** True time at which each recent round began. */
  readonly began: Map<number, Micros>;
  /** How late after the start of its round the newest packet of each other player came. */
  readonly heardAfter: (Micros | null)[];
  round: number;
  start: Micros;
  length: Micros;
}

const SHORTEST: Micros = micros(10);
const LONGEST: Micros = micros(10_000);

class ClassicRun {
  readonly #queue = new EventQueue<Happening>();
  readonly #desks: readonly Desk[];
  readonly #options: ClassicOptions;
  readonly #tally: Tally;
  readonly #length: Micros;
  readonly #guard: Micros;
  readonly #pipeline: number;
  readonly #delays: readonly (readonly Micros[])[];
  readonly #cheaters: readonly number[];
  readonly #cheat: ClassicCheatRun | null;
  readonly #remembered: number;
  readonly #lossSeed: Prng;
  readonly #lost = new Map<number, readonly boolean[]>();
  #now: Micros = 0;
  #latency = 0;
  #latencies = 0;

  constructor(options: ClassicOptions) {
    checkClassic(options);
    const { players, rounds, seed, roundMs = 100, pipeline = 1, guardMs = 0, selfVote = true } = options;
    const { delayMs = 20, cheaters = [], cheat = null, session = 0, keep = false } = options;
    const seats = Array.from({ length: players }, (_, seat) => seat);
    const random = prng(seed).split('classic').split(session);
    this.#options = options;
    this.#length = micros(roundMs);
    this.#guard = micros(guardMs);
    this.#pipeline = pipeline;
    this.#delays = seats.map((from) =>
      seats.map((to) => {
        const ms = typeof delayMs === 'number' ? delayMs : delayMs(from, to);
        within('delayMs', ms, 0, 60_000, false);
        return micros(ms);
      }),
    );
    this.#remembered = 16 + 2 * players + pipeline;
    this.#lossSeed = random.split('loss');
    this.#desks = seats.map((seat) => ({
      player: new ClassicPlayer(seat, { players, pipeline, selfVote }),
      random: random.split('player').split(seat),
      order: random.split('order').split(seat),
      keys: new Map<number, Key>(),
      began: new Map<number, Micros>(),
      heardAfter: seats.map(() => null),
      round: 0,
      start: 0,
      length: this.#length,
    }));
    const table = this.#desks.map(({ player }) => player);
    this.#tally = new Tally({ players: table, cheaters, rounds, pipeline, session, keep });
    this.#cheaters = cheaters;
    this.#cheat = cheat === null ? null : cheat(this.#table(random.split('cheat')));
  }

  run(): ClassicResult {
    const { roundMs = 100, skewMs = () => 0 } = this.#options;
    for (const desk of this.#desks) {
      const skew = skewMs(desk.player.seat);
      within('skewMs', skew, -roundMs, 60_000, false);
      this.#begin(desk, 1, this.#length + micros(skew));
    }
    for (let next = this.#queue.next(); next !== null; next = this.#queue.next()) {
      this.#now = next.at;
      this.#happen(next.value);
    }
    const { counts, decisions, executed, finished, firstSplit } = this.#tally;
    return {
      rounds: finished,
      counts,
      firstSplitMs: firstSplit === null ? null : (firstSplit - this.#length) / 1000,
      executed,
      latencyRounds: this.#latency / this.#latencies / this.#length,
      decisions,
    };
  }

  #happen(what: Happening): void {
    if (what.type === 'packet') this.#arrive(what.to, what.packet);
    else if (what.type === 'send') this.#send(what.desk);
    else if (what.type === 'end') this.#end(what.desk);
    else if (what.type === 'ask') this.#asked(what);
    else if (what.type === 'answer') this.#answered(what.fetch, what.turn, what.answer);
    else if (what.type === 'act') what.act();
  }

  #desk(seat: number): Desk {
    return this.#desks[seat] as Desk;
  }

  #delay(from: number, to: number): Micros {
    return this.#delays[from]?.[to] as Micros;
  }

  /** Whether the link loses the packets of a round; the same for a round however much is sent. */
  #loses(round: number, from: number, to: number): boolean {
    const { loss = 0, lose, players } = this.#options;
    if (lose?.(round, from, to)) return true;
    if (loss === 0) return false;
    let lost = this.#lost.get(round);
    if (lost === undefined) {
      const random = this.#lossSeed.split(round);
      lost = Array.from({ length: players * players }, () => random.unit() < loss);
      this.#lost.set(round, lost);
      this.#lost.delete(round - 8);
    }
    return lost[from * players + to] as boolean;
  }

  #begin(desk: Desk, round: number, at: Micros): void {
    desk.round = round;
    desk.start = at;
    desk.began.set(round, at);
    desk.began.delete(round - this.#remembered);
    desk.keys.delete(round - this.#remembered);
    this.#queue.add(at + this.#guard, { type: 'send', desk });
    this.#queue.add(at + desk.length, { type: 'end', desk });
  }

  #post(by: number, to: number, packet: ClassicPacket): void {
    if (packet.key !== null) packet.key.released ??= this.#now;
    if (this.#loses(packet.round, by, to)) return;
    this.#queue.add(this.#now + this.#delay(by, to), { type: 'packet', to, packet });
  }

  /** Own packet of the round: the move was chosen at some moment of the round length before. */
  #send(desk: Desk): void {
    const { player, random, round, start } = desk;
    const { seat } = player;
    const stamp = -1 - random.below(this.#length);
    const content = this.#signed<Update>(
      seat,
      round,
      { input: random.below(1_000_000), stamp },
      start + stamp,
    );
    const key = new Key();
    desk.keys.set(round, key);
    this.#tally.chose(seat, round, start + stamp);
    const packet: ClassicPacket = {
      from: seat,
      round,
      cipher: seal(key, content),
      votes: round === 1 ? null : (player.held(round - 1).votes[seat] as Signed<Votes>),
      key: desk.keys.get(round - this.#pipeline) ?? null,
      wish: this.#wish(desk),
    };
    player.take({ ...packet, key: null }, this.#now);
    player.takeKey(round, seat, key, this.#now);
    const cheat = this.#cheaters.includes(seat) ? this.#cheat : null;
    for (const { player: other } of this.#desks) {
      if (other.seat === seat) continue;
      const sent = cheat?.packet ? cheat.packet(seat, other.seat, packet) : packet;
      if (sent !== null) this.#post(seat, other.seat, sent);
    }
    cheat?.sent?.(seat, packet);
  }

  #signed<T>(signer: number, round: number, value: T, moment: Micros): Signed<T> {
    return { signer, value, truth: { moment, round, session: this.#options.session ?? 0 } };
  }

  #arrive(to: number, packet: ClassicPacket): void {
    const desk = this.#desk(to);
    const { from, round } = packet;
    const start = desk.start + (round - desk.round) * desk.length;
    const after = this.#now - start - this.#guard;
    desk.heardAfter[from] = Math.max(0, after);
    const lags = desk.player.held(round).lags;
    lags[from] ??= Math.max(-desk.length, Math.min(desk.length, after - this.#delay(from, to)));
    desk.player.take(packet, this.#now);
    if (this.#cheaters.includes(to)) this.#cheat?.arrived?.(to, packet);
  }

  /** The round length that a player would have: a quarter above the latency that counts. */
  #wish({ heardAfter, length, player }: Desk): Micros {
    const { pace = 'fixed', players } = this.#options;
    if (pace === 'fixed') return length;
    const heard = heardAfter.map((after, seat) => (seat === player.seat ? 0 : (after ?? length)));
    const rank = pace === 'all' ? players - 1 : majorityOf(players) - 1;
    const latency = heard.sort((a, b) => a - b)[rank] as Micros;
    return Math.round(Math.max(SHORTEST, Math.min(LONGEST, 1.25 * latency + 2 * this.#guard)));
  }

  /** The end of a round by a player's own clock. */
  #end(desk: Desk): void {
    const { length, player, round, start } = desk;
    const { rounds, pace = 'fixed', follow = false } = this.#options;
    const held = player.held(round);
    held.votes[player.seat] = this.#signed(player.seat, round, player.votesAbout(round), this.#now);
    if (round > 1) this.#tally.decided(player.seat, round - 1, player.decide(round - 1), this.#now);
    if (round > this.#pipeline) this.#play(desk, round - this.#pipeline);
    if (round >= rounds + this.#pipeline) return;
    player.forget(round - this.#remembered);
    if (pace !== 'fixed') {
      const wishes = held.wishes.filter((wish) => wish !== null).sort((a, b) => a - b);
      desk.length = wishes[(wishes.length - 1) >> 1] as Micros;
    }
    const lag = held.lags.reduce((sum: number, one) => sum + (one ?? 0), 0) / held.lags.length;
    this.#begin(desk, round + 1, start + length + (follow ? Math.max(1 - length, Math.round(lag)) : 0));
  }

  #play(desk: Desk, round: number): void {
    const { player } = desk;
    const accepted = player.held(round).accepted as readonly boolean[];
    const outcomes: Outcome[] = [];
    let missing = accepted.length;
    const settle = (author: number, outcome: Outcome): void => {
      outcomes[author] = outcome;
      if (--missing > 0) return;
      if (!this.#cheaters.includes(player.seat)) {
        this.#latency += this.#now - (desk.began.get(round) as Micros);
        this.#latencies++;
      }
      this.#tally.played(player.seat, round, outcomes, this.#now);
    };
    for (const [author, yes] of accepted.entries()) {
      const ready = yes ? atHand(player, round, author, false) : { content: null, fixedAt: 0, late: false };
      if (ready !== null) {
        settle(author, ready);
        continue;
      }
      const others = player.voters(round, author).filter((voter) => voter !== player.seat);
      const voters = shuffled(others, desk.order);
      this.#ask({ player, round, author, voters, turn: 0, settle: (outcome) => settle(author, outcome) });
    }
  }

  #ask(fetch: Fetch): void {
    const { author, player, round, voters } = fetch;
    const turn = ++fetch.turn;
    const arrived = atHand(player, round, author, true);
    const voter = voters.shift();
    if (arrived !== null || voter === undefined)
      return fetch.settle(arrived ?? { content: null, fixedAt: 0, late: true });
    this.#queue.add(this.#now + this.#delay(player.seat, voter), { type: 'ask', fetch, turn, voter });
    this.#queue.add(this.#now + this.#length, { type: 'answer', fetch, turn, answer: null });
  }

  #asked({ fetch, turn, voter }: Extract<Happening, { type: 'ask' }>): void {
    const { author, player, round } = fetch;
    const cheat = this.#cheaters.includes(voter) ? this.#cheat : null;
    const said = cheat?.answer ? cheat.answer(voter, player.seat, round, author) : 'rules';
    if (said === 'silent') return;
    const answer = said === 'rules' ? honestAnswer(this.#desk(voter).player, round, author) : said;
    if (answer !== null) answer.key.released ??= this.#now;
    this.#queue.add(this.#now + this.#delay(voter, player.seat), { type: 'answer', fetch, turn, answer });
  }

  #answered(fetch: Fetch, turn: number, answer: ClassicAnswer | null): void {
    if (turn !== fetch.turn) return;
    const outcome = answer && takeAnswer(fetch, answer);
    if (outcome === null) return this.#ask(fetch);
    fetch.turn++;
    fetch.settle(outcome);
  }

  #table(random: Prng): ClassicTable {
    const own = this.#cheaters;
    const desk = (seat: number): Desk => {
      if (!own.includes(seat)) throw new Error(`runClassic: seat ${seat} is no cheat's own`);
      return this.#desk(seat);
    };
    const honest = this.#desks.map(({ player }) => player.seat).filter((seat) => !own.includes(seat));
    return {
      players: this.#desks.length,
      seats: own,
      honest,
      roundLength: this.#length,
      pipeline: this.#pipeline,
      random,
      now: () => this.#now,
      held: (seat, round) => desk(seat).player.held(round),
      knows: (round) =>
        honest.every((author) => own.some((seat) => desk(seat).player.held(round).opened[author])),
      started: (seat) => desk(seat).start,
      signUpdate: (seat, round, update) => this.#signed(desk(seat).player.seat, round, update, this.#now),
      signVotes: (seat, round, votes) => this.#signed(desk(seat).player.seat, round, votes, this.#now),
      post: (seat, to, packet) => this.#post(desk(seat).player.seat, to, packet),
      later: (at, act) => this.#queue.add(Math.max(at, this.#now), { type: 'act', act }),
    };
  }
}

/**
 * Plays a match under the published NEO round. Throws a RangeError that names the option that is wrong.
 * The same options give the same result.
 */
export function runClassic(options: ClassicOptions): ClassicResult {
  return new ClassicRun(options).run();
}
