import { describe, expect, expectTypeOf, it } from 'vitest';
import { toHex } from '../../src/base/bytes.ts';
import { defineGame, type GameDefinition } from '../../src/client/game.ts';
import { hash } from '../../src/crypto/hash.ts';
import type { Game } from '../../src/protocol/game.ts';
import { randomFrom } from '../../src/protocol/random.ts';
import { INPUT_BYTES_MAX } from '../../src/wire/limits.ts';
import { encodePlain } from '../../src/wire/plain.ts';

interface Place {
  x: number;
  moves: string[];
}
type Move = 'left' | 'right';

const walk: GameDefinition<Place, Move> = {
  id: 'walk',
  version: 3,
  init: ({ players }) => ({ x: 10 * players, moves: [] }),
  step(state, { inputs, round }) {
    for (const move of inputs) state.x += move === null ? 0 : move === 'left' ? -1 : 1;
    state.moves.push(`${round}: ${inputs.join()}`);
    return state;
  },
};
const seed = new Uint8Array(32).fill(7);

/** One round of a game with the inputs given as values. */
function round<State, Input>(
  game: Game<State, Input>,
  state: State,
  inputs: readonly (NoInfer<Input> | null)[],
) {
  return game.advance(state, { inputs: inputs.map((input) => game.encodeInput(input)), round: 1, seed });
}

describe('defineGame checks the definition and names the field', () => {
  it.each<[Record<string, unknown> | null, string]>([
    [null, 'definition must be an object'],
    [{ ...walk, id: '' }, 'id must be 1 to 64 characters of printable ASCII'],
    [{ ...walk, id: 'x'.repeat(65) }, 'id must be'],
    [{ ...walk, id: 'naïve' }, 'id must be'],
    [{ ...walk, id: 'a\n' }, 'id must be'],
    [{ ...walk, id: 7 }, 'id must be'],
    [{ ...walk, version: -1 }, 'version must be an integer 0 .. 2^32-1; got -1'],
    [{ ...walk, version: 1.5 }, 'version must be'],
    [{ ...walk, version: 2 ** 32 }, 'version must be'],
    [{ ...walk, version: '3' }, 'version must be'],
    [{ ...walk, init: undefined }, 'init must be a function'],
    [{ ...walk, step: 1 }, 'step must be a function'],
    [{ ...walk, legal: true }, 'legal must be a function'],
    [{ ...walk, legal: null }, 'legal must be a function'],
    [{ ...walk, input: {} }, 'input must be a codec'],
    [{ ...walk, input: { encode: () => seed } }, 'input must be a codec'],
    [{ ...walk, state: null }, 'state must be a codec'],
    [{ ...walk, leagl: () => false }, 'unknown field "leagl"; the fields are id, version, rules, init'],
    [{ ...walk, rules: { speed: 0.5 } }, 'rules.speed: 0.5 is not an integer'],
    [{ ...walk, rules: 0.5 }, 'rules: 0.5 is not an integer'],
    [{ ...walk, rules: 'x'.repeat(198) }, 'rules take 201 bytes, more than 200'],
  ])('%#: %o', (definition, message) => {
    const define = () => defineGame(definition as unknown as GameDefinition<Place, Move>);
    expect(define).toThrow(TypeError);
    expect(define).toThrow(message);
  });

  it('takes the extremes', () => {
    const rules = 'x'.repeat(197);
    expect(defineGame({ ...walk, id: ` ${'~'.repeat(63)}`, version: 2 ** 32 - 1, rules }).rules).toBe(rules);
    expect(defineGame({ ...walk, version: 0 }).version).toBe(0);
  });

  it('copies and freezes', () => {
    const rules = { map: 'arena', limits: [1, 2] };
    const game = defineGame({ ...walk, rules });
    rules.limits.push(3);
    expect(game.rules).toEqual({ map: 'arena', limits: [1, 2] });
    expect(Object.isFrozen(game)).toBe(true);
    expect(Object.isFrozen((game.rules as { limits: unknown }).limits)).toBe(true);
    expect(defineGame(walk).rules).toBeNull();
    expect(game.legal).toBeNull();
  });

  it('infers state and input, and keeps `this` of a definition that is a class', () => {
    const game = defineGame({
      id: 'inferred',
      version: 1,
      init: ({ players }) => ({ players }),
      step: (state, { inputs }: { inputs: readonly (Move | null)[] }) => ({
        players: state.players + inputs.length,
      }),
    });
    expectTypeOf(game).toEqualTypeOf<Game<{ players: number }, Move>>();

    class Doubling implements GameDefinition<number, null> {
      readonly id = 'doubling';
      readonly version = 1;
      readonly #factor = 2;
      init(): number {
        return 1;
      }
      step(state: number): number {
        return state * this.#factor;
      }
    }
    const doubling = defineGame(new Doubling());
    expect(round(doubling, doubling.start({ players: 2, seed }), [null, null]).state).toBe(2);
  });
});

describe('start and advance', () => {
  const game = defineGame(walk);

  it('begin with init, from the seed', () => {
    expect(game.start({ players: 3, seed })).toEqual({ x: 30, moves: [] });
    const drawing = defineGame({
      id: 'draw',
      version: 1,
      init: ({ seed, random }) => ({ seed, drawn: random.bytes(4) }),
      step: (state) => state,
    });
    expect(drawing.start({ players: 2, seed })).toEqual({ seed, drawn: randomFrom(seed).bytes(4) });
    expect(drawing.start({ players: 2, seed }).seed).not.toBe(seed);
    for (const players of [1, 17, 2.5]) expect(() => game.start({ players, seed })).toThrow(RangeError);
  });

  it('step once with the decoded inputs by seat, and answer with both', () => {
    const done = game.advance(game.start({ players: 3, seed }), {
      inputs: [game.encodeInput('left'), null, game.encodeInput('right')],
      round: 9,
      seed,
    });
    expect(done).toEqual({
      state: { x: 30, moves: ['9: left,,right'] },
      inputs: ['left', null, 'right'],
      illegal: [false, false, false],
    });
  });

  it('give the step random numbers of the seed', () => {
    const dice = defineGame({
      id: 'dice',
      version: 1,
      init: () => 0,
      step: (_: number, { random }) => random(2 ** 32),
    });
    expect(round(dice, 0, [null]).state).toBe(randomFrom(seed)(2 ** 32));
  });

  it('make null of bytes that are no input', () => {
    const good = game.encodeInput('left');
    const long = encodePlain(new Uint8Array(INPUT_BYTES_MAX));
    const inputs = [good, Uint8Array.of(99), new Uint8Array(0), long, encodePlain(null), good.subarray(1)];
    expect(game.advance({ x: 0, moves: [] }, { inputs, round: 1, seed }).inputs).toEqual([
      'left',
      ...new Array<null>(5).fill(null),
    ]);
  });

  it('make null of what is not legal in the state before the step, and of what legal throws at', () => {
    const seen: unknown[] = [];
    const strict = defineGame<Place, Move>({
      ...walk,
      legal(state, player, input) {
        seen.push([state.x, player, input]);
        if (player === 2) throw new Error('no such player');
        return state.x > 0 || input === 'right';
      },
    });
    expect(round(strict, { x: 0, moves: [] }, ['left', 'right', 'right', null]).inputs).toEqual([
      null,
      'right',
      null,
      null,
    ]);
    expect(seen).toEqual([
      [0, 0, 'left'],
      [0, 1, 'right'],
      [0, 2, 'right'],
    ]);
  });

  it('judge inputs on another state than the one that is stepped, if they are given one', () => {
    const strict = defineGame<Place, Move>({
      ...walk,
      legal: ({ x }, _, input) => x > 0 || input === 'right',
    });
    const inputs = [strict.encodeInput('left')];
    const at = (x: number): Place => ({ x, moves: [] });
    const counted = (x: number, judged: number) =>
      strict.advance(at(x), { inputs, round: 1, seed, judgedOn: at(judged) }).inputs;
    expect(counted(0, 5)).toEqual(['left']);
    expect(counted(5, 0)).toEqual([null]);
  });

  it('name who gave what is no input or not legal; none, and no bytes, are neither', () => {
    const legal = (_: Place, player: number): boolean => player !== 1;
    const game = defineGame<Place, Move>({ ...walk, legal });
    const left = game.encodeInput('left');
    const inputs = [left, left, Uint8Array.of(99), new Uint8Array(0), null];
    const { illegal } = game.advance({ x: 0, moves: [] }, { inputs, round: 1, seed });
    expect(illegal).toEqual([false, true, true, false, false]);
  });

  it('tell the step who is in the match; by default everybody', () => {
    const told: unknown[] = [];
    const game = defineGame<number, Move>({
      id: 'who',
      version: 1,
      init: () => 0,
      step(state, { members }) {
        told.push(members);
        return state;
      },
    });
    const inputs = [null, null];
    game.advance(0, { inputs, round: 1, seed });
    game.advance(0, { inputs, members: [true, false], round: 1, seed });
    expect(told).toEqual([
      [true, true],
      [true, false],
    ]);
  });

  it('take what is not a boolean as JavaScript does, so that no input can crash a group', () => {
    const owned = { '1': true } as Record<string, boolean>;
    const legal = (_state: Place, _player: number, input: Move) => owned[input] as boolean;
    expect(round(defineGame({ ...walk, legal }), { x: 0, moves: [] }, ['left']).inputs).toEqual([null]);
  });

  it('say what is wrong with what init, step and legal return', () => {
    const broken = (part: object) => {
      const game = defineGame({ ...walk, ...part } as unknown as GameDefinition<Place, Move>);
      return round(game, game.start({ players: 2, seed }), ['left', null]);
    };
    expect(() => broken({ init: () => undefined })).toThrow(
      'init returned undefined; it must return the state',
    );
    expect(() => broken({ step: () => undefined })).toThrow(
      'step returned undefined; it must return the state',
    );
    expect(() => broken({ step: async () => 1 })).toThrow('step returned a promise');
    expect(() => broken({ legal: async () => false })).toThrow('legal returned a promise');
    expect(() => broken({ step: () => undefined })).toThrow(TypeError);
  });
});

describe('inputs as bytes', () => {
  const game = defineGame(walk);

  it('are canonical plain data unless there is a codec', () => {
    expect(game.encodeInput('left')).toEqual(encodePlain('left'));
    expect(game.decodeInput(encodePlain('left'))).toEqual({ ok: true, input: 'left' });
  });

  it('are none for null', () => {
    expect(game.encodeInput(null).length).toBe(0);
    expect(game.decodeInput(new Uint8Array(0))).toEqual({ ok: false });
    expect(() => game.encodeInput(undefined as unknown as null)).toThrow('use null for none');
  });

  it('name the path of what is not plain, and the limit of what is too long', () => {
    const any = defineGame<number, unknown>({ id: 'any', version: 1, init: () => 0, step: (state) => state });
    expect(() => any.encodeInput({ aim: 0.5 })).toThrow('aim: 0.5 is not an integer');
    expect(() => any.encodeInput(0.5)).toThrow('input: 0.5 is not an integer');
    expect(any.encodeInput('x'.repeat(INPUT_BYTES_MAX - 3)).length).toBe(INPUT_BYTES_MAX);
    expect(() => any.encodeInput('x'.repeat(INPUT_BYTES_MAX - 2))).toThrow(RangeError);
    expect(() => any.encodeInput('x'.repeat(INPUT_BYTES_MAX - 2))).toThrow(
      'input: 513 bytes are more than 512',
    );
  });

  const oneByte = defineGame<Place, Move>({
    ...walk,
    input: {
      encode: (move) => Uint8Array.of(move === 'left' ? 0 : 1),
      decode(bytes) {
        if (bytes[0] === 9) throw new Error('nine');
        if (bytes[0] === 8) return undefined;
        return bytes[0] === 0 ? 'left' : 'right';
      },
    },
  });

  it('go through a codec, in its one encoding only', () => {
    expect(oneByte.encodeInput('right')).toEqual(Uint8Array.of(1));
    expect(oneByte.decodeInput(Uint8Array.of(1))).toEqual({ ok: true, input: 'right' });
    // 2 decodes to 'right' too, and 0,0 to 'left', but that is not how they are encoded.
    for (const bytes of [[2], [0, 0], [8], [9]]) {
      expect(oneByte.decodeInput(Uint8Array.from(bytes))).toEqual({ ok: false });
    }
  });

  it('of a codec are checked', () => {
    const codec = (encode: () => unknown) =>
      defineGame<number, number>({
        id: 'codec',
        version: 1,
        init: () => 0,
        step: (state) => state,
        input: { encode: encode as () => Uint8Array, decode: () => 1 },
      });
    expect(() => codec(() => [1]).encodeInput(1)).toThrow('input.encode must return a Uint8Array');
    expect(() => codec(() => new Uint8Array(0)).encodeInput(1)).toThrow('input.encode returned no bytes');
    expect(() => codec(() => new Uint8Array(513)).encodeInput(1)).toThrow(RangeError);
    const throwing = codec(() => {
      throw new Error('cannot');
    });
    expect(throwing.decodeInput(Uint8Array.of(1))).toEqual({ ok: false });
    const scratch = Uint8Array.of(1);
    const encoded = codec(() => scratch).encodeInput(1);
    scratch[0] = 2;
    expect(encoded).toEqual(Uint8Array.of(1));
  });

  it('stay as they were, whatever a codec does to its copy', () => {
    const wiping = defineGame<number, number>({
      id: 'wipe',
      version: 1,
      init: () => 0,
      step: (state) => state,
      input: {
        encode: (input) => Uint8Array.of(input),
        decode(bytes) {
          const input = bytes[0];
          bytes.fill(0);
          return input;
        },
      },
    });
    const bytes = Uint8Array.of(5);
    expect(wiping.decodeInput(bytes)).toEqual({ ok: true, input: 5 });
    expect(bytes).toEqual(Uint8Array.of(5));
  });
});

describe('states as bytes', () => {
  const game = defineGame(walk);
  const state = { x: 1, moves: ['a'] };

  it('are canonical plain data, hashed under a tag of their own', () => {
    const bytes = game.encodeState(state);
    expect(bytes).toEqual(encodePlain({ moves: ['a'], x: 1 }));
    expect(game.decodeState(bytes)).toEqual({ ok: true, state });
    expect(toHex(game.stateHash(state))).toBe(toHex(hash('state', bytes)));
    expect(() => game.encodeState({ ...state, x: 0.5 })).toThrow('x: 0.5 is not an integer');
    expect(() => game.encodeState(0.5 as unknown as Place)).toThrow('state: 0.5 is not an integer');
  });

  it('of anyone are refused, not thrown at', () => {
    expect(game.decodeState(Uint8Array.of(99))).toEqual({ ok: false });
  });

  it('go through a codec', () => {
    const grid = defineGame<Int16Array, null>({
      id: 'grid',
      version: 1,
      init: () => new Int16Array(3),
      step: (cells) => cells.map((cell) => cell + 1),
      state: {
        encode: (cells) => new Uint8Array(cells.buffer),
        decode: (bytes) => new Int16Array(bytes.buffer),
      },
    });
    const cells = round(grid, grid.start({ players: 2, seed }), [null, null]).state;
    expect(grid.encodeState(cells)).toEqual(Uint8Array.of(1, 0, 1, 0, 1, 0));
    expect(grid.decodeState(grid.encodeState(cells))).toEqual({ ok: true, state: cells });
    expect(grid.decodeState(new Uint8Array(3))).toEqual({ ok: false });
  });
});
