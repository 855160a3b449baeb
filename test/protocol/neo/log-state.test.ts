import { describe, expect, it } from 'vitest';
import { toHex } from '../../../src/base/bytes.ts';
import { seatsOf } from '../../../src/base/players.ts';
import { type ClosedRound, digest, firstLog, fold } from '../../../src/protocol/neo/log-state.ts';
import { LATENESS_UNIT } from '../../../src/protocol/neo/pace.ts';
import { emptyUpdate, type Update } from '../../../src/protocol/neo/update.ts';
import { quorum } from '../../../src/protocol/quorum.ts';
import { filled } from '../../standard/messages.ts';
import { alpha, byAll, Group, leave, m, memberOf, pace, parameters, players } from './group.ts';

describe('the first state', () => {
  it('has everybody in, and an epoch id that depends on session, keys and nonces', () => {
    const { log } = new Group(4);
    expect(seatsOf(log.members)).toEqual([0, 1, 2, 3]);
    expect([log.round, log.epoch, log.firstLiars]).toEqual([0, 0, 1]);
    const roster = players.slice(0, 4).map(memberOf);
    const other = (change: object) =>
      firstLog(parameters, [{ ...(roster[0] as (typeof roster)[0]), ...change }, ...roster.slice(1)], pace);
    const ids = [
      log,
      firstLog({ ...parameters, session: filled(1) }, roster, pace),
      other({ publicKey: filled(1) }),
      other({ nonce: filled(1, 16) }),
    ].map(({ epochId }) => toHex(epochId));
    expect(new Set(ids).size).toBe(4);
  });

  it('has the same digest whatever address each player uses for another', () => {
    const roster = players.slice(0, 4).map(memberOf);
    const elsewhere = roster.map((each) => ({ ...each, address: 'elsewhere' }));
    expect(digest(firstLog(parameters, elsewhere, pace))).toEqual(digest(firstLog(parameters, roster, pace)));
  });

  it('needs a silence longer than alpha, and rounds in order', () => {
    expect(() => firstLog({ ...parameters, silence: alpha }, [], pace)).toThrow(/silence/);
    const group = new Group(4);
    group.play();
    expect(() => fold(parameters, group.log, group.closed[0] as ClosedRound)).toThrow(/in order/);
  });
});

describe('thresholds', () => {
  it('go on with the first number of liars under keepF', () => {
    const outcomes = [false, true].map((keepF) => {
      const group = new Group(7, { keepF });
      group.playOn(m, { missing: [6] });
      group.playOn(alpha, { missing: [6] });
      return group.playOn(m, { missing: [5, 6] }).concat(group.playOn(m, { missing: [4, 5, 6] }));
    });
    expect(quorum(6, 2).q).toBe(5);
    expect(outcomes).toEqual([['5 silent', '4 silent'], ['5 silent']]);
  });
});

describe('the epoch id', () => {
  it('chains round and members: the same members by other ways are other epochs', () => {
    const one = new Group(5);
    one.play(byAll([4], leave));
    one.play(byAll([3], leave));
    const two = new Group(5);
    two.play(byAll([3], leave));
    two.play(byAll([4], leave));
    const three = new Group(5);
    three.play();
    three.play(byAll([3, 4], leave));
    const ids = [one, two, three].map(({ log }) => toHex(log.epochId));
    expect(new Set([one, two, three].map(({ log }) => log.members)).size).toBe(1);
    expect(new Set(ids).size).toBe(3);
    expect([one.log.epoch, three.log.epoch]).toEqual([2, 1]);
  });

  it('stays while nobody comes or goes', () => {
    const group = new Group(4);
    group.playOn(9, { missing: [0] });
    const { epochId } = group.log;
    group.playOn(1);
    expect(group.log.epochId).toEqual(epochId);
  });
});

describe('reports', () => {
  it('are the last of each member, and go with it', () => {
    const group = new Group(4);
    const said = (lateness: number): Update => ({ ...emptyUpdate, report: { lateness, lag: 1 } });
    group.play({ updates: { 0: said(1), 1: said(2), 2: null } });
    group.play({ updates: { 1: said(3), 2: said(4), 3: said(5) }, missing: [3] });
    expect(group.log.reports.map((report) => report?.lateness)).toEqual([1, 3, 4, undefined]);
    group.play(byAll([1], leave));
    expect(group.log.reports.map((report) => report?.lateness)).toEqual([1, undefined, 4, undefined]);
    group.play({ updates: { 1: said(9) } });
    expect(group.log.reports[1]).toBeNull();
    expect(group.log.reports[0]?.round).toBe(1);
  });

  it('set the pace of alpha rounds later, by the (f+1)-th largest among the members', () => {
    const said = (ms: number): Update => ({
      ...emptyUpdate,
      report: { lateness: (ms * 1000) / LATENESS_UNIT, lag: 0 },
    });
    const group = new Group(4);
    group.play({ updates: { 0: said(1000), 1: said(5), 2: said(5) } });
    const { arrival } = group.log.pace;
    expect(arrival).toBeLessThan(pace.arrival);
    group.play({ updates: { 1: said(40) } });
    expect(group.log.pace.arrival).toBeGreaterThan(pace.arrival);
    group.play(byAll([0], leave));
    expect(seatsOf(group.log.members)).toHaveLength(3);
    expect(group.log.pace.arrival).toBeGreaterThan(pace.arrival);
    group.play(byAll([1], leave));
    expect(group.log.pace.arrival).toBe(arrival);
  });

  it('move the schedule from alpha rounds later on', () => {
    const group = new Group(4);
    const report = { lateness: 100, lag: 100 };
    group.play({ updates: Object.fromEntries([0, 1].map((seat) => [seat, { ...emptyUpdate, report }])) });
    expect(group.log.pace.from).toBe(1 + alpha);
  });
});
