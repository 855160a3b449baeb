/**
 * The pace: when rounds open, and how long a commitment may take to arrive. It is part of the decided log,
 * so that all have the same; clocks only bring it comfort, never safety. What players report of lateness and
 * lag changes it, by the (f+1)-th largest report: one of an honest player is at least as large, so f liars
 * cannot drive it beyond what somebody honest has met.
 */

import type { Round } from '../../base/ids.ts';
import { type Micros, micros } from '../../base/time.ts';

/** What a game allows its pace to be; whole microseconds, agreed by all. */
export interface PaceLimits {
  readonly roundMin: Micros;
  readonly roundMax: Micros;
  readonly arrivalMin: Micros;
  readonly arrivalMax: Micros;
}

/** The pace that rules rounds `from` and on. Instants are of the session clock (clock.ts). */
export interface Pace {
  /** Length W of a round. */
  readonly round: Micros;
  /** How long after a round's opening a commitment may arrive: A. */
  readonly arrival: Micros;
  /** The first round of this schedule: p. */
  readonly from: Round;
  /** When that round opens on the schedule: T_p. */
  readonly opensAt: Micros;
  /** Rounds without a lag since the schedule changed, up to CALM_ROUNDS. */
  readonly calm: number;
}

/** What a player's update tells of the pace. Each is 0 to REPORT_MAX. */
export interface Report {
  /** The arrival bound that the others' commitments need (lateness.ts), in units of LATENESS_UNIT. */
  readonly lateness: number;
  /** How far behind the schedule the round of the update opened at the author, in units of LAG_UNIT. */
  readonly lag: number;
}

/** A report with the round whose update it stood in. */
export interface Reported extends Report {
  readonly round: Round;
}

export const REPORT_MAX = 0xffff;
/** A quarter of a millisecond; the longest lateness is 16 s. */
export const LATENESS_UNIT: Micros = 250;
/** Four milliseconds; the longest lag is 4 min. What is beyond moves the schedule once more. */
export const LAG_UNIT: Micros = micros(4);

/** Rounds without a lag after which a lag is a new one, and rounds grow shorter again. */
export const CALM_ROUNDS = 64;

/** On top of a quarter of the reported lateness. */
const MARGIN: Micros = micros(2);

/**
 * The alpha that these limits need: an honest commitment is in time even if rounds are final only five
 * arrival bounds after it (a crash, and openings that must be passed on).
 */
export function alphaFor({ arrivalMax, roundMin }: PaceLimits): number {
  return Math.ceil((5 * arrivalMax) / roundMin) + 2;
}

/** The pace of round 1, which opens at session time 0. Throws a RangeError that names what does not fit. */
export function firstPace(limits: PaceLimits, roundMicros: Micros, arrivalMicros: Micros): Pace {
  checkRange('round', limits.roundMin, roundMicros, limits.roundMax);
  checkRange('arrival', limits.arrivalMin, arrivalMicros, limits.arrivalMax);
  return { round: roundMicros, arrival: arrivalMicros, from: 1, opensAt: 0, calm: 0 };
}

function checkRange(name: 'arrival' | 'round', min: Micros, value: Micros, max: Micros): void {
  if (![min, value, max].every(Number.isSafeInteger)) {
    throw new RangeError(`${name}Min, ${name} and ${name}Max must be whole microseconds`);
  }
  if (min < 1) throw new RangeError(`${name}Min must be at least 1 microsecond, not ${min}`);
  if (value < min || value > max) {
    throw new RangeError(
      `${name} must lie between ${name}Min (${min}) and ${name}Max (${max}), not ${value}`,
    );
  }
}

/** When a round opens on the schedule, in session time. Not for rounds before `pace.from`. */
export function scheduledAt({ from, opensAt, round: length }: Pace, round: Round): Micros {
  return opensAt + (round - from) * length;
}

/** When a round opens here. It was permitted when the round alpha before it became final. */
export function opensAt(pace: Pace, round: Round, permittedAt: Micros): Micros {
  return Math.max(scheduledAt(pace, round), permittedAt);
}

/** When I vote on whatever I have; players learn one delay apart that a round is permitted. */
export function voteDeadline(pace: Pace, round: Round, permittedAt: Micros): Micros {
  return Math.max(scheduledAt(pace, round) + pace.arrival, permittedAt + 2 * pace.arrival);
}

/** The (f+1)-th largest number, or null if there are fewer. */
export function largestButLiars(numbers: readonly number[], f: number): number | null {
  return numbers.toSorted((a, b) => b - a)[f] ?? null;
}

/**
 * The pace after one more final round, from the last report of each member. It rules round `actsFrom` and on.
 *
 * A lag above two rounds moves the schedule, once: reports that were made under the schedule before it say
 * nothing of the new one. A lag that is soon back means that rounds cannot keep up, and they grow longer.
 */
export function nextPace(
  limits: PaceLimits,
  pace: Pace,
  actsFrom: Round,
  reports: readonly Reported[],
  f: number,
): Pace {
  const arrival = nextArrival(limits, pace.arrival, reports, f);
  const fresh = reports.filter(({ round }) => round >= pace.from);
  const reported = largestButLiars(
    fresh.map(({ lag }) => lag),
    f,
  );
  if (reported === null) return { ...pace, arrival };
  const lag = reported * LAG_UNIT;
  const next = { arrival, from: actsFrom, opensAt: scheduledAt(pace, actsFrom), calm: 0 };
  if (lag > 2 * pace.round) {
    const again = pace.from > 1 && pace.calm < CALM_ROUNDS;
    const longer = Math.min(limits.roundMax, Math.ceil((pace.round * 5) / 4));
    return { ...next, round: again ? longer : pace.round, opensAt: next.opensAt + lag };
  }
  const calm = Math.min(CALM_ROUNDS, pace.calm + 1);
  if (calm < CALM_ROUNDS || pace.round === limits.roundMin) return { ...pace, arrival, calm };
  return { ...next, round: Math.max(limits.roundMin, Math.floor((pace.round * 4) / 5)) };
}

/** The largest reported lateness that an arrival bound has room for. */
export function latenessWithin(arrival: Micros): Micros {
  return Math.max(0, Math.floor(((arrival - MARGIN) * 4) / 5 / LATENESS_UNIT)) * LATENESS_UNIT;
}

/** Grows as soon as it must, and shrinks only by more than an eighth, so that it does not flutter. */
function nextArrival(
  { arrivalMax, arrivalMin }: PaceLimits,
  arrival: Micros,
  reports: readonly Report[],
  f: number,
): Micros {
  const reported = largestButLiars(
    reports.map(({ lateness }) => lateness),
    f,
  );
  if (reported === null) return arrival;
  const needed = Math.ceil((reported * LATENESS_UNIT * 5) / 4) + MARGIN;
  const wanted = Math.min(arrivalMax, Math.max(arrivalMin, needed));
  return wanted > arrival || (arrival - wanted) * 8 > arrival ? wanted : arrival;
}
