/**
 * A whole match in one process and in virtual time: the real machines and drivers, one seed for
 * everything that chance decides, faults and cheats as wanted. The same options give the same trace.
 */

import type { Game } from '../protocol/game.ts';
import { checkSimulation, type SimulationOptions, type SimulationResult } from './options.ts';
import { Simulation } from './simulation.ts';

export type * from './cheat.ts';
export { cheats, Gang } from './cheats.ts';
export { cheatTable, tableMarkdown } from './cheats-table.ts';
export { classic } from './classic.ts';
export { type LatencyProfile, type LatencyScenario, latencyProfile, type Span } from './latency.ts';
export { Conspiracy, type LiarOptions, liar, type Ways } from './liar.ts';
export type * from './options.ts';
export { replayTrace } from './replay.ts';
export { Simulation } from './simulation.ts';
export { runSwarm, type SwarmPlan, type SwarmReport, swarmPlan } from './swarm.ts';

/**
 * Plays a match of `game` in virtual time. Throws a TypeError or RangeError that names the option
 * that is wrong; everything else is in the result.
 */
export function simulate<State, Input>(
  game: Game<State, Input>,
  options: SimulationOptions<State, Input>,
): SimulationResult<State> {
  checkSimulation(options);
  return new Simulation(game, options).run();
}
