import { describe, expect, it } from 'vitest';
import { replayTrace, type SimulatedFault, simulate } from '../../src/sim/simulator.ts';
import { sum } from './games.ts';
import { forGood, neoMatch } from './neo-terms.ts';

const gone = (player: number, atMs: number): SimulatedFault => ({
  type: 'crash',
  player,
  atMs,
  downMs: forGood,
});

describe('a match of neo', () => {
  it.each([2, 3, 4, 7])(
    '%i players, all is well: equal finals, nobody waits, nobody is accused',
    (players) => {
      const result = simulate(sum, neoMatch({ players, rounds: 25, seed: players }));
      expect(result).toMatchObject({ agreed: true, violations: [], evidence: [], stalls: [], rollbacks: 0 });
      expect(result.rounds).toBeGreaterThanOrEqual(25);
      expect(new Set(result.players.map(({ stateHash }) => stateHash)).size).toBe(1);
      const total = result.players[0]?.state?.total;
      expect(total).toBeTypeOf('number');
      for (const { state } of result.players) expect(state?.total).toBe(total);
    },
  );

  it('with loss, jitter, duplication and clocks apart', () => {
    const network = { delayMs: 20, jitterMs: 30, loss: 0.15, duplicate: 0.1 };
    const clocks = { 0: { offsetMs: 900, driftPpm: 100 }, 2: { offsetMs: 50, driftPpm: -100 } };
    const result = simulate(sum, neoMatch({ players: 4, rounds: 50, seed: 3, network, clocks }));
    expect(result).toMatchObject({ agreed: true, violations: [], evidence: [] });
  });

  it('replays to the byte, through crashes, pauses and clocks', () => {
    const options = neoMatch({
      players: 3,
      rounds: 25,
      seed: 9,
      trace: 'lines',
      clocks: { 1: { offsetMs: 40, driftPpm: 200 } },
      network: { loss: 0.1, jitterMs: 15 },
      faults: [
        { type: 'crash', atMs: 600, player: 1, downMs: 300 },
        { type: 'pause', atMs: 700, player: 2, forMs: 200 },
        { type: 'crash-at-act', player: 0, act: 333, downMs: 100 },
      ],
    });
    const result = simulate(sum, options);
    expect(result.agreed).toBe(true);
    expect(replayTrace(sum, options, result.trace?.lines ?? [])).toBeNull();
  });
});

describe('a player that stops', () => {
  it('before any thing it does and comes back: it never says a second thing, and play goes on', () => {
    for (let act = 1; act <= 300; act += 19) {
      const faults: SimulatedFault[] = [{ type: 'crash-at-act', player: 1, act, downMs: 60 }];
      const result = simulate(sum, neoMatch({ players: 4, rounds: 8, seed: 2, faults }));
      expect(result, `act ${act}`).toMatchObject({ agreed: true, violations: [], evidence: [] });
    }
  });

  it('for a moment, while the others go on: it catches up and nobody is out', () => {
    const faults: SimulatedFault[] = [{ type: 'pause', player: 2, atMs: 800, forMs: 500 }];
    const result = simulate(sum, neoMatch({ players: 4, rounds: 60, seed: 4, faults }));
    expect(result).toMatchObject({ agreed: true, violations: [], evidence: [] });
    expect(result.players.map(({ ended }) => ended)).toEqual([null, null, null, null]);
  });

  it('one after the other for good, from eight down to two: the game goes on after each', () => {
    const faults = [0, 1, 2, 3, 4, 5].map((player) => gone(player, 1500 + 2500 * player));
    const options = neoMatch({ players: 8, rounds: 330, seed: 6, faults, limitMs: 60_000 });
    const result = simulate(sum, options);
    expect(result).toMatchObject({ agreed: true, violations: [], evidence: [] });
    for (const player of [6, 7]) expect(result.players[player]?.rounds).toBeGreaterThanOrEqual(330);
  }, 300_000);

  it('one of two: the other stalls and names it', () => {
    const result = simulate(
      sum,
      neoMatch({ players: 2, rounds: 200, seed: 6, faults: [gone(0, 800)], limitMs: 8000 }),
    );
    expect(result.violations).toEqual([]);
    expect(result.rounds).toBeLessThan(200);
    expect(result.players[1]?.ended).toBeNull();
    expect(result.stalls.length).toBeGreaterThan(0);
    for (const { by, waitingFor } of result.stalls) expect([by, waitingFor]).toEqual([1, [0]]);
  });

  it('one that leaves is gone, and the others play on', () => {
    const faults: SimulatedFault[] = [{ type: 'leave', player: 2, atMs: 700 }];
    const result = simulate(sum, neoMatch({ players: 4, rounds: 60, seed: 7, faults }));
    expect(result).toMatchObject({ agreed: true, violations: [], evidence: [] });
    expect(result.players.map(({ ended }) => ended)).toEqual([null, null, 'left', null]);
  });
});

describe('an outage', () => {
  it.each([2, 3, 4, 6])('3 s of silence of everybody: then all %i play on, and nobody is out', (players) => {
    const faults: SimulatedFault[] = [{ type: 'silence', atMs: 1000, forMs: 3000 }];
    const result = simulate(sum, neoMatch({ players, rounds: 90, seed: players, faults }));
    expect(result).toMatchObject({ agreed: true, violations: [], evidence: [] });
    expect(result.players.every(({ ended, rounds }) => ended === null && rounds >= 90)).toBe(true);
    expect(result.virtualMs).toBeLessThan(16_000);
  });

  it('a partition without a quorum on either side: nobody decides, and then all go on', () => {
    const groups = [
      [0, 1],
      [2, 3],
    ];
    const faults: SimulatedFault[] = [{ type: 'partition', atMs: 1000, groups, forMs: 2500 }];
    const result = simulate(sum, neoMatch({ players: 4, rounds: 100, seed: 8, faults }));
    expect(result).toMatchObject({ agreed: true, violations: [], evidence: [] });
    expect(result.players.every(({ ended }) => ended === null)).toBe(true);
  });

  it('one direction of one link: relays carry what it loses', () => {
    const faults: SimulatedFault[] = [{ type: 'link', from: 0, to: 1, loss: 1, atMs: 500, forMs: 100_000 }];
    const result = simulate(sum, neoMatch({ players: 4, rounds: 40, seed: 5, faults }));
    expect(result).toMatchObject({ agreed: true, violations: [], evidence: [] });
    expect(result.players.every(({ ended }) => ended === null)).toBe(true);
  });
});

describe('a flood', () => {
  it('of 50,000 junk datagrams a second at one player: it keeps its rounds, and counts refusals', () => {
    const faults: SimulatedFault[] = [{ type: 'flood', to: 1, atMs: 800, forMs: 500, perSecond: 50_000 }];
    const result = simulate(sum, neoMatch({ players: 4, rounds: 40, seed: 11, faults }));
    expect(result).toMatchObject({ agreed: true, violations: [], evidence: [], stalls: [] });
    const refused = Object.values(result.players[1]?.refused ?? {}).reduce((all, some) => all + some, 0);
    expect(refused).toBeGreaterThan(20_000);
    expect(result.virtualMs).toBeLessThan(40 * 50 + 1000);
  }, 120_000);
});
