import { describe, expect, it } from 'vitest';
import { keyring } from '../../src/keyring/node.ts';
import { runSwarm, swarmPlan } from '../../src/sim/simulator.ts';
import { sum } from './games.ts';

const fresh = Math.floor(Math.random() * 0xffff_0000);
const fixed = [1, 8, 12, 15, 24, 46];

describe('a seed', () => {
  it('draws the same match again, and another one from another seed', () => {
    const plain = (seed: number): string => JSON.stringify(swarmPlan(seed));
    expect(plain(7)).toBe(plain(7));
    expect(plain(8)).not.toBe(plain(7));
    expect(swarmPlan(7, 5).players).toBe(5);
  });

  it('is an unsigned integer of 32 bits', () => {
    for (const seed of [-1, 0.5, 2 ** 32]) expect(() => swarmPlan(seed)).toThrow(RangeError);
    expect(swarmPlan(0xffffffff).seed).toBe(0xffffffff);
  });

  it('draws every number of players, with and without liars, and every fault', () => {
    const plans = Array.from({ length: 400 }, (_, seed) => swarmPlan(seed));
    expect(new Set(plans.map(({ players }) => players))).toEqual(new Set([3, 4, 5, 6, 7, 8, 9, 10]));
    expect(new Set(plans.map(({ liars }) => liars.length))).toEqual(new Set([0, 1, 2, 3]));
    for (const { liars, players } of plans) expect(3 * liars.length).toBeLessThan(players);
    const types = plans.flatMap(({ options }) => (options.faults ?? []).map(({ type }) => type));
    expect([...new Set(types)].sort()).toEqual(
      ['calm', 'crash', 'crash-at-act', 'flood', 'leave', 'link', 'partition', 'pause', 'silence'].sort(),
    );
  });
});

describe('swarm: safety while anything goes, then progress of those who are left', () => {
  it.each([
    ['fixed seeds', fixed],
    [`fresh seeds from ${fresh}`, Array.from({ length: 3 }, (_, index) => fresh + index)],
  ])(
    '%s',
    (_, seeds) => {
      let rounds = 0;
      for (const seed of seeds) {
        const report = runSwarm(sum, keyring, seed, seeds === fixed ? undefined : 3 + (seed % 4));
        expect(report.violations, `seed ${seed}, ${report.plan.players} players`).toEqual([]);
        rounds += report.rounds;
      }
      expect(rounds).toBeGreaterThan(20 * seeds.length);
    },
    300_000,
  );
});
