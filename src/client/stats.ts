/** Figures of a running session: counts, and how long rounds take. */

import type { Round } from '../base/ids.ts';
import { seatsOf } from '../base/players.ts';
import type { Micros } from '../base/time.ts';
import type { Counts, Driver } from '../protocol/driver.ts';
import type { RoundView, Running } from '../protocol/engine.ts';

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
  /** Neo: final rounds of this run in which equal votes alone did not decide. Lockstep: 0. */
  readonly slowRounds: number;
  /**
   * Milliseconds from the commitment leaving to `advance`, over the newest 4096 rounds; undefined before the
   * first.
   */
  readonly advanceMs: { readonly p50: number; readonly p99: number } | undefined;
  /** The same to `final`. */
  readonly finalMs: { readonly p50: number; readonly p99: number } | undefined;
  /** Neo: the newest rounds, oldest first, the open ones included. Lockstep: none. */
  readonly newest: readonly RoundStats[];
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

/** What is known here of a round; players are seats. */
export interface RoundStats {
  readonly round: number;
  readonly committed: readonly number[];
  readonly voted: readonly number[];
  readonly opened: readonly number[];
  /** Equal votes alone have not decided it. */
  readonly slow: boolean;
  readonly final: boolean;
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

/** How long the rounds take for their player. */
export class Timings {
  readonly advance: Latencies = new Latencies();
  readonly final: Latencies = new Latencies();
  /** When the own commitments left of rounds that are not final yet. */
  readonly #left = new Map<Round, Micros>();

  /** A round was played; `leftAt` is when its own commitment left, null if that is not known. */
  advanced(round: Round, leftAt: Micros | null, at: Micros): void {
    if (leftAt === null) return;
    this.advance.add(at - leftAt);
    this.#left.set(round, leftAt);
  }

  /** The round, and so every one before it, is final. */
  finalized(round: Round, at: Micros): void {
    const leftAt = this.#left.get(round);
    if (leftAt !== undefined) this.final.add(at - leftAt);
    for (const left of this.#left.keys()) if (left <= round) this.#left.delete(left);
  }
}

function percentiles(latencies: Latencies): SessionStats['advanceMs'] {
  const p50 = latencies.percentile(0.5);
  const p99 = latencies.percentile(0.99);
  return p50 === undefined || p99 === undefined ? undefined : { p50, p99 };
}

/** Seats by name of what they have done in a round. */
function roundStats({ commits, final, opens, round, slow, votes }: RoundView): RoundStats {
  return {
    round,
    committed: seatsOf(commits),
    voted: seatsOf(votes),
    opened: seatsOf(opens),
    slow,
    final,
  };
}

export function statsOf(
  driver: Driver<Running>,
  keyring: string,
  rounds: number,
  timings: Timings,
  at: Micros,
): SessionStats {
  const { counts, links, match, protocol } = driver;
  return {
    protocol,
    keyring,
    epoch: match?.epoch ?? 0,
    rounds,
    slowRounds: match?.slowRounds ?? 0,
    advanceMs: percentiles(timings.advance),
    finalMs: percentiles(timings.final),
    newest: match?.rounds.map(roundStats) ?? [],
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
