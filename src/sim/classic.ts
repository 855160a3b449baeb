/**
 * The NEO round as it was published, as a baseline to compare with: it is for experiments and never for a
 * game. Honest players come to different states under it by loss alone, and one player can make them do so
 * at will.
 */

import { classicCheatNames, classicGain } from './classic-gain.ts';
import { runClassic } from './classic-run.ts';

export type * from './classic-gain.ts';
export type * from './classic-options.ts';
export type { ClassicCounts } from './classic-tally.ts';
export { classicCheatNames, classicGain, runClassic };

/** A group whose members all follow the rules. */
export interface SplitOptions {
  readonly players: number;
  /** Share of packets that are lost, each by itself. */
  readonly loss: number;
  readonly rounds: number;
  readonly seed: number;
  /** Whether one's own vote for oneself counts; true unless told. */
  readonly selfVote?: boolean;
}

/**
 * Share of rounds that two honest players decide differently, with nobody cheating and nothing sent again.
 */
export function splitRate(options: SplitOptions): number {
  const { counts, rounds } = runClassic(options);
  return counts.splits / rounds;
}

/** The published NEO round: a match of it, what each cheat gains in it, and how often it splits by itself. */
export const classic: {
  readonly run: typeof runClassic;
  readonly gain: typeof classicGain;
  readonly names: typeof classicCheatNames;
  readonly splitRate: typeof splitRate;
} = { run: runClassic, gain: classicGain, names: classicCheatNames, splitRate };
