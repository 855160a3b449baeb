/** What a trial of a cheat against neo is, and what most of them are made of. */

import type { Cheat } from './cheat.ts';
import { cheats, Gang } from './cheats.ts';
import { encodeHand } from './cheats-game.ts';
import type { ClassicCheatName } from './classic-gain.ts';
import type { Signer } from './keys.ts';
import { type NeoMatchOptions, playNeo } from './neo-match.ts';
import type { NeoCounts } from './neo-observer.ts';

/** What a trial is made from. */
export interface TrialOptions {
  readonly players: number;
  readonly rounds: number;
  readonly seed: number;
  readonly keyring: Signer;
}

/**
 * - `none`: the cheat must gain nothing, and no innocent may suffer
 * - `once`: it gains a single round, and is out for it
 * - `some`: it stays possible; the note says what and why
 */
export type Allowed = 'none' | 'once' | 'some';

export interface Trial {
  readonly cheat: string;
  readonly variant: string;
  /** What of the published round it is compared with; null where that knows no such thing. */
  readonly classic: ClassicCheatName | null;
  /** What the cheat is meant to gain. */
  readonly counted: keyof NeoCounts | 'influence' | 'pace';
  readonly allowed: Allowed;
  /** Kind of evidence that all honest players must hold in the end, the cheat being out. */
  readonly convicts?: string;
  /** The evidence is in everybody's hands, but nobody is out for it. */
  readonly stays?: boolean;
  /** What is said of it, behind what was measured. */
  readonly note?: string;
  /** Number of cheats, the last seats; 1 unless told. */
  readonly cheaters?: (players: number) => number;
  /** The cheats have the first seats. */
  readonly first?: boolean;
  /** Players, where the trial needs its own number. */
  readonly players?: number;
  readonly rounds?: number;
  match(trial: TrialOptions, seats: readonly number[]): Partial<NeoMatchOptions>;
}

/** From this round on most cheats cheat, so that there is something to see before. */
export const FROM = 5;
/** The move that is chosen last. */
export const high: Uint8Array = encodeHand(1_000_000);
export const choose = (): Uint8Array => high;

/** The most liars among so many that agreement bears. */
export function bearable(players: number): number {
  return Math.floor((players - 1) / 3);
}

/** One cheat at the last seat. */
export function alone(cheat: () => Cheat): Trial['match'] {
  return (_trial, seats) => ({ cheats: { [seats.at(-1) as number]: cheat() } });
}

/** The same cheat at all seats of a gang. */
export function together(cheat: (gang: Gang) => Cheat): Trial['match'] {
  return (_trial, seats) => {
    const gang = new Gang();
    return { cheats: Object.fromEntries(seats.map((seat) => [seat, cheat(gang)])) };
  };
}

/** A match with packets of another match of the same people. */
export function recordedBefore(cheat: (recorded: readonly Uint8Array[]) => Cheat): Trial['match'] {
  return ({ keyring, players, seed }, seats) => {
    const recorded: Uint8Array[] = [];
    const seat = seats.at(-1) as number;
    const same = { players, keyring, identitySeed: seed };
    playNeo({ ...same, rounds: 6, seed: seed + 1, cheats: { [seat]: cheats.recorder(recorded) } });
    return { identitySeed: seed, cheats: { [seat]: cheat(recorded) } };
  };
}
