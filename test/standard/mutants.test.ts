/** A library with one rule changed is no longer the one of the page, and the checker says in what. */

import { afterAll, describe, expect, it } from 'vitest';
import type { Simulation } from '../../src/sim/simulation.ts';
import { type Edit, Mutant, removeMutants } from '../mutants/mutant.ts';
import { type Options, playNeo, watchNeo } from './match-neo.ts';

const lossy: Options = {
  players: 3,
  rounds: 15,
  limitMs: 6000,
  network: { delayMs: 15, jitterMs: 30, loss: 0.15, duplicate: 0.05 },
};
const calm: Options = { rounds: 15, limitMs: 4000 };
const leaving: Options = { ...calm, rounds: 30, faults: [{ atMs: 300, type: 'leave', player: 2 }] };

const mutants: readonly (Edit & { readonly found: string; readonly options: Options })[] = [
  {
    found: 'early-opening',
    options: lossy,
    file: 'protocol/neo/gate.ts',
    find: '  return seatsOf(remove(members, me)).every((author) => {',
    replace: '  return seatsOf(remove(members, me)).some((author) => {',
  },
  {
    found: 'state',
    options: calm,
    file: 'protocol/neo/digest.ts',
    find: "hash('state', state.stateHash, protocolDigest(state), state.log.epochId)",
    replace: "hash('state', state.stateHash, protocolDigest(state))",
  },
  {
    found: 'state',
    options: calm,
    file: 'protocol/neo/seeds.ts',
    find: "return hash('seed', judged, Uint8Array.of(round >>> 24, round >>> 16, round >>> 8, round));",
    replace: 'return judged;',
  },
  {
    found: 'epoch',
    options: leaving,
    file: 'protocol/neo/log-state.ts',
    find: 'epoch: changed ? log.epoch + 1 : log.epoch,',
    replace: 'epoch: log.epoch,',
  },
  {
    found: 'forgotten',
    options: lossy,
    file: 'protocol/neo/contest.ts',
    find: 'const certified = contest.best.filter((each) => each !== null);',
    replace: 'const certified = contest.best.filter((each) => each === undefined) as never[];',
  },
  {
    found: 'values',
    options: calm,
    file: 'crypto/commitment.ts',
    find: "return hash('vector', Uint8Array.of(commitments.length), ...commitments);",
    replace: "return hash('vector', ...commitments);",
  },
];

afterAll(removeMutants);

describe('the checker', () => {
  it.each(mutants)('finds $found in a library with another $file', async ({ found, options, ...edit }) => {
    const mutant = new Mutant(`standard ${found} ${edit.file}`, [edit]);
    const changed = await mutant.load<{ Simulation: typeof Simulation }>('sim/simulation.ts');
    const watcher = watchNeo(playNeo(options, changed.Simulation).sent);
    expect(watcher.deviations.map(({ deviation }) => deviation)).toContain(found);
  });

  it('finds nothing in the library as it is', () => {
    for (const options of [lossy, leaving]) {
      expect(watchNeo(playNeo(options).sent).deviations).toEqual([]);
    }
  });
});
