import { describe, expect, it } from 'vitest';
import { defineGame, type GameDefinition } from '../../src/client/game.ts';
import { type SyncTestOptions, syncTest } from '../../src/client/synctest.ts';
import type { Game } from '../../src/protocol/game.ts';

interface Player {
  x: number;
  hp: number;
}
interface Arena {
  tick: number;
  players: Player[];
}
interface Move {
  dx: number;
}

/** A game as it should be. */
const arena: GameDefinition<Arena, Move> = {
  id: 'arena',
  version: 1,
  init: ({ players, random }) => ({
    tick: 0,
    players: Array.from({ length: players }, () => ({ x: random(100), hp: 100 })),
  }),
  step(state, { inputs, random }) {
    state.tick++;
    state.players.forEach((player, i) => {
      player.x += inputs[i]?.dx ?? 0;
      if (random(4) === 0) player.hp -= random(3);
    });
    return state;
  },
  legal: (_state, _player, { dx }) => Number.isInteger(dx) && Math.abs(dx) <= 5,
};

const options: SyncTestOptions<Arena, Move> = { rounds: 30, input: ({ random }) => ({ dx: random(11) - 5 }) };

/** The clean game with some parts replaced. */
function arenaWith(parts: Partial<GameDefinition<Arena, Move>>): Game<Arena, Move> {
  return defineGame({ ...arena, ...parts });
}

/** The clean game, with something else done to the state at the end of each step. */
function runFor(
  change: (state: Arena, round: number, inputs: readonly (Move | null)[]) => void,
): Game<Arena, Move> {
  return arenaWith({
    step(state, context) {
      const next = arena.step(state, context);
      change(next, context.round, context.inputs);
      return next;
    },
  });
}

describe('syncTest passes a clean game', () => {
  it('and reports what was played', async () => {
    const game = defineGame(arena);
    const report = await syncTest(game, options);
    expect(report).toEqual({ rounds: 30, inputs: 60, stateHash: expect.any(Uint8Array) });
    expect(await syncTest(game, options)).toEqual(report);
    expect((await syncTest(game, { ...options, seed: 2 })).stateHash).not.toEqual(report.stateHash);
  });

  it('with defaults only: 200 rounds of null inputs, and says that none counted', async () => {
    const played: unknown[] = [];
    const report = await syncTest(runFor((_state, round, inputs) => played.push([round, ...inputs])));
    expect(report.rounds).toBe(200);
    expect(report.inputs).toBe(0);
    expect(played).toContainEqual([200, null, null]);
  });

  it.each([1, 7, 30, 31, 1000])('whatever the distance: %i', async (checkDistance) => {
    const steps: number[] = [];
    await syncTest(
      runFor((_state, round) => steps.push(round)),
      { ...options, checkDistance },
    );
    // Each round once in each of three copies.
    expect(steps.toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 90 }, (_, i) => 1 + Math.floor(i / 3)),
    );
  });

  it('makes inputs from a copy of the state before the round, for each player and round anew', async () => {
    const seen: unknown[] = [];
    await syncTest(defineGame(arena), {
      rounds: 2,
      players: 3,
      input({ state, player, round, random }) {
        seen.push([player, round, state.tick]);
        state.players.length = 0;
        return player === 2 ? null : { dx: random(2) };
      },
    });
    expect(seen).toEqual([
      [0, 1, 0],
      [1, 1, 0],
      [2, 1, 0],
      [0, 2, 1],
      [1, 2, 1],
      [2, 2, 1],
    ]);
  });

  it('that returns new states instead of changing the old one, or has codecs of its own', async () => {
    const game = defineGame<{ readonly n: Uint32Array }, number>({
      id: 'counter',
      version: 1,
      init: () => ({ n: new Uint32Array(2) }),
      step: ({ n }, { inputs }) => ({ n: n.map((count, i) => count + (inputs[i] ?? 0)) }),
      input: { encode: (input) => Uint8Array.of(input), decode: (bytes) => bytes[0] },
      state: {
        encode: ({ n }) => new Uint8Array(n.buffer),
        decode: (bytes) => ({ n: new Uint32Array(bytes.buffer) }),
      },
    });
    expect((await syncTest(game, { input: ({ random }) => random(9) })).inputs).toBe(400);
  });

  it('with illegal inputs, which do not count', async () => {
    const report = await syncTest(defineGame(arena), {
      rounds: 10,
      input: ({ player }) => ({ dx: 5 + player }),
    });
    expect(report.inputs).toBe(10);
  });
});

describe('syncTest finds what makes copies differ, and says where', () => {
  it('Math.random', async () => {
    const game = runFor((state) => {
      (state.players[1] as Player).x += Math.floor(Math.random() * 2 ** 40);
    });
    await expect(syncTest(game, options)).rejects.toThrow(
      /^round 1: players\[1\]\.x: \d+ vs \d+ \(second run\)$/,
    );
  });

  it.each([
    ['Date.now', () => Date.now() % 1000],
    ['new Date', () => new Date().getSeconds()],
    ['Date()', () => Number(Date().replace(/\D/g, '').slice(-12, -4))],
    ['performance.now', () => Math.floor(performance.now())],
  ])('the clock: %s', async (_name, read) => {
    const game = runFor((state) => {
      state.tick = read();
    });
    await expect(syncTest(game, options)).rejects.toThrow(/^round 1: tick: \d+ vs \d+ \(second run\)$/);
  });

  it('the clock in init', async () => {
    const init: typeof arena.init = (context) => ({ ...arena.init(context), tick: Date.now() });
    await expect(syncTest(arenaWith({ init }), options)).rejects.toThrow(
      /^round 0: tick: \d+ vs \d+ \(second run\)$/,
    );
  });

  it('memory outside of the state: a counter', async () => {
    let calls = 0;
    const game = runFor((state) => {
      state.tick = ++calls;
    });
    await expect(syncTest(game, options)).rejects.toThrow('round 1: tick: 1 vs 2 (second run)');
  });

  it('memory outside of the state that two runs side by side do not show', async () => {
    let latest = 0;
    const game = runFor((state, round) => {
      latest = Math.max(latest, round);
      state.tick = latest;
    });
    await expect(syncTest(game, { ...options, checkDistance: 5 })).rejects.toThrow(
      'round 1: tick: 1 vs 5 (re-run from the snapshot of round 0)',
    );
  });

  it('memory outside of the state that shows late', async () => {
    let latest = 0;
    const game = runFor((state, round) => {
      latest = Math.max(latest, round);
      if (latest >= 20) (state.players[0] as Player).hp = 7;
    });
    await expect(syncTest(game, options)).rejects.toThrow(
      /^round 17: players\[0\]\.hp: \d+ vs 7 \(re-run from the snapshot of round 16\)$/,
    );
  });

  it('memory kept beside a state object, which a snapshot does not have', async () => {
    const marks = new WeakMap<object, number>();
    const game = runFor((state) => {
      marks.set(state, (marks.get(state) ?? 0) + 1);
      state.tick = marks.get(state) as number;
    });
    await expect(syncTest(game, options)).rejects.toThrow(
      'round 9: tick: 9 vs 1 (re-run from the snapshot of round 8)',
    );
  });

  it('the order of keys', async () => {
    const game = defineGame<{ units: Record<string, number>; first: string }, null>({
      id: 'order',
      version: 1,
      init: () => ({ units: { zoe: 1, adam: 2 }, first: '' }),
      step(state) {
        state.first = Object.keys(state.units)[0] as string;
        return state;
      },
    });
    await expect(syncTest(game)).rejects.toThrow(
      'round 1: first: "zoe" vs "adam" (re-run from the snapshot of round 0)',
    );
  });

  it('one object in two places', async () => {
    const game = defineGame<{ king: { hp: number }; units: { hp: number }[] }, null>({
      id: 'shared',
      version: 1,
      init() {
        const king = { hp: 10 };
        return { king, units: [king] };
      },
      step(state) {
        state.king.hp--;
        return state;
      },
    });
    await expect(syncTest(game)).rejects.toThrow(
      'round 1: units[0].hp: 9 vs 10 (re-run from the snapshot of round 0)',
    );
  });

  it('a state that is not plain data', async () => {
    const game = runFor((state, round) => {
      if (round === 4) (state.players[1] as Player).x /= 3.5;
    });
    await expect(syncTest(game, options)).rejects.toThrow(
      /^round 4: players\[1\]\.x: -?\d+\.\d+ is not an integer/,
    );
    const map = runFor((state) => Object.assign(state, { seen: new Map() }));
    await expect(syncTest(map, options)).rejects.toThrow('round 1: seen: Map is not plain data');
  });

  it('an input changed by step', async () => {
    const game = runFor((_state, round, inputs) => {
      if (round === 3) (inputs[1] as Move).dx = 77;
    });
    await expect(syncTest(game, options)).rejects.toThrow(
      /^round 3: dx: -?\d+ vs 77 \(step changed the input of player 1; copy it first\)$/,
    );
  });

  it('a state changed by legal', async () => {
    const legal = (state: Arena) => {
      state.tick += 10;
      return true;
    };
    await expect(syncTest(arenaWith({ legal }), options)).rejects.toThrow(
      'round 1: tick: 0 vs 10 (legal changed the state; it may only read it)',
    );
  });

  it('what init, step and input throw, with the round and the cause', async () => {
    const game = runFor((_state, round) => {
      if (round === 6) throw new TypeError('no target');
    });
    const failure = (await syncTest(game, options).catch((error: unknown) => error)) as Error;
    expect(failure.message).toBe('round 6: no target');
    expect(failure.cause).toBeInstanceOf(TypeError);
    const silent = arenaWith({ step: () => undefined as unknown as Arena });
    await expect(syncTest(silent, options)).rejects.toThrow('round 1: step returned undefined');
    const input = () => ({ dx: 0.5 });
    await expect(syncTest(defineGame(arena), { input })).rejects.toThrow(
      'round 1: dx: 0.5 is not an integer',
    );
  });

  it('codecs that do not give back what they got', async () => {
    const input = { encode: ({ dx }: Move) => Uint8Array.of(dx + 5), decode: () => ({ dx: 0 }) };
    await expect(syncTest(arenaWith({ input }), options)).rejects.toThrow(
      /^round \d+: the input of player \d does not decode to what was encoded; mend the input codec$/,
    );
    const blank = {
      encode: ({ tick }: Arena) => Uint8Array.of(tick),
      decode: () => ({ tick: 3, players: [] }),
    };
    await expect(syncTest(arenaWith({ state: blank }), options)).rejects.toThrow(
      /^round 1: .*\(decoded and encoded again\)$/,
    );
    const deaf = { encode: ({ tick }: Arena) => Uint8Array.of(tick), decode: () => undefined };
    await expect(syncTest(arenaWith({ state: deaf }), options)).rejects.toThrow('mend the state codec');
  });

  it('a difference in states of a codec: by the path if it is plain data, else by the byte', async () => {
    const text = { encode: (value: unknown) => new TextEncoder().encode(JSON.stringify(value)) };
    const json = {
      ...text,
      decode: (bytes: Uint8Array) => JSON.parse(new TextDecoder().decode(bytes)) as Arena,
    };
    let calls = 0;
    const step: typeof arena.step = (state, context) => ({ ...arena.step(state, context), tick: ++calls });
    await expect(syncTest(arenaWith({ state: json, step }), options)).rejects.toThrow(
      'round 1: tick: 1 vs 2 (second',
    );
    const cells = defineGame<Int8Array, null>({
      id: 'cells',
      version: 1,
      init: () => new Int8Array(4),
      step: (state) => state.with(2, ++calls),
      state: { encode: (state) => new Uint8Array(state), decode: (bytes) => new Int8Array(bytes) },
    });
    await expect(syncTest(cells)).rejects.toThrow(
      'round 1: state: the encoded bytes differ from index 2 on (second',
    );
  });
});

describe('syncTest leaves things as they were', () => {
  it('also when the game throws under the shifted clock', async () => {
    const before = [Date, Object.getOwnPropertyNames(performance)] as const;
    const shown: unknown[] = [];
    const game = runFor((_state, round) => {
      shown.push(new Date() instanceof Date, Date.UTC(2000, 0), new Date(5).getTime(), typeof Date());
      if (round === 2) throw new Error('stop');
    });
    await expect(syncTest(game, options)).rejects.toThrow('round 2: stop');
    expect(shown.slice(0, 8)).toEqual([true, 946684800000, 5, 'string', true, 946684800000, 5, 'string']);
    expect(Date).toBe(before[0]);
    expect(Object.getOwnPropertyNames(performance)).toEqual(before[1]);
  });
});

describe('syncTest refuses bad options, naming them', () => {
  it.each<[object, string]>([
    [{ players: 1 }, 'players must be an integer 2 .. 16; got 1'],
    [{ players: 17 }, 'players must be'],
    [{ rounds: 0 }, 'rounds must be'],
    [{ rounds: 1.5 }, 'rounds must be'],
    [{ seed: -1 }, 'seed must be'],
    [{ seed: '1' }, 'seed must be'],
    [{ checkDistance: 0 }, 'checkDistance must be'],
    [{ input: 'left' }, 'input must be a function'],
    [{ inputs: () => null }, 'unknown option inputs; there are players, rounds, seed, checkDistance, input'],
  ])('%o', async (bad, message) => {
    await expect(syncTest(defineGame(arena), bad)).rejects.toThrow(`syncTest: ${message}`);
  });
});
