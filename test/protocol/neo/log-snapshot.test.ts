import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../../src/base/bytes.ts';
import { firstPlayers, playersFromBits } from '../../../src/base/players.ts';
import { decodeLog, encodeLog } from '../../../src/protocol/neo/log-snapshot.ts';
import { digest, type LogState } from '../../../src/protocol/neo/log-state.ts';
import { emptyUpdate } from '../../../src/protocol/neo/update.ts';
import { damaged, filled } from '../../standard/messages.ts';
import { Group, late, leave, sponsor } from './group.ts';

describe('the bytes of a state', () => {
  const group = new Group(6);
  group.play({ says: { 0: [sponsor(9), late(0, 1)], 1: [leave] }, illegal: [2] });
  group.play({
    says: { 0: [late(1, 2)] },
    updates: { 3: { ...emptyUpdate, report: { lateness: 3, lag: 4 } } },
  });

  it('hold everything, addresses too', () => {
    expect(decodeLog(encodeLog(group.log))).toEqual(group.log);
    expect(group.log.sponsored).toHaveLength(1);
    expect(group.log.late).toHaveLength(1);
    expect(group.log.broken).toHaveLength(1);
  });

  it('change the digest wherever the state changes', () => {
    const { log } = group;
    const changes: readonly Partial<LogState>[] = [
      { round: 9 },
      { epoch: 9 },
      { epochId: filled(9) },
      { members: playersFromBits(1) },
      { roster: log.roster.map((each) => ({ ...each, nonce: filled(9, 16) })) },
      { sinceRound: log.sinceRound.map(() => 9) },
      { streaks: log.streaks.map(() => 9) },
      { broken: [] },
      { late: [] },
      { sponsored: [] },
      { firstLiars: 9 },
      { reports: log.reports.map(() => null) },
      { pace: { ...log.pace, arrival: log.pace.arrival + 1 } },
    ];
    expect(changes.flatMap(Object.keys).sort()).toEqual(Object.keys(log).sort());
    const digests = [log, ...changes.map((change) => ({ ...log, ...change }))].map((each) =>
      toHex(digest(each)),
    );
    expect(new Set(digests).size).toBe(digests.length);
  });

  it('are refused, or read as a state that can be gone on with; never an exception', () => {
    let read = 0;
    const bytes = encodeLog(group.log);
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), damaged(fc.constant(bytes))), (given) => {
        const log = decodeLog(new Uint8Array(given));
        if (log === null) return;
        read++;
        expect(toHex(encodeLog(log))).toBe(toHex(given));
        expect(digest(log)).toHaveLength(32);
      }),
      { numRuns: 3000 },
    );
    expect(read).toBeGreaterThan(10);
  });

  it.each<[string, (log: LogState) => unknown]>([
    ['a field more', (log) => ({ ...log, more: 1 })],
    ['a field less', ({ pace: _, ...log }) => log],
    ['no roster', (log) => ({ ...log, roster: [] })],
    ['a member without a seat', (log) => ({ ...log, members: firstPlayers(7) })],
    ['a report too few', (log) => ({ ...log, reports: log.reports.slice(1) })],
    [
      'a short key',
      (log) => ({ ...log, roster: log.roster.map((each) => ({ ...each, publicKey: filled(1, 31) })) }),
    ],
    ['a negative streak', (log) => ({ ...log, streaks: log.streaks.map(() => -1) })],
    ['a late slot of nobody', (log) => ({ ...log, late: [{ round: 1, seat: 9, by: 1 }] })],
    ['a pace that is none', (log) => ({ ...log, pace: null })],
    ['a list', () => []],
    ['null', () => null],
  ])('are refused with %s', (_, change) => {
    expect(decodeLog(encodeLog(change(group.log) as LogState))).toBeNull();
  });
});
