import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seatOf } from '../../../src/base/ids.ts';
import { firstPlayers, type PlayerSet } from '../../../src/base/players.ts';
import { type Micros, micros } from '../../../src/base/time.ts';
import {
  firstLateness,
  LATENESS_ROUNDS,
  type Lateness,
  noteCommit,
  reportOf,
} from '../../../src/protocol/neo/lateness.ts';
import {
  firstPace,
  LAG_UNIT,
  LATENESS_UNIT,
  latenessWithin,
  type Pace,
  REPORT_MAX,
  scheduledAt,
  voteDeadline,
} from '../../../src/protocol/neo/pace.ts';
import { quorum } from '../../../src/protocol/quorum.ts';

const limits = { roundMin: 1, roundMax: micros(1000), arrivalMin: 1, arrivalMax: micros(1000) };
const pace: Pace = firstPace(limits, micros(50), micros(100));
const LONG_AGO = -micros(100_000);

type Round = Parameters<typeof noteCommit>[2];
function roundAt(round: number, permittedAt: Micros = LONG_AGO, members: PlayerSet = firstPlayers(4)): Round {
  const environment = { epoch: 0, seats: 4, members, pace, quorum: quorum(4) };
  return { round, permittedAt, environment, decided: [null, null, null, null] };
}

/** The commitment of a round comes so much after its scheduled opening. */
const come = (lateness: Lateness, sender: number, round: number, late: Micros): Lateness =>
  noteCommit(lateness, seatOf(sender), roundAt(round), scheduledAt(pace, round) + late);

/** The reported lateness, in microseconds, with f liars among us. */
const lateOf = (lateness: Lateness, f: number, round: number): Micros =>
  reportOf(lateness, f, roundAt(round), 0).lateness * LATENESS_UNIT;

describe('the lateness of a commitment', () => {
  it.each([
    ['counts from the scheduled opening', 3, LONG_AGO, micros(130), micros(30)],
    ['is none before it', 3, LONG_AGO, micros(90), 0],
    ['counts half from where the window opened the round', 3, micros(900), micros(960), micros(30)],
    ['counts whichever is less', 3, micros(90), micros(140), micros(25)],
  ])('%s', (_, round, permittedAt, time, expected) => {
    const lateness = noteCommit(firstLateness(), seatOf(1), roundAt(round, permittedAt), time);
    expect(lateOf(lateness, 0, round)).toBe(expected);
  });

  it('is not told of the first two rounds, which have twice the time', () => {
    const tell = (round: number, permittedAt: Micros): unknown =>
      noteCommit(firstLateness(), seatOf(1), roundAt(round, permittedAt), micros(60)).arrivals[1];
    expect(tell(1, 0)).toBeNull();
    expect(tell(2, micros(50))).toBeNull();
    expect(tell(1, LONG_AGO)).not.toBeNull();
    expect(tell(3, micros(100))).not.toBeNull();
  });

  it('is the smallest arrival bound with which it would have been in time', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 3, max: 1000 }),
        fc.integer({ min: 0, max: micros(60_000) }),
        fc.integer({ min: 0, max: micros(90_000) }),
        (round, permittedAt, time) => {
          const { arrivals } = noteCommit(firstLateness(), seatOf(1), roundAt(round, permittedAt), time);
          const late = arrivals[1]?.[0]?.late as number;
          const due = (arrival: Micros): Micros => voteDeadline({ ...pace, arrival }, round, permittedAt);
          expect(Number.isSafeInteger(late)).toBe(true);
          expect(due(late)).toBeGreaterThanOrEqual(time);
          if (late > 0) expect(due(late - 1)).toBeLessThan(time);
        },
      ),
    );
  });

  it('counts once a round, and not when its slot is decided', () => {
    const once = come(firstLateness(), 1, 7, micros(10));
    expect(come(once, 1, 7, micros(500))).toBe(once);
    const decided = [null, new Uint8Array(32), null, null];
    expect(noteCommit(once, seatOf(1), { ...roundAt(8), decided }, micros(9000))).toBe(once);
    expect(noteCommit(once, seatOf(2), { ...roundAt(8), decided }, micros(9000))).not.toBe(once);
  });
});

describe('the reported lateness', () => {
  const run = (
    senders: readonly number[],
    rounds: number,
    late: (sender: number, round: number) => Micros,
  ) => {
    let lateness = firstLateness();
    for (let round = 1; round <= rounds; round++) {
      for (const sender of senders) lateness = come(lateness, sender, round, late(sender, round));
    }
    return lateness;
  };

  it('leaves the arrival bound as it is while nobody was heard', () => {
    expect(lateOf(firstLateness(), 0, 1)).toBe(latenessWithin(pace.arrival));
  });

  it('is what 99 % of the last 128 rounds do not exceed', () => {
    const with_ = (outliers: number): Micros =>
      lateOf(
        run([1], 200, (_, round) => (round > 200 - outliers ? micros(300) : micros(20))),
        0,
        200,
      );
    expect([0, 1, 2].map(with_)).toEqual([micros(20), micros(20), micros(300)]);
  });

  it('forgets what is older than 128 rounds, also of who is heard no more', () => {
    const before = run([1], 10, () => micros(300));
    expect(lateOf(before, 0, 10 + LATENESS_ROUNDS - 1)).toBe(micros(300));
    expect(lateOf(before, 0, 10 + LATENESS_ROUNDS)).toBe(latenessWithin(pace.arrival));
    let after = before;
    for (let round = 11; round <= 10 + LATENESS_ROUNDS; round++) after = come(after, 1, round, micros(20));
    expect(lateOf(after, 0, 10 + LATENESS_ROUNDS)).toBe(micros(20));
  });

  it('keeps no more than 128 rounds of each sender, in whatever order they come', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 600 }), { minLength: 300, maxLength: 600 }),
        (rounds) => {
          let lateness = firstLateness();
          for (const round of rounds) lateness = come(lateness, 1, round, micros(5));
          const kept = lateness.arrivals[1] ?? [];
          expect(kept.length).toBeLessThanOrEqual(LATENESS_ROUNDS);
          expect(Math.min(...kept.map(({ round }) => round))).toBeGreaterThan(
            Math.max(...rounds) - LATENESS_ROUNDS,
          );
          expect(new Set(kept.map(({ round }) => round)).size).toBe(kept.length);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('leaves the latest f senders out', () => {
    const lateness = run([1, 2, 3], 20, (sender) => micros(10 * sender));
    expect([0, 1, 2].map((f) => lateOf(lateness, f, 20))).toEqual([micros(30), micros(20), micros(10)]);
  });

  it('is raised by nobody when f send as late as they like', () => {
    const lates = fc.array(fc.nat({ max: micros(400) }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(fc.tuple(lates, lates, lates), fc.constantFrom(1, 2, 3), ([a, b, c], liar) => {
        const of = [[], a, b, c];
        const all = run([1, 2, 3], 40, (sender, round) => of[sender]?.[round - 1] ?? 0);
        const honest = run(
          [1, 2, 3].filter((each) => each !== liar),
          40,
          (s, round) => of[s]?.[round - 1] ?? 0,
        );
        expect(lateOf(all, 1, 40)).toBeLessThanOrEqual(lateOf(honest, 0, 40));
      }),
      { numRuns: 40 },
    );
  });

  it('leaves out who is no member', () => {
    const lateness = run([1, 3], 20, (sender) => micros(10 * sender));
    const three = roundAt(20, LONG_AGO, firstPlayers(3));
    expect(reportOf(lateness, 0, three, 0).lateness * LATENESS_UNIT).toBe(micros(10));
  });

  it('says what fits into its field', () => {
    expect(lateOf(come(firstLateness(), 1, 1, micros(1e6)), 0, 1)).toBe(REPORT_MAX * LATENESS_UNIT);
    expect(lateOf(come(firstLateness(), 1, 1, 1), 0, 1)).toBe(LATENESS_UNIT);
  });
});

describe('the reported lag', () => {
  const lagOf = (permittedAt: Micros, time: Micros): number =>
    reportOf(firstLateness(), 0, roundAt(3, permittedAt), time).lag * LAG_UNIT;

  it.each([
    ['is none on the schedule', micros(60), micros(100), 0],
    ['is how long the window held the round back', micros(900), micros(905), micros(800)],
    ['is none if only the game took its time', micros(60), micros(3000), 0],
    ['is none if the round was hurried', micros(900), micros(80), 0],
    ['counts what has passed so far if a held-back round was hurried', micros(900), micros(500), micros(400)],
    ['is rounded down', micros(107.9), micros(200), micros(4)],
    ['says what fits into its field', micros(1e7), micros(1e7), REPORT_MAX * LAG_UNIT],
  ])('%s', (_, permittedAt, time, expected) => {
    expect(lagOf(permittedAt, time)).toBe(expected);
  });
});
