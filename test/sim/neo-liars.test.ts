/** Liars in a match of neo: each way of lying, all together, and packets of another match shown again. */

import { describe, expect, it } from 'vitest';
import { verifyEvidence } from '../../src/protocol/evidence.ts';
import { Conspiracy, liar, simulate, type Ways } from '../../src/sim/simulator.ts';
import { sum } from './games.ts';
import { neoMatch } from './neo-terms.ts';

function against(players: number, liars: readonly number[], ways: Partial<Ways>, seed = 1) {
  const conspiracy = new Conspiracy();
  const cheats = Object.fromEntries(liars.map((seat) => [seat, liar({ conspiracy, ways })]));
  return simulate(sum, neoMatch({ players, rounds: 25, seed, cheats }));
}

/** Nobody honest is hurt: finals agree, nothing else is broken, and evidence names only liars. */
function harmless(result: ReturnType<typeof against>, liars: readonly number[]): void {
  expect(result.violations).toEqual([]);
  expect(result.agreed).toBe(true);
  for (const { evidence, player } of result.evidence) {
    expect(liars).toContain(player);
    expect(verifyEvidence(evidence)?.guilty).toEqual(result.players[player]?.publicKey);
  }
}

const everything: Ways = {
  withhold: 5,
  late: 5,
  mute: 2,
  split: 5,
  both: 5,
  unasked: 30,
  replay: 20,
  double: 5,
  header: 30,
  vectors: 20,
  swallow: 20,
};

describe('one liar of four', () => {
  it.each<keyof Ways>(['withhold', 'late', 'mute', 'header', 'vectors', 'swallow', 'replay'])(
    '%s: not provable, and of no use',
    (way) => {
      const result = against(4, [2], { [way]: 50 });
      harmless(result, [2]);
      expect(result.evidence).toEqual([]);
    },
  );

  it.each<keyof Ways>(['split', 'both', 'double'])('%s: convicted by all, and out', (way) => {
    const result = against(4, [2], { [way]: 50 });
    harmless(result, [2]);
    expect(new Set(result.evidence.filter(({ by }) => by !== 2).map(({ by }) => by))).toEqual(
      new Set([0, 1, 3]),
    );
    expect(result.players[2]?.ended).toBe('expelled');
  });

  it('everything at once', () => harmless(against(4, [2], everything, 2), [2]));
});

describe('two liars of seven, together', () => {
  it.each<readonly [string, Partial<Ways>]>([
    ['late', { late: 50 }],
    ['withheld from some', { withhold: 50 }],
    ['split', { split: 50 }],
    ['everything', everything],
  ])('%s', (_, ways) => harmless(against(7, [0, 5], ways, 3), [0, 5]));
});

describe('replay', () => {
  it('of what the same people signed in another match convicts nobody', () => {
    const conspiracy = new Conspiracy();
    const identities = { players: 4, identitySeed: 5, rounds: 15 };
    const recording = neoMatch({ ...identities, seed: 20, cheats: { 3: liar({ conspiracy, ways: {} }) } });
    expect(simulate(sum, recording).agreed).toBe(true);
    expect(conspiracy.packets.length).toBeGreaterThan(50);
    const replayed = neoMatch({
      ...identities,
      seed: 21,
      cheats: { 3: liar({ conspiracy, ways: { replay: 100 } }) },
    });
    const result = simulate(sum, replayed);
    expect(result).toMatchObject({ agreed: true, violations: [], evidence: [] });
    const signatures = result.players.map(({ refused }) => refused.signature ?? 0);
    expect(Math.max(...signatures)).toBeGreaterThan(0);
  });
});
