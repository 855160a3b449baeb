import { describe, expect, it } from 'vitest';
import { type Round, seatOf } from '../../../src/base/ids.ts';
import { seatsOf } from '../../../src/base/players.ts';
import { counts } from '../../../src/protocol/neo/log-state.ts';
import type { Operation } from '../../../src/protocol/neo/update.ts';
import { accusationOf, alpha, byAll, Group, late, leave, m, sponsor } from './group.ts';

describe('silence', () => {
  it('removes after m rounds running, and acts alpha rounds later', () => {
    const group = new Group(4);
    group.play();
    expect(group.playOn(m - 1, { missing: [2] })).toEqual([]);
    expect(group.play({ missing: [2] })).toEqual(['2 silent']);
    const { log } = group;
    expect([log.epoch, seatsOf(log.members)]).toEqual([1, [0, 1, 3]]);
    expect(seatsOf(group.membersOf(log.round + alpha - 1))).toEqual([0, 1, 2, 3]);
    expect(counts(log, seatOf(2))).toBe(false);
    group.playOn(alpha, { missing: [2] });
    expect(seatsOf(group.membersOf(log.round + alpha))).toEqual([0, 1, 3]);
    expect(group.log.epoch).toBe(1);
  });

  it('starts anew with an accepted slot, even if its opening is void', () => {
    for (const told of [{}, { missing: [0], voided: [2] }]) {
      const group = new Group(4);
      group.playOn(m - 1, { missing: [2] });
      expect(group.play(told)).toEqual([]);
      expect(group.playOn(m - 1, { missing: [2] })).toEqual([]);
      expect(group.play({ missing: [2] })).toEqual(['2 silent']);
    }
  });

  it('is neither extended nor broken by rounds in which fewer than q slots count', () => {
    const group = new Group(4);
    group.playOn(m - 1, { missing: [2] });
    expect(group.playOn(2 * m, { missing: [1, 2] })).toEqual([]);
    expect(group.playOn(2 * m, { missing: [0, 1] })).toEqual([]);
    expect(group.play({ missing: [2] })).toEqual(['2 silent']);
  });

  it('expels nobody in a stall of everybody', () => {
    const group = new Group(7);
    expect(group.playOn(20 * m, { missing: [0, 1, 2, 3, 4, 5, 6] })).toEqual([]);
    expect(group.log.streaks).toEqual([0, 0, 0, 0, 0, 0, 0]);
  });

  it('never ends a group of two', () => {
    const group = new Group(2);
    expect(group.playOn(10 * m, { missing: [1] })).toEqual([]);
    expect(group.seats).toEqual([0, 1]);
  });

  it('is enough at three, where the two others are q', () => {
    const group = new Group(3);
    expect(group.playOn(m, { missing: [0] })).toEqual(['0 silent']);
    expect(group.playOn(10 * m, { missing: [1] })).toEqual([]);
  });

  it('takes a group of eight apart one by one, down to two', () => {
    const group = new Group(8);
    const gone: number[] = [];
    for (let seat = 7; seat >= 2; seat--) {
      gone.push(seat);
      expect(group.playOn(m, { missing: gone })).toEqual([`${seat} silent`]);
      group.playOn(alpha, { missing: gone });
    }
    expect(group.playOn(5 * m, { missing: [...gone, 1] })).toEqual([]);
    expect([group.log.epoch, group.seats]).toEqual([6, [0, 1]]);
  });

  it('removes several at once while q of the old members remain, in one epoch', () => {
    const group = new Group(7);
    group.play({ missing: [5] });
    expect(group.playOn(m - 1, { missing: [2, 5] })).toEqual(['5 silent']);
    expect(group.play({ missing: [2, 5] })).toEqual(['2 silent']);
    const both = new Group(7);
    expect(both.playOn(m, { missing: [5, 2] })).toEqual(['2 silent', '5 silent']);
    expect(both.log.epoch).toBe(1);
  });

  it('leaves q of the old members when others are out already, and goes on in the next epoch', () => {
    const group = new Group(7);
    group.playOn(m - 1, { missing: [6] });
    const accused = group.play({ missing: [6], ...byAll([0], accusationOf(1), accusationOf(2)) });
    expect(accused).toEqual(['1 evidence', '2 evidence']);
    expect(seatsOf(group.log.members)).toEqual([0, 3, 4, 5, 6]);
    expect(group.log.streaks[6]).toBe(m);
    expect(group.playOn(alpha - 1, { missing: [6] })).toEqual([]);
    expect(group.play({ missing: [6] })).toEqual(['6 silent']);
  });

  it('counts no slot of who was removed: too few others make no silence', () => {
    const group = new Group(4);
    group.play(byAll([0], accusationOf(1)));
    group.playOn(alpha - 1, { missing: [3] });
    expect(group.log.streaks).toEqual([0, 0, 0, 0]);
    group.play({ missing: [3] });
    expect(group.log.streaks).toEqual([0, 0, 0, 1]);
  });
});

describe('leaving', () => {
  it('is out at once, acts alpha rounds later, and lets nothing count that comes after', () => {
    const group = new Group(4);
    expect(group.play(byAll([3], leave, accusationOf(0)))).toEqual(['0 evidence', '3 left']);
    expect(group.play(byAll([3], leave, accusationOf(1)))).toEqual([]);
    expect(seatsOf(group.membersOf(alpha))).toEqual([0, 1, 2, 3]);
  });

  it('is open to all but the last one', () => {
    const group = new Group(3);
    expect(group.play(byAll([0, 1, 2], leave))).toEqual(['0 left', '1 left']);
    expect(group.playOn(alpha, byAll([2], leave))).toEqual([]);
    expect([group.seats, group.log.epoch]).toEqual([[2], 1]);
  });

  it('tells the worse of two reasons', () => {
    const group = new Group(7);
    expect(group.play(byAll([3], leave, accusationOf(3)))).toEqual(['3 evidence']);
    expect(new Group(7).play({ ...byAll([0], accusationOf(3)), voided: [3] })).toEqual(['3 evidence']);
    const silent = new Group(4);
    silent.playOn(m - 1, { missing: [2] });
    expect(silent.play({ missing: [2], ...byAll([0], accusationOf(2)) })).toEqual(['2 evidence']);
    expect(silent.log.epoch).toBe(1);
  });
});

describe('late openings', () => {
  /** Each round those seats report the opening of seat 3 in the round before as late. */
  function reported(group: Group, rounds: number, by: readonly number[]): string[] {
    return Array.from({ length: rounds }, () => {
      return group.play(byAll(by, late(group.log.round, 3)));
    }).flat();
  }

  it('remove when q members call m of the last 2m rounds late', () => {
    const group = new Group(4);
    group.play();
    expect(reported(group, m - 1, [0, 1, 2])).toEqual([]);
    expect(reported(group, 1, [0, 1, 2])).toEqual(['3 late']);
    expect(group.log.late).toEqual([]);
  });

  it('remove nobody by the word of fewer than q, however often they repeat it', () => {
    const group = new Group(4);
    group.play();
    expect(reported(group, 5 * m, [0, 1])).toEqual([]);
    for (let i = 0; i < 4 * m; i++)
      expect(group.play(byAll([0, 3], ...Array(4).fill(late(i, 3))))).toEqual([]);
  });

  it('need not be one after the other, nor called late at once, but m within 2m rounds', () => {
    const group = new Group(4);
    group.play();
    const some: string[] = [];
    for (let i = 0; i < m; i++) {
      some.push(...reported(group, 1, [0]));
      some.push(...group.play(byAll([1, 2], late(group.log.round - 1, 3))));
    }
    expect(some).toEqual(['3 late']);
    const seldom = new Group(4);
    seldom.play();
    for (let i = 0; i < 10; i++) {
      expect(reported(seldom, 1, [0, 1, 2])).toEqual([]);
      seldom.playOn(2);
    }
    expect(seldom.log.late.length).toBeLessThanOrEqual(m);
  });

  it.each<[string, (round: Round) => Operation]>([
    ['the round itself or a later one', (round) => late(round, 3)],
    ['a round longer ago than 3m', (round) => late(Math.max(0, round - 3 * m), 3)],
    ['round 0', () => late(0, 3)],
    ['somebody who is no member', (round) => late(round - 1, 12)],
  ])('are not counted of %s', (_, operation) => {
    const group = new Group(4);
    for (let i = 0; i < 4 * m; i++) {
      group.play(byAll([0, 1, 2], operation(group.log.round + 1)));
      expect(group.log.late).toEqual([]);
    }
  });

  it('are not reported by oneself, and remove nobody of two', () => {
    const group = new Group(4);
    for (let i = 0; i < 3 * m; i++) group.play(byAll([1, 2, 3], late(i, 3)));
    expect(group.seats).toEqual([0, 1, 2, 3]);
    const pair = new Group(2);
    for (let i = 0; i < 3 * m; i++) expect(pair.play(byAll([0], late(i, 1)))).toEqual([]);
    const three = new Group(3);
    for (let i = 0; i < m; i++) three.play(byAll([0, 1], late(i, 2)));
    expect(three.play(byAll([0, 1], late(m, 2)))).toEqual(['2 late']);
  });

  it('leave q of the old members when several are late at once', () => {
    const group = new Group(4);
    group.play();
    const outcome = Array.from({ length: m + 1 }, () =>
      group.play(byAll([0, 1, 2, 3], late(group.log.round, 2), late(group.log.round, 3))),
    );
    expect(outcome.flat()).toEqual(['2 late']);
    const joined = new Group(4);
    joined.play();
    const both = (): Operation[] => [late(joined.log.round, 2), late(joined.log.round, 3)];
    for (let i = 2; i < m; i++) expect(joined.play(byAll([0, 1, 2, 3], ...both()))).toEqual([]);
    expect(joined.play(byAll([0, 1, 2, 3], sponsor(9), ...both()))).toEqual(['4 joined']);
    expect(joined.play(byAll([0, 1, 2, 3], ...both()))).toEqual(['2 late']);
    expect(joined.play(byAll([0, 1, 3], ...both()))).toEqual([]);
  });

  it('keep little, whatever is reported', () => {
    const group = new Group(7);
    for (let i = 0; i < 10 * m; i++) {
      const all = Array.from({ length: 40 }, (_, at) => late(Math.max(0, i - at), (at * 5) % 7));
      group.play(byAll([0, 1], ...all));
    }
    expect(group.log.late.length).toBeLessThanOrEqual(3 * m * 7);
  });
});
