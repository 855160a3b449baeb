import { describe, expect, it } from 'vitest';
import { check } from '../../proofs/check.ts';
import { configurations } from '../../proofs/configurations.ts';
import { shipped } from '../../proofs/engine.ts';

describe('the shipped lockstep machine, explored', () => {
  for (const configuration of configurations.filter(({ deep = false }) => !deep)) {
    it(configuration.name, () => {
      const { verdicts } = check(shipped, configuration);
      expect(verdicts.filter(({ failure }) => failure !== null)).toEqual([]);
      expect(verdicts.length).toBe(configuration.claims.length + 1);
    });
  }

  it('has a name for each configuration', () => {
    const names = configurations.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});
