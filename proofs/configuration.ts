/** What is explored: who plays, what the environment may do, and what is claimed of it. */

import type { Menu } from './menus.ts';

export interface Configuration {
  readonly name: string;
  /** Seats of the session; those in `liars` are played by the environment, the others are honest. */
  readonly seats: number;
  /** Rounds for which honest players give inputs. */
  readonly rounds: number;
  /** By seat: what a player may sign who is bound by nothing. An empty menu is a player who is silent. */
  readonly liars?: Readonly<Record<number, Menu>>;
  /** How often each honest player may lose its memory and come back with its log. */
  readonly restarts?: number;
  /** True when a signature comes some time after it was asked for, and in any order. */
  readonly slowSigning?: boolean;
  /** By seat: whom the game of that player may wish to go on without (null: takes the wish back). */
  readonly wishes?: Readonly<Record<number, readonly (number | null)[]>>;
  /** How often each game may wish; 0 unless told. */
  readonly wishesMax?: number;
  /** Honest players who may leave at any time. */
  readonly leavers?: readonly number[];
  /** True to tell states apart by the bytes of the proofs held in them, too; they change nothing else. */
  readonly everyProof?: boolean;
  /** Claims checked here (README.md lists them); those called `sometimes ...` must happen in some state. */
  readonly claims: readonly string[];
  /** The exact size of the state space, which shows that the same was explored as when this was written. */
  readonly expected: { readonly states: number; readonly transitions: number };
  /** Explored only when asked for: it takes minutes. */
  readonly deep?: boolean;
}
