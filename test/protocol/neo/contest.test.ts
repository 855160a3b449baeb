import { describe, expect, it } from 'vitest';
import { nobody } from '../../../src/base/players.ts';
import { type Change, ROUND_INSTANCE } from '../../../src/wire/statement.ts';
import { circle, mingle, Person, packetOf, without } from './circle.ts';

const place = { epoch: 0, round: 1 };
const zero = new Uint8Array(32);

function changeOf(instance: number, view: number): Change {
  return { kind: 'change', ...place, instance, view, named: nobody, votes: [], certified: [], claim: zero };
}

describe('views', () => {
  it('are left when the timer of my vote runs out, and not before my vote', () => {
    const person = new Person(4, 0);
    person.wait(5000);
    expect(person.said).toEqual([]);
    person.give().wait(5000);
    expect(person.saidOf('change').map(({ view }) => view)).toEqual([1]);
  });

  it('are left with f + 1 others at once, after my vote, to where the lower of them is', () => {
    const person = new Person(4, 0).give();
    person.hear(packetOf(1, [changeOf(ROUND_INSTANCE, 9)]));
    expect(person.round().slots.view).toBe(0);
    person.hear(packetOf(2, [changeOf(ROUND_INSTANCE, 4)])).tick();
    expect(person.saidOf('vote')).toHaveLength(1);
    expect(person.saidOf('change').map(({ view }) => view)).toEqual([4]);
  });

  it('are left for the last one that there is, and then for none', () => {
    const person = new Person(3, 0).give().wait(100);
    person.hear(packetOf(1, [changeOf(ROUND_INSTANCE, 0xffff)])).wait(60_000);
    expect(person.saidOf('change').at(-1)?.view).toBe(0xffff);
  });

  it('of an instance that is none are no views', () => {
    const person = new Person(4, 0).give();
    const before = person.neo;
    person.hear(
      packetOf(1, [changeOf(16, 1)]),
      packetOf(1, [changeOf(254, 1)]),
      packetOf(1, [changeOf(4, 1)]),
    );
    person.hear(packetOf(1, [changeOf(ROUND_INSTANCE, 0)]));
    expect(person.neo.rounds).toEqual(before.rounds);
  });

  it('cannot be run through by a liar alone', () => {
    const all = circle(4);
    const [p] = all as [Person];
    for (const each of all) each.give();
    mingle(all, (from, _to, packet) => (from === 3 ? without(packet, 'hold') : packet));
    expect(p.round().decidedAt).not.toBeNull();
    const before = p.signed.length;
    p.hear(
      packetOf(3, [
        {
          kind: 'change',
          ...place,
          instance: 1,
          view: 65535,
          named: nobody,
          votes: [],
          certified: [],
          claim: zero,
        },
      ]),
    );
    for (let i = 0; i < 50; i++) p.tick(p.at + 1);
    expect(p.signed.length - before).toBeLessThan(3);
  });
  it('are timed again after a restart', () => {
    const [p] = circle(4) as [Person];
    p.give().wait(100);
    expect(p.saidOf('vote')).toHaveLength(1);
    p.restart();
    p.wait(3000);
    expect(p.saidOf('change').length).toBeGreaterThan(0);
  });
});
