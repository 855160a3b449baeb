/**
 * Asking those who voted yes, one after the other in random order, for an accepted update that is missing.
 */

import type { Prng } from '../base/prng.ts';
import type { ClassicAnswer } from './classic-options.ts';
import type { ClassicPlayer } from './classic-player.ts';
import type { Outcome } from './classic-tally.ts';

/** A search for one update by one player. */
export interface Fetch {
  readonly player: ClassicPlayer;
  readonly round: number;
  readonly author: number;
  /** Who is still to be asked. */
  readonly voters: number[];
  /** Counts the questions, so that an answer that comes too late is known as such. */
  turn: number;
  readonly settle: (outcome: Outcome) => void;
}

/** The seats in random order. */
export function shuffled(seats: readonly number[], random: Prng): number[] {
  const order = [...seats];
  for (let last = order.length - 1; last > 0; last--) {
    const other = random.below(last + 1);
    [order[last], order[other]] = [order[other] as number, order[last] as number];
  }
  return order;
}

/** What a player has at hand of a slot, opened or not; null if the update or its key is missing. */
export function atHand(player: ClassicPlayer, round: number, author: number, late: boolean): Outcome | null {
  const { ciphers, keys, opened } = player.held(round);
  const cipher = ciphers[author];
  const key = keys[author];
  if (!cipher || !key) return null;
  return { content: opened[author] ?? null, fixedAt: cipher.fixedAt(key), late };
}

/** What the rules answer to a question for an update: only what opens is handed on. */
export function honestAnswer(player: ClassicPlayer, round: number, author: number): ClassicAnswer | null {
  const { ciphers, keys, opened } = player.held(round);
  const cipher = ciphers[author];
  const key = keys[author];
  return cipher && key && opened[author] ? { cipher, key } : null;
}

/** Fills what is missing of a slot from an answer; null if the slot does not open by it. */
export function takeAnswer({ player, round, author }: Fetch, answer: ClassicAnswer): Outcome | null {
  const held = player.held(round);
  const cipher = held.ciphers[author] ?? answer.cipher;
  const key = held.keys[author] ?? answer.key;
  const content = cipher.open(key);
  if (content?.signer !== author) return null;
  held.ciphers[author] = cipher;
  held.keys[author] = key;
  held.opened[author] = content;
  return { content, fixedAt: cipher.fixedAt(key), late: true };
}
