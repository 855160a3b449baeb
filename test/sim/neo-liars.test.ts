/** Liars in a match of neo: each way of lying alone and all together, and an innocent's packets shown elsewhere. */

import { describe, expect, it } from 'vitest';
import { verifyEvidence } from '../../src/protocol/evidence.ts';
import { Conspiracy, liar, simulate, type Ways } from '../../src/sim/simulator.ts';
import { sum } from './games.ts';
import { neoMatch } from './neo-terms.ts';

function against(players: number, liars: readonly number[], ways: Partial<Ways>, seed = 1) {
  const conspiracy = new Conspiracy();
  const cheats = Object.fromEntries(liars.map((seat) => [seat, liar({ conspiracy, ways })]));
  return simulate(sum, neoMatch({ players, rounds: 30, seed, cheats }));
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

describe.each([
  ['n = 4, one liar', 4, [2]],
  ['n = 7, two liars', 7, [0, 5]],
] as const)('%s', (_, players, liars) => {
  it.each<keyof Ways>(['withhold', 'late', 'mute', 'header', 'vectors', 'swallow', 'replay'])(
    '%s: not provable, and of no use',
    (way) => {
      const result = against(players, liars, { [way]: 50 });
      harmless(result, liars);
      expect(result.evidence).toEqual([]);
    },
  );

  it.each<keyof Ways>(['split', 'both', 'double'])('%s: convicted, and out', (way) => {
    const result = against(players, liars, { [way]: 50 });
    harmless(result, liars);
    const convicted = new Set(result.evidence.map(({ player }) => player));
    expect([...convicted].sort()).toEqual([...liars]);
  });

  it('everything at once', () => {
    const all: Ways = {
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
    harmless(against(players, liars, all, 2), liars);
  });
});

describe('replay', () => {
  it('of what the same people signed in another match convicts nobody', () => {
    const conspiracy = new Conspiracy();
    const identities = { players: 4, identitySeed: 5, rounds: 15 };
    const recording = neoMatch({ ...identities, seed: 20, cheats: { 3: liar({ conspiracy, ways: {} }) } });
    expect(simulate(sum, recording).agreed).toBe(true);
    expect(conspiracy.packets.length).toBeGreaterThan(50);
    const replayed = neoMatch({ ...identities, seed: 21, cheats: { 3: liar({ conspiracy, ways: { replay: 100 } }) } });
    const result = simulate(sum, replayed);
    expect(result).toMatchObject({ agreed: true, violations: [], evidence: [] });
    const signatures = result.players.map(({ refused }) => refused.signature ?? 0);
    expect(Math.max(...signatures)).toBeGreaterThan(0);
  });
});
