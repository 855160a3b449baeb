/**
 * The session clock of a player: its own raw clock, corrected towards the lower median of the raw clocks of
 * all members, so that no minority can drag it. Offsets come from stamps on every datagram, as in NTP (RFC
 * 5905, section 8; of the newest samples the one with the shortest round trip counts, section 10). Nothing
 * that is decided depends on it.
 *
 * Raw clocks are microseconds that begin anywhere, within half an hour of one another; on the wire they go
 * modulo 2^32.
 */

import type { Seat } from '../../base/ids.ts';
import { count, firstPlayers, has, type PlayerSet, remove, seatsOf } from '../../base/players.ts';
import { type Micros, micros } from '../../base/time.ts';
import { PLAYERS_MAX } from '../../wire/limits.ts';
import { type ClockStamp, NOTHING_HEARD } from '../../wire/rounds.ts';
import { quorum } from '../quorum.ts';
import type { BySeat } from '../round.ts';

/** Samples of a peer that are kept. */
export const SAMPLES_MAX = 16;
/** A sample is of no use if it took longer, or if its echo was held longer: clocks drift. */
export const ROUND_TRIP_MAX: Micros = micros(10_000);
export const HELD_MAX: Micros = micros(5_000);
/** Raw time for every microsecond of correction. */
export const SLEW = 1000;
/** From the first estimate on, the correction follows at once for this long. */
export const SETTLING: Micros = micros(2_000);

interface Sample {
  readonly roundTrip: Micros;
  /** The peer's raw clock minus mine. */
  readonly offset: Micros;
}

interface Peer {
  /** Newest last. */
  readonly samples: readonly Sample[];
  /** The one with the shortest round trip; of equal ones the newest. */
  readonly best: Sample | null;
  /** The `sentAt` of its last datagram, and when that came (raw). */
  readonly echo: number;
  readonly heardAt: Micros | null;
}

export interface Clock {
  readonly me: Seat;
  /** The host's clock minus the raw one. */
  readonly origin: Micros;
  /** When it was set (raw): others may echo stamps of the clock before, which say nothing of this one. */
  readonly setAt: Micros;
  readonly members: PlayerSet;
  /** By seat; null for myself, and for those of whom nothing was heard. */
  readonly peers: BySeat<Peer>;
  /** What the correction was at raw time `since`; from there it goes to `target`. */
  readonly correction: Micros;
  readonly since: Micros;
  readonly target: Micros;
  /** When the clock settles (raw); null before its first estimate. */
  readonly settlesAt: Micros | null;
}

/**
 * The clock of a player that begins, or begins again, at `at` of its host's clock, when its raw clock shall
 * read `raw`; the members are the first seats. Every later `at` is of the same host's clock.
 */
export function firstClock(seats: number, me: Seat, at: Micros, raw: Micros = at): Clock {
  const peers = new Array<null>(PLAYERS_MAX).fill(null);
  const members = firstPlayers(seats);
  return {
    me,
    members,
    origin: at - raw,
    setAt: raw === at ? Number.NEGATIVE_INFINITY : raw,
    peers,
    correction: 0,
    since: raw,
    target: 0,
    settlesAt: null,
  };
}

/** What a datagram to a player carries. */
export function stamp({ origin, peers }: Clock, to: Seat, at: Micros): ClockStamp {
  const raw = at - origin;
  const sentAt = raw >>> 0;
  const { echo, heardAt } = peers[to] ?? { echo: 0, heardAt: null };
  const held = heardAt === null ? NOTHING_HEARD : Math.max(0, raw - heardAt);
  return held < NOTHING_HEARD ? { sentAt, echo, held } : { sentAt, echo: 0, held: NOTHING_HEARD };
}

/** A datagram of a player has come. Its stamp may be anything; only the estimate of that player feels it. */
export function hear(clock: Clock, from: Seat, stamp: ClockStamp, at: Micros): Clock {
  const { me, members } = clock;
  if (from === me || !has(members, from)) return clock;
  const before = clock.peers[from] ?? { samples: [], best: null };
  const raw = at - clock.origin;
  const sample = sampleOf(stamp, raw, clock.setAt);
  const samples = sample === null ? before.samples : [...before.samples, sample].slice(-SAMPLES_MAX);
  const best = sample === null ? before.best : shortest(samples);
  const peers = clock.peers.slice();
  peers[from] = { samples, best, echo: stamp.sentAt, heardAt: raw };
  return aim({ ...clock, peers }, raw);
}

/** One clock sample: half the way there and back is taken for the way back. */
function sampleOf({ echo, held, sentAt }: ClockStamp, raw: Micros, setAt: Micros): Sample | null {
  if (held > HELD_MAX) return null;
  const roundTrip = ((raw - echo) >>> 0) - held;
  if (roundTrip < 0 || roundTrip > ROUND_TRIP_MAX || roundTrip + held > raw - setAt) return null;
  return { roundTrip, offset: ((sentAt - raw) | 0) + Math.floor(roundTrip / 2) };
}

function shortest(samples: readonly Sample[]): Sample | null {
  let best: Sample | null = null;
  for (const sample of samples) if (best === null || sample.roundTrip <= best.roundTrip) best = sample;
  return best;
}

/** The clock among these members; others are forgotten. The next datagram brings a new target. */
export function keep(clock: Clock, members: PlayerSet): Clock {
  if (members === clock.members) return clock;
  const peers = clock.peers.map((peer, seat) => (has(members, seat as Seat) ? peer : null));
  return { ...clock, members, peers };
}

/** Sets the target, and goes on from where the correction is now. */
function aim(clock: Clock, raw: Micros): Clock {
  const target = targetOf(clock);
  if (target === null) return clock;
  const settlesAt = clock.settlesAt ?? raw + SETTLING;
  if (raw < settlesAt) return { ...clock, correction: target, since: raw, target, settlesAt };
  if (target === clock.target) return clock;
  // Part of a step that is under way stays so: else targets that change often would hold it back.
  const since = raw - (Math.max(0, raw - clock.since) % SLEW);
  return { ...clock, correction: corrected(clock, raw), since, target };
}

/**
 * The correction to aim at, or null while too few offsets are known: more than half of the members, and
 * enough that no f of them lie on one side of the median alone. Two players go by the earlier seat.
 */
function targetOf({ me, members, peers }: Clock): Micros | null {
  const others = seatsOf(remove(members, me));
  const offsets = others.map((seat) => peers[seat]?.best?.offset).filter((offset) => offset !== undefined);
  const n = count(members);
  const enough = Math.max(Math.floor(n / 2) + 1, 2 * quorum(Math.max(1, n)).f + 1);
  const known = [0, ...offsets].sort((a, b) => a - b);
  if (known.length < enough) return null;
  const [first] = others;
  if (n === 2 && first !== undefined) return me < first ? 0 : (offsets[0] ?? null);
  return known[Math.floor((known.length - 1) / 2)] ?? null;
}

/** The correction at a raw time. */
function corrected({ correction, since, target }: Clock, raw: Micros): Micros {
  const most = Math.floor(Math.max(0, raw - since) / SLEW);
  return correction + Math.max(-most, Math.min(most, target - correction));
}

/** The session time at a time of the host's clock. It never goes back, except while the clock settles. */
export function sessionTime(clock: Clock, at: Micros): Micros {
  const raw = at - clock.origin;
  return raw + corrected(clock, raw);
}

/** The shortest round trip to a player of late, or null while there is none. */
export function roundTrip({ peers }: Clock, seat: Seat): Micros | null {
  return peers[seat]?.best?.roundTrip ?? null;
}

/**
 * How long an answer of a player may take, of late: the mean of its round trips and four times their mean
 * deviation (in the spirit of RFC 6298). Null while nothing was measured.
 */
export function answerWithin({ peers }: Clock, seat: Seat): Micros | null {
  const trips = (peers[seat]?.samples ?? []).map((sample) => sample.roundTrip);
  if (trips.length === 0) return null;
  const mean = trips.reduce((sum, trip) => sum + trip, 0) / trips.length;
  const deviation = trips.reduce((sum, trip) => sum + Math.abs(trip - mean), 0) / trips.length;
  return Math.round(mean + 4 * deviation);
}
