/** What a match of the published NEO round is made of, what comes out, and what a cheat in it can do. */

import type { Prng } from '../base/prng.ts';
import type { Micros } from '../base/time.ts';
import type { Held } from './classic-player.ts';
import type { ClassicCounts } from './classic-tally.ts';
import type { Cipher, ClassicPacket, Key, Signed, Update, Votes } from './classic-terms.ts';

/** A match. All milliseconds are virtual. */
export interface ClassicOptions {
  /** 2 .. 32. */
  readonly players: number;
  /** Rounds that are counted, 1 .. 10^6. */
  readonly rounds: number;
  readonly seed: number;
  /** Round length; the first one if it adapts. 100 unless told. */
  readonly roundMs?: number;
  /** After how many rounds a key follows its update; 1 unless told. */
  readonly pipeline?: number;
  /** How long a packet, and the key in it, waits after the start of its round. 0 unless told. */
  readonly guardMs?: number;
  /** One way, for all links or for each. 20 unless told. */
  readonly delayMs?: number | ((from: number, to: number) => number);
  /** Share of packets that are lost, each by itself, 0 .. 1. Nothing is sent again. 0 unless told. */
  readonly loss?: number;
  /** Further losses, by the round in which a packet is sent. */
  readonly lose?: (round: number, from: number, to: number) => boolean;
  /** How far each clock is behind. 0 unless told. */
  readonly skewMs?: (seat: number) => number;
  /** Whether one's own vote for oneself counts; true unless told. */
  readonly selfVote?: boolean;
  /**
   * What a round should last as each player wishes it, whose lower median is taken: a latency within which
   * all other players, or only a majority, were heard. Fixed unless told.
   */
  readonly pace?: 'fixed' | 'all' | 'majority';
  /** Whether each player moves its clock by the mean lag of the packets that it receives. */
  readonly follow?: boolean;
  /** Seats that are watched as cheats, even if they follow the rules. None unless told. */
  readonly cheaters?: readonly number[];
  /** What they do; they follow the rules unless told. */
  readonly cheat?: ClassicCheat | null;
  /** Number of the session; players keep their keys from one to the next. 0 unless told. */
  readonly session?: number;
  /** Keep every decision. */
  readonly keep?: boolean;
}

/** What a match came to. */
export interface ClassicResult {
  /** Rounds that all players finished. */
  readonly rounds: number;
  readonly counts: ClassicCounts;
  /** Virtual milliseconds to the first round that honest players decided differently; null without one. */
  readonly firstSplitMs: number | null;
  /** Rounds in which every honest player played the own update of that seat, by seat. */
  readonly executed: readonly number[];
  /** Mean time from the start of a round to its playout by an honest player, in first round lengths. */
  readonly latencyRounds: number;
  /** `decisions[round][seat][author]`: whether the seat accepted the author's update; empty unless kept. */
  readonly decisions: readonly (readonly (readonly boolean[])[])[];
}

/** What a player gives who is asked for an update. */
export interface ClassicAnswer {
  readonly cipher: Cipher;
  readonly key: Key;
}

/** The table as the cheats see it together: what reached their own seats, and the clocks. */
export interface ClassicTable {
  readonly players: number;
  /** Own seats. */
  readonly seats: readonly number[];
  /** All others. */
  readonly honest: readonly number[];
  readonly roundLength: Micros;
  readonly pipeline: number;
  readonly random: Prng;
  now(): Micros;
  /** What an own seat holds; to look at only. */
  held(seat: number, round: number): Held;
  /** Whether every honest move of a round can be opened. */
  knows(round: number): boolean;
  /** Start of the round in which an own seat is. */
  started(seat: number): Micros;
  /** Signs with the key of an own seat. Throws an Error for any other seat. */
  signUpdate(seat: number, round: number, update: Update): Signed<Update>;
  signVotes(seat: number, round: number, votes: Votes): Signed<Votes>;
  /** Sends from an own seat, in whoever's name. Throws an Error for any other seat. */
  post(seat: number, to: number, packet: ClassicPacket): void;
  /** Does something at that time, or now if it has passed. */
  later(at: Micros, act: () => void): void;
}

/** A cheat at work; what it leaves out is done by the rules. */
export interface ClassicCheatRun {
  /** What leaves an own seat in place of its packet; null sends nothing. */
  packet?(seat: number, to: number, packet: ClassicPacket): ClassicPacket | null;
  /** An own seat has just sent its packets of a round. */
  sent?(seat: number, packet: ClassicPacket): void;
  /** An own seat has just taken a packet. */
  arrived?(seat: number, packet: ClassicPacket): void;
  /** What an own seat answers when asked for an update; null has nothing, 'silent' says nothing. */
  answer?(
    seat: number,
    asker: number,
    round: number,
    author: number,
  ): ClassicAnswer | 'rules' | 'silent' | null;
}

/** A way to cheat in the published NEO round. */
export type ClassicCheat = (table: ClassicTable) => ClassicCheatRun;

/** Throws a RangeError unless the option is within its bounds. */
export function within(name: string, value: number, low: number, high: number, whole: boolean): void {
  if (value >= low && value <= high && (!whole || Number.isInteger(value))) return;
  throw new RangeError(
    `runClassic: ${name} must be ${whole ? 'an integer ' : ''}${low} .. ${high}; got ${value}`,
  );
}

/** Throws a RangeError that names the option that is wrong. */
export function checkClassic(options: ClassicOptions): void {
  const {
    players,
    rounds,
    seed,
    roundMs = 100,
    pipeline = 1,
    guardMs = 0,
    loss = 0,
    cheaters = [],
  } = options;
  within('players', players, 2, 32, true);
  within('rounds', rounds, 1, 1_000_000, true);
  within('seed', seed, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, true);
  within('roundMs', roundMs, 1, 60_000, false);
  within('pipeline', pipeline, 1, 16, true);
  within('guardMs', guardMs, 0, roundMs, false);
  within('loss', loss, 0, 1, false);
  for (const seat of cheaters) within('cheaters', seat, 0, players - 1, true);
  if (new Set(cheaters).size >= players)
    throw new RangeError('runClassic: cheaters must leave an honest player');
}
