import { describe, expect, it } from 'vitest';
import { micros } from '../../../src/base/time.ts';
import { vectorDigest } from '../../../src/crypto/commitment.ts';
import type { Commit, Reveal, Vote } from '../../../src/wire/statement.ts';
import { circle, mingle, moveOf, Person, packetOf, vectorsOf } from './circle.ts';
import { setOf } from './group.ts';

const place = { epoch: 0, round: 1 };
const zero = new Uint8Array(32);

function voteOf(seats: readonly number[], hashes: readonly Uint8Array[]): Vote {
  return { kind: 'vote', ...place, named: setOf(seats), values: vectorDigest(hashes), state: zero };
}

function three(all: readonly Person[]): [Person, Person, Person] {
  return all.slice(0, 3) as [Person, Person, Person];
}

describe('a vote', () => {
  it('leaves as soon as all commitments are held', () => {
    const all = circle(3);
    for (const each of all) each.give();
    mingle(all);
    for (const each of all) expect(each.saidOf('vote').map(({ named }) => named)).toEqual([setOf([0, 1, 2])]);
  });

  it('leaves at the deadline with what is held, and never again', () => {
    const person = new Person(4, 0).give();
    person.tick(micros(59));
    expect(person.saidOf('vote')).toEqual([]);
    person.tick(micros(60));
    expect(person.saidOf('vote').map(({ named }) => named)).toEqual([setOf([0])]);
    person.hear(packetOf(1, [moveOf(1, 'late')[0]]));
    person.wait(1000);
    expect(person.saidOf('vote')).toHaveLength(1);
  });

  it('does not leave before my own commitment', () => {
    const person = new Person(4, 0);
    for (const seat of [1, 2, 3]) person.hear(packetOf(seat, [moveOf(seat, 'x')[0]]));
    person.wait(1000);
    expect(person.said).toEqual([]);
  });

  it('of a stranger, of another epoch, or naming who is no member counts for nothing', () => {
    const person = new Person(4, 0).give();
    const before = person.round();
    const vote = voteOf([0, 1], [zero, zero]);
    person.hear(
      packetOf(5, [vote]),
      packetOf(1, [{ ...vote, epoch: 1 }]),
      packetOf(1, [{ ...vote, named: setOf([0, 9]) }]),
    );
    expect(person.round()).toBe(before);
  });

  it('that comes a second time changes nothing', () => {
    const all = circle(4);
    for (const each of all) each.give();
    mingle(all);
    const [p, b] = three(all);
    const { neo } = p;
    p.hear(...b.signed);
    expect(p.neo).toEqual(neo);
    expect(p.neo.rounds).toEqual(neo.rounds);
  });
});

describe('slots', () => {
  it('are decided by equal votes in whatever order they come', () => {
    const all = circle(4);
    for (const each of all) each.give();
    mingle(all, (_from, to, packet) => (to === 0 ? null : packet));
    const [p] = three(all);
    for (const each of all.slice(1).toReversed())
      for (const packet of each.signed.toReversed()) p.hear(packet);
    for (const each of all.slice(1))
      p.hear({ packet: each.signed[1] as never, vectors: vectorsOf(each.neo) });
    mingle(all);
    expect(p.round().decided).toEqual(all[1]?.round().decided);
    expect(p.round().decidedAt).not.toBeNull();
  });
});

describe('a liar', () => {
  it('that says one vote to two players and another to the third keeps nobody from deciding', () => {
    const all = circle(4);
    const [p, b, q] = three(all);
    for (const each of [p, b, q]) each.give();
    const [commit] = moveOf(3, 'x') as [Commit, Reveal];
    const late = packetOf(3, [commit]);
    for (const each of [p, b]) each.hear(late);
    mingle([p, b, q]);
    // deadlines: q votes without 3
    for (const each of [p, b, q]) each.tick(micros(61));
    const hashes = [
      ...[p, b, q].map((each) => each.round().own?.commitment as Uint8Array),
      commit.commitment,
    ];
    const yes = { packet: packetOf(3, [voteOf([0, 1, 2, 3], hashes)]), vectors: [hashes] };
    const no = {
      packet: packetOf(3, [voteOf([0, 1, 2], hashes.slice(0, 3))]),
      vectors: [hashes.slice(0, 3)],
    };
    q.hear(no, late);
    p.hear(yes);
    mingle([p, b, q], (_from, to, packet) => (to === 2 ? null : packet));
    b.hear(no);
    for (let i = 0; i < 60; i++) {
      const sent = [p, b, q].flatMap((each) =>
        each.signed.map((packet) => ({ packet, vectors: vectorsOf(each.neo) })),
      );
      for (const each of [p, b, q]) {
        each.hear(...sent, yes, no);
        each.wait(100);
      }
    }
    expect([p, b, q].map((each) => each.round().decided.map((v) => v !== null))).toEqual(
      Array(3).fill([true, true, true, true]),
    );
  });
});
