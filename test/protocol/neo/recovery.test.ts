import { describe, expect, it } from 'vitest';
import { seatOf } from '../../../src/base/ids.ts';
import { has } from '../../../src/base/players.ts';
import { vectorDigest } from '../../../src/crypto/commitment.ts';
import type { Commit, Reveal, Vote } from '../../../src/wire/statement.ts';
import { circle, mingle, moveOf, Person, packetOf, without } from './circle.ts';
import { type Climate, World } from './explorer.ts';
import { setOf } from './group.ts';

const place = { epoch: 0, round: 1 };
const zero = new Uint8Array(32);

function voteOf(seats: readonly number[], hashes: readonly Uint8Array[]): Vote {
  return { kind: 'vote', ...place, named: setOf(seats), values: vectorDigest(hashes), state: zero };
}

function three(all: readonly Person[]): [Person, Person, Person] {
  return all.slice(0, 3) as [Person, Person, Person];
}

/**
 * Worlds in which there is a bit of everything: views, confirms, openings in dispute. Players are stopped
 * after every record, or after every second.
 */
const worlds: readonly (readonly [seed: number, every: number, climate: Climate])[] = [
  [3, 1, { rounds: 1, steps: 110, calm: 100, crashes: 0, lies: 8 }],
  [8, 1, { rounds: 1, steps: 90, calm: 100, crashes: 0, lies: 8 }],
  [11, 2, { rounds: 1, steps: 110, calm: 0, crashes: 0, lies: 8 }],
];

/** Runs a world, and stops one player as soon as it has written so many records; what goes wrong then. */
function runWith(seed: number, climate: Climate, stop: { who: number; records: number } | null): World {
  const world = new World(seed, climate);
  const person = stop && (world.honest[stop.who] as Person);
  let left = stop !== null;
  const look = (): void => {
    if (!left || !person || person.records.length < (stop?.records ?? 0)) return;
    left = false;
    world.stop(person, stop?.records ?? 0);
  };
  if (climate.calm > 0) world.begin();
  look();
  for (let i = 0; i < climate.steps; i++) {
    world.step();
    look();
  }
  expect(world.calm(60)).toBe(true);
  return world;
}

describe('a player that comes back', () => {
  for (const [seed, every, climate] of worlds) {
    it(`never says a thing twice or differently, whatever record was its last (seed ${seed})`, {
      timeout: 120_000,
    }, () => {
      const whole = runWith(seed, climate, null);
      expect(whole.faults()).toEqual([]);
      for (const [who, { records }] of whole.honest.entries()) {
        for (let last = 1; last <= records.length; last += every) {
          const world = runWith(seed, climate, { who, records: last });
          expect(world.faults(), `player ${who} stopped after record ${last}`).toEqual([]);
        }
      }
    });
  }

  it('votes as it has voted, though it has other commitments by now', () => {
    const person = new Person(4, 0);
    person.give().wait(100);
    const [vote] = person.saidOf('vote');
    person.restart().wait(1000);
    expect(person.saidOf('vote')).toEqual([vote]);
    expect(person.round().ownVote?.[0]).toEqual(person.round().own?.commitment);
  });

  it('commits anew where the commitment was never said, and to the same where it was', () => {
    const person = new Person(4, 0);
    person.give();
    const sealed = person.records.findIndex(({ type }) => type === 'sealed');
    const [first] = person.saidOf('commit');
    person.restart(sealed + 1);
    expect(person.round().own).toBeNull();
    expect(person.saidOf('commit')).toEqual([]);
    person.at += 1;
    person.give();
    expect(person.saidOf('commit')).toHaveLength(1);
    expect(person.saidOf('commit')[0]?.commitment).not.toEqual(first?.commitment);
    const [second] = person.saidOf('commit');
    person.restart().give();
    expect(person.saidOf('commit')).toEqual([second]);
    expect(person.round().own?.commitment).toEqual(second?.commitment);
  });

  it('signs the very packets again that it has signed', () => {
    const person = new Person(2, 0);
    person.give().wait(100);
    const before = person.signed.map(({ bytes }) => bytes);
    person.signed.length = 0;
    person.restart();
    expect(person.signed.slice(0, before.length).map(({ bytes }) => bytes)).toEqual(before);
    expect(person.seat).toBe(seatOf(0));
  });

  it('says again what it has said of final rounds, which others may still need', () => {
    const all = circle(2);
    const [p, b] = all as [Person, Person];
    for (const each of all) each.give();
    mingle(all, (from, _t, packet) => (from === 0 ? without(packet, 'reveal') : packet));
    expect([p.neo.final, b.neo.final]).toEqual([1, 0]);
    p.signed.length = 0;
    p.restart();
    b.hear(...p.signed);
    expect(b.neo.final).toBe(1);
  });

  it('keeps the opening that it has said it holds', () => {
    const all = circle(4);
    const [p, b, q] = three(all);
    for (const each of [p, b, q]) each.give();
    const [h1, o1] = moveOf(3, 'x') as [Commit, Reveal];
    const [h2, o2] = moveOf(3, 'y') as [Commit, Reveal];
    for (const each of [p, b, q]) each.hear(packetOf(3, [h1]));
    mingle([p, b, q]);
    const hashes = [0, 1, 2].map((seat) => all[seat]?.round().own?.commitment as Uint8Array);
    p.hear({
      packet: packetOf(3, [voteOf([0, 1, 2, 3], [...hashes, h1.commitment])]),
      vectors: [[...hashes, h1.commitment]],
    });
    p.hear(packetOf(3, [o1]));
    expect(p.saidOf('hold').some(({ authors }) => has(authors, seatOf(3)))).toBe(true);
    p.restart();
    p.hear(packetOf(3, [h2]), packetOf(3, [o2]));
    const before = p.round().opensTo[3];
    expect(before).toEqual(h1.commitment);
  });

  it('accepts no second proposal of a view, and confirms nothing else than it has confirmed', () => {
    const honest = circle(4).slice(0, 3);
    for (const each of honest) each.give().wait(200);
    mingle(honest, (_from, to, packet) =>
      to === 0 ? without(packet, 'propose', 'prepare', 'confirm') : packet,
    );
    const [p, , leader] = three(honest);
    const [right] = leader.saidOf('propose');
    if (right === undefined) throw new Error('seat 2 leads view 1');
    p.hear(packetOf(2, [right]));
    for (const each of honest.slice(1)) p.hear(...each.signed);
    expect([p.saidOf('prepare').length, p.saidOf('confirm').length]).toEqual([1, 1]);
    const { best, prepared, view } = p.round().slots;
    p.restart();
    p.hear(packetOf(2, [{ ...right, changes: right.changes.toReversed() }]));
    for (const each of honest.slice(1)) p.hear(...each.signed);
    expect([p.saidOf('prepare').length, p.saidOf('confirm').length]).toEqual([1, 1]);
    expect(p.round().slots).toMatchObject({ best, prepared, view });
  });
});
