import { describe, expect, it } from 'vitest';
import { nobody } from '../../../src/base/players.ts';
import type { NeoRound } from '../../../src/protocol/neo/state.ts';
import { partHashOf } from '../../../src/wire/packet.ts';
import { type Propose, ROUND_INSTANCE } from '../../../src/wire/statement.ts';
import { circle, mingle, moveOf, Person, packetOf, type Route } from './circle.ts';
import { session } from './group.ts';

const place = { epoch: 0, round: 1, instance: ROUND_INSTANCE };

/** All but the last of four, who have voted for themselves alone, in view 1 (which seat 2 leads). */
function divided(route: Route = (_from, _to, packet) => packet): Person[] {
  const honest = circle(4).slice(0, 3);
  for (const each of honest) each.give().wait(100);
  for (const each of honest) each.wait(100);
  mingle(honest, route);
  return honest;
}

const view = ({ slots }: NeoRound): number => slots.view;

describe('a proposal', () => {
  it('of n - k view changes is prepared, certified, confirmed and decides', () => {
    const honest = divided();
    expect(honest.map((each) => view(each.round()))).toEqual([1, 1, 1]);
    expect(honest.map((each) => each.saidOf('propose').length)).toEqual([0, 0, 1]);
    for (const each of honest) {
      expect(each.saidOf('prepare')).toHaveLength(1);
      expect(each.saidOf('confirm').map((confirm) => confirm.view)).toEqual([1]);
      expect(each.round().decided).toEqual((honest[0] as Person).round().decided);
      expect(each.round().decidedAt).not.toBeNull();
    }
  });

  it('is prepared once a view, whichever of two comes first', () => {
    const honest = divided((_from, _to, packet) =>
      packet.entries.some(({ statement }) => statement?.kind === 'propose') ? null : packet,
    );
    const [p, b, leader] = honest as [Person, Person, Person];
    const [right] = leader.saidOf('propose') as [Propose];
    const other: Propose = { ...right, changes: right.changes.toReversed() };
    p.hear(packetOf(2, [other]), packetOf(2, [right]));
    b.hear(packetOf(2, [right]), packetOf(2, [other]));
    const hashOf = (statement: Propose): Uint8Array => partHashOf(session, packetOf(2, [statement]), 0);
    expect(p.saidOf('prepare').map(({ proposal }) => proposal)).toEqual([hashOf(other)]);
    expect(b.saidOf('prepare').map(({ proposal }) => proposal)).toEqual([hashOf(right)]);
  });

  it('that does not follow, rests on too few, or is of somebody else is not prepared', () => {
    const honest = divided((_from, _to, packet) =>
      packet.entries.some(({ statement }) => statement?.kind === 'propose') ? null : packet,
    );
    const [p, , leader] = honest as [Person, Person, Person];
    const [right] = leader.saidOf('propose') as [Propose];
    const [first, second] = right.changes as [Uint8Array, Uint8Array];
    const wrong: readonly (readonly [number, Partial<Propose>])[] = [
      [1, {}],
      [3, {}],
      [2, { view: 0 }],
      [2, { changes: right.changes.slice(1) }],
      [2, { changes: [first, first, second] }],
      [2, { changes: [...right.changes, first] }],
      [2, { changes: [first, second, new Uint8Array(32)] }],
      [2, { named: nobody, values: [new Uint8Array(32)] }],
    ];
    for (const [sender, change] of wrong) p.hear(packetOf(sender, [{ ...right, ...change }]));
    expect(p.saidOf('prepare')).toEqual([]);
    p.hear(packetOf(2, [right]));
    expect(p.saidOf('prepare')).toHaveLength(1);
  });

  it('names view changes that are then taken, whatever else their sender has said', () => {
    const honest = divided((_from, _to, packet) =>
      packet.entries.some(({ statement }) => statement?.kind === 'propose') ? null : packet,
    );
    const [p, b, leader] = honest as [Person, Person, Person];
    const [of1] = b.saidOf('change');
    if (of1 === undefined) throw new Error('seat 1 has changed views');
    const late = new Person(4, 0).give().wait(100);
    late.hear(packetOf(1, [{ ...of1, view: 900 }]), packetOf(1, [{ ...of1, view: 901 }]), packetOf(1, [of1]));
    expect(late.round().slots.changes[1]?.map(({ statement }) => statement.view)).toEqual([900, 901]);
    late.hear(packetOf(2, leader.saidOf('propose')), packetOf(1, [of1]));
    expect(late.round().slots.changes[1]?.map(({ statement }) => statement.view)).toEqual([1, 900, 901]);
    expect(p.round().slots.prepared).toBe(0);
  });

  it('of views that are far off does not crowd out that of mine', () => {
    const honest = divided((_from, _to, packet) =>
      packet.entries.some(({ statement }) => statement?.kind === 'propose') ? null : packet,
    );
    const [p, , leader] = honest as [Person, Person, Person];
    const [right] = leader.saidOf('propose') as [Propose];
    const short = { ...right, changes: [new Uint8Array(32).fill(1)] };
    p.hear(packetOf(2, [short]));
    for (let far = 5; far < 65535; far += 4000) p.hear(packetOf(2, [{ ...right, view: far }]));
    const kept = p.round().slots.proposals.map(({ statement }) => statement.view);
    expect(kept).toContain(1);
    expect(kept.length).toBeLessThan(8);
  });
});

describe('what a liar says', () => {
  it('leaves no more behind than there is room for', () => {
    const p = new Person(4, 0).give().wait(100);
    const zero = new Uint8Array(32);
    for (let i = 1; i < 400; i++) {
      const hash = new Uint8Array(32).fill(i);
      p.hear(
        packetOf(3, [{ kind: 'prepare', ...place, view: i, proposal: hash }]),
        packetOf(3, [{ kind: 'prepare', ...place, view: 1, proposal: hash.fill(i >> 8, 0, 4) }]),
        packetOf(3, [
          { kind: 'change', ...place, view: i, named: nobody, votes: [], certified: [], claim: zero },
        ]),
        packetOf(3, [
          {
            kind: 'confirm',
            ...place,
            view: i,
            index: i % 7,
            slots: 15 as never,
            named: nobody,
            values: hash,
          },
        ]),
        packetOf(3, [
          { kind: 'hold', epoch: 0, round: 1, index: i % 256, authors: 3 as never, values: hash },
        ]),
        packetOf(3, [moveOf(3, `${i}`)[0]]),
        packetOf(3, [{ kind: 'vote', epoch: 0, round: 1, named: 1 as never, values: hash, state: hash }]),
      );
    }
    const { holds, slots, vectors } = p.round();
    expect(slots.prepares[3]?.length).toBeLessThanOrEqual(4);
    expect(slots.changes[3]?.length).toBeLessThanOrEqual(3);
    expect(slots.confirms[3]?.length).toBeLessThanOrEqual(24);
    expect(holds[3]?.length).toBeLessThanOrEqual(8);
    expect(vectors.length).toBeLessThanOrEqual(48);
    expect(p.said.length).toBeLessThan(5);
    expect(p.neo.wanted.length).toBeLessThanOrEqual(1);
  });
});
