/**
 * The state of a neo machine: what is held of each round, what I have said in it, and what came of it;
 * and a change of it on its way. The rules are in the files beside this one, a concept each.
 */

import { assert } from '../../base/assert.ts';
import type { Epoch, Round, Seat } from '../../base/ids.ts';
import { count, nobody, type PlayerSet, union } from '../../base/players.ts';
import type { Micros } from '../../base/time.ts';
import type { Verified } from '../../crypto/signature.ts';
import type { Packet } from '../../wire/packet.ts';
import {
  type Certified,
  type Change,
  type Commit,
  type Confirm,
  type Hold,
  type Prepare,
  type Propose,
  type Reveal,
  ROUND_INSTANCE,
  type Vote,
} from '../../wire/statement.ts';
import type { EndReason } from '../effect.ts';
import { type Quorum, quorum } from '../quorum.ts';
import type { BySeat } from '../round.ts';
import {
  type ClosedRound,
  firstLog,
  type LogEvent,
  type LogParameters,
  type LogState,
  type Member,
} from './log-state.ts';
import type { Pace } from './pace.ts';
import { startSeed } from './seeds.ts';
import type { Operation } from './update.ts';
import { NONE, type Value } from './values.ts';

/** A statement with the signed packet that it came in, so that it can be handed on. */
export interface Held<Said> {
  readonly statement: Said;
  readonly packet: Verified<Packet>;
}

/** A vote, and by seat what it says: a hash or NONE, null where the hash is not known here. */
export interface HeldVote extends Held<Vote> {
  readonly entries: BySeat<Value>;
  /** The named hashes, once they are known. */
  readonly hashes: readonly Uint8Array[] | null;
}

export interface HeldConfirm extends Held<Confirm> {
  readonly entries: BySeat<Value>;
  readonly hashes: readonly Uint8Array[] | null;
}

/** A view change or a proposal, with the hash that others name it by. */
export interface HeldChange extends Held<Change> {
  readonly hash: Uint8Array;
}

export interface HeldPropose extends Held<Propose> {
  readonly hash: Uint8Array;
}

/** The views of one instance: the slots of a round, or one opening in dispute (contest.ts). */
export interface Contest {
  /** ROUND_INSTANCE, or the seat whose opening is in dispute. */
  readonly instance: number;
  /** My view; I have left all below it. */
  readonly view: number;
  /** When I leave it, or null while the timer does not run. */
  readonly timerAt: Micros | null;
  /** How long the next timer runs. */
  readonly timeout: Micros;
  /** The highest views in which I have said CHANGE, PROPOSE and PREPARE; 0 for none. */
  readonly changed: number;
  readonly proposed: number;
  readonly prepared: number;
  /** Slots that I have confirmed in my view, and the index of my next CONFIRM of it. */
  readonly confirmed: PlayerSet;
  readonly confirmIndex: number;
  /** By slot the certificate of the highest view that I hold. */
  readonly best: BySeat<Certified>;
  /** Views above 0 whose proposal I know to be certified. */
  readonly proven: readonly number[];
  /** Certificates that I have seen: they stay known whatever a liar says instead. */
  readonly known: readonly Certified[];
  /** The newest few of each sender. */
  readonly changes: BySeat<readonly HeldChange[]>;
  readonly proposals: readonly HeldPropose[];
  readonly prepares: BySeat<readonly Held<Prepare>[]>;
  readonly confirms: BySeat<readonly HeldConfirm[]>;
}

/** What my COMMIT of a round sealed. */
export interface Sealed {
  readonly commitment: Uint8Array;
  /** Encoded update (update.ts). */
  readonly input: Uint8Array;
  readonly salt: Uint8Array;
}

/** What rules a round: the log as it was alpha rounds before. */
export interface Environment {
  readonly epoch: Epoch;
  /** Seats of the roster: members, and those who were. */
  readonly seats: number;
  readonly members: PlayerSet;
  readonly quorum: Quorum;
  readonly pace: Pace;
}

/** One round, from its opening until nobody can need it any more. */
export interface NeoRound {
  readonly round: Round;
  readonly environment: Environment;
  /** When it came to be permitted here (the round alpha before it became final), in session time. */
  readonly permittedAt: Micros;
  /** The first COMMIT of each seat; of two different ones only this is kept. */
  readonly commits: BySeat<Held<Commit>>;
  readonly votes: BySeat<HeldVote>;
  /** Of a liar another VOTE, the one that came last: what others hold may rest on it. */
  readonly otherVotes: BySeat<HeldVote>;
  /** An opening of each seat: of its held commitment, or of the decided one. */
  readonly reveals: BySeat<Held<Reveal>>;
  /** By seat the commitment that the held opening opens. */
  readonly opensTo: BySeat<Value>;
  readonly holds: BySeat<readonly Held<Hold>[]>;
  /** Hashes that came beside votes and confirms, the newest few. */
  readonly vectors: readonly (readonly Uint8Array[])[];
  readonly own: Sealed | null;
  /** By seat what I voted; null before my VOTE. */
  readonly ownVote: BySeat<Value> | null;
  readonly revealed: boolean;
  /** Vote as soon as my COMMIT is made: the others are changing views. */
  readonly hurried: boolean;
  /** Confirm whatever has a certificate from here on; null while there is none. */
  readonly graceAt: Micros | null;
  readonly slots: Contest;
  /** By seat the decided value; null while undecided. */
  readonly decided: BySeat<Value>;
  /** When the last slot was decided here, and since when enough members were heard without a break. */
  readonly decidedAt: Micros | null;
  /** By author the contest about its opening, where there is one. */
  readonly openings: BySeat<Contest>;
  /** Authors that my HOLDs cover, and the index of the next one. */
  readonly holding: PlayerSet;
  readonly holdIndex: number;
  /** Authors whose opening I have denied in a view change. */
  readonly denied: PlayerSet;
  /** Authors whose opening is decided `open`, and `void`. */
  readonly opened: PlayerSet;
  readonly voided: PlayerSet;
  /** Authors whose late opening I have reported. */
  readonly reported: PlayerSet;
  /** Authors whose commitment I have shown to everybody, since somebody votes for another. */
  readonly retold: PlayerSet;
  /** Members whose vote I have shown to everybody, since it is not what was decided. */
  readonly exposed: PlayerSet;
}

/** A round that the game has played here: what it was and what came of it. */
export interface Played {
  /** Null for round 0, and for the round of a snapshot. */
  readonly closed: ClosedRound | null;
  readonly events: readonly LogEvent[];
  readonly log: LogState;
  /** Digest of the game's state after it. */
  readonly stateHash: Uint8Array;
  /** Seed made of all openings so far. */
  readonly seed: Uint8Array;
}

export interface NeoTimes {
  /** First time-out of a view, in arrival bounds; it doubles up to `viewMax`. */
  readonly viewFirst: number;
  readonly viewMax: Micros;
  /** T_open and T_late. */
  readonly openAfter: Micros;
  readonly lateAfter: Micros;
}

export interface NeoSetup {
  /** Session id, 32 bytes. */
  readonly session: Uint8Array;
  readonly me: Seat;
  readonly roster: readonly Member[];
  readonly log: LogParameters;
  readonly pace: Pace;
  readonly times: NeoTimes;
  /** A COMMIT may be at most this many rounds ahead of what is played. */
  readonly window: number;
}

/** An operation that I put into my updates until it is seen in a final round. */
export interface Wanted {
  readonly operation: Operation;
  /** The round of the last update that carried it; 0 for none. */
  readonly carried: Round;
}

export interface Neo {
  readonly setup: NeoSetup;
  /** All rounds up to this one are final. */
  readonly final: Round;
  /** `past[i]` is round `pastFrom + i`; the last one is the newest that was played. Round 0 is the start. */
  readonly past: readonly Played[];
  readonly pastFrom: Round;
  /** The round that the game is playing at this moment. */
  readonly playing: { readonly closed: ClosedRound; readonly seed: Uint8Array } | null;
  /** `rounds[i]` is round `roundsFrom + i`, up to alpha above final. */
  readonly rounds: readonly NeoRound[];
  readonly roundsFrom: Round;
  readonly wanted: readonly Wanted[];
  /** Seats that are known here to have lied. */
  readonly liars: PlayerSet;
  /** Seats whose newest state digest differs from mine. */
  readonly desynced: PlayerSet;
  /** My LEAVE is on its way. */
  readonly leaving: boolean;
  readonly over: EndReason | null;
}

/** The moment at which something happens. */
export interface Now {
  /** Raw clock of this player. */
  readonly at: Micros;
  /** Session clock (clock.ts). */
  readonly time: Micros;
  /** Since when enough members have been heard without a break, raw clock; `at` while they are not. */
  readonly connectedAt: Micros;
}

export function environmentOf({ log: parameters }: Pick<NeoSetup, 'log'>, log: LogState): Environment {
  const liars = parameters.keepF ? log.firstLiars : 0;
  const { epoch, members, pace, roster } = log;
  return { epoch, members, pace, seats: roster.length, quorum: quorum(count(members), liars) };
}

export function newContest(instance: number, seats: number, timeout: Micros): Contest {
  const none = new Array<null>(seats).fill(null);
  return {
    instance,
    view: 0,
    timerAt: null,
    timeout,
    changed: 0,
    proposed: 0,
    prepared: 0,
    confirmed: nobody,
    confirmIndex: 0,
    best: none,
    proven: [],
    known: [],
    changes: none,
    proposals: [],
    prepares: none,
    confirms: none,
  };
}

export function newRound(
  setup: NeoSetup,
  round: Round,
  environment: Environment,
  permittedAt: Micros,
): NeoRound {
  const { seats } = environment;
  const none = new Array<null>(seats).fill(null);
  return {
    round,
    environment,
    permittedAt,
    commits: none,
    votes: none,
    otherVotes: none,
    reveals: none,
    opensTo: none,
    holds: none,
    vectors: [],
    own: null,
    ownVote: null,
    revealed: false,
    hurried: false,
    graceAt: null,
    slots: newContest(ROUND_INSTANCE, seats, setup.times.viewFirst * environment.pace.arrival),
    decided: none,
    decidedAt: null,
    openings: none,
    holding: nobody,
    holdIndex: 0,
    denied: nobody,
    opened: nobody,
    voided: nobody,
    reported: nobody,
    retold: nobody,
    exposed: nobody,
  };
}

/** The machine before its first round. */
export function beginNeo(setup: NeoSetup): Neo {
  const log = firstLog(setup.log, setup.roster, setup.pace);
  const neo: Neo = {
    setup,
    final: 0,
    past: [{ closed: null, events: [], log, stateHash: NONE, seed: startSeed(setup.session) }],
    pastFrom: 0,
    playing: null,
    rounds: [],
    roundsFrom: 1,
    wanted: [],
    liars: nobody,
    desynced: nobody,
    leaving: false,
    over: null,
  };
  return permit(neo, 0);
}

/** The machine with every round that may be played now: up to alpha above the final one. */
export function permit(neo: Neo, time: Micros): Neo {
  const { final, rounds, roundsFrom, setup } = neo;
  const last = roundsFrom + rounds.length - 1;
  const more: NeoRound[] = [];
  for (let round = last + 1; round <= final + setup.log.alpha; round++) {
    const environment = environmentOf(setup, pastOf(neo, Math.max(0, round - setup.log.alpha)).log);
    more.push(newRound(setup, round, environment, round <= setup.log.alpha ? 0 : time));
  }
  return more.length === 0 ? neo : { ...neo, rounds: [...rounds, ...more] };
}

/** A round that was played. */
export function pastOf({ past, pastFrom }: Neo, round: Round): Played {
  const played = past[round - pastFrom];
  assert(played !== undefined, 'what is played is kept for alpha rounds behind the final one');
  return played;
}

/** The newest round that was played; 0 before the first. */
export function newest({ past, pastFrom }: Neo): Round {
  return pastFrom + past.length - 1;
}

/** A round, if it is kept here. */
export function roundOf({ rounds, roundsFrom }: Neo, round: Round): NeoRound | null {
  return rounds[round - roundsFrom] ?? null;
}

/** The members as the newest final round leaves them. */
export function membersOf(neo: Neo): PlayerSet {
  return pastOf(neo, neo.final).log.members;
}

/** Everybody who is a member of a round that is still kept. */
export function playersOf({ rounds }: Neo): PlayerSet {
  return rounds.reduce((set, { environment }) => union(set, environment.members), nobody);
}
