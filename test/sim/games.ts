/** Small games for tests. */

import { defineGame } from '../../src/client/game.ts';
import type { Game } from '../../src/protocol/game.ts';

export interface SumState {
  total: number;
  drawn: number;
  last: (number | null)[];
}

/** Adds up what everybody plays; the state depends on every input, on its seat and on `random`. */
export const sum: Game<SumState, number> = defineGame<SumState, number>({
  id: 'sum',
  version: 1,
  init: () => ({ total: 0, drawn: 0, last: [] }),
  step: ({ total }, { inputs, random }) => ({
    total: inputs.reduce<number>(
      (all, input, seat) => (all * 31 + (input ?? 7) * (seat + 1)) % 1_000_003,
      total,
    ),
    drawn: random(1000),
    last: [...inputs],
  }),
});
