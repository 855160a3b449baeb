/**
 * The sync test (the idea is GGPO's): does a game give every player the same states? Without any
 * network it plays the game twice side by side, and again and again restores a third copy from the
 * bytes of an earlier state and plays the rounds since then once more.
 */

import { equalBytes } from '../base/bytes.ts';
import type { Round } from '../base/ids.ts';
import { hash } from '../crypto/hash.ts';
import type { Game } from '../protocol/game.ts';
import { type Random, randomFrom } from '../protocol/random.ts';
import { decodePlain, encodePlain, type Plain } from '../wire/plain.ts';
import { firstDifference } from '../wire/plain-diff.ts';
import { withShiftedClock } from './shifted-clock.ts';

/** What an input is made from. */
export interface InputContext<State> {
  /** A copy of the state before the round. */
  readonly state: State;
  readonly player: number;
  readonly round: Round;
  /** Random numbers of this player and round, for making up inputs. */
  readonly random: Random;
}

export interface SyncTestOptions<State, Input> {
  /** Seats; default 2. */
  readonly players?: number;
  /** Rounds to play; default 200. */
  readonly rounds?: number;
  /** Integer 0 .. 2^32 - 1 that all randomness comes from; default 1. */
  readonly seed?: number;
  /** Rounds that the third copy goes back; default 8. */
  readonly checkDistance?: number;
  /**
   * Makes the input of a player. Without it every input is null, which tests only what a game does
   * by itself; `inputs` of the report is then 0.
   */
  readonly input?: (context: InputContext<State>) => Input | null;
}

export interface SyncTestReport {
  readonly rounds: number;
  /** Inputs that counted: made, decoded and legal. */
  readonly inputs: number;
  /** Hash of the state after the last round, 32 bytes. */
  readonly stateHash: Uint8Array;
}

/** One round as it was played first. */
interface Played {
  readonly round: Round;
  readonly inputs: readonly (Uint8Array | null)[];
  /** Bytes of the state after the round. */
  readonly bytes: Uint8Array;
}

interface Settings<State, Input> {
  readonly players: number;
  readonly rounds: number;
  readonly seed: number;
  readonly checkDistance: number;
  readonly input: ((context: InputContext<State>) => Input | null) | null;
}

const numbers = {
  players: { default: 2, min: 2, max: 16 },
  rounds: { default: 200, min: 1, max: 0xffffffff },
  seed: { default: 1, min: 0, max: 0xffffffff },
  checkDistance: { default: 8, min: 1, max: 0xffff },
} as const;

function settingsOf<State, Input>(options: SyncTestOptions<State, Input>): Settings<State, Input> {
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(numbers, name) || name === 'input') continue;
    throw new TypeError(
      `syncTest: unknown option ${name}; there are ${Object.keys(numbers).join(', ')}, input`,
    );
  }
  const number = (name: keyof typeof numbers): number => {
    const { default: usual, min, max } = numbers[name];
    const value = options[name] ?? usual;
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    throw new RangeError(`syncTest: ${name} must be an integer ${min} .. ${max}; got ${String(value)}`);
  };
  const { input = null } = options;
  if (input !== null && typeof input !== 'function') {
    throw new TypeError('syncTest: input must be a function ({ state, player, round, random }) => input');
  }
  return {
    players: number('players'),
    rounds: number('rounds'),
    seed: number('seed'),
    checkDistance: number('checkDistance'),
    input,
  };
}

/** 32 bytes that depend on every one of the numbers. */
function seedOf(...from: readonly number[]): Uint8Array {
  return hash('seed', encodePlain(from));
}

/** The value of an encoding as plain data, as far as it is any; else null. */
function plainOf(decoded: unknown): Plain {
  try {
    const plain = decodePlain(encodePlain(decoded));
    return plain.ok ? plain.value : null;
  } catch {
    return null;
  }
}

/** The first difference of two values that encode to `a` and `b`: in words, if possible by its path. */
function describe(
  root: string,
  a: Uint8Array,
  b: Uint8Array,
  decode: (bytes: Uint8Array) => unknown,
): string {
  const found = firstDifference(plainOf(decode(a)), plainOf(decode(b)), root);
  if (found !== null) return `${found.path}: ${found.a} vs ${found.b}`;
  const at = a.findIndex((byte, i) => byte !== b[i]);
  return `${root}: the encoded bytes differ from index ${at < 0 ? a.length : at} on`;
}

class SyncTest<State, Input> {
  readonly #game: Game<State, Input>;
  readonly #settings: Settings<State, Input>;
  #round: Round = 0;
  #inputs = 0;

  constructor(game: Game<State, Input>, settings: Settings<State, Input>) {
    this.#game = game;
    this.#settings = settings;
  }

  #fail(problem: string, cause?: unknown): never {
    throw new Error(`round ${this.#round}: ${problem}`, cause === undefined ? undefined : { cause });
  }

  /** Runs the game's own code; what it throws gets the round in front. */
  #run<T>(part: () => T): T {
    try {
      return part();
    } catch (error) {
      return this.#fail(error instanceof Error ? error.message : String(error), error);
    }
  }

  #sameState(expected: Uint8Array, actual: Uint8Array, remark: string): void {
    if (equalBytes(expected, actual)) return;
    const difference = describe('state', expected, actual, (bytes) => {
      const decoded = this.#game.decodeState(bytes);
      return decoded.ok ? decoded.state : null;
    });
    this.#fail(`${difference} (${remark})`);
  }

  #restore(bytes: Uint8Array): State {
    const decoded = this.#game.decodeState(bytes);
    if (!decoded.ok) return this.#fail('state: its bytes do not decode; mend the state codec');
    this.#sameState(bytes, this.#encode(decoded.state), 'decoded and encoded again');
    return decoded.state;
  }

  #encode(state: State): Uint8Array {
    return this.#run(() => this.#game.encodeState(state));
  }

  /** Makes the inputs of the round at hand from the bytes of the state before it. */
  #makeInputs(before: Uint8Array): readonly (Uint8Array | null)[] {
    const { players, seed, input } = this.#settings;
    const made: (Uint8Array | null)[] = new Array<null>(players).fill(null);
    if (input === null) return made;
    for (let player = 0; player < players; player++) {
      const random = randomFrom(seedOf(seed, this.#round, player));
      const state = this.#restore(before);
      const chosen = this.#run(() => input({ state, player, round: this.#round, random }));
      const bytes = this.#run(() => this.#game.encodeInput(chosen));
      if (bytes.length === 0) continue;
      if (!this.#game.decodeInput(bytes).ok) {
        this.#fail(`the input of player ${player} does not decode to what was encoded; mend the input codec`);
      }
      made[player] = bytes;
    }
    return made;
  }

  /** `legal` is asked at other times too, so it must leave the state as it is. */
  #tryLegal(before: Uint8Array, inputs: readonly (Uint8Array | null)[]): void {
    const { legal } = this.#game;
    if (legal === null) return;
    const state = this.#restore(before);
    for (const [player, bytes] of inputs.entries()) {
      const decoded = bytes === null ? null : this.#game.decodeInput(bytes);
      if (!decoded?.ok) continue;
      try {
        legal(state, player, decoded.input);
      } catch {
        // Counts as false.
      }
      this.#sameState(before, this.#encode(state), 'legal changed the state; it may only read it');
    }
  }

  /** One round of one copy; the answer is its new state and the bytes of it. */
  #advance(
    state: State,
    inputs: readonly (Uint8Array | null)[],
  ): { state: State; bytes: Uint8Array; counted: number } {
    const seed = seedOf(this.#settings.seed, this.#round);
    const done = this.#run(() => this.#game.advance(state, { inputs, round: this.#round, seed }));
    let counted = 0;
    for (const [player, input] of done.inputs.entries()) {
      const given = inputs[player] ?? null;
      if (input === null || given === null) continue;
      counted++;
      const after = this.#run(() => this.#game.encodeInput(input));
      if (!equalBytes(given, after)) {
        const difference = describe('input', given, after, (bytes) => {
          const decoded = this.#game.decodeInput(bytes);
          return decoded.ok ? decoded.input : null;
        });
        this.#fail(`${difference} (step changed the input of player ${player}; copy it first)`);
      }
    }
    return { state: done.state, bytes: this.#encode(done.state), counted };
  }

  /** Plays the rounds once more from the bytes of the state before them. */
  #replay(from: Round, snapshot: Uint8Array, played: readonly Played[]): void {
    let state = this.#restore(snapshot);
    for (const { round, inputs, bytes } of played) {
      this.#round = round;
      const again = this.#advance(state, inputs);
      this.#sameState(bytes, again.bytes, `re-run from the snapshot of round ${from}`);
      state = again.state;
    }
  }

  run(): SyncTestReport {
    const { players, rounds, checkDistance, seed } = this.#settings;
    const start = (): State => this.#run(() => this.#game.start({ players, seed: seedOf(seed) }));
    let first = start();
    let second = withShiftedClock(start);
    let bytes = this.#encode(first);
    this.#sameState(bytes, this.#encode(second), 'second run');
    let snapshot = bytes;
    let snapshotRound: Round = 0;
    let played: Played[] = [];
    for (let round = 1; round <= rounds; round++) {
      this.#round = round;
      const inputs = this.#makeInputs(bytes);
      this.#tryLegal(bytes, inputs);
      const one = this.#advance(first, inputs);
      const two = withShiftedClock(() => this.#advance(second, inputs));
      this.#sameState(one.bytes, two.bytes, 'second run');
      first = one.state;
      second = two.state;
      bytes = one.bytes;
      this.#inputs += one.counted;
      played.push({ round, inputs, bytes });
      if (played.length < checkDistance && round < rounds) continue;
      this.#replay(snapshotRound, snapshot, played);
      this.#round = round;
      snapshot = bytes;
      snapshotRound = round;
      played = [];
    }
    return { rounds, inputs: this.#inputs, stateHash: hash('state', bytes) };
  }
}

/**
 * Plays `rounds` rounds twice and in part three times, with equal inputs; see the head of this file.
 * Finds Math.random, clocks, memory outside of the state, the order of keys or shared references
 * playing a part, states that are not plain data, inputs changed by a step, a state changed by `legal`,
 * codecs that do not give back what they got.
 *
 * Rejects with an Error at the first difference, naming the round, the path and both values:
 * `round 17: players[2].x: 40 vs 41 (second run)`. Bad options reject with a TypeError or RangeError.
 * It cannot find arithmetic that differs between engines, except that states and inputs hold integers.
 */
export async function syncTest<State, Input>(
  game: Game<State, Input>,
  options: SyncTestOptions<State, Input> = {},
): Promise<SyncTestReport> {
  return new SyncTest(game, settingsOf(options)).run();
}
