/**
 * A game as the library sees it: a first state, a step, and the bytes of both states and inputs.
 * All players run the same steps on the same inputs, so every function of a definition must give
 * equal results for equal arguments: no clock, no Math.random, no floats, nothing kept outside of
 * the state. `syncTest` (synctest.ts) finds out whether that holds.
 */

import { equalBytes } from '../base/bytes.ts';
import { hash } from '../crypto/hash.ts';
import type {
  Advance,
  Codec,
  DecodedInput,
  DecodedState,
  Game,
  GameRound,
  InitContext,
  StepContext,
} from '../protocol/game.ts';
import { randomFrom } from '../protocol/random.ts';
import { INPUT_BYTES_MAX, PLAYERS_MAX, PLAYERS_MIN } from '../wire/limits.ts';
import { decodePlain, encodePlain, type Plain } from '../wire/plain.ts';

/** Bytes of the encoded rules: the handshake carries them in one datagram with everything else. */
export const RULES_BYTES_MAX = 200;

/** What {@link defineGame} takes. */
export interface GameDefinition<State, Input> {
  /** 1 .. 64 characters of printable ASCII. */
  readonly id: string;
  /** Integer 0 .. 2^32 - 1; raise it with every change of the rules or of the step. */
  readonly version: number;
  /** Plain data that all players must share (a map name, a mode); at most 200 bytes encoded. */
  readonly rules?: Plain;
  /** The first state; plain data unless there is a `state` codec. */
  init(context: InitContext): State;
  /** The next state. It may change its argument and return it; only what it returns is the state. */
  step(state: State, context: StepContext<Input>): State;
  /**
   * False for an input that breaks the rules in `state` (the one before the step, or an earlier one that
   * the player was bound to know when it chose the input), which then counts as null and is held against the
   * player. Must change neither argument; throwing counts as false. Without it, and without an
   * `input` codec, a step meets whatever plain data a player sends.
   */
  legal?(state: State, player: number, input: Input): boolean;
  /** Default: canonical plain data. Bytes that `encode` would not make of the decoded input are refused. */
  readonly input?: Codec<Input>;
  /** Default: canonical plain data. Equal states must have equal bytes. */
  readonly state?: Codec<State>;
}

const fields: ReadonlySet<string> = new Set([
  'id',
  'version',
  'rules',
  'init',
  'step',
  'legal',
  'input',
  'state',
]);

function isPromise(value: unknown): boolean {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

/** Throws a TypeError that names the first field that is not as it must be. */
function check<State, Input>(definition: GameDefinition<State, Input>): void {
  if (typeof definition !== 'object' || definition === null) {
    throw new TypeError(
      'defineGame(definition): definition must be an object with id, version, init and step',
    );
  }
  const must = (holds: boolean, rule: string): void => {
    if (!holds) throw new TypeError(`defineGame: ${rule}`);
  };
  const { id, version, init, step, legal } = definition;
  must(
    typeof id === 'string' && /^[\x20-\x7e]{1,64}$/.test(id),
    'id must be 1 to 64 characters of printable ASCII',
  );
  must(
    Number.isInteger(version) && version >= 0 && version <= 0xffffffff,
    `version must be an integer 0 .. 2^32-1; got ${String(version)}`,
  );
  must(typeof init === 'function', 'init must be a function ({ players, seed, random }) => state');
  must(typeof step === 'function', 'step must be a function (state, { inputs, round, random }) => state');
  must(
    legal === undefined || typeof legal === 'function',
    'legal must be a function (state, player, input) => boolean, or left out',
  );
  for (const field of ['input', 'state'] as const) {
    const codec: unknown = definition[field];
    const { encode, decode } = (codec ?? {}) as Partial<Codec<unknown>>;
    must(
      codec === undefined || (typeof encode === 'function' && typeof decode === 'function'),
      `${field} must be a codec { encode(${field}), decode(bytes) }, or left out`,
    );
  }
  for (const field of Object.keys(definition)) {
    must(
      fields.has(field),
      `unknown field ${JSON.stringify(field)}; the fields are ${[...fields].join(', ')}`,
    );
  }
}

function freeze(value: Plain): Plain {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  for (const inner of Object.values(value)) freeze(inner);
  return Object.freeze(value);
}

/** A copy of the rules that nobody can change. */
function ownRules(rules: unknown): Plain {
  // Within an object, so that the path in an error begins with "rules".
  encodePlain({ rules: rules ?? null });
  const bytes = encodePlain(rules ?? null);
  if (bytes.length > RULES_BYTES_MAX) {
    throw new TypeError(
      `defineGame: rules take ${bytes.length} bytes, more than ${RULES_BYTES_MAX}; ` +
        'raise the version instead, or put in a hash of the rules',
    );
  }
  const decoded = decodePlain(bytes);
  return decoded.ok ? freeze(decoded.value) : null;
}

/** A codec of the definition, or of plain data, with its answers checked and its bytes not shared. */
function codecOf<Value>(name: 'input' | 'state', codec: Codec<Value> | undefined): Codec<Value> {
  if (codec === undefined) {
    return {
      encode: (value) => encodePlain(value, name),
      decode(bytes) {
        const decoded = decodePlain(bytes);
        return decoded.ok ? (decoded.value as Value) : undefined;
      },
    };
  }
  return {
    encode(value) {
      const bytes: unknown = codec.encode(value);
      if (!(bytes instanceof Uint8Array)) throw new TypeError(`${name}.encode must return a Uint8Array`);
      return new Uint8Array(bytes);
    },
    decode(bytes) {
      try {
        return codec.decode(new Uint8Array(bytes));
      } catch {
        return undefined;
      }
    },
  };
}

type Inputs<Input> = Pick<Game<unknown, Input>, 'encodeInput' | 'decodeInput'>;

function inputsOf<Input>(given: Codec<Input> | undefined): Inputs<Input> {
  const codec = codecOf('input', given);
  const encodeInput = (input: Input | null): Uint8Array => {
    if (input === null) return new Uint8Array(0);
    if (input === undefined) throw new TypeError('input: undefined is not an input; use null for none');
    const bytes = codec.encode(input);
    if (bytes.length === 0)
      throw new TypeError('input.encode returned no bytes; none mean that there is no input');
    if (bytes.length > INPUT_BYTES_MAX) {
      throw new RangeError(
        `input: ${bytes.length} bytes are more than ${INPUT_BYTES_MAX}; send less in one round`,
      );
    }
    return bytes;
  };
  const decodeInput = (bytes: Uint8Array): DecodedInput<Input> => {
    if (bytes.length === 0 || bytes.length > INPUT_BYTES_MAX) return { ok: false };
    try {
      const input = codec.decode(bytes);
      if (input === undefined || input === null) return { ok: false };
      return equalBytes(encodeInput(input), bytes) ? { ok: true, input } : { ok: false };
    } catch {
      return { ok: false };
    }
  };
  return { encodeInput, decodeInput };
}

/** Runs `legal` on an input of anyone. A promise would always count as true, so it is refused aloud. */
function isLegal<State, Input>(
  game: Game<State, Input>,
  state: State,
  player: number,
  input: Input,
): boolean {
  if (game.legal === null) return true;
  let answer: unknown;
  try {
    answer = game.legal(state, player, input);
  } catch {
    return false;
  }
  if (isPromise(answer)) throw new TypeError('legal returned a promise; it must answer at once');
  return Boolean(answer);
}

/** What `init` or `step` returned, if it can be a state. */
function aState<State>(name: 'init' | 'step', returned: State): State {
  if (returned === undefined) throw new TypeError(`${name} returned undefined; it must return the state`);
  if (isPromise(returned))
    throw new TypeError(`${name} returned a promise; it must return the state at once`);
  return returned;
}

/**
 * Checks a definition and derives the rest; see {@link GameDefinition}. Throws a TypeError that
 * names the field that is wrong.
 */
export function defineGame<State, Input>(definition: GameDefinition<State, Input>): Game<State, Input> {
  check(definition);
  const stateCodec = codecOf('state', definition.state);
  const game: Game<State, Input> = Object.freeze({
    id: definition.id,
    version: definition.version,
    rules: ownRules(definition.rules),
    init: definition.init.bind(definition),
    step: definition.step.bind(definition),
    legal: definition.legal?.bind(definition) ?? null,
    ...inputsOf(definition.input),
    permits(state: State, player: number, bytes: Uint8Array): boolean {
      if (bytes.length === 0) return true;
      const decoded = game.decodeInput(bytes);
      return decoded.ok && isLegal(game, state, player, decoded.input);
    },
    encodeState: stateCodec.encode,
    decodeState(bytes: Uint8Array): DecodedState<State> {
      const state = stateCodec.decode(bytes);
      return state === undefined ? { ok: false } : { ok: true, state };
    },
    stateHash: (state: State) => hash('state', stateCodec.encode(state)),
    start({ players, seed }: { players: number; seed: Uint8Array }): State {
      if (!Number.isInteger(players) || players < PLAYERS_MIN || players > PLAYERS_MAX) {
        throw new RangeError(
          `players must be an integer ${PLAYERS_MIN} .. ${PLAYERS_MAX}; got ${String(players)}`,
        );
      }
      return aState('init', game.init({ players, seed: new Uint8Array(seed), random: randomFrom(seed) }));
    },
    advance(state: State, given: GameRound<State>): Advance<State, Input> {
      const { inputs, judgedOn = state, round, seed } = given;
      const members = given.members ?? inputs.map(() => true);
      const counted = inputs.map((bytes, player): Input | null => {
        if (bytes === null) return null;
        const decoded = game.decodeInput(bytes);
        return decoded.ok && isLegal(game, judgedOn, player, decoded.input) ? decoded.input : null;
      });
      const illegal = inputs.map(
        (bytes, player) => bytes !== null && bytes.length > 0 && counted[player] === null,
      );
      const random = randomFrom(seed);
      const next = aState('step', game.step(state, { inputs: counted, members, round, random }));
      return { state: next, inputs: counted, illegal };
    },
  });
  return game;
}
