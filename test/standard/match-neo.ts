/** Whole matches of neo in virtual time, and every datagram that left a player, in order. */

import { defineGame } from '../../src/client/game.ts';
import { keyring } from '../../src/keyring/node.ts';
import type { Game } from '../../src/protocol/game.ts';
import { alphaOf, type NeoParameters } from '../../src/protocol/neo/options.ts';
import type { SimulationOptions, SimulationResult } from '../../src/sim/options.ts';
import { Simulation } from '../../src/sim/simulation.ts';
import { handsRead } from './checker-game.ts';
import { NeoWatcher } from './checker-neo.ts';
import type { Sent } from './match.ts';

export interface Hands {
  readonly round: number;
  readonly last: readonly (number | null)[];
  readonly members: readonly boolean[];
  readonly sum: number;
  readonly drawn: readonly number[];
}

const draws = (random: (bound: number) => number): number[] =>
  [1000, 1000, 1000].map((bound) => random(bound));

/** The game that checker-game.ts has again. */
export const hands: Game<Hands, number> = defineGame<Hands, number>({
  id: 'hands of the standard',
  version: 3,
  rules: { least: 0 },
  init({ players, random }) {
    const last = Array.from({ length: players }, () => null);
    return { round: 0, last, members: last.map(() => true), sum: 0, drawn: draws(random) };
  },
  step({ sum }, { inputs, members, random, round }) {
    const all = inputs.reduce<number>((so, hand) => so + (hand ?? 0), sum);
    return { round, last: [...inputs], members: [...members], sum: all, drawn: draws(random) };
  },
  legal: ({ drawn }, _player, hand) => typeof hand === 'number' && hand >= 0 && hand !== drawn[0],
});

export type Options = Partial<SimulationOptions<Hands, number>> & {
  readonly parameters?: Partial<NeoParameters>;
};

/** Rounds of 50 ms and an alpha of 10. */
export function parametersOf(change: Partial<NeoParameters> = {}): NeoParameters {
  const times = { roundMs: 50, roundMaxMs: 200, arrivalMs: 60, arrivalMinMs: 40, arrivalMaxMs: 80 };
  const base = { ...times, lateMs: 500, openMs: 800, stallMs: 2000, keepF: false, ...change };
  const alpha = alphaOf({ ...base, silentRounds: 0, window: 0 });
  return { ...base, silentRounds: alpha + 3, window: alpha, ...change };
}

/** A match that was played. */
export interface NeoMatch {
  readonly sent: readonly Sent[];
  readonly result: SimulationResult<Hands>;
  readonly simulation: Simulation<Hands, number>;
}

/** Plays a match with this library, or with a changed one. */
export function playNeo(
  { parameters, passing, ...options }: Options,
  Of: typeof Simulation = Simulation,
): NeoMatch {
  const sent: Sent[] = [];
  const simulation = new Of<Hands, number>(hands, {
    players: 4,
    rounds: 40,
    seed: 1,
    keyring,
    limitMs: 30_000,
    network: { delayMs: 15 },
    protocol: { name: 'neo', parameters: parametersOf(parameters) },
    input: ({ player, round }) => (round % 5 === player ? null : 1000 + round * 16 + player),
    ...options,
    passing: (each) => {
      sent.push({ from: each.from, to: each.to, bytes: each.datagram.slice() });
      return passing?.(each) ?? true;
    },
  });
  return { sent, result: simulation.run(), simulation };
}

/** What the checker makes of a match. */
export function watchNeo(sent: readonly Sent[]): NeoWatcher {
  const watcher = new NeoWatcher(handsRead);
  for (const { from, bytes } of sent) watcher.take(from, bytes);
  watcher.finish();
  return watcher;
}
