/**
 * Illegal inputs: what a player sealed breaks the rules of the game in the state that it was bound to know
 * when it sealed it. That state is named by the player's own signature: by its VOTE of the round (neo), or
 * by its SET (lockstep). So no more than opening, VOTE or SET, the state itself and the game are needed.
 */

import { equalBytes } from '../base/bytes.ts';
import type { Seat } from '../base/ids.ts';
import { DIGEST_BYTES, hash } from '../crypto/hash.ts';
import type { Packet } from '../wire/packet.ts';
import type { CommitmentSet, Reveal, Statement, Vote } from '../wire/statement.ts';
import type { Conflict } from './conflict.ts';
import type { Game } from './game.ts';
import { decodeUpdate } from './neo/update.ts';

/** What is asked of a game to judge an input; of all that `defineGame` makes, only this. */
export type Rules<State, Input> = Pick<Game<State, Input>, 'decodeState' | 'decodeInput' | 'legal'>;

/** Bytes in front of the state of a neo match: the digest of its log, and its epoch's id. */
export const LOG_CONTEXT_BYTES: number = 2 * DIGEST_BYTES;

/** An opening and the statement by which its author named a state. */
export interface BoundInput {
  readonly conflict: Conflict;
  readonly author: Seat;
  readonly reveal: Reveal;
  readonly named: Vote | CommitmentSet;
}

function belongs(a: Statement | null, b: Statement | null): boolean {
  if (a?.kind !== 'reveal' || (b?.kind !== 'vote' && b?.kind !== 'set')) return false;
  return a.epoch === b.epoch && a.round === b.round;
}

/** The first opening in two packets (or in one, given twice) for whose round the other names a state. */
export function boundInput(a: Packet, b: Packet): BoundInput | null {
  if (a.sender !== b.sender) return null;
  for (const [i, { statement: x }] of a.entries.entries()) {
    for (const [j, { statement: y }] of b.entries.entries()) {
      const [reveal, named] = x?.kind === 'reveal' ? [x, y] : [y, x];
      if ((a === b && i > j) || !belongs(reveal, named)) continue;
      const { epoch, round } = reveal as Reveal;
      const entries = [i, j] as const;
      return {
        conflict: { kind: 'illegal-input', statement: 'reveal', epoch, round, entries, hashes: [] },
        author: a.sender,
        reveal: reveal as Reveal,
        named: named as Vote | CommitmentSet,
      };
    }
  }
  return null;
}

/**
 * The encoded state of the game within what was given, if that is what the author named; else null. Of
 * neo the digests of log and epoch come before it.
 */
export function namedState({ named }: BoundInput, given: Uint8Array): Uint8Array | null {
  if (named.kind === 'set') return equalBytes(hash('state', given), named.state) ? given : null;
  if (given.length < LOG_CONTEXT_BYTES) return null;
  const state = given.subarray(LOG_CONTEXT_BYTES);
  const digest = hash('state', hash('state', state), given.subarray(0, LOG_CONTEXT_BYTES));
  return equalBytes(digest, named.state) ? state : null;
}

/**
 * True when the opening breaks the rules in this state: what it opens is no update (neo), its input is none
 * of the game, or not legal. No input is never illegal. A state that the game does not read convicts nobody.
 */
export function isIllegal<State, Input>(
  game: Rules<State, Input>,
  { author, named, reveal }: BoundInput,
  encoded: Uint8Array,
): boolean {
  const state = game.decodeState(encoded);
  if (!state.ok) return false;
  const update = named.kind === 'set' ? { input: reveal.input } : decodeUpdate(reveal.input);
  if (update === null) return true;
  if (update.input === null || update.input.length === 0) return false;
  const decoded = game.decodeInput(update.input);
  if (!decoded.ok) return true;
  if (game.legal === null) return false;
  try {
    return !game.legal(state.state, author, decoded.input);
  } catch {
    return true;
  }
}
