import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Seat, seatOf } from '../../../src/base/ids.ts';
import { count, firstPlayers, nobody, type PlayerSet } from '../../../src/base/players.ts';
import { confirmedValue, outcomeOfSlot, tallyVotes } from '../../../src/protocol/neo/ballot.ts';
import { type HeldConfirm, type HeldVote, newContest } from '../../../src/protocol/neo/state.ts';
import { NONE, type Value } from '../../../src/protocol/neo/values.ts';
import { quorum } from '../../../src/protocol/quorum.ts';
import { ROUND_INSTANCE } from '../../../src/wire/statement.ts';
import { packetOf } from './circle.ts';
import { setOf } from './group.ts';

const place = { epoch: 0, round: 1 };
const digest = new Uint8Array(32);
const h: readonly Value[] = [NONE, new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];

function voteOf(seat: number, value: Value | null): HeldVote {
  const statement = { kind: 'vote', ...place, named: nobody, values: digest, state: digest } as const;
  return { statement, packet: packetOf(seat, [statement]), entries: [value], hashes: [] };
}

function confirmOf(
  seat: number,
  view: number,
  value: Value | null,
  slots: PlayerSet = setOf([0]),
): HeldConfirm {
  const named = nobody;
  const statement = {
    kind: 'confirm',
    ...place,
    instance: ROUND_INSTANCE,
    view,
    index: 0,
    slots,
    named,
    values: digest,
  } as const;
  return { statement, packet: packetOf(seat, [statement]), entries: [value], hashes: [] };
}

/** Of each member its votes on slot 0, as indices into `h`; null where a hash is not known. */
function ballots(...said: readonly (readonly (number | null)[])[]): {
  votes: (HeldVote | null)[];
  otherVotes: (HeldVote | null)[];
} {
  const nth = (index: number): (HeldVote | null)[] =>
    said.map((values, seat) => {
      const value = values[index];
      return value === undefined ? null : voteOf(seat, value === null ? null : (h[value] as Value));
    });
  return { votes: nth(0), otherVotes: nth(1) };
}

const slot = seatOf(0);
const contest = newContest(ROUND_INSTANCE, 4, 1);
const four = quorum(4);

describe('a slot', () => {
  const outcome = (...said: readonly (readonly (number | null)[])[]) =>
    outcomeOfSlot(ballots(...said), contest, firstPlayers(4), four, slot);

  it('is certified by q equal votes and decided by a fast quorum of them', () => {
    expect(outcome([1], [1], [1])).toEqual({ decided: null, certified: h[1] });
    expect(outcome([1], [1], [1], [1])).toEqual({ decided: h[1], certified: h[1] });
    expect(outcome([0], [0], [0], [0])).toEqual({ decided: NONE, certified: NONE });
    expect(outcome([1], [1], [2], [0])).toEqual({ decided: null, certified: null });
  });

  it('counts neither silence nor a hash that is not known', () => {
    expect(outcome([], [1], [1], [])).toEqual({ decided: null, certified: null });
    expect(outcome([null], [1], [1], [null])).toEqual({ decided: null, certified: null });
  });

  it('counts who has signed two votes for each of the two, and for one that is the same once', () => {
    expect(outcome([1], [1], [2], [2, 1])).toEqual({ decided: null, certified: h[1] });
    expect(outcome([1], [1], [2], [1, 1]).certified).toEqual(h[1]);
    expect(outcome([1], [1, 1], [2], [2]).certified).toBeNull();
  });

  it('counts members alone', () => {
    const votes = ballots([1], [1], [1], [1]);
    expect(outcomeOfSlot(votes, contest, firstPlayers(2), four, slot).certified).toBeNull();
  });

  it('is decided by q confirms of one view', () => {
    const confirms = [
      [confirmOf(0, 1, h[1] as Value)],
      [confirmOf(1, 1, h[1] as Value)],
      [confirmOf(2, 2, h[1] as Value)],
      null,
    ];
    expect(confirmedValue(confirms, firstPlayers(4), slot, 3)).toBeNull();
    const more = [...confirms.slice(0, 3), [confirmOf(3, 1, h[1] as Value)]];
    expect(confirmedValue(more, firstPlayers(4), slot, 3)).toEqual(h[1]);
    expect(
      outcomeOfSlot(ballots(), { ...contest, confirms: more }, firstPlayers(4), four, slot).decided,
    ).toEqual(h[1]);
  });

  it('is not decided by confirms of other slots', () => {
    const others = [0, 1, 2].map((seat) => [confirmOf(seat, 0, h[1] as Value, setOf([1]))]);
    expect(confirmedValue(others, firstPlayers(4), slot, 3)).toBeNull();
  });
});

const anyBallots = fc
  .integer({ min: 1, max: 9 })
  .chain((n) =>
    fc.array(fc.array(fc.constantFrom(0, 1, 2, null), { maxLength: 2 }), { minLength: n, maxLength: n }),
  );

describe('the tally', () => {
  it('does not depend on who says what first, while no more than f have said two things', () => {
    fc.assert(
      fc.property(anyBallots, (any) => {
        const members = firstPlayers(any.length);
        const numbers = quorum(any.length);
        const said = any.map((values, seat) => (seat < numbers.f ? values : values.slice(0, 1)));
        const there = outcomeOfSlot(ballots(...said), contest, members, numbers, slot);
        const back = outcomeOfSlot(ballots(...said.toReversed()), contest, members, numbers, slot);
        const swapped = outcomeOfSlot(
          ballots(...said.map((each) => each.toReversed())),
          contest,
          members,
          numbers,
          slot,
        );
        expect(back).toEqual(there);
        expect(swapped).toEqual(there);
      }),
    );
  });

  it('finds whoever has the most, and never more voters than there are', () => {
    fc.assert(
      fc.property(anyBallots, (said) => {
        const members = firstPlayers(said.length);
        const tally = tallyVotes(ballots(...said), members, slot);
        const votersOf = (value: number): number =>
          said.filter((each) => (each as readonly (number | null)[]).includes(value)).length;
        const most = Math.max(...[0, 1, 2].map(votersOf));
        expect(tally === null ? 0 : count(tally.voters)).toBe(most);
      }),
    );
  });

  it('leaves one outcome to unanimous honest votes, whatever f liars add', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 16 }),
        fc.constantFrom(0, 1),
        fc.array(fc.array(fc.constantFrom(0, 1, 2), { maxLength: 2 }), { minLength: 5, maxLength: 5 }),
        fc.nat(),
        (n, value, lies, silent) => {
          const numbers = quorum(n);
          const said: number[][] = Array.from({ length: n }, (_, seat) =>
            seat < numbers.f ? (lies[seat] ?? []) : [value],
          );
          for (let gone = silent % (numbers.k + 1); gone > 0; gone--) said[n - gone] = [];
          const outcome = outcomeOfSlot(ballots(...said), contest, firstPlayers(n), numbers, slot as Seat);
          for (const each of [outcome.certified, outcome.decided])
            if (each !== null) expect(each).toEqual(h[value]);
        },
      ),
    );
  });
});
