/** What no signature covers (section 19 of src/wire/README.md) can be changed under way: a match goes on. */

import { describe, expect, it } from 'vitest';
import { toHex } from '../../src/base/bytes.ts';
import { playersFromBits } from '../../src/base/players.ts';
import { type Bundle, decodeBundle, encodeBundle, type Standing } from '../../src/wire/envelope.ts';
import { Match, matchWithLiar, type Sent } from './match.ts';

const everybody = playersFromBits(0xffff);

/** The same datagram with another bundle in it, where it has one. */
function changed(match: Match, sent: Sent, change: (bundle: Bundle, session: Uint8Array) => Bundle): Sent {
  const session = match.seats[sent.to]?.began?.session;
  const bundle = session && sent.bytes[1] === 2 ? decodeBundle(session, sent.bytes) : null;
  if (!session || !bundle?.ok) return sent;
  return { ...sent, bytes: encodeBundle(session, change(bundle.value, session)) };
}

/** A standing that somebody forges in front of every third genuine one. */
const forged: Readonly<Record<string, (standing: Standing) => Standing>> = {
  'the last epoch': (standing) => ({ ...standing, epoch: 0xffff }),
  'the last round': (standing) => ({ ...standing, round: 0xffffffff }),
  'one round further': (standing) => ({ ...standing, round: standing.round + 1 }),
  'one epoch further': (standing) => ({ ...standing, epoch: standing.epoch + 1 }),
  'everything held': (standing) => ({
    ...standing,
    commits: everybody,
    opens: everybody,
    removes: everybody,
  }),
  'a cause against everybody': (standing) => ({ ...standing, causes: everybody }),
  'the beginning': (standing) => ({ ...standing, round: 1, commits: playersFromBits(0) }),
};

describe('a match in which somebody forges standings', () => {
  it.each(Object.entries(forged))('goes on: %s', (_, forge) => {
    const match = new Match(3, 8);
    let count = 0;
    match.onTheWay = (sent) => {
      if (sent.bytes[1] !== 2 || ++count % 3 !== 0) return [sent];
      const lie = changed(match, sent, ({ standing }) => ({ standing: forge(standing), items: [] }));
      return count % 2 === 0 ? [lie, sent] : [sent, lie];
    };
    match.runUntil(() => [0, 1, 2].every((seat) => match.round(seat) === 9), 'all rounds');
    const [first, ...others] = match.seats.map((seat) => seat.outcomes.map(({ seed }) => toHex(seed)));
    expect(first).toHaveLength(8);
    for (const other of others) expect(other).toEqual(first);
    expect(match.seats.flatMap((seat) => seat.told.filter(({ type }) => type === 'evidence'))).toEqual([]);
  });
});

describe('the items of a bundle', () => {
  it('may come in any order', () => {
    const match = new Match(3, 6);
    match.onTheWay = (sent) => [
      changed(match, sent, (bundle) => ({ ...bundle, items: [...bundle.items].reverse() })),
    ];
    match.runUntil(() => [0, 1, 2].every((seat) => match.round(seat) === 7), 'all rounds');
  });

  it('may be called what they are not: they are refused, and the rest is taken', () => {
    const match = new Match(2, 6);
    let count = 0;
    match.onTheWay = (sent) => {
      const swap = ({ standing, items }: Bundle): Bundle => {
        return {
          standing,
          items: items.map(({ type, bytes }) => ({ type: type === 'proof' ? 'packet' : 'proof', bytes })),
        };
      };
      return [++count % 4 === 0 ? changed(match, sent, swap) : sent];
    };
    match.runUntil(() => [0, 1].every((seat) => match.round(seat) === 7), 'all rounds');
    const refused = match.seats.map((seat) => seat.driver.counts.refused.malformed ?? 0);
    expect(Math.max(...refused)).toBeGreaterThan(0);
  });
});

describe('a proof', () => {
  it('is told by everybody with the key of the liar alone', () => {
    const match = matchWithLiar();
    const key = toHex(match.players[2]?.publicKey as Uint8Array);
    const told = match.seats.slice(0, 2).map((seat) => seat.told.find(({ type }) => type === 'evidence'));
    for (const each of told)
      expect(each?.type === 'evidence' && toHex(each.evidence).slice(74, 138)).toBe(key);
  });
});
