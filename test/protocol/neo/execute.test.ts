import { describe, expect, it } from 'vitest';
import { seatOf } from '../../../src/base/ids.ts';
import { add, nobody, remove } from '../../../src/base/players.ts';
import { micros } from '../../../src/base/time.ts';
import type { NeoRound } from '../../../src/protocol/neo/state.ts';
import { circle, mingle, type Person, without } from './circle.ts';

describe('a round', () => {
  it('is played and final at everybody when all is said, with the same outcome', () => {
    const all = circle(4);
    for (const each of all) each.give();
    mingle(all);
    expect(all.map(({ neo }) => neo.final)).toEqual([1, 1, 1, 1]);
    for (const each of all) expect(each.outcomes).toEqual((all[0] as Person).outcomes);
    expect((all[0] as Person).outcomes[0]?.inputs).toEqual(Array(4).fill(Uint8Array.of(1)));
  });

  it('is final after the round before it, whichever is decided first', () => {
    const all = circle(4);
    for (const each of all) each.tick(micros(50)).give(2);
    mingle(all, (_from, to, packet) => {
      const ofOne = packet.entries.some(
        ({ statement }) => statement?.kind === 'commit' && statement.round === 1,
      );
      return to === 0 && ofOne ? null : packet;
    });
    const [p] = all as [Person];
    expect(p.neo.final).toBe(0);
    for (const each of all.slice(1)) p.hear(...each.signed);
    const finals = p.records.flatMap((record) => (record.type === 'final' ? [record.final.round] : []));
    expect(finals).toEqual(finals.toSorted((a, b) => a - b));
  });

  it('is not final while what was played of it is void by now', () => {
    const seven = circle(7);
    for (const each of seven) each.tick(micros(50)).give(2);
    const x = seven[0] as Person;
    // x plays round 1, then is asked to play round 2 and does not answer yet
    mingle(seven, (_f, to, packet) => {
      const ofTwo = packet.entries.some(
        ({ statement }) => statement?.kind === 'reveal' && statement.round === 2,
      );
      return to !== 0 ? packet : ofTwo ? without(packet, 'hold', 'reveal') : without(packet, 'hold');
    });
    expect(x.neo.final).toBe(0);
    expect(x.neo.past.length).toBe(2);
    x.held = true;
    for (const each of seven.slice(1))
      x.hear(...each.signed.flatMap((packet) => without(packet, 'hold') ?? []));
    expect(x.neo.playing?.closed.round).toBe(2);
    const round = x.round();
    const changed: NeoRound = {
      ...round,
      voided: add(nobody, seatOf(3)),
      opened: remove(round.environment.members, seatOf(3)),
    };
    x.neo = { ...x.neo, rounds: [changed, ...x.neo.rounds.slice(1)] };
    x.tick(x.at + 1);
    const finals = x.records.flatMap((record) => (record.type === 'final' ? [record.final] : []));
    for (const final of finals) expect(final.openings[3]).toBeNull();
    x.held = false;
    x.play();
    const later = x.records.flatMap((record) => (record.type === 'final' ? [record.final] : []));
    expect(later[0]?.voided).toBe(add(nobody, seatOf(3)));
    expect(x.effects.filter(({ type }) => type === 'rollback')).toHaveLength(1);
    expect(x.outcomes.filter(({ round }) => round === 1).at(-1)?.inputs[3]).toBeNull();
  });
});
