import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../../src/base/bytes.ts';
import { seatOf } from '../../../src/base/ids.ts';
import { count, minus, type PlayerSet } from '../../../src/base/players.ts';
import { decodeLog, encodeLog } from '../../../src/protocol/neo/log-snapshot.ts';
import { counts, digest, fold, type LogEvent, type LogState } from '../../../src/protocol/neo/log-state.ts';
import type { Operation } from '../../../src/protocol/neo/update.ts';
import { quorum } from '../../../src/protocol/quorum.ts';
import { accusationOf, Group, late, leave, parameters, setOf, sponsor, type Told } from './group.ts';

const someone = fc.integer({ min: 0, max: 6 });
const anyOperation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.nat(40), someone).map(([round, seat]) => late(round, seat)) },
  { weight: 1, arbitrary: fc.constant(leave) },
  { weight: 1, arbitrary: someone.map((seat) => accusationOf(seat)) },
  { weight: 3, arbitrary: fc.integer({ min: 5, max: 9 }).map((seat) => sponsor(seat)) },
);
const anyTold: fc.Arbitrary<Told> = fc.record({
  missing: fc.oneof(fc.constant([5]), fc.constant([]), fc.array(someone, { maxLength: 4 })),
  voided: fc.oneof(
    { weight: 9, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(someone, { maxLength: 1 }) },
  ),
  illegal: fc.array(someone, { maxLength: 1 }),
  says: fc.dictionary(someone.map(String), fc.array(anyOperation, { maxLength: 2 }), { maxKeys: 3 }),
});
const anyMatch = fc.array(anyTold, { maxLength: 30 });

describe('any match', () => {
  it('has one digest, whoever folds it, and from a snapshot of any round on', () => {
    fc.assert(
      fc.property(anyMatch, fc.nat(), (told, from) => {
        const group = new Group(6);
        for (const each of told) group.play(each);
        const start = from % group.logs.length;
        let log = decodeLog(encodeLog(group.logs[start] as LogState)) as LogState;
        expect(toHex(digest(log))).toBe(toHex(digest(group.logs[start] as LogState)));
        for (const closed of group.closed.slice(start)) log = fold(parameters, log, closed).log;
        expect(toHex(digest(log))).toBe(toHex(digest(group.log)));
        expect(log).toEqual(group.log);
      }),
      { numRuns: 60 },
    );
  });

  it('keeps the rules on members', () => {
    fc.assert(
      fc.property(anyMatch, (told) => {
        const group = new Group(6);
        for (const each of told) {
          const before = group.log;
          const old = group.membersOf(before.round + 1);
          group.play(each);
          const { log } = group;
          const events = group.events.at(-1) as LogEvent[];
          const removed = events.filter((event) => event.type === 'removed');
          const joined = events.filter((event) => event.type === 'joined');
          expect(new Set(events.map(({ seat }) => seat)).size).toBe(events.length);
          expect(log.members).toBe(
            minus(
              (before.members | setOf(joined.map(({ seat }) => seat))) as PlayerSet,
              setOf(removed.map(({ seat }) => seat)),
            ),
          );
          expect(log.epoch - before.epoch).toBe(events.length > 0 ? 1 : 0);
          expect(toHex(log.epochId) === toHex(before.epochId)).toBe(events.length === 0);
          expect(count(log.members)).toBeGreaterThanOrEqual(1);
          if (removed.some(({ reason }) => reason === 'silent' || reason === 'late')) {
            const rest = minus(old, minus(old, log.members));
            expect(count(rest)).toBeGreaterThanOrEqual(quorum(count(old)).q);
          }
          for (const [seat, streak] of log.streaks.entries()) {
            if (!counts(log, seatOf(seat))) expect(streak).toBe(0);
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});
