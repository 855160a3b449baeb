import { describe, expect, it } from 'vitest';
import { type Climate, explore } from './explorer.ts';

/** More of them: `EXPLORE_FROM=1000 EXPLORE_TIMES=20`. */
const { EXPLORE_FROM = '1', EXPLORE_TIMES = '1' } = process.env;
const from = Number(EXPLORE_FROM);
const times = Number(EXPLORE_TIMES);

const climates: Readonly<Record<string, { readonly seeds: number; readonly climate: Climate }>> = {
  'in one round': { seeds: 50, climate: { rounds: 1, steps: 220, calm: 40, crashes: 0, lies: 10 } },
  'in one round, with crashes': {
    seeds: 60,
    climate: { rounds: 1, steps: 200, calm: 60, crashes: 3, lies: 8 },
  },
  'in two rounds, with crashes': {
    seeds: 25,
    climate: { rounds: 2, steps: 350, calm: 50, crashes: 2, lies: 6 },
  },
};

describe('three honest players and a liar, whatever comes whenever', () => {
  for (const [name, { climate, seeds }] of Object.entries(climates)) {
    it(`agree, never convict themselves and go on once all is calm ${name}`, {
      timeout: 60_000 * times,
    }, () => {
      const found: string[] = [];
      for (let seed = from; seed < from + seeds * times; seed++) {
        const faults = explore(seed, climate);
        if (faults.length > 0) found.push(`seed ${seed} of ${JSON.stringify(climate)}: ${faults.join('; ')}`);
      }
      expect(found).toEqual([]);
    });
  }
});
