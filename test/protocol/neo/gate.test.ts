import { describe, expect, it } from 'vitest';
import { seatOf } from '../../../src/base/ids.ts';
import { add, nobody } from '../../../src/base/players.ts';
import { mayReveal } from '../../../src/protocol/neo/gate.ts';
import type { HeldVote, NeoRound } from '../../../src/protocol/neo/state.ts';
import { NONE, type Value } from '../../../src/protocol/neo/values.ts';
import { Person, packetOf } from './circle.ts';

const digest = new Uint8Array(32);
const h = (seat: number): Value => new Uint8Array(32).fill(seat + 1);
const me = seatOf(0);

/** Seat 0 of four after its own commitment; `own` and `others` are votes as seats that they name. */
function roundWith(
  own: readonly number[] | null,
  others: Readonly<Record<number, readonly number[]>>,
): NeoRound {
  const round = new Person(4, 0).give().round();
  const entries = (named: readonly number[]): Value[] =>
    [0, 1, 2, 3].map((seat) => (named.includes(seat) ? h(seat) : NONE));
  const votes = round.votes.map((_, seat): HeldVote | null => {
    const named = others[seat];
    if (named === undefined) return null;
    const statement = {
      kind: 'vote',
      epoch: 0,
      round: 1,
      named: nobody,
      values: digest,
      state: digest,
    } as const;
    return { statement, packet: packetOf(seat, [statement]), entries: entries(named), hashes: [] };
  });
  return { ...round, votes, ownVote: own && entries(own) };
}

describe('the gate', () => {
  it('opens when my own vote names everybody', () => {
    expect(mayReveal(roundWith([0, 1, 2, 3], {}), me)).toBe(true);
  });

  it('stays shut before my vote, whatever the others say', () => {
    expect(mayReveal(roundWith(null, { 1: [0, 1, 2, 3], 2: [0, 1, 2, 3], 3: [0, 1, 2, 3] }), me)).toBe(false);
  });

  it('stays shut while the slot of somebody may still become anything', () => {
    expect(mayReveal(roundWith([0, 1, 2], {}), me)).toBe(false);
    expect(mayReveal(roundWith([0, 1, 2], { 0: [0, 1, 2], 1: [0, 1, 2] }), me)).toBe(false);
    expect(mayReveal(roundWith([0, 1, 2], { 0: [0, 1, 2], 1: [0, 1, 2], 2: [0, 1, 2, 3] }), me)).toBe(false);
  });

  it('opens when q equal votes say what the slot of everybody else is', () => {
    expect(mayReveal(roundWith([0, 1, 2], { 0: [0, 1, 2], 1: [0, 1, 2], 2: [0, 1, 2] }), me)).toBe(true);
    expect(mayReveal(roundWith([0, 1, 2], { 1: [0, 1, 2, 3], 2: [0, 1, 2, 3], 3: [0, 1, 2, 3] }), me)).toBe(
      true,
    );
  });

  it('opens when the rest is decided, to a hash or to "-"', () => {
    const round = roundWith([0, 1], {});
    expect(mayReveal({ ...round, decided: [null, null, h(2), null] }, me)).toBe(false);
    expect(mayReveal({ ...round, decided: [null, null, h(2), NONE] }, me)).toBe(true);
  });

  it('opens once, and not for a slot of mine that does not count', () => {
    const round = roundWith([0, 1, 2, 3], {});
    expect(mayReveal({ ...round, revealed: true }, me)).toBe(false);
    expect(mayReveal({ ...round, decided: [NONE, null, null, null] }, me)).toBe(false);
    expect(mayReveal({ ...round, own: null }, me)).toBe(false);
  });

  it('asks nothing of who is no member', () => {
    const round = roundWith([0, 1, 2], {});
    const environment = { ...round.environment, members: add(add(add(nobody, me), seatOf(1)), seatOf(2)) };
    expect(mayReveal({ ...round, environment }, me)).toBe(true);
  });
});
