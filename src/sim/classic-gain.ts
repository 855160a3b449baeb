/**
 * What each cheat gains in the NEO round as it was published: matches, each made for one cheat, and what
 * is counted.
 */

import { prng } from '../base/prng.ts';
import * as cheats from './classic-cheats.ts';
import type { ClassicCheat, ClassicOptions } from './classic-options.ts';
import { majorityOf } from './classic-player.ts';
import { recordUpdates, replayUpdate, replayVotes } from './classic-replays.ts';
import { runClassic } from './classic-run.ts';
import type { ClassicCounts } from './classic-tally.ts';
import type { Signed, Update } from './classic-terms.ts';

/** A match in which a cheat is tried. */
export interface GainOptions {
  /** 3 .. 32. */
  readonly players: number;
  readonly rounds: number;
  readonly seed: number;
  /** The same match with nobody cheating; false unless told. */
  readonly honest?: boolean;
}

/** What a cheat gained. */
export interface ClassicGain {
  /** 0 is nothing. */
  readonly gain: number;
  readonly unit: string;
  /** What it is that the gain counts. */
  readonly meaning: string;
}

/** A cheat by its name in the table of cheats, or a variant of it behind a colon. */
export type ClassicCheatName =
  | 'fixed-delay'
  | 'fixed-delay:same-round'
  | 'timestamp'
  | 'suppressed-update'
  | 'suppressed-update:one'
  | 'suppressed-update:minority'
  | 'suppressed-update:half'
  | 'inconsistency'
  | 'lookahead'
  | 'lookahead:two-keys'
  | 'lookahead:clock'
  | 'lookahead:clock-guarded'
  | 'replay'
  | 'replay:round'
  | 'replay:session'
  | 'replay:votes'
  | 'withheld-opening'
  | 'withheld-opening:all'
  | 'withheld-opening:some'
  | 'withheld-opening:wrong-key'
  | 'late-vote'
  | 'pivot-vote'
  | 'collusion'
  | 'collusion:f'
  | 'collusion:f+1'
  | 'collusion:f-vote-out'
  | 'collusion:majority'
  | 'clock-pulling'
  | 'lock-out'
  | 'lock-out:nobody-cheats'
  | 'flood';

interface Trial {
  readonly counted: keyof ClassicCounts;
  readonly cheat: (options: GainOptions) => ClassicCheat;
  /** Number of cheats, the last seats; 1 unless told. */
  readonly cheaters?: (players: number) => number;
  /** What the match differs in from the usual one. */
  readonly match?: (options: GainOptions) => Partial<ClassicOptions>;
  /** What it differs in if nobody cheats. */
  readonly control?: Partial<ClassicOptions>;
}

const meanings: Readonly<Record<keyof ClassicCounts, string>> = {
  splits: 'rounds in which honest players decided differently which moves are valid',
  divergences: 'rounds in which honest players played different moves in one slot',
  looked: "rounds in which the cheat's played move was chosen with every honest move of the round in sight",
  glimpsed: "rounds in which the cheat's played move was chosen with an honest move of the round in sight",
  fresher: "rounds in which the cheat's played move was chosen knowing a round more than any honest one",
  misordered: "rounds in which the cheat's move was played before an honest one that had been chosen earlier",
  blinded: "rounds in which an honest player could not see the cheat's move when others played it",
  undone: 'rounds in which the cheat took its accepted move back with every honest move in sight',
  framed: 'rounds in which the own signatures of an innocent player convict it of inconsistency',
  stale: 'rounds in which an old move of an innocent player was played as its new one',
  excluded: 'rounds in which a majority of the honest players rejected the move of one of them',
  missed: 'rounds in which not every honest player played the move of an innocent one',
};

/** Delays by who is near: 5 ms among these, `far` on all other links. */
function cluster(near: (seat: number) => boolean, far: number): (from: number, to: number) => number {
  return (from, to) => (near(from) && near(to) ? 5 : far);
}

/** Delays of 5 ms to and from the last seat, `between` on all other links. */
function nearCheat({ players }: GainOptions, between: number): (from: number, to: number) => number {
  return (from, to) => (from === players - 1 || to === players - 1 ? 5 : between);
}

/** Honest seats that the first one's update reaches, so that it lacks one yes for a majority. */
function bareReach({ players }: GainOptions): readonly number[] {
  return Array.from({ length: majorityOf(players) - 2 }, (_, index) => index + 1);
}

/** Loses what the first seat sends in every second round to half of the others, by chance. */
function weakSender({ seed }: GainOptions): Partial<ClassicOptions> {
  const random = prng(seed).split('weak');
  return {
    lose: (round, from, to) => from === 0 && round % 2 === 0 && random.split(round).split(to).unit() < 0.5,
  };
}

/** Updates of the first player, recorded in an earlier match of the same players. */
function recordedBefore(options: GainOptions): readonly Signed<Update>[] {
  const recorded: Signed<Update>[] = [];
  const { players, seed } = options;
  runClassic({
    ...usual,
    players,
    seed,
    rounds: 20,
    cheaters: [players - 1],
    cheat: recordUpdates(recorded),
  });
  return recorded;
}

const usual = { roundMs: 100, delayMs: 20, guardMs: 5 };

const aheadByForty: Partial<ClassicOptions> = { skewMs: (seat) => (seat === 0 ? 0 : 40) };

/** The largest gang that the published text calls harmless: too few to keep a majority from the rest. */
const harmless = (players: number): number => players - majorityOf(players);

const trials: Readonly<Record<ClassicCheatName, Trial>> = {
  'fixed-delay': { counted: 'fresher', cheat: () => cheats.fixedDelay },
  'fixed-delay:same-round': { counted: 'glimpsed', cheat: () => cheats.fixedDelay },
  timestamp: { counted: 'misordered', cheat: () => cheats.timestamp },
  'suppressed-update': { counted: 'splits', cheat: () => cheats.splitSuppression },
  'suppressed-update:one': { counted: 'blinded', cheat: () => cheats.suppressedUpdate('one') },
  'suppressed-update:minority': { counted: 'blinded', cheat: () => cheats.suppressedUpdate('minority') },
  'suppressed-update:half': { counted: 'splits', cheat: () => cheats.splitSuppression },
  inconsistency: { counted: 'divergences', cheat: () => cheats.inconsistency },
  lookahead: { counted: 'looked', cheat: () => cheats.lateAnswer },
  'lookahead:two-keys': { counted: 'looked', cheat: () => cheats.twoKeys },
  'lookahead:clock': {
    counted: 'glimpsed',
    cheat: () => cheats.clockLookahead,
    match: (options) => ({ ...aheadByForty, guardMs: 0, delayMs: nearCheat(options, 20) }),
  },
  'lookahead:clock-guarded': {
    counted: 'glimpsed',
    cheat: () => cheats.clockLookahead,
    match: (options) => ({ ...aheadByForty, guardMs: 45, delayMs: nearCheat(options, 20) }),
  },
  replay: { counted: 'framed', cheat: () => replayUpdate(null) },
  'replay:round': { counted: 'stale', cheat: () => replayUpdate(null) },
  'replay:session': {
    counted: 'stale',
    cheat: (options) => replayUpdate(recordedBefore(options)),
    match: () => ({ session: 1 }),
  },
  'replay:votes': {
    counted: 'splits',
    cheat: () => replayVotes(0),
    match: () => ({ lose: (round, from) => from === 0 && round === 2 }),
  },
  'withheld-opening': { counted: 'undone', cheat: () => cheats.withheldOpening },
  'withheld-opening:all': { counted: 'undone', cheat: () => cheats.withheldOpening },
  'withheld-opening:some': { counted: 'divergences', cheat: () => cheats.partialOpening },
  'withheld-opening:wrong-key': { counted: 'divergences', cheat: () => cheats.wrongKey },
  'late-vote': { counted: 'splits', cheat: () => cheats.lateVote(0), match: weakSender },
  'pivot-vote': {
    counted: 'splits',
    cheat: (options) => cheats.pivotVote(0, [0, ...bareReach(options)]),
    match: (options) => ({ lose: (_round, from, to) => from === 0 && !bareReach(options).includes(to) }),
  },
  collusion: { counted: 'splits', cheat: () => cheats.collusion, cheaters: harmless },
  'collusion:f': { counted: 'splits', cheat: () => cheats.collusion, cheaters: harmless },
  'collusion:f+1': { counted: 'excluded', cheat: () => cheats.voteOut, cheaters: (n) => harmless(n) + 1 },
  'collusion:f-vote-out': { counted: 'excluded', cheat: () => cheats.voteOut, cheaters: harmless },
  'collusion:majority': { counted: 'looked', cheat: () => cheats.majorityLookahead, cheaters: majorityOf },
  'clock-pulling': {
    counted: 'missed',
    cheat: () => cheats.clockPulling,
    match: (options) => ({ follow: true, guardMs: 0, delayMs: nearCheat(options, 90) }),
  },
  'lock-out': {
    counted: 'excluded',
    cheat: () => cheats.lockOut,
    cheaters: majorityOf,
    match: ({ players }) => ({
      pace: 'all',
      delayMs: cluster((seat) => seat >= players - majorityOf(players), 60),
    }),
  },
  'lock-out:nobody-cheats': {
    counted: 'excluded',
    cheat: () => () => ({}),
    cheaters: () => 0,
    match: ({ players }) => ({
      pace: 'majority',
      delayMs: cluster((seat) => seat < majorityOf(players), 60),
    }),
    control: { pace: 'all' },
  },
  flood: { counted: 'missed', cheat: () => cheats.flood },
};

/** Every name that {@link classicGain} knows. */
export const classicCheatNames: readonly ClassicCheatName[] = Object.keys(trials) as ClassicCheatName[];

/**
 * What a cheat gains, as a share of rounds, in a match made for it; `honest` plays the match without the
 * cheat. Throws a RangeError for fewer than 3 players or an unknown name.
 */
export function classicGain(name: ClassicCheatName, options: GainOptions): ClassicGain {
  const { players, rounds, seed, honest = false } = options;
  if (!Object.hasOwn(trials, name)) {
    throw new RangeError(`classicGain: no cheat is called ${name}; classicCheatNames has those that are`);
  }
  if (!(players >= 3)) throw new RangeError(`classicGain: players must be 3 .. 32; got ${players}`);
  const trial = trials[name];
  const gang = trial.cheaters?.(players) ?? 1;
  const { counts, rounds: finished } = runClassic({
    ...usual,
    ...trial.match?.(options),
    ...(honest ? trial.control : {}),
    players,
    rounds,
    seed,
    cheaters: Array.from({ length: gang }, (_, index) => players - gang + index),
    cheat: honest ? null : trial.cheat(options),
  });
  return {
    gain: counts[trial.counted] / finished,
    unit: 'share of rounds',
    meaning: meanings[trial.counted],
  };
}
