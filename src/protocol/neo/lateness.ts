/**
 * What a player reports for the pace (pace.ts): how late the commitments of the others come to it, and how
 * far its own openings are behind the schedule. Who is not heard at all has no lateness; silence is a matter
 * of membership.
 */

import type { Round, Seat } from '../../base/ids.ts';
import { seatsOf } from '../../base/players.ts';
import type { Micros } from '../../base/time.ts';
import { PLAYERS_MAX } from '../../wire/limits.ts';
import type { BySeat } from '../round.ts';
import {
  LAG_UNIT,
  LATENESS_UNIT,
  largestButLiars,
  latenessWithin,
  opensAt,
  REPORT_MAX,
  type Report,
  scheduledAt,
} from './pace.ts';
import type { NeoRound } from './state.ts';

/** Rounds of which the lateness is kept. */
export const LATENESS_ROUNDS = 128;

interface Arrival {
  readonly round: Round;
  readonly late: Micros;
}

export interface Lateness {
  /** By sender, one for each of the last LATENESS_ROUNDS rounds at most, as they came. */
  readonly arrivals: BySeat<readonly Arrival[]>;
}

export function firstLateness(): Lateness {
  return { arrivals: new Array<null>(PLAYERS_MAX).fill(null) };
}

/**
 * A commitment has come at some instant of the session clock: its lateness is the smallest arrival bound
 * with which it would have been in time. Nothing if its round can do without it, since it is decided.
 */
export function noteCommit(
  lateness: Lateness,
  sender: Seat,
  {
    decided,
    environment,
    permittedAt,
    round,
  }: Pick<NeoRound, 'decided' | 'environment' | 'permittedAt' | 'round'>,
  time: Micros,
): Lateness {
  const known = lateness.arrivals[sender] ?? [];
  if (decided[sender] || known.some((arrival) => arrival.round === round)) return lateness;
  // The first rounds have twice the time, since no clock is set yet: they would report half of the truth.
  if (round <= 2 && scheduledAt(environment.pace, round) <= permittedAt) return lateness;
  const sinceSchedule = time - scheduledAt(environment.pace, round);
  const late = Math.max(0, Math.min(sinceSchedule, Math.ceil((time - permittedAt) / 2)));
  const newest = known.reduce((max, arrival) => Math.max(max, arrival.round), round);
  const arrivals = lateness.arrivals.slice();
  arrivals[sender] = [...known, { round, late }].filter((arrival) => isRecent(arrival, newest));
  return { arrivals };
}

function isRecent({ round }: Arrival, newest: Round): boolean {
  return round > newest - LATENESS_ROUNDS;
}

/** The lateness that 99 % of them do not exceed. */
function quantile(arrivals: readonly Arrival[]): Micros {
  const ascending = arrivals.map(({ late }) => late).sort((a, b) => a - b);
  return ascending[Math.ceil((ascending.length * 99) / 100) - 1] ?? 0;
}

/**
 * My report for the update of a round that I seal at this instant of the session clock. Of the others the
 * latest f are left out: they may be liars that send late. Who has heard too few reports what changes
 * nothing.
 */
export function reportOf(
  { arrivals }: Lateness,
  f: number,
  { environment, permittedAt, round }: Pick<NeoRound, 'environment' | 'permittedAt' | 'round'>,
  time: Micros,
): Report {
  const recent = seatsOf(environment.members)
    .map((seat) => (arrivals[seat] ?? []).filter((arrival) => isRecent(arrival, round)))
    .filter((list) => list.length > 0);
  const late = largestButLiars(recent.map(quantile), f) ?? latenessWithin(environment.pace.arrival);
  const opened = Math.min(time, opensAt(environment.pace, round, permittedAt));
  const lag = Math.max(0, opened - scheduledAt(environment.pace, round));
  return {
    lateness: Math.min(REPORT_MAX, Math.ceil(late / LATENESS_UNIT)),
    lag: Math.min(REPORT_MAX, Math.floor(lag / LAG_UNIT)),
  };
}
