import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { micros } from '../../../src/base/time.ts';
import {
  alphaFor,
  CALM_ROUNDS,
  firstPace,
  LAG_UNIT,
  LATENESS_UNIT,
  nextPace,
  opensAt,
  type Pace,
  type PaceLimits,
  REPORT_MAX,
  type Reported,
  scheduledAt,
  voteDeadline,
} from '../../../src/protocol/neo/pace.ts';

const limits: PaceLimits = {
  roundMin: micros(50),
  roundMax: micros(200),
  arrivalMin: micros(40),
  arrivalMax: micros(400),
};
const alpha = alphaFor(limits);
const start = firstPace(limits, micros(50), micros(100));

const late = (ms: number): number => micros(ms) / LATENESS_UNIT;
const lag = (ms: number): number => Math.ceil(micros(ms) / LAG_UNIT);
const report = (change: Partial<Reported> = {}): Reported => ({ round: 100, lateness: 0, lag: 0, ...change });
const times = (count: number, one: Reported): Reported[] => new Array<Reported>(count).fill(one);

const anyReport = fc.record({
  round: fc.integer({ min: 1, max: 200 }),
  lateness: fc.integer({ min: 0, max: REPORT_MAX }),
  lag: fc.integer({ min: 0, max: REPORT_MAX }),
});
const anyLimits = fc
  .record({
    roundMin: fc.integer({ min: 1, max: 300_000 }),
    roundMore: fc.integer({ min: 0, max: 900_000 }),
    arrivalMin: fc.integer({ min: 1, max: 300_000 }),
    arrivalMore: fc.integer({ min: 0, max: 900_000 }),
  })
  .map(({ roundMin, roundMore, arrivalMin, arrivalMore }): PaceLimits => {
    return { roundMin, roundMax: roundMin + roundMore, arrivalMin, arrivalMax: arrivalMin + arrivalMore };
  });

describe('the first pace', () => {
  it('opens round 1 at session time 0', () => {
    expect(start).toEqual({ round: 50_000, arrival: 100_000, from: 1, opensAt: 0, calm: 0 });
    expect([1, 2, 5].map((round) => scheduledAt(start, round))).toEqual([0, 50_000, 200_000]);
  });

  it.each<[string, Partial<PaceLimits>, number, number, RegExp]>([
    ['a round below its minimum', {}, micros(49), micros(100), /round must lie between roundMin/],
    ['a round above its maximum', {}, micros(201), micros(100), /round must lie between roundMin/],
    ['an arrival outside', {}, micros(50), micros(401), /arrival must lie between arrivalMin/],
    ['a round without length', { roundMin: 0 }, micros(50), micros(100), /roundMin must be at least 1/],
    ['half a microsecond', {}, 50_000.5, micros(100), /whole microseconds/],
    ['limits that are no numbers', { arrivalMax: Number.NaN }, micros(50), micros(100), /whole microseconds/],
  ])('is not %s', (_, change, round, arrival, message) => {
    expect(() => firstPace({ ...limits, ...change }, round, arrival)).toThrow(message);
  });
});

describe('a round', () => {
  const pace: Pace = { ...start, from: 11, opensAt: micros(900) };

  it.each([
    ['on the schedule', 0, micros(1000), micros(1100)],
    ['permitted just before it', micros(990), micros(1000), micros(1190)],
    ['permitted an arrival bound before it', micros(900), micros(1000), micros(1100)],
    ['permitted after it', micros(1300), micros(1300), micros(1500)],
  ])('%s opens, and its vote is due', (_, permittedAt, opens, due) => {
    expect(opensAt(pace, 13, permittedAt)).toBe(opens);
    expect(voteDeadline(pace, 13, permittedAt)).toBe(due);
  });
});

describe('the arrival bound', () => {
  const after = (arrivalMs: number, lateMs: number): number =>
    nextPace(
      limits,
      { ...start, arrival: micros(arrivalMs) },
      120,
      times(4, report({ lateness: late(lateMs) })),
      1,
    ).arrival / 1000;

  it.each([
    ['grows at once, to the lateness and its margin', 100, 80, 102],
    ['grows by as little as it must', 101, 80, 102],
    ['does not shrink by an eighth', 116, 80, 116],
    ['shrinks by more than an eighth', 117, 80, 102],
    ['stays above its minimum', 100, 0, 40],
    ['stays below its maximum', 100, 16_000, 400],
  ])('%s', (_, arrival, lateness, expected) => {
    expect(after(arrival, lateness)).toBe(expected);
  });

  it('stays as it is until more than f members have reported', () => {
    const from = (reports: number): Pace =>
      nextPace(limits, start, 120, times(reports, report({ lateness: late(300), lag: lag(3000) })), 1);
    expect(from(1)).toEqual(start);
    expect(from(2)).toMatchObject({ arrival: micros(377), from: 120 });
  });

  it('takes 16 s of lateness and 4 min of lag on the wire', () => {
    expect(REPORT_MAX * LATENESS_UNIT).toBeGreaterThan(micros(16_000));
    expect(REPORT_MAX * LAG_UNIT).toBeGreaterThan(micros(4 * 60_000));
  });

  it('is the same however the reports are ordered', () => {
    fc.assert(
      fc.property(fc.array(anyReport, { maxLength: 9 }), fc.nat({ max: 3 }), (reports, f) => {
        const sorted = reports.toSorted(
          (a, b) => a.lag - b.lag || a.lateness - b.lateness || a.round - b.round,
        );
        expect(nextPace(limits, start, 220, reports, f)).toEqual(nextPace(limits, start, 220, sorted, f));
      }),
    );
  });
});

/** n members of whom f lie, with any pace to begin with. */
const group = fc.nat({ max: 4 }).chain((f) =>
  fc.record({
    f: fc.constant(f),
    honest: fc.array(anyReport, { minLength: 2 * f + 1, maxLength: 2 * f + 4 }),
    liars: fc.array(anyReport, { minLength: f, maxLength: f }),
    pace: fc.record({
      round: fc.integer({ min: limits.roundMin, max: limits.roundMax }),
      arrival: fc.integer({ min: limits.arrivalMin, max: limits.arrivalMax }),
      from: fc.integer({ min: 1, max: 150 }),
      opensAt: fc.nat({ max: micros(60_000) }),
      calm: fc.nat({ max: CALM_ROUNDS }),
    }),
  }),
);

describe('f liars', () => {
  it('cannot raise the arrival bound above what the slowest honest member reports', () => {
    fc.assert(
      fc.property(group, ({ f, honest, liars, pace }) => {
        const lateness = Math.max(...honest.map((each) => each.lateness));
        const slowest = honest.map((each) => ({ ...each, lateness }));
        const bound = nextPace(limits, { ...pace, arrival: limits.arrivalMin }, 220, slowest, 0).arrival;
        const { arrival } = nextPace(limits, pace, 220, [...liars, ...honest], f);
        expect(arrival).toBeLessThanOrEqual(Math.max(bound, pace.arrival));
      }),
    );
  });

  it('cannot leave more than f honest members outside it', () => {
    fc.assert(
      fc.property(group, ({ f, honest, liars, pace }) => {
        const { arrival } = nextPace(limits, pace, 220, [...liars, ...honest], f);
        const outside = honest.filter(({ lateness }) => lateness * LATENESS_UNIT > arrival);
        if (arrival < limits.arrivalMax) expect(outside.length).toBeLessThanOrEqual(f);
      }),
    );
  });

  it('cannot move the schedule further than the honest member that lags most', () => {
    fc.assert(
      fc.property(group, ({ f, honest, liars, pace }) => {
        const most = Math.max(...honest.map((each) => each.lag)) * LAG_UNIT;
        const next = nextPace(limits, pace, 220, [...liars, ...honest], f);
        const moved = scheduledAt(next, 220) - scheduledAt(pace, 220);
        expect(moved).toBeGreaterThanOrEqual(0);
        expect(moved).toBeLessThanOrEqual(most);
      }),
    );
  });

  it('cannot move schedule or length while no honest member lags', () => {
    fc.assert(
      fc.property(group, fc.nat({ max: 25 }), ({ f, honest, liars, pace }, small) => {
        const calm = honest.map((each) => ({ ...each, lag: Math.min(each.lag, small) }));
        const next = nextPace(limits, pace, 220, [...liars, ...calm], f);
        expect(scheduledAt(next, 220)).toBe(scheduledAt(pace, 220));
        expect(next.round).toBeLessThanOrEqual(pace.round);
      }),
    );
  });
});

describe('every pace', () => {
  it('is whole, within its limits and so within alpha, and goes on where the one before was', () => {
    fc.assert(
      fc.property(
        anyLimits,
        fc.array(fc.tuple(fc.array(anyReport, { maxLength: 5 }), fc.nat({ max: 1 })), { maxLength: 200 }),
        (bounds, rounds) => {
          const need = alphaFor(bounds);
          let pace = firstPace(bounds, bounds.roundMax, bounds.arrivalMin);
          for (const [index, [reports, f]] of rounds.entries()) {
            const actsFrom = index + 1 + need;
            const next = nextPace(bounds, pace, actsFrom, reports, f);
            expect(Object.values(next).every(Number.isSafeInteger)).toBe(true);
            expect(next.round).toBeGreaterThanOrEqual(bounds.roundMin);
            expect(next.round).toBeLessThanOrEqual(bounds.roundMax);
            expect(next.arrival).toBeGreaterThanOrEqual(bounds.arrivalMin);
            expect(next.arrival).toBeLessThanOrEqual(bounds.arrivalMax);
            expect(next.calm).toBeLessThanOrEqual(CALM_ROUNDS);
            expect(need).toBeGreaterThanOrEqual(Math.ceil((5 * next.arrival) / next.round) + 2);
            expect(scheduledAt(next, actsFrom)).toBeGreaterThanOrEqual(scheduledAt(pace, actsFrom));
            expect(next.from).toBeLessThanOrEqual(actsFrom);
            pace = next;
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  it('needs an alpha that covers five arrival bounds', () => {
    expect(alphaFor({ ...limits, roundMin: micros(50), arrivalMax: micros(100) })).toBe(12);
    expect(alphaFor({ ...limits, roundMin: micros(60), arrivalMax: micros(100) })).toBe(11);
  });
});

interface Course {
  /** By round, from 1: its pace and when it opened. */
  readonly paces: readonly Pace[];
  readonly openings: readonly number[];
}

/**
 * A match of four, one of whom lies: round r is final some time after it opened, and after those before it.
 * The liar says whatever suits it; its reports are the last ones.
 */
function play(
  rounds: number,
  finalAfter: (round: number, pace: Pace) => number,
  liar: (round: number) => Partial<Reported> = () => ({}),
  begin: Pace = start,
): Course {
  const [environments, paces, openings, finals]: [Pace[], Pace[], number[], number[]] = [
    [begin],
    [],
    [],
    [0],
  ];
  for (let round = 1; round <= rounds; round++) {
    const pace = environments[Math.max(0, round - alpha)] as Pace;
    const opened = opensAt(pace, round, finals[Math.max(0, round - alpha)] as number);
    const behind = Math.min(REPORT_MAX, Math.floor((opened - scheduledAt(pace, round)) / LAG_UNIT));
    const honest = times(3, report({ round, lag: behind, lateness: late(60) }));
    paces.push(pace);
    openings.push(opened);
    finals.push(Math.max(finals.at(-1) as number, opened + finalAfter(round, pace)));
    const reports = [...honest, report({ round, lateness: late(60), ...liar(round) })];
    environments.push(nextPace(limits, environments.at(-1) as Pace, round + alpha, reports, 1));
  }
  return { paces, openings };
}

/** The moves of the schedule: by how much it jumped against the one before, where it did. */
function moves({ paces }: Course): number[] {
  return paces
    .slice(1)
    .map((pace, i) => scheduledAt(pace, i + 2) - scheduledAt(paces[i] as Pace, i + 2))
    .filter((moved) => moved !== 0);
}

describe('a stall', () => {
  const delay = micros(150);
  const stall =
    (at: number, length: number) =>
    (round: number): number =>
      round === at ? length : delay;

  it('of three seconds is absorbed exactly once, and the rounds stay as long as they are', () => {
    const course = play(600, stall(200, micros(3000)));
    const expected = micros(3000) - alpha * start.round;
    expect(moves(course)).toEqual([expected]);
    expect(course.paces.every(({ round }) => round === start.round)).toBe(true);
    const resumed = course.openings[199 + alpha] as number;
    expect(resumed - scheduledAt(start, 200 + alpha)).toBe(expected);
    for (let round = 200 + 2 * alpha; round <= 600; round++) {
      expect(course.openings[round - 1]).toBe(scheduledAt(start, round) + expected);
    }
  });

  it('of any length moves the schedule at most once, never by more than it lasted', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.nat({ max: micros(120_000) }), (at, length) => {
        const course = play(500, stall(at, length));
        const moved = moves(course);
        const lags = course.openings.map((opened, i) => opened - scheduledAt(course.paces[i] as Pace, i + 1));
        expect(moved.length).toBeLessThanOrEqual(1);
        expect(moved[0] ?? 0).toBeLessThanOrEqual(length);
        expect(course.paces.every(({ round }) => round === start.round)).toBe(true);
        expect(Math.max(...lags.slice(at + 2 * alpha))).toBeLessThanOrEqual(2 * start.round + LAG_UNIT);
      }),
      { numRuns: 60 },
    );
  });

  it('is absorbed once whatever lag the liar repeats afterwards', () => {
    const course = play(600, stall(200, micros(3000)), () => ({ lag: REPORT_MAX }));
    expect(moves(course)).toHaveLength(1);
  });

  it('is not absorbed again when who has reported it falls silent and the liar repeats it', () => {
    const silent = report({ round: 150, lag: lag(3000) });
    const moved = nextPace(limits, start, 150 + alpha, times(4, silent), 1);
    expect(moved.opensAt - scheduledAt(start, moved.from)).toBe(micros(3000));
    let pace = moved;
    for (let round = 151; round < 400; round++) {
      const reports = [silent, report({ round, lag: lag(3000) }), ...times(2, report({ round }))];
      pace = nextPace(limits, pace, round + alpha, reports, 1);
    }
    expect(scheduledAt(pace, 500)).toBe(scheduledAt(moved, 500));
  });

  it('of another kind, long after it, is a single one again', () => {
    const course = play(900, (round) => (round === 200 || round === 500 ? micros(3000) : delay));
    expect(moves(course)).toHaveLength(2);
    expect(course.paces.every(({ round }) => round === start.round)).toBe(true);
  });

  it('of two rounds or less leaves the schedule alone', () => {
    const at = (units: number): Pace => nextPace(limits, start, 120, times(4, report({ lag: units })), 1);
    expect((2 * start.round) / LAG_UNIT).toBe(25);
    expect(at(25)).toEqual({ ...start, arrival: limits.arrivalMin, calm: 1 });
    expect(at(26)).toMatchObject({ from: 120, opensAt: scheduledAt(start, 120) + 26 * LAG_UNIT, calm: 0 });
  });
});

describe('the length of rounds', () => {
  it('grows while they cannot keep up, as far as it must', () => {
    const slow = Math.round(alpha * start.round * 1.8);
    const { paces } = play(3000, () => slow);
    const lengths = [...new Set(paces.map(({ round }) => round))];
    expect(lengths.slice(0, 4)).toEqual([50_000, 62_500, 78_125, 97_657]);
    expect(Math.max(...lengths) * alpha).toBeGreaterThanOrEqual(slow);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(limits.roundMax);
  });

  it('never exceeds its maximum', () => {
    const { paces } = play(4000, () => alpha * micros(1000));
    expect(Math.max(...paces.map(({ round }) => round))).toBe(limits.roundMax);
  });

  it('comes back to its minimum once the rounds are calm, and stays there', () => {
    const slow = alpha * start.round * 2;
    const { paces } = play(4000, (round) => (round < 1500 ? slow : micros(150)));
    expect(Math.max(...paces.map(({ round }) => round))).toBeGreaterThan(start.round);
    expect(new Set(paces.slice(-1000).map(({ round }) => round))).toEqual(new Set([limits.roundMin]));
  });

  it('takes 64 calm rounds for every step back', () => {
    let pace = firstPace(limits, micros(100), micros(100));
    const steps: [number, number][] = [];
    for (let round = 1; round <= 200; round++) {
      const next = nextPace(limits, pace, round + alpha, times(4, report({ round })), 1);
      if (next.round !== pace.round) steps.push([round, next.round]);
      pace = next;
    }
    // Reports count again from the round on in which the step acts.
    const again = 64 + alpha + CALM_ROUNDS - 1;
    expect(steps).toEqual([
      [CALM_ROUNDS, 80_000],
      [again, 64_000],
    ]);
  });

  it('changes without a jump of the schedule', () => {
    const { paces } = play(300, () => micros(150), undefined, firstPace(limits, micros(100), micros(100)));
    expect(new Set(paces.map(({ round }) => round)).size).toBeGreaterThan(1);
    expect(moves({ paces, openings: [] })).toEqual([]);
  });
});
