import { describe, expect, it } from 'vitest';
import { defineGame } from '../../src/client/game.ts';
import { neo } from '../../src/client/options.ts';
import { keyring } from '../../src/keyring/node.ts';
import type { Cheat } from '../../src/sim/cheat.ts';
import { type SimulationOptions, type SimulationResult, simulate } from '../../src/sim/simulator.ts';

interface State {
  /** By seat how often it has played. */
  moves: number[];
  drawn: number[];
}

type Options = SimulationOptions<State, number>;

const tally = defineGame<State, number>({
  id: 'tally',
  version: 1,
  init: () => ({ moves: [], drawn: [] }),
  step: ({ drawn, moves }, { inputs, random }) => ({
    moves: inputs.map((input, seat) => (moves[seat] ?? 0) + (input === null ? 0 : 1)),
    drawn: [...drawn, random(1000)].slice(-3),
  }),
  legal: (_state, player, input) => input === player + 1,
});

/** Decisions take 12 rounds to act; 25 rounds of silence remove a player. */
const protocol = neo({ roundMs: 50, arrivalMaxMs: 100, silentRounds: 25 });

function play(options: Partial<Options>): SimulationResult<State> {
  return simulate(tally, {
    keyring,
    protocol,
    input: ({ player }) => player + 1,
    network: { delayMs: 20, jitterMs: 10, loss: 0.05 },
    limitMs: 30_000,
    ...options,
  });
}

function movesOf({ players }: SimulationResult<State>, seat: number): number {
  return players[0]?.state?.moves[seat] ?? 0;
}

/** Changes the last byte of every datagram as long as a part of a snapshot that goes to seat 4. */
const forger: Cheat = {
  name: 'forged snapshot',
  begin: () => ({
    outgoing(to, datagram) {
      if (to !== 4 || datagram.length < 1000) return [[to, datagram]];
      const forged = datagram.slice();
      forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
      return [[to, forged]];
    },
    incoming: (from, datagram) => [[from, datagram]],
  }),
};

describe('a player that comes to a running match', () => {
  it('plays along, and all agree', () => {
    const result = play({ rounds: 150, seed: 5, newcomers: [{ atMs: 3000 }] });
    expect(result.violations).toEqual([]);
    expect(result.agreed).toBe(true);
    expect(result.players).toHaveLength(5);
    expect(movesOf(result, 4)).toBeGreaterThan(20);
    expect(result.evidence).toEqual([]);
  }, 120_000);

  it('goes on from its log after a crash', () => {
    const faults = [{ atMs: 3600, type: 'crash', player: 4, downMs: 300 }] as const;
    const result = play({ rounds: 110, seed: 6, newcomers: [{ atMs: 1500 }], faults });
    expect(result.violations).toEqual([]);
    expect(result.agreed).toBe(true);
    expect(movesOf(result, 4)).toBeGreaterThan(20);
    expect(result.players[4]?.ended).toBeNull();
  }, 120_000);

  it('asks on when it crashes before it has a snapshot', () => {
    const faults = [{ atMs: 1550, type: 'crash', player: 4, downMs: 200 }] as const;
    const result = play({ rounds: 90, seed: 7, newcomers: [{ atMs: 1500 }], faults });
    expect(result.violations).toEqual([]);
    expect(result.agreed).toBe(true);
    expect(movesOf(result, 4)).toBeGreaterThan(10);
  }, 120_000);

  it('may be one that lost its log and comes back with a new key', () => {
    const faults = [{ atMs: 1000, type: 'crash', player: 3, downMs: Number.POSITIVE_INFINITY }] as const;
    const result = play({ rounds: 110, seed: 8, newcomers: [{ atMs: 1300 }], faults });
    expect(result.violations).toEqual([]);
    expect(result.agreed).toBe(true);
    expect(movesOf(result, 4)).toBeGreaterThan(20);
    expect(movesOf(result, 3)).toBeLessThan(40);
  }, 120_000);

  it('may be the first of several', () => {
    const result = play({ rounds: 130, seed: 9, players: 3, newcomers: [{ atMs: 1000 }, { atMs: 3000 }] });
    expect(result.violations).toEqual([]);
    expect(result.agreed).toBe(true);
    expect(movesOf(result, 3)).toBeGreaterThan(30);
    expect(movesOf(result, 4)).toBeGreaterThan(20);
  }, 120_000);

  it('is let down by nobody as long as one member hands over what is true', () => {
    const cheats = { 0: forger, 1: forger, 2: forger };
    const result = play({ rounds: 120, seed: 10, newcomers: [{ atMs: 1500 }], cheats });
    expect(result.agreed).toBe(true);
    expect(result.players[4]?.refused.snapshot).toBeGreaterThan(0);
    expect(movesOf(result, 4)).toBeGreaterThan(10);
    expect(result.players[4]?.stateHash).toBe(result.players[3]?.stateHash);
  }, 120_000);
});
