/** What the parent process and the player processes tell each other; secret keys are never among it. */

import type { RoundStats } from 'fairstep';
import type { Arena } from './game.ts';
import type { Options } from './options.ts';
import type { RosterEntry } from './roster.ts';

/** What one player process is to do. */
export interface PlayerSettings
  extends Pick<
    Options,
    'rounds' | 'seed' | 'protocol' | 'roundMs' | 'cheat' | 'crashes' | 'latencyMs' | 'loss' | 'tickMs'
  > {
  /** Index of the process, from 0. */
  readonly index: number;
  /** UDP port; 0 for any free one. */
  readonly port: number;
  readonly logFile: string;
}

export type ToPlayer =
  | { readonly type: 'settings'; readonly settings: PlayerSettings }
  | {
      readonly type: 'play';
      readonly roster: readonly RosterEntry[];
      /** Milliseconds between two arenas told to the parent at least; null for none. */
      readonly arenaMs: number | null;
    }
  /** Say goodbye to the others, and exit. */
  | { readonly type: 'leave' }
  /** Exit at once. */
  | { readonly type: 'stop' };

/** How a match went so far for one player. */
export interface Figures {
  readonly round: number;
  /** Members of the match have changed so often. */
  readonly epoch: number;
  /** Milliseconds from the own commitment leaving to the step of the game, and until that is final. */
  readonly advanceMs: { readonly p50: number; readonly p99: number } | null;
  readonly finalMs: { readonly p50: number; readonly p99: number } | null;
  /** Rounds that equal votes alone did not decide. */
  readonly slowRounds: number;
  /** Bytes sent to all others together. */
  readonly bytesOut: number;
  /** Received things that were dropped, by reason. */
  readonly refused: Readonly<Record<string, number>>;
  readonly keyring: string;
}

/** Why a player plays no more: all rounds are final, or how the session ended before. */
export type DoneReason = 'rounds' | 'expelled' | 'alone' | 'split';

export type FromPlayer =
  | { readonly type: 'ready'; readonly publicKey: Uint8Array; readonly address: string }
  | { readonly type: 'started' }
  | { readonly type: 'progress'; readonly figures: Figures }
  | {
      readonly type: 'arena';
      readonly round: number;
      readonly arena: Arena;
      /** What is held of the newest rounds. */
      readonly newest: readonly RoundStats[];
    }
  | { readonly type: 'stall'; readonly waitingFor: readonly number[]; readonly reason: string }
  | { readonly type: 'player'; readonly player: number; readonly status: string }
  | { readonly type: 'cheat'; readonly player: number; readonly evidence: Uint8Array }
  | { readonly type: 'desync'; readonly round: number; readonly players: readonly number[] }
  | {
      readonly type: 'done';
      readonly reason: DoneReason;
      readonly figures: Figures;
      readonly stateHash: Uint8Array;
      readonly scores: readonly number[];
      readonly wins: readonly number[];
    }
  | { readonly type: 'failed'; readonly problem: string };
