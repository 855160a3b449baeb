import { describe, expect, it } from 'vitest';
import { seatOf } from '../../../src/base/ids.ts';
import { micros } from '../../../src/base/time.ts';
import { nothingHeld, setsOf } from '../../../src/protocol/neo/holdings.ts';
import { flush, heard, type Link, openLink, tellAll } from '../../../src/protocol/neo/link.ts';
import type { RoundsHeader } from '../../../src/wire/rounds.ts';
import { circle, mingle, Person } from './circle.ts';
import { setOf } from './group.ts';

const stamp = { sentAt: 0, echo: 0, held: 0 };
const header = (final: number, rounds: RoundsHeader['rounds'] = []): RoundsHeader => ({
  stamp,
  final,
  rounds,
});
const one = seatOf(1);

/** Items for player 1 from now on until then. */
function itemsUntil(link: Link, person: Person, from: number, until: number): number {
  let items = 0;
  let next = link;
  for (let at = micros(from); at < micros(until); at += micros(10)) {
    const flushed = flush(next, person.neo, at, () => null);
    next = flushed.link;
    for (const sending of flushed.sendings) if (sending.to === one) items += sending.items.length;
  }
  return items;
}

describe('a link', () => {
  it('tells at once what is fresh, to everybody', () => {
    const person = new Person(4, 0).give();
    const link = tellAll(openLink(seatOf(0), setOf([0, 1, 2, 3]), 0), {
      type: 'packet',
      bytes: Uint8Array.of(1),
    });
    const { sendings } = flush(link, person.neo, 0, () => null);
    expect(sendings.map(({ to }) => to)).toEqual([1, 2, 3]);
    expect(sendings.every(({ items }) => items.length === 1)).toBe(true);
  });

  it('sends again what somebody lacks by its own account, and nothing once it lacks nothing', () => {
    const all = circle(2);
    for (const each of all) each.give();
    mingle(all);
    const [p] = all as [Person];
    const link = openLink(seatOf(0), setOf([0, 1]), 0);
    expect(itemsUntil(heard(link, one, 0, header(0), false), p, 0, 3000)).toBeGreaterThan(0);
    expect(itemsUntil(heard(link, one, 0, header(1), false), p, 0, 3000)).toBe(0);
    expect(itemsUntil(heard(link, one, 0, header(0, [setsOf(p.round())]), false), p, 0, 3000)).toBe(0);
    const behind = heard(link, one, 0, header(0, [{ ...setsOf(p.round()), ...nothingHeld }]), false);
    expect(itemsUntil(behind, p, 0, 3000)).toBeGreaterThan(0);
  });

  it('does not end with a header that somebody has made up', () => {
    const person = new Person(4, 0).give();
    let link = openLink(seatOf(0), setOf([0, 1]), 0);
    link = heard(link, one, 10, header(0xffffffff), true);
    link = heard(link, one, 20, header(0), true);
    expect(itemsUntil(link, person, 0, 3000)).toBeGreaterThan(0);
  });

  it('hears no stranger', () => {
    const link = openLink(seatOf(0), setOf([0, 1]), 0);
    expect(heard(link, seatOf(2), 10, header(5), true)).toBe(link);
    expect(heard(link, seatOf(0), 10, header(5), true)).toBe(link);
  });
});
