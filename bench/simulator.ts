/** Floor 4: whole simulated matches, with real signatures. */

import { defineGame } from '../src/client/game.ts';
import { keyring } from '../src/keyring/node.ts';
import type { Game } from '../src/protocol/game.ts';
import { simulate } from '../src/sim/simulator.ts';

interface Total {
  readonly total: number;
}

/** The least game: it adds up. */
export const adding: Game<Total, number> = defineGame<Total, number>({
  id: 'adding',
  version: 1,
  init: () => ({ total: 0 }),
  step: ({ total }, { inputs }) => ({
    total: inputs.reduce<number>((sum, input) => (sum * 31 + (input ?? 7)) % 1_000_003, total),
  }),
});

export interface Simulated {
  readonly players: number;
  readonly roundsPerSecond: number;
}

/** How many rounds of a match without faults are simulated in a second. */
export function simulated(players: number, rounds: number): Simulated {
  const started = performance.now();
  const result = simulate(adding, { players, rounds, seed: 1, keyring, input: ({ random }) => random(100) });
  const seconds = (performance.now() - started) / 1000;
  if (!result.agreed) throw new Error(`the simulated match failed: ${result.violations.join()}`);
  return { players, roundsPerSecond: result.rounds / seconds };
}
