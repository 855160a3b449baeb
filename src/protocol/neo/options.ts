/** The parameters of a neo session, all part of what players agree on, and what the machine makes of them. */

import { type Micros, micros } from '../../base/time.ts';
import type { SessionSetup } from '../engine.ts';
import type { LogParameters } from './log-state.ts';
import { alphaFor, firstPace, type PaceLimits } from './pace.ts';
import type { NeoSetup } from './state.ts';

/** As they stand in the agreement. Times in milliseconds; see `neo(...)` of client/options.ts. */
export interface NeoParameters {
  readonly roundMs: number;
  readonly roundMaxMs: number;
  readonly arrivalMs: number;
  readonly arrivalMinMs: number;
  readonly arrivalMaxMs: number;
  readonly silentRounds: number;
  readonly window: number;
  readonly openMs: number;
  readonly lateMs: number;
  readonly stallMs: number;
  readonly keepF: boolean;
}

/** First time-out of a view, in arrival bounds, and the longest. */
const VIEW_FIRST = 3;
const VIEW_MAX: Micros = micros(4000);

/** How a session makes a machine of what was agreed. */
export interface NeoOptions {
  readonly alpha: number;
  readonly stallAfter: Micros;
  setupOf(
    session: Uint8Array,
    setup: Pick<SessionSetup, 'keys' | 'me'>,
    nonces: readonly Uint8Array[],
  ): NeoSetup;
}

/** The bounds within which the pace moves. */
export function limitsOf(parameters: NeoParameters): PaceLimits {
  return {
    roundMin: micros(parameters.roundMs),
    roundMax: micros(parameters.roundMaxMs),
    arrivalMin: micros(parameters.arrivalMinMs),
    arrivalMax: micros(parameters.arrivalMaxMs),
  };
}

/** Rounds from a decision until it acts, and the fewest silent rounds that can remove a player. */
export function alphaOf(parameters: NeoParameters): number {
  return alphaFor(limitsOf(parameters));
}

export function neoOptions(parameters: NeoParameters): NeoOptions {
  const pace = limitsOf(parameters);
  const alpha = alphaFor(pace);
  const { arrivalMs, keepF, lateMs, openMs, roundMs, silentRounds: silence, stallMs, window } = parameters;
  return {
    alpha,
    stallAfter: micros(stallMs),
    setupOf(session, { keys, me }, nonces) {
      const log: LogParameters = { session, alpha, silence, keepF, pace };
      return {
        session,
        me,
        roster: keys.map((publicKey, seat) => ({
          publicKey,
          nonce: nonces[seat] as Uint8Array,
          address: '-',
        })),
        log,
        pace: firstPace(pace, micros(roundMs), micros(arrivalMs)),
        times: {
          viewFirst: VIEW_FIRST,
          viewMax: VIEW_MAX,
          openAfter: micros(openMs),
          lateAfter: micros(lateMs),
        },
        window,
      };
    },
  };
}
