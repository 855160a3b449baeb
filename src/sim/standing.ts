/** What each simulated player has come to so far, and as the result tells it. */

import { toHex } from '../base/bytes.ts';
import type { Round } from '../base/ids.ts';
import type { EndReason } from '../protocol/effect.ts';
import type { Refusal } from '../protocol/refusal.ts';
import type { SimulatedPlayer } from './options.ts';
import type { Player } from './player.ts';

/** What one player has come to, as the result will tell it. */
export interface Standing<State> {
  rounds: Round;
  state: State | null;
  stateHash: string;
  ended: EndReason | null;
  wake: number;
  acts: number;
  refused: Partial<Record<Refusal, number>>;
}

export function noStanding<State>(): Standing<State> {
  return { rounds: 0, state: null, stateHash: '', ended: null, wake: 0, acts: 0, refused: {} };
}

/** Adds what a driver has refused. */
export function addCounts(
  { refused: total }: Standing<unknown>,
  refused: Readonly<Partial<Record<Refusal, number>>>,
): void {
  for (const [name, count] of Object.entries(refused) as [Refusal, number][])
    total[name] = (total[name] ?? 0) + count;
}

/** What came of a player. */
export function playerOf<State, Input>(
  { driver, play }: Player<State, Input>,
  standing: Standing<State>,
  publicKey: Uint8Array,
): SimulatedPlayer<State> {
  if (driver !== null) addCounts(standing, driver.counts.refused);
  const { ended, refused, rounds } = standing;
  const first = play?.current;
  const begun = first?.round === 0 ? { state: first.state, stateHash: toHex(first.stateHash) } : standing;
  const { state, stateHash } = rounds > 0 ? standing : begun;
  return { publicKey, rounds, state, stateHash, ended, refused };
}
