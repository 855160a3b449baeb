import { describe, expect, it } from 'vitest';
import { lacking, lacksAnything, listed, nothingHeld, setsOf } from '../../../src/protocol/neo/holdings.ts';
import { circle, mingle, Person, without } from './circle.ts';
import { setOf } from './group.ts';

const everybody = setOf([0, 1, 2, 3]);

describe('what is held', () => {
  it('is nothing at first, and everything of a round that went well', () => {
    expect(setsOf(new Person(4, 0).round())).toEqual(nothingHeld);
    const all = circle(4);
    for (const each of all) each.give();
    mingle(all);
    for (const each of all) {
      expect(setsOf(each.round())).toEqual({
        commits: everybody,
        votes: everybody,
        opens: everybody,
        decided: everybody,
        opened: everybody,
      });
    }
  });

  it('holds no vote of which the hashes are not known', () => {
    const all = circle(3);
    for (const each of all) each.give();
    mingle(all, (_from, to, packet) => (to === 0 ? null : packet));
    const [p, b] = all as [Person, Person];
    for (const packet of b.signed) {
      const vote = without(packet, 'commit', 'reveal');
      if (vote !== null) p.hear(vote);
    }
    expect(p.round().votes[1]?.hashes).toBeNull();
    expect(setsOf(p.round()).votes).toBe(0);
  });

  it('is listed from the first round that is not final on, up to the last of which there is anything', () => {
    const all = circle(4);
    for (const each of all) each.tick(60_000).give(2);
    expect(listed((all[0] as Person).neo)).toHaveLength(2);
    mingle(all);
    expect(listed((all[0] as Person).neo)).toEqual([]);
  });
});

describe('what somebody lacks', () => {
  const all = circle(4);
  for (const each of all) each.give();
  mingle(all);
  const round = (all[0] as Person).round();
  const mine = setsOf(round);

  it('is nothing when it holds what I hold', () => {
    expect(lacksAnything(round, mine, mine)).toBe(false);
    expect(lacking(round, mine, true)).toEqual([]);
  });

  it('is each packet once, with the hashes of votes when it is sent again', () => {
    expect(lacksAnything(round, mine, nothingHeld)).toBe(true);
    const first = lacking(round, nothingHeld, false);
    const again = lacking(round, nothingHeld, true);
    const bytes = first.map(({ item }) => (item.type === 'packet' ? item.bytes : null));
    expect(new Set(bytes).size).toBe(bytes.length);
    expect(first.filter(({ item }) => item.type === 'vector')).toEqual([]);
    expect(again.filter(({ item }) => item.type === 'vector')).toHaveLength(4);
  });

  it('is no vote when it has decided all slots, and no HOLD when all openings', () => {
    const decided = { ...nothingHeld, decided: everybody };
    const kinds = (theirs: typeof mine): Set<string> =>
      new Set(
        lacking(round, theirs, true).flatMap(({ item }) => {
          if (item.type !== 'packet') return [item.type];
          const packet = all.flatMap(({ signed }) => signed).find(({ bytes }) => bytes === item.bytes);
          return packet?.entries.flatMap(({ statement }) => statement?.kind ?? []) ?? [];
        }),
      );
    expect(kinds(decided).has('reveal')).toBe(true);
    expect(kinds({ ...decided, opens: everybody, opened: everybody }).size).toBe(0);
    expect(kinds({ ...decided, opens: everybody }).has('hold')).toBe(true);
  });
});
