/** What a bad network does to one datagram: loses it, or delays it; drawn from a seed. */

import type { Prng } from '../base/prng.ts';

export interface Impairment {
  /** One-way delay of every datagram, in milliseconds, 0 or more. Default 0. */
  readonly delayMs?: number;
  /** More delay, evenly spread over 0 .. jitterMs milliseconds; it reorders. Default 0. */
  readonly jitterMs?: number;
  /** Share of the datagrams that are lost, 0 .. 1. Default 0. */
  readonly loss?: number;
  /** Integer that all draws come from. Default 1. */
  readonly seed?: number;
}

/** Throws a RangeError that names the option unless `value` is a share, 0 .. 1. `owner` begins the text. */
export function checkShare(owner: string, option: string, value: number): void {
  if (!(value >= 0 && value <= 1)) {
    throw new RangeError(`${owner}: ${option} must be between 0 (never) and 1 (always), not ${value}`);
  }
}

function checkMs(owner: string, option: string, value: number): void {
  if (!(value >= 0 && Number.isFinite(value))) {
    throw new RangeError(`${owner}: ${option} must be 0 or more milliseconds, not ${value}`);
  }
}

/** The options with their defaults. Throws a RangeError that names the option; `owner` begins the text. */
export function checkImpairment(owner: string, options: Impairment): Required<Impairment> {
  const { delayMs = 0, jitterMs = 0, loss = 0, seed = 1 } = options;
  checkMs(owner, 'delayMs', delayMs);
  checkMs(owner, 'jitterMs', jitterMs);
  checkShare(owner, 'loss', loss);
  if (!Number.isSafeInteger(seed)) throw new RangeError(`${owner}: seed must be an integer, not ${seed}`);
  return { delayMs, jitterMs, loss, seed };
}

/** The numbers behind one direction of one link. */
export interface Draws {
  /** True with the given probability; always one draw. */
  happens(share: number): boolean;
  /** The delay of the next datagram, in milliseconds; always one draw. */
  delay(options: Required<Impairment>): number;
}

/** Draws from `source`; two streams, so that asking for losses never shifts the delays. */
export function draws(source: Prng): Draws {
  const fates = source.split('fate');
  const delays = source.split('delay');
  return {
    happens: (share) => fates.unit() < share,
    delay: ({ delayMs, jitterMs }) => delayMs + delays.unit() * jitterMs,
  };
}
