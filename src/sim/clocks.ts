/** The clocks of simulated players: each begins somewhere and runs a little fast or slow. */

import { type Micros, micros } from '../base/time.ts';
import type { SimulatedClock } from './options.ts';

/** What a player's clock reads at a virtual time. */
export function rawTime({ driftPpm = 0, offsetMs = 0 }: SimulatedClock, at: Micros): Micros {
  return micros(offsetMs) + at + Math.floor((at * driftPpm) / 1_000_000);
}

/** The first virtual time at which a player's clock reads that much. */
export function virtualTime(clock: SimulatedClock, raw: Micros): Micros {
  const { driftPpm = 0, offsetMs = 0 } = clock;
  let at = Math.max(0, Math.floor((raw - micros(offsetMs)) / (1 + driftPpm / 1_000_000)) - 1);
  while (rawTime(clock, at) < raw) at++;
  return at;
}
