/**
 * Where the random numbers of a round come from: from all openings up to alpha rounds before, which are
 * final by then, and the number of the round. Never from the round itself: the last to open would choose it.
 */

import type { Round } from '../../base/ids.ts';
import { hash } from '../../crypto/hash.ts';
import { firstSeed } from '../lockstep-state.ts';
import type { BySeat } from '../round.ts';

/** The seed before anything was opened, 32 bytes. */
export function startSeed(session: Uint8Array): Uint8Array {
  return hash('seed', firstSeed(session));
}

/** The seed of everything opened up to a round: that of the round before, and its openings, 32 bytes. */
export function seedAfter(
  before: Uint8Array,
  openings: BySeat<{ readonly input: Uint8Array; readonly salt: Uint8Array }>,
): Uint8Array {
  const chunks: Uint8Array[] = [before];
  for (const [author, opening] of openings.entries()) {
    if (opening) chunks.push(Uint8Array.of(author), opening.salt, hash('seed', opening.input));
  }
  return hash('seed', ...chunks);
}

/** The seed that the game gets for a round, from the one after the round alpha before; 32 bytes. */
export function roundSeed(judged: Uint8Array, round: Round): Uint8Array {
  return hash('seed', judged, Uint8Array.of(round >>> 24, round >>> 16, round >>> 8, round));
}
