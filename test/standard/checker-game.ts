/**
 * The game of the watched matches of neo, by its words alone: the state is the round, what everybody has
 * played last, the sum of it all, and three numbers below 1000 that are drawn in each round. What is played
 * is an integer. Below 0 it is against the rules, and so is the first number that was drawn in the state that
 * it is judged on.
 */

import { deviationOf } from './checker.ts';
import { draw } from './checker-evidence.ts';
import type { GameRead } from './checker-neo.ts';
import { readPlain, writePlain } from './checker-plain.ts';

interface State {
  readonly round: number;
  readonly last: readonly (number | null)[];
  readonly members: readonly boolean[];
  readonly sum: number;
  readonly drawn: readonly number[];
}

const bounds = [1000, 1000, 1000];

/** What an input plays; undefined if it does not read. */
function handOf(input: Buffer): number | undefined {
  let hand: unknown;
  deviationOf(() => {
    hand = readPlain(input);
  });
  return typeof hand === 'number' ? hand : undefined;
}

export const handsRead: GameRead = {
  start(seed, players) {
    const last = Array.from({ length: players }, () => null);
    return writePlain({ round: 0, last, members: last.map(() => true), sum: 0, drawn: draw(seed, bounds) });
  },
  isIllegal(state, _seat, input) {
    const hand = handOf(input);
    return hand === undefined || hand < 0 || hand === (readPlain(state) as State).drawn[0];
  },
  step(state, { round, seed, inputs, members }) {
    const last = inputs.map((input) => (input === null ? null : (handOf(input) ?? null)));
    const sum = last.reduce<number>((all, hand) => all + (hand ?? 0), (readPlain(state) as State).sum);
    const present = last.map((_, seat) => ((members >> seat) & 1) === 1);
    return writePlain({ round, last, members: present, sum, drawn: draw(seed, bounds) });
  },
};
