import { describe, expect, it } from 'vitest';
import { nobody } from '../../../src/base/players.ts';
import { leaderOf } from '../../../src/protocol/neo/instance.ts';
import { ROUND_INSTANCE } from '../../../src/wire/statement.ts';
import { circle, mingle, moveOf, type Person, packetOf, type Route, without } from './circle.ts';

const place = { epoch: 0, round: 1 };

describe('a lie', () => {
  it('that is too large for the log does not hide the next one', () => {
    const all = circle(7, true);
    const honest = all.slice(0, 6);
    const [p] = honest as [Person];
    for (const each of honest) each.give();
    for (const each of honest) each.hear(packetOf(6, [moveOf(6, 'x')[0]], true));
    const only: Route = (_from, _to, packet) => without(packet, 'vote', 'confirm', 'propose', 'prepare');
    const view = [1, 2, 3, 4, 5, 6, 7].find(
      (each) => leaderOf(p.round(), ROUND_INSTANCE, each) === 6,
    ) as number;
    for (let turn = 0; turn < 60 && p.round().slots.view < view; turn++) {
      mingle(honest, only, new Map());
      for (const each of honest) each.wait(100);
    }
    mingle(honest, only, new Map());
    const changes = p
      .round()
      .slots.changes.flatMap((list) =>
        (list ?? []).filter(({ statement }) => statement.view === view).map(({ hash }) => hash),
      );
    expect(changes.length).toBeGreaterThanOrEqual(5);
    const names = changes.slice(0, 5);
    const bad = {
      kind: 'propose',
      ...place,
      instance: ROUND_INSTANCE,
      view,
      changes: names,
      named: nobody,
      values: [],
    } as const;
    p.hear(packetOf(6, [bad], true));
    expect(p.effects.filter(({ type }) => type === 'evidence')).toHaveLength(1);
    expect(p.neo.wanted).toEqual([]);
    for (let again = 0; again < 3; again++) p.tick(p.at + 1);
    expect(p.effects.filter(({ type }) => type === 'evidence')).toHaveLength(1);
    p.hear(packetOf(6, [moveOf(6, 'y')[0]], true));
    expect(p.neo.wanted.map(({ operation }) => operation.type)).toEqual(['accuse']);
    p.hear(packetOf(6, [moveOf(6, 'z')[0]], true));
    expect(p.neo.wanted).toHaveLength(1);
  });
});
