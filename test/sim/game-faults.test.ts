import { describe, expect, it } from 'vitest';
import { defineGame } from '../../src/client/game.ts';
import { keyring } from '../../src/keyring/node.ts';
import { simulate } from '../../src/sim/simulator.ts';

interface Counter {
  value: number;
  counted: (number | null)[];
}

describe('a game that is at fault', () => {
  it('whose step is not the same for all is noticed with its round, and convicts nobody', () => {
    let calls = 0;
    const game = defineGame<Counter, number>({
      id: 'counter',
      version: 1,
      init: () => ({ value: 0, counted: [] }),
      step: ({ value }, { round }) => ({ value: value + (round === 5 ? calls++ : 1), counted: [] }),
    });
    const result = simulate(game, { players: 3, rounds: 8, keyring, input: () => 1 });
    expect(result.evidence).toEqual([]);
    expect(result.rounds).toBe(8);
    expect(result.agreed).toBe(false);
    expect(result.desyncs.map(({ round }) => round)).toContain(5);
    expect(Math.min(...result.desyncs.map(({ round }) => round))).toBe(5);
    for (const { by, players } of result.desyncs) expect(players).not.toContain(by);
  });
});

describe('an input that is not legal', () => {
  it('counts as none for everybody, judged on the state before the round', () => {
    const game = defineGame<Counter, number>({
      id: 'legal',
      version: 1,
      init: () => ({ value: 0, counted: [] }),
      step: ({ value }, { inputs }) => ({ value: value + 1, counted: [...inputs] }),
      legal: ({ value }, player, input) => player !== 1 || input > value,
    });
    const result = simulate(game, {
      players: 3,
      rounds: 6,
      keyring,
      input: ({ player }) => (player === 1 ? 3 : 9),
    });
    expect(result.agreed).toBe(true);
    expect(result.evidence).toEqual([]);
    expect(result.players[0]?.state).toEqual({ value: 6, counted: [9, null, 9] });
  });
});
