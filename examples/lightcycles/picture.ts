/** What there is to see of a running match, for whoever shows it. */

import type { RoundStats } from 'fairstep';
import type { Arena } from './game.ts';
import type { Figures } from './messages.ts';
import type { Options } from './options.ts';

/** What has become of a player; a cheat that convicts nobody leaves it playing. */
export type Standing = 'playing' | 'silent' | 'crashed' | 'removed' | 'convicted' | 'left';

export interface Rider {
  /** What people call it: A, B, C, ... by seat. */
  readonly name: string;
  /** Lower-case hexadecimal. */
  readonly publicKey: string;
  readonly standing: Standing;
}

export interface Picture {
  readonly options: Options;
  /** By seat; empty until all have told their keys. */
  readonly riders: readonly Rider[];
  /** The newest round that all could have played. */
  readonly round: number;
  readonly arena: Arena | null;
  /** The newest rounds as one player sees them, oldest first; none in lockstep. */
  readonly newest: readonly RoundStats[];
  /** Who is waited for, with the reason that the library gives; null while play goes on. */
  readonly waiting: { readonly seats: readonly number[]; readonly reason: string } | null;
  readonly figures: Figures | null;
  /** What has happened, oldest first, one sentence each. */
  readonly notices: readonly string[];
}

/** The name of a seat. */
export function nameOf(seat: number): string {
  return String.fromCharCode('A'.charCodeAt(0) + seat);
}

/** Names in a sentence: "A", "A and B", "A, B and C". */
export function namesOf(seats: readonly number[]): string {
  const names = seats.map(nameOf);
  const last = names.pop() ?? '';
  return names.length === 0 ? last : `${names.join(', ')} and ${last}`;
}

/** How many things a player has refused, whatever the reasons. */
export function refusedIn({ refused }: Figures): number {
  return Object.values(refused).reduce((sum, count) => sum + count, 0);
}
