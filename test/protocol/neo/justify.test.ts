import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { equalBytes } from '../../../src/base/bytes.ts';
import { firstPlayers, nobody, seatsOf } from '../../../src/base/players.ts';
import {
  highestReported,
  justified,
  leaderValue,
  votedFor,
  wellFormed,
} from '../../../src/protocol/neo/justify.ts';
import { NONE, vectorOf } from '../../../src/protocol/neo/values.ts';
import { quorum } from '../../../src/protocol/quorum.ts';
import { type Certified, type Change, type Propose, ROUND_INSTANCE } from '../../../src/wire/statement.ts';
import { setOf } from './group.ts';

const h = (value: number): Uint8Array => new Uint8Array(32).fill(value);
const hashOrNone = (value: number): Uint8Array => (value === 0 ? NONE : h(value));

/** A view change that votes so (0 is "-") and reports these certificates: [slot, view, value]. */
function changeOf(
  votes: readonly number[],
  certified: readonly (readonly [number, number, number])[] = [],
  change: Partial<Change> = {},
): Change {
  const { named, hashes } = vectorOf(firstPlayers(votes.length), votes.map(hashOrNone));
  return {
    kind: 'change',
    epoch: 0,
    round: 1,
    instance: ROUND_INSTANCE,
    view: 9,
    named,
    votes: hashes,
    certified: certified.map(([slot, view, value]): Certified => ({ slot, view, value: hashOrNone(value) })),
    claim: NONE,
    ...change,
  };
}

describe('the leader rule', () => {
  it('reads the vote that a view change repeats', () => {
    const change = changeOf([0, 5, 0, 7]);
    expect([0, 1, 2, 3].map((slot) => votedFor(change, slot))).toEqual([NONE, h(5), NONE, h(7)]);
  });

  it('takes the certificate of the highest view before any votes', () => {
    const set = [changeOf([1], [[0, 0, 1]]), changeOf([1], [[0, 2, 3]]), changeOf([1], [[0, 1, 1]])];
    expect(leaderValue(ROUND_INSTANCE, 0, set)).toEqual(h(3));
    expect(
      leaderValue(ROUND_INSTANCE, 0, [changeOf([1]), changeOf([1]), changeOf([1], [[0, 0, 0]])]),
    ).toEqual(NONE);
  });

  it('takes the smaller of two of one view, in whatever order they come', () => {
    const set = [changeOf([1], [[0, 1, 8]]), changeOf([1], [[0, 1, 3]])];
    expect(highestReported(set, 0)?.value).toEqual(h(3));
    expect(highestReported(set.toReversed(), 0)?.value).toEqual(h(3));
  });

  it('takes what more than half voted for, and else "-"', () => {
    expect(leaderValue(ROUND_INSTANCE, 0, [changeOf([4]), changeOf([4]), changeOf([5])])).toEqual(h(4));
    expect(leaderValue(ROUND_INSTANCE, 0, [changeOf([4]), changeOf([5]), changeOf([6])])).toEqual(NONE);
    expect(
      leaderValue(ROUND_INSTANCE, 0, [changeOf([4]), changeOf([4]), changeOf([5]), changeOf([5])]),
    ).toEqual(NONE);
  });

  it('opens what anybody in the set holds, unless void is certified; and else voids', () => {
    const opening = (
      claim: Uint8Array,
      certified: readonly (readonly [number, number, number])[] = [],
    ): Change => changeOf([], certified, { instance: 2, claim });
    expect(leaderValue(2, 2, [opening(NONE), opening(h(4)), opening(NONE)])).toEqual(h(4));
    expect(leaderValue(2, 2, [opening(NONE), opening(NONE)])).toEqual(NONE);
    expect(leaderValue(2, 2, [opening(h(4)), opening(NONE, [[2, 1, 0]])])).toEqual(NONE);
  });
});

const anyChange = fc
  .tuple(
    fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 4, maxLength: 4 }),
    fc.uniqueArray(fc.tuple(fc.nat(3), fc.nat(2), fc.nat(2)), { maxLength: 3, selector: ([slot]) => slot }),
  )
  .map(([votes, certified]) =>
    changeOf(
      votes,
      certified.toSorted(([a], [b]) => a - b),
    ),
  );
const anySet = fc.array(anyChange, { minLength: 1, maxLength: 5 });

describe('what follows from a set', () => {
  it('is one proposal, whatever the order of the set', () => {
    fc.assert(
      fc.property(anySet, fc.nat(), (set, turn) => {
        const slots = firstPlayers(4);
        const turned = [...set.slice(turn % set.length), ...set.slice(0, turn % set.length)];
        const values = seatsOf(slots).map((slot) => leaderValue(ROUND_INSTANCE, slot, set));
        expect(seatsOf(slots).map((slot) => leaderValue(ROUND_INSTANCE, slot, turned))).toEqual(values);
        const { named, hashes } = vectorOf(slots, values);
        const place = { epoch: 0, round: 1, instance: ROUND_INSTANCE, view: 9 };
        const propose: Propose = { kind: 'propose', ...place, changes: [], named, values: hashes };
        expect(justified(propose, slots, turned)).toBe(true);
        if (hashes.length === 0) return;
        expect(justified({ ...propose, named: nobody, values: [] }, slots, set)).toBe(false);
        expect(justified({ ...propose, values: hashes.with(0, h(99)) }, slots, set)).toBe(false);
        expect(justified({ ...propose, values: hashes.slice(1) }, slots, set)).toBe(false);
      }),
    );
  });

  it('is what a fast quorum has decided, whichever n-k tell of it and whatever f of them lie', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 16 }),
        fc.integer({ min: 0, max: 1 }),
        fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 16, maxLength: 16 }),
        fc.array(fc.integer(), { minLength: 16, maxLength: 16 }),
        (n, value, others, order) => {
          const { change, f, fast } = quorum(n);
          if (fast > n) return;
          // Seats below f lie: they have voted for the value, and now say something else.
          const now = others.slice(0, n).map((other, seat) => (seat >= f && seat < fast ? value : other));
          const seats = [...now.keys()]
            .sort((a, b) => (order[a] as number) - (order[b] as number))
            .slice(0, change);
          const set = seats.map((seat) => changeOf([now[seat] as number]));
          expect(equalBytes(leaderValue(ROUND_INSTANCE, 0, set), hashOrNone(value))).toBe(true);
        },
      ),
    );
  });
});

describe('a vector of a statement', () => {
  it('has one hash for each seat that it names, and names slots alone', () => {
    expect(wellFormed(setOf([0, 2]), [h(1), h(2)], setOf([0, 1, 2]))).toBe(true);
    expect(wellFormed(setOf([0, 2]), [h(1)], setOf([0, 1, 2]))).toBe(false);
    expect(wellFormed(setOf([0, 2]), [h(1), h(2), h(3)], setOf([0, 1, 2]))).toBe(false);
    expect(wellFormed(setOf([0, 3]), [h(1), h(2)], setOf([0, 1, 2]))).toBe(false);
    expect(wellFormed(nobody, [], nobody)).toBe(true);
  });
});
