/** Matches of neo for tests. */

import { keyring } from '../../src/keyring/node.ts';
import type { NeoParameters } from '../../src/protocol/neo/options.ts';
import type { SimulationOptions } from '../../src/sim/simulator.ts';
import type { SumState } from './games.ts';

export type Options = SimulationOptions<SumState, number>;

/** Rounds of 50 ms, alpha 12. */
export const parameters: NeoParameters = {
  roundMs: 50,
  roundMaxMs: 100,
  arrivalMs: 60,
  arrivalMinMs: 30,
  arrivalMaxMs: 100,
  silentRounds: 20,
  window: 12,
  openMs: 1500,
  lateMs: 600,
  stallMs: 1000,
  keepF: false,
};

/** Options of a match of neo; times are virtual. */
export function neoMatch(options: Partial<Options> = {}, change: Partial<NeoParameters> = {}): Options {
  return {
    keyring,
    input: ({ random }) => random(1000),
    protocol: { name: 'neo', parameters: { ...parameters, ...change } },
    limitMs: 60_000,
    ...options,
  };
}

export const forGood: number = Number.POSITIVE_INFINITY;
