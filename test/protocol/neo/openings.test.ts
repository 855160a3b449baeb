import { describe, expect, it } from 'vitest';
import { seatOf } from '../../../src/base/ids.ts';
import { add, has, nobody } from '../../../src/base/players.ts';
import { vectorDigest } from '../../../src/crypto/commitment.ts';
import type { Hold } from '../../../src/wire/statement.ts';
import { circle, mingle, moveOf, type Person, packetOf, type Route, without } from './circle.ts';
import { setOf } from './group.ts';

const place = { epoch: 0, round: 1 };
const zero = new Uint8Array(32);

function three(all: readonly Person[]): [Person, Person, Person] {
  return all.slice(0, 3) as [Person, Person, Person];
}

const unopened: Route = (from, _to, packet) => (from === 3 ? without(packet, 'reveal', 'hold') : packet);

describe('an opening', () => {
  it('that nobody has seen is void after T_open, and not before', () => {
    const all = circle(4);
    for (const each of all) each.give();
    const heard = new Map<Person, number>();
    mingle(all, unopened, heard);
    const others = three(all);
    for (let waited = 0; waited < 900; waited += 100) {
      for (const each of others) each.wait(100);
      mingle(others, unopened, heard);
    }
    expect(others.map((each) => each.saidOf('change'))).toEqual([[], [], []]);
    for (let waited = 0; waited < 1000; waited += 100) {
      for (const each of others) each.wait(100);
      mingle(others, unopened, heard);
    }
    expect(others.map((each) => each.round().voided)).toEqual(Array(3).fill(add(nobody, seatOf(3))));
    expect(others.map(({ neo }) => neo.final)).toEqual([1, 1, 1]);
  });

  it('is waited for as long as too few are heard', () => {
    const all = circle(4);
    for (const each of all) each.give();
    mingle(all, unopened);
    const [p] = three(all);
    for (let turn = 0; turn < 50; turn++) {
      p.connectedAt = p.at;
      p.wait(100);
    }
    expect(p.saidOf('change')).toEqual([]);
  });

  it('is not taken for that of another commitment', () => {
    const all = circle(4);
    for (const each of all) each.give();
    mingle(all, unopened);
    const [p] = three(all);
    p.hear(packetOf(3, [moveOf(3, 'another')[1]]));
    expect(has(p.round().opened, seatOf(3))).toBe(false);
    p.hear(...(all[3] as Person).signed);
    expect(has(p.round().opened, seatOf(3))).toBe(true);
  });

  it('of who says two things in one HOLD is decided by the one that fits', () => {
    const all = circle(4);
    for (const each of all) each.give();
    mingle(all, (_from, to, packet) => (to === 0 ? without(packet, 'hold') : packet));
    const [p, b] = three(all);
    expect(has(p.round().opened, seatOf(0))).toBe(false);
    const holdOf = (value: Uint8Array): Hold => {
      return { kind: 'hold', ...place, index: 0, authors: setOf([0]), values: vectorDigest([value]) };
    };
    p.hear(packetOf(3, [holdOf(zero)]));
    p.hear(packetOf(3, [holdOf(p.round().decided[0] as Uint8Array)]));
    expect(has(p.round().opened, seatOf(0))).toBe(false);
    p.hear(...b.signed);
    expect(has(p.round().opened, seatOf(0))).toBe(true);
  });

  it('comes to void never at two players: nobody can tell silence from a lie', () => {
    const all = circle(2);
    for (const each of all) each.give();
    mingle(all, (from, _to, packet) => (from === 1 ? without(packet, 'reveal') : packet));
    const [p] = all as [Person];
    p.wait(30_000);
    expect(p.saidOf('change')).toEqual([]);
    expect(p.neo.final).toBe(0);
  });

  it('that one has decided alone, and is final with, it still helps the others to decide', () => {
    const all = circle(4);
    const [p, b, q] = three(all);
    for (const each of all) each.give();
    const cut: Route = (from, to, packet) =>
      from === 3 && to !== 0 ? without(packet, 'reveal') : from === 0 ? without(packet, 'hold') : packet;
    const heardOf = new Map<Person, number>();
    mingle(all, cut, heardOf);
    for (const each of all) each.wait(50);
    mingle(all, cut, heardOf);
    expect(p.neo.final).toBe(1);
    expect([b, q].map(({ neo }) => neo.final)).toEqual([0, 0]);
    for (let i = 0; i < 20; i++) {
      for (const each of [b, q]) each.wait(100);
      mingle([b, q], (_f, _t, packet) => packet, heardOf);
    }
    expect([b, q].map((each) => has(each.round().denied, seatOf(3)))).toEqual([true, true]);
    const reveal = p.round().reveals[3]?.packet;
    for (let i = 0; i < 40; i++) {
      for (const to of [p, b, q]) {
        if (reveal) to.hear(reveal);
        for (const from of [p, b, q]) if (from !== to) to.hear(...from.signed);
        to.wait(200);
      }
    }
    expect([b, q].map(({ neo }) => neo.final)).toEqual([1, 1]);
  });
});
