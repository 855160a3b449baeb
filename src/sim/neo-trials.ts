/**
 * The matches of neo in which cheats are tried: each is made for one cheat, with what it is meant to gain,
 * the match of the published round that it is compared with, and what is to be said of the outcome.
 */

import type { Trial } from './neo-trial.ts';
import { gangs, lies, noise } from './neo-trials-lies.ts';
import { openings, timing, votes } from './neo-trials-timing.ts';

/** Every trial of the table, in its order. */
export const trials: readonly Trial[] = [...timing, ...openings, ...votes, ...lies, ...noise, ...gangs];
