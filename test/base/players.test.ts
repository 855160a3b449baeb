import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seatOf } from '../../src/base/ids.ts';
import {
  add,
  count,
  firstPlayers,
  has,
  intersect,
  minus,
  nobody,
  type PlayerSet,
  playersFromBits,
  remove,
  seatsOf,
  union,
  within,
} from '../../src/base/players.ts';

/** The naive twin of a set of players, and the set made one by one. */
const anySeats = fc.uniqueArray(fc.integer({ min: 0, max: 31 }), { maxLength: 32 });

function setOf(seats: readonly number[]): PlayerSet {
  return seats.reduce<PlayerSet>((set, seat) => add(set, seatOf(seat)), nobody);
}

function sorted(seats: Iterable<number>): number[] {
  return [...seats].sort((a, b) => a - b);
}

describe('sets of seats', () => {
  it('hold what was added, ascending, and nothing else', () => {
    fc.assert(
      fc.property(anySeats, (seats) => {
        const set = setOf(seats);
        expect(seatsOf(set)).toEqual(sorted(seats));
        expect(count(set)).toBe(seats.length);
        for (let seat = 0; seat < 32; seat++) expect(has(set, seatOf(seat))).toBe(seats.includes(seat));
      }),
    );
  });

  it('behave as sets of numbers do', () => {
    fc.assert(
      fc.property(anySeats, anySeats, (a, b) => {
        const [x, y] = [setOf(a), setOf(b)];
        expect(seatsOf(union(x, y))).toEqual(sorted(new Set([...a, ...b])));
        expect(seatsOf(intersect(x, y))).toEqual(sorted(a.filter((seat) => b.includes(seat))));
        expect(seatsOf(minus(x, y))).toEqual(sorted(a.filter((seat) => !b.includes(seat))));
        expect(within(x, y)).toBe(a.every((seat) => b.includes(seat)));
        for (const seat of b)
          expect(seatsOf(remove(x, seatOf(seat)))).toEqual(sorted(a.filter((s) => s !== seat)));
      }),
    );
  });

  it('are equal as numbers when they hold the same, however they came about', () => {
    fc.assert(
      fc.property(anySeats, anySeats, (a, b) => {
        const set = setOf(a);
        expect(setOf([...a].reverse())).toBe(set);
        expect(playersFromBits(set)).toBe(set);
        expect(playersFromBits(set >>> 0)).toBe(set);
        expect(union(set, nobody)).toBe(set);
        expect(minus(union(set, setOf(b)), minus(setOf(b), set))).toBe(set);
      }),
    );
  });
});

describe('firstPlayers', () => {
  it.each(Array.from({ length: 33 }, (_, players) => players))(
    'of %d is the set of that many seats',
    (players) => {
      const set = setOf([...Array(players).keys()]);
      expect(seatsOf(firstPlayers(players))).toEqual([...Array(players).keys()]);
      expect(firstPlayers(players)).toBe(set);
    },
  );
});
