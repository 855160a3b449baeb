import { describe, expect, it } from 'vitest';
import { prng } from '../../src/base/prng.ts';
import { keyring } from '../../src/keyring/node.ts';
import { replayTrace } from '../../src/sim/replay.ts';
import { type SimulatedFault, type SimulationOptions, simulate } from '../../src/sim/simulator.ts';
import { type SumState, sum } from './games.ts';

type Options = SimulationOptions<SumState, number>;
const base: Options = { keyring, input: ({ random }) => random(1000) };

describe('loss, delay, jitter, duplication and reordering', () => {
  it('four players, 20 % loss, 2,000 rounds: all agree', () => {
    const network = { delayMs: 30, jitterMs: 25, loss: 0.2, duplicate: 0.1 };
    const result = simulate(sum, { ...base, players: 4, rounds: 2000, seed: 20, network });
    expect(result.violations).toEqual([]);
    expect(result).toMatchObject({ agreed: true, rounds: 2000, evidence: [] });
    expect(new Set(result.players.map(({ stateHash }) => stateHash)).size).toBe(1);
  });

  it('sixteen players', () => {
    const result = simulate(sum, {
      ...base,
      players: 16,
      rounds: 10,
      seed: 4,
      network: { loss: 0.05, jitterMs: 5 },
    });
    expect(result).toMatchObject({ agreed: true, rounds: 10, violations: [] });
  });

  it('without loss nothing is sent twice: two waves of n - 1 datagrams a round, and acknowledgements', () => {
    const result = simulate(sum, { ...base, players: 4, rounds: 200, seed: 5 });
    const waves = 200 * 2 * 4 * 3;
    expect(result.agreed).toBe(true);
    expect(result.sent.datagrams).toBeGreaterThanOrEqual(waves);
    expect(result.sent.datagrams).toBeLessThan(waves * 1.2);
  });

  it('a round takes two one-way delays', () => {
    const result = simulate(sum, { ...base, players: 4, rounds: 100, seed: 6, network: { delayMs: 50 } });
    expect(result.virtualMs).toBeLessThan(101 * 100 + 500);
    expect(result.virtualMs).toBeGreaterThanOrEqual(100 * 100);
  });
});

describe('traces', () => {
  const options: Options = {
    ...base,
    players: 3,
    rounds: 40,
    seed: 9,
    trace: 'lines',
    network: { loss: 0.1, jitterMs: 15, duplicate: 0.1 },
    faults: [
      { type: 'crash', atMs: 500, player: 1, downMs: 300 },
      { type: 'crash-at-act', player: 2, act: 333, downMs: 200 },
      { type: 'partition', atMs: 1500, groups: [[0, 1], [2]], forMs: 700 },
    ],
  };

  it('are the same for the same seed, and differ for another', () => {
    const first = simulate(sum, options);
    const second = simulate(sum, options);
    const other = simulate(sum, { ...options, seed: 10 });
    expect(first.agreed).toBe(true);
    expect(second.trace).toEqual(first.trace);
    expect(other.trace?.digest).not.toBe(first.trace?.digest);
  });

  it('replay to the byte, through crashes and restarts', () => {
    const { trace } = simulate(sum, options);
    expect(replayTrace(sum, options, trace?.lines ?? [])).toBeNull();
  });

  it('show where a replay differs', () => {
    const { trace } = simulate(sum, options);
    const lines = [...(trace?.lines ?? [])];
    const at = lines.findIndex((line) => line.includes(' > input '));
    lines[at] = `${lines[at]}00`;
    const divergence = replayTrace(sum, options, lines);
    expect(divergence?.line).toBeGreaterThan(at);
  });
});

describe('crash and restart', () => {
  it('at every point of a round: nobody ever says a second thing, and play goes on', () => {
    const fixed: Options = { ...base, players: 3, rounds: 6, seed: 2, network: { delayMs: 10 } };
    let crashes = 0;
    for (let act = 1; act <= 120; act++) {
      const faults: SimulatedFault[] = [{ type: 'crash-at-act', player: 1, act, downMs: 50 }];
      const result = simulate(sum, { ...fixed, faults });
      expect(result.violations, `act ${act}`).toEqual([]);
      expect(result.evidence, `act ${act}`).toEqual([]);
      expect(result.rounds, `act ${act}`).toBe(6);
      if (result.players[1]?.rounds === 6) crashes++;
    }
    expect(crashes).toBe(120);
  });

  it('of everybody, one after the other and all at once', () => {
    const crash = (player: number, atMs: number): SimulatedFault => ({
      type: 'crash',
      player,
      atMs,
      downMs: 250,
    });
    const faults = [
      crash(0, 300),
      crash(1, 700),
      crash(2, 1100),
      crash(3, 1101),
      crash(0, 2000),
      crash(1, 2000),
    ];
    faults.push(crash(2, 2000), crash(3, 2000));
    const result = simulate(sum, {
      ...base,
      players: 4,
      rounds: 60,
      seed: 8,
      faults,
      network: { loss: 0.05 },
    });
    expect(result).toMatchObject({ agreed: true, rounds: 60, violations: [], evidence: [] });
  });

  it('of a player that comes back after the others have stalled: no removal without their wish', () => {
    const faults: SimulatedFault[] = [{ type: 'crash', player: 0, atMs: 400, downMs: 6000 }];
    const result = simulate(sum, { ...base, players: 3, rounds: 30, seed: 3, faults });
    expect(result).toMatchObject({ agreed: true, rounds: 30, violations: [] });
    expect(result.stalls.length).toBeGreaterThan(0);
    for (const { waitingFor } of result.stalls) expect(waitingFor).toEqual([0]);
  });
});

describe('going on without players', () => {
  it('one after the other falls silent for good: the others wish, agree and go on, down to two', () => {
    const gone = (player: number, atMs: number): SimulatedFault => ({
      type: 'crash',
      player,
      atMs,
      downMs: Number.POSITIVE_INFINITY,
    });
    const faults = [gone(0, 500), gone(3, 4000), gone(1, 8000)];
    const result = simulate(sum, { ...base, players: 5, rounds: 150, seed: 6, faults, onStall: 'remove' });
    expect(result.violations).toEqual([]);
    expect(result).toMatchObject({ agreed: true, rounds: 150, evidence: [] });
  });

  it('never at two by silence: the other stalls and waits', () => {
    const faults: SimulatedFault[] = [
      { type: 'crash', player: 0, atMs: 500, downMs: Number.POSITIVE_INFINITY },
    ];
    const result = simulate(sum, {
      ...base,
      players: 2,
      rounds: 50,
      seed: 6,
      faults,
      onStall: 'remove',
      limitMs: 20_000,
    });
    expect(result.rounds).toBeLessThan(50);
    expect(result.players[1]?.ended).toBeNull();
    expect(result.stalls.every(({ waitingFor }) => waitingFor.join() === '0')).toBe(true);
  });

  it('one that leaves is gone at once, without a stall', () => {
    const faults: SimulatedFault[] = [{ type: 'leave', player: 2, atMs: 600 }];
    const result = simulate(sum, { ...base, players: 4, rounds: 60, seed: 7, faults });
    expect(result).toMatchObject({ agreed: true, rounds: 60, violations: [], stalls: [] });
    expect(result.players[2]?.ended).toBe('left');
  });

  it('at two, who is left alone ends the match', () => {
    const faults: SimulatedFault[] = [{ type: 'leave', player: 0, atMs: 600 }];
    const result = simulate(sum, { ...base, players: 2, rounds: 60, seed: 7, faults, limitMs: 10_000 });
    expect(result.players.map(({ ended }) => ended)).toEqual(['left', 'alone']);
  });
});

/** Options of one swarm run: each fault now off, now extreme, all from one seed. */
function swarm(seed: number): Options {
  const random = prng(seed).split('swarm');
  const players = 2 + random.below(5);
  const chance = (share: number): number => (random.unit() < 0.5 ? 0 : random.unit() * share);
  const faults: SimulatedFault[] = [];
  for (let i = random.below(4); i > 0; i--) {
    faults.push({
      type: 'crash',
      player: random.below(players),
      atMs: random.below(4000),
      downMs: 50 + random.below(1500),
    });
  }
  for (let i = random.below(3); i > 0; i--) {
    const cut = 1 + random.below(players - 1);
    const seats = Array.from({ length: players }, (_, seat) => seat);
    const groups = [seats.slice(0, cut), seats.slice(cut)];
    faults.push({ type: 'partition', atMs: random.below(4000), groups, forMs: random.below(2500) });
  }
  const network = {
    delayMs: random.below(120),
    jitterMs: random.unit() < 0.5 ? 0 : random.below(150),
    loss: chance(0.4),
    duplicate: chance(0.5),
  };
  return { ...base, players, rounds: 40, seed, faults, network };
}

describe('swarm', () => {
  const fresh = Math.floor(Math.random() * 0x7fffffff);
  const seeds = [
    ...Array.from({ length: 40 }, (_, index) => 1000 + index),
    ...Array.from({ length: 20 }, (_, index) => fresh + index),
  ];

  it(`safety, then progress, for fixed seeds and for fresh ones from ${fresh}`, () => {
    for (const seed of seeds) {
      const result = simulate(sum, swarm(seed));
      expect(result.violations, `seed ${seed}`).toEqual([]);
      expect(result.evidence, `seed ${seed}`).toEqual([]);
      expect(result.agreed, `seed ${seed}`).toBe(true);
      expect(result.rounds, `seed ${seed}`).toBe(40);
    }
  });
});
