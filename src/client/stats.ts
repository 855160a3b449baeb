/** Figures of a running session: counts, and how long rounds take. */

import type { Micros } from '../base/time.ts';
import type { Counts, Driver } from '../protocol/driver.ts';
import type { Running } from '../protocol/engine.ts';

/** How many of the newest rounds the percentiles speak of. */
const SAMPLES_MAX = 4096;

/** Figures of a session since it was created. */
export interface SessionStats {
  readonly protocol: 'lockstep' | 'neo';
  /** Name of the keyring that checks signatures. */
  readonly keyring: string;
  readonly epoch: number;
  /** Rounds played. */
  readonly rounds: number;
  /**
   * Milliseconds from the commitment leaving to `advance`, over the newest 4096 rounds; undefined before the
   * first.
   */
  readonly advanceMs: { readonly p50: number; readonly p99: number } | undefined;
  readonly datagramsIn: number;
  readonly datagramsOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly signed: number;
  readonly verified: number;
  /** Received things that were dropped, by the name of the reason. */
  readonly refused: Counts['refused'];
  /** The other players that are still linked. */
  readonly links: readonly LinkStats[];
}

/** Figures of the link to one other player. */
export interface LinkStats {
  readonly player: number;
  /** Smoothed time from a packet to its acknowledgement, milliseconds; undefined before the first. */
  readonly roundTripMs: number | undefined;
  /** Milliseconds since anything was heard. */
  readonly silentMs: number;
  readonly interrupted: boolean;
}

/** The newest samples, for percentiles. */
export class Latencies {
  readonly #samples: Micros[] = [];
  #next = 0;

  add(sample: Micros): void {
    this.#samples[this.#next] = sample;
    this.#next = (this.#next + 1) % SAMPLES_MAX;
  }

  /**
   * Milliseconds below which the given share of the samples lies (nearest rank), or undefined without
   * samples.
   */
  percentile(share: number): number | undefined {
    const sorted = [...this.#samples].sort((a, b) => a - b);
    const rank = Math.max(0, Math.ceil(share * sorted.length) - 1);
    const value = sorted[rank];
    return value === undefined ? undefined : value / 1000;
  }
}

export function statsOf(
  driver: Driver<Running>,
  keyring: string,
  rounds: number,
  latencies: Latencies,
  at: Micros,
): SessionStats {
  const { counts, links, match, protocol } = driver;
  const p50 = latencies.percentile(0.5);
  const p99 = latencies.percentile(0.99);
  return {
    protocol,
    keyring,
    epoch: match?.epoch ?? 0,
    rounds,
    advanceMs: p50 === undefined || p99 === undefined ? undefined : { p50, p99 },
    datagramsIn: counts.datagramsIn,
    datagramsOut: counts.datagramsOut,
    bytesIn: counts.bytesIn,
    bytesOut: counts.bytesOut,
    signed: counts.signed,
    verified: counts.verified,
    refused: { ...counts.refused },
    links: links.flatMap((peer, player) => {
      if (peer === null) return [];
      const roundTripMs = peer.roundTrip === null ? undefined : peer.roundTrip / 1000;
      const silentMs = Math.max(0, at - peer.heardAt) / 1000;
      return [{ player, roundTripMs, silentMs, interrupted: peer.interrupted }];
    }),
  };
}
