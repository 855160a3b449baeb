import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Seat, seatOf } from '../../../src/base/ids.ts';
import { playersFromBits } from '../../../src/base/players.ts';
import { type Prng, prng } from '../../../src/base/prng.ts';
import { type Micros, micros } from '../../../src/base/time.ts';
import {
  type Clock,
  firstClock,
  HELD_MAX,
  hear,
  keep,
  ROUND_TRIP_MAX,
  roundTrip,
  SAMPLES_MAX,
  SETTLING,
  SLEW,
  sessionTime,
  stamp,
} from '../../../src/protocol/neo/clock.ts';
import { type ClockStamp, NOTHING_HEARD } from '../../../src/wire/rounds.ts';

const [A, B, C, D] = [0, 1, 2, 3].map(seatOf) as [Seat, Seat, Seat, Seat];
const MINUTE = micros(60_000);

/** A stamp from which the clock at `at` must conclude this offset and this round trip. */
function conclude(at: Micros, offset: Micros, trip: Micros, held: Micros = 1000): ClockStamp {
  return { sentAt: (at + offset - trip / 2) >>> 0, echo: (at - trip - held) >>> 0, held };
}

/** Everybody's offset at once. */
function learn(clock: Clock, at: Micros, offsets: readonly (Micros | null)[], trip: Micros = 2000): Clock {
  return offsets.reduce<Clock>(
    (next, offset, seat) =>
      offset === null ? next : hear(next, seatOf(seat), conclude(at, offset, trip), at),
    clock,
  );
}

const correction = (clock: Clock, at: Micros): Micros => sessionTime(clock, at) - at;

describe('a stamp', () => {
  it('says that nothing was heard', () => {
    expect(stamp(firstClock(2, A, 0), B, 5)).toEqual({ sentAt: 5, echo: 0, held: NOTHING_HEARD });
  });

  it('echoes the last datagram, and how long ago that was', () => {
    const clock = hear(firstClock(2, A, 0), B, { sentAt: 777, echo: 0, held: NOTHING_HEARD }, 1000);
    expect(stamp(clock, B, 1400)).toEqual({ sentAt: 1400, echo: 777, held: 400 });
    const later = hear(clock, B, { sentAt: 700, echo: 0, held: NOTHING_HEARD }, 1500);
    expect(stamp(later, B, 1500)).toEqual({ sentAt: 1500, echo: 700, held: 0 });
  });

  it('goes modulo 2^32, and echoes nothing of an hour ago', () => {
    const clock = hear(firstClock(2, A, 0), B, { sentAt: 777, echo: 0, held: NOTHING_HEARD }, 1000);
    const last = 1000 + NOTHING_HEARD - 1;
    expect(stamp(clock, B, last)).toEqual({ sentAt: 998, echo: 777, held: NOTHING_HEARD - 1 });
    expect(stamp(clock, B, last + 1)).toEqual({ sentAt: 999, echo: 0, held: NOTHING_HEARD });
  });
});

describe('a sample', () => {
  const base = 2 ** 32 - 3000;

  it('is exact where both ways take equally long, across the end of the numbers too', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 2 ** 40 }),
        fc.integer({ min: -25 * MINUTE, max: 25 * MINUTE }),
        fc.nat({ max: ROUND_TRIP_MAX / 2 }),
        fc.nat({ max: HELD_MAX }),
        (at, offset, way, held) => {
          const mine = firstClock(2, B, at);
          const there = hear(firstClock(2, A, 0), B, stamp(mine, A, at), at + way + offset);
          const answer = stamp(there, B, at + way + held + offset);
          const clock = hear(mine, A, answer, at + 2 * way + held);
          expect(roundTrip(clock, A)).toBe(2 * way);
          expect(correction(clock, at + 2 * way + held)).toBe(offset);
        },
      ),
    );
  });

  it('is off by half of what the ways differ', () => {
    const clock = hear(firstClock(2, B, base), A, { sentAt: 5000, echo: base >>> 0, held: 0 }, base + 9000);
    // There 5000 - base, back the rest: the clocks agree if there takes 8000 and back 1000.
    expect(roundTrip(clock, A)).toBe(9000);
    expect(correction(clock, base + 9000)).toBe(5000 + 2 ** 32 - (base + 9000) + 4500);
  });

  it('counts if its round trip is the shortest of the last 16', () => {
    let clock = firstClock(2, B, 0);
    clock = learn(clock, micros(100), [micros(7), null], micros(10));
    clock = learn(clock, micros(110), [micros(9), null], micros(80));
    expect([roundTrip(clock, A), correction(clock, micros(110))]).toEqual([micros(10), micros(7)]);
    for (let i = 1; i < SAMPLES_MAX - 1; i++)
      clock = learn(clock, micros(110 + i), [micros(9), null], micros(80));
    expect(roundTrip(clock, A)).toBe(micros(10));
    clock = learn(clock, micros(200), [micros(9), null], micros(80));
    expect([roundTrip(clock, A), correction(clock, micros(200))]).toEqual([micros(80), micros(9)]);
  });

  it('counts before an older one that took as long', () => {
    const clock = learn(learn(firstClock(2, B, 0), 100, [30]), 200, [40]);
    expect(correction(clock, 200)).toBe(40);
  });

  it.each<[string, ClockStamp]>([
    ['nothing was heard yet', { sentAt: 5, echo: 0, held: NOTHING_HEARD }],
    ['it was held too long', conclude(2 ** 33, 0, 2000, HELD_MAX + 1)],
    ['it took too long', conclude(2 ** 33, 0, ROUND_TRIP_MAX + 2)],
    ['it echoes what I have not said yet', { sentAt: 0, echo: 5, held: 0 }],
    ['it was held longer than it was away', { sentAt: 0, echo: 2 ** 32 - 100, held: 101 }],
  ])('is none if %s', (_, junk) => {
    const clock = hear(firstClock(2, B, 0), A, junk, 2 ** 33);
    expect(roundTrip(clock, A)).toBeNull();
    expect(correction(clock, 2 ** 33)).toBe(0);
  });

  it('of myself, or of somebody who is no member, is nothing', () => {
    const clock = firstClock(2, B, 0);
    expect(hear(clock, B, conclude(500, 0, 0), 500)).toBe(clock);
    expect(hear(clock, C, conclude(500, 0, 0), 500)).toBe(clock);
    expect(roundTrip(clock, B)).toBeNull();
  });
});

describe('the correction', () => {
  it.each<[string, Seat, (number | null)[], number]>([
    ['is the lower median of all, oneself included', C, [30, 10, null, 20], 10],
    ['... of an odd number the median', C, [30, 10, null, 20, -5], 10],
    ['counts oneself as 0', C, [30, 10, null, -20], 0],
    ['at two players is the offset of the earlier seat', B, [30], 30],
    ['... and none for that one', A, [null, 30], 0],
    ['... however it lies', B, [-30], -30],
  ])('%s', (_, me, offsets, expected) => {
    const clock = learn(firstClock(offsets.length < 2 ? 2 : offsets.length, me, 0), micros(500), offsets);
    expect(correction(clock, micros(500))).toBe(expected);
  });

  it.each([
    [4, [7, null, null, null], 0],
    [4, [7, null, 9, null], 7],
    [7, [7, null, 9, 11, null, null, null], 0],
    [7, [7, null, 9, 11, 13, null, null], 9],
  ])('of %i who know %j waits for more than half, and for enough honest ones', (seats, offsets, expected) => {
    expect(correction(learn(firstClock(seats, B, 0), 100, offsets), 100)).toBe(expected);
  });

  it('follows at once until it has settled, then by a thousandth', () => {
    let clock = learn(firstClock(3, A, 0), micros(100), [null, micros(90), null]);
    expect(correction(clock, micros(100))).toBe(0);
    clock = learn(clock, micros(200), [null, null, micros(50)]);
    expect(correction(clock, micros(200))).toBe(micros(50));
    const settled = micros(100) + SETTLING;
    for (let i = 0; i < SAMPLES_MAX; i++) clock = learn(clock, settled, [null, null, micros(80)]);
    expect(correction(clock, settled)).toBe(micros(50));
    expect(correction(clock, settled + SLEW - 1)).toBe(micros(50));
    expect(correction(clock, settled + SLEW)).toBe(micros(50) + 1);
    expect(correction(clock, settled + micros(10_000))).toBe(micros(60));
    expect(correction(clock, settled + micros(60_000))).toBe(micros(80));
  });

  it('turns round on its way without a jump', () => {
    let clock = learn(firstClock(2, B, 0), 0, [0]);
    for (let i = 0; i < SAMPLES_MAX; i++) clock = learn(clock, SETTLING, [micros(50)]);
    const way = SETTLING + micros(20_000);
    for (let i = 0; i < SAMPLES_MAX; i++) clock = learn(clock, way, [micros(-50)]);
    expect([0, 5, 100].map((s) => correction(clock, way + micros(1000 * s)))).toEqual(
      [20, 15, -50].map(micros),
    );
  });

  it('gets to its target however often that changes on the way', () => {
    let clock = learn(firstClock(2, B, 0), 0, [0]);
    let at = SETTLING;
    for (let i = 0; i < 200_000; i++) {
      at += 70;
      clock = hear(clock, A, conclude(at, micros(10) + (i % 7), 0), at);
    }
    expect(Math.abs(correction(clock, at) - micros(10))).toBeLessThan(20);
  });

  it('forgets who is no member any more', () => {
    const offsets = [micros(30), micros(10), null, micros(20)];
    const four = learn(firstClock(4, C, 0), 100, offsets);
    expect(correction(four, 100)).toBe(micros(10));
    const three = keep(four, playersFromBits(0b1101));
    expect(correction(three, 100)).toBe(micros(10));
    expect(roundTrip(three, B)).toBeNull();
    expect(stamp(three, B, 200).held).toBe(NOTHING_HEARD);
    expect(correction(learn(three, 200, [micros(30), null, null, null]), 200)).toBe(micros(20));
    expect(keep(three, three.members)).toBe(three);
    const joined = keep(three, playersFromBits(0b11101));
    expect(correction(learn(joined, 300, [null, null, null, null, micros(90)]), 300)).toBe(micros(20));
  });

  it('of two that are left goes to the earlier one, slowly', () => {
    let clock = learn(firstClock(3, C, 0), 0, [micros(40), micros(10), null]);
    clock = keep(clock, playersFromBits(0b101));
    clock = learn(clock, SETTLING, [micros(40), null, null]);
    expect(correction(clock, SETTLING)).toBe(micros(10));
    expect(correction(clock, SETTLING + MINUTE)).toBe(micros(40));
  });
});

const anyStamp = fc.record({
  sentAt: fc.nat({ max: 2 ** 32 - 1 }),
  echo: fc.nat({ max: 2 ** 32 - 1 }),
  held: fc.oneof(fc.nat({ max: 2 ** 32 - 1 }), fc.nat({ max: HELD_MAX })),
});

const seldom = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: 12, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });

describe('whatever is heard', () => {
  const events = fc.array(
    fc.record({
      pause: fc.nat({ max: micros(1500) }),
      from: fc.integer({ min: 0, max: 4 }),
      offset: fc.integer({ min: -10 * MINUTE, max: 10 * MINUTE }),
      trip: fc.nat({ max: ROUND_TRIP_MAX }),
      junk: seldom(anyStamp),
      members: seldom(fc.nat({ max: 31 })),
    }),
    { maxLength: 60 },
  );

  it('session time is whole and, once settled, goes like the raw clock within a thousandth', () => {
    fc.assert(
      fc.property(events, fc.nat({ max: 2 ** 34 }), (list, begin) => {
        let at = begin;
        let clock = firstClock(5, C, at);
        for (const { from, junk, members, offset, pause, trip } of list) {
          const before = clock;
          const last = sessionTime(before, at);
          at += pause;
          const early = sessionTime(before, at - Math.floor(pause / 3));
          clock = hear(clock, seatOf(from), junk ?? conclude(at, offset, 2 * Math.floor(trip / 2)), at);
          if (members !== null) clock = keep(clock, playersFromBits(members | 0b100));
          const now = sessionTime(clock, at);
          expect(Number.isSafeInteger(now)).toBe(true);
          if (before.settlesAt === null || at < before.settlesAt) continue;
          expect(now).toBe(sessionTime(before, at));
          expect(early).toBeGreaterThanOrEqual(last);
          expect(now).toBeGreaterThanOrEqual(early);
          expect(Math.abs(now - last - pause)).toBeLessThanOrEqual(Math.floor(pause / SLEW) + 1);
        }
      }),
    );
  });

  it('no more than 16 samples of each member are kept', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat({ max: 20 }), anyStamp), { maxLength: 200 }), (heard) => {
        let clock = firstClock(5, C, 0);
        for (const [from, junk] of heard) clock = hear(clock, seatOf(from), junk, micros(1000));
        expect(clock.peers.slice(5).every((peer) => peer === null)).toBe(true);
        expect(clock.peers.every((peer) => (peer?.samples.length ?? 0) <= SAMPLES_MAX)).toBe(true);
      }),
    );
  });

  it('the junk of a liar changes nothing that is known of the others, and cannot lead beyond them', () => {
    const honest = fc.tuple(...[0, 1].map(() => fc.integer({ min: -MINUTE, max: MINUTE })));
    fc.assert(
      fc.property(honest, fc.array(anyStamp, { maxLength: 40 }), ([b, c], junk) => {
        const offsets = [null, b as number, c as number, null];
        let clock = learn(firstClock(4, A, 0), 100, offsets);
        for (const [index, each] of junk.entries()) clock = hear(clock, D, each, 100 + index);
        expect([B, C].map((seat) => clock.peers[seat]?.best?.offset)).toEqual([b, c]);
        const known = [0, b as number, c as number];
        expect(correction(clock, 200)).toBeGreaterThanOrEqual(Math.min(...known));
        expect(correction(clock, 200)).toBeLessThanOrEqual(Math.max(...known));
      }),
    );
  });
});

interface Person {
  readonly seat: Seat;
  /** Raw clock = true time times (1 + ppm / 1e6), and from where it starts. */
  readonly starts: Micros;
  readonly ppm: number;
  clock: Clock;
}

/** Some people with clocks that differ in all ways, and a network that delays each datagram at random. */
class Room {
  time: Micros = 0;
  readonly people: Person[];
  readonly #random: Prng;
  readonly #jitter: Micros;
  #flying: { at: Micros; from: Seat; to: Seat; stamp: ClockStamp }[] = [];

  constructor(seed: number, seats: number, jitter: Micros) {
    this.#random = prng(seed);
    this.#jitter = jitter;
    this.people = Array.from({ length: seats }, (_, index): Person => {
      const starts = this.#random.below(micros(3000));
      const ppm = this.#random.below(200) - 100;
      return { seat: seatOf(index), starts, ppm, clock: firstClock(seats, seatOf(index), starts) };
    });
  }

  raw({ ppm, starts }: Person): Micros {
    return starts + this.time + Math.floor((this.time * ppm) / 1e6);
  }

  /** How far apart the session clocks of these people are. */
  spread(people: readonly Person[] = this.people): Micros {
    const all = people.map((person) => sessionTime(person.clock, this.raw(person)));
    return Math.max(...all) - Math.min(...all);
  }

  /** Everybody sends to everybody, every 25 ms; who lies sends any stamp. */
  run(until: Micros, liars: readonly Person[] = []): void {
    for (; this.time < until; this.time += micros(25)) {
      const due = this.#flying.filter(({ at }) => at <= this.time).sort((a, b) => a.at - b.at);
      this.#flying = this.#flying.filter(({ at }) => at > this.time);
      const now = this.time;
      for (const { at, from, stamp: heard, to } of due) {
        const person = this.people[to] as Person;
        this.time = at;
        person.clock = hear(person.clock, from, heard, this.raw(person));
      }
      this.time = now;
      for (const from of this.people)
        for (const to of this.people) this.#send(from, to, liars.includes(from));
    }
  }

  #send(from: Person, to: Person, lies: boolean): void {
    const delay = micros(20) + this.#random.below(this.#jitter + 1);
    if (from === to || this.#random.below(10) === 0) return;
    const honest = stamp(from.clock, to.seat, this.raw(from));
    const lie = { sentAt: this.#random.next(), echo: honest.echo, held: honest.held };
    this.#flying.push({ at: this.time + delay, from: from.seat, to: to.seat, stamp: lies ? lie : honest });
  }
}

describe('session clocks', () => {
  it.each([2, 3, 4, 5, 8])('of %i players agree, and stay so while their raw clocks drift', (seats) => {
    const room = new Room(seats, seats, micros(30));
    room.run(micros(1500));
    expect(room.spread()).toBeLessThan(micros(15));
    room.run(micros(60_000));
    expect(room.spread()).toBeLessThan(micros(15));
  });

  it('of honest players agree beside f that lie', () => {
    const room = new Room(7, 7, micros(30));
    const [first, second, ...rest] = room.people as [Person, Person, ...Person[]];
    room.run(micros(2500), [first, second]);
    // Whoever lies says something else to everybody, so each may take another honest clock for the median.
    const starts = rest.map((person) => room.raw(person)).sort((a, b) => a - b);
    for (const person of rest) {
      const time = sessionTime(person.clock, room.raw(person));
      expect(time).toBeGreaterThan((starts[0] as number) - micros(15));
      expect(time).toBeLessThan((starts.at(-1) as number) + micros(15));
    }
  });

  it('agree again after one has started anew from its log', () => {
    const room = new Room(11, 4, micros(30));
    room.run(micros(5000));
    const far = (person: Person): Micros => Math.abs(correction(person.clock, room.raw(person)));
    const again = room.people.toSorted((a, b) => far(b) - far(a))[0] as Person;
    again.clock = firstClock(4, again.seat, room.raw(again));
    expect(room.spread()).toBeGreaterThan(micros(100));
    room.run(micros(5500));
    expect(room.spread()).toBeLessThan(micros(15));
  });
});
