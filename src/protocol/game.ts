/** The contract between the engine and a game: what `defineGame` (client/game.ts) makes of a definition. */

import type { Round } from '../base/ids.ts';
import type { Plain } from '../wire/plain.ts';
import type { Random } from './random.ts';

/** A value to bytes and back. `decode` gets bytes of anyone; it refuses by undefined or by throwing. */
export interface Codec<Value> {
  encode(value: Value): Uint8Array;
  decode(bytes: Uint8Array): Value | undefined;
}

/** What `init` is called with. */
export interface InitContext {
  /** Number of seats, 2 .. 16. */
  readonly players: number;
  /** The session's seed, the same for all players; no player could choose it. */
  readonly seed: Uint8Array;
  /** Random numbers drawn from the seed. */
  readonly random: Random;
}

/** What `step` is called with, besides the state. */
export interface StepContext<Input> {
  /** By seat; null where a player gave none, or one that did not count. Not to be changed. */
  readonly inputs: readonly (Input | null)[];
  /** By seat: whether it is in the match in this round. Not to be changed. */
  readonly members: readonly boolean[];
  /** 1 for the first step. */
  readonly round: Round;
  /** Random numbers of this round, known to nobody when the inputs were chosen. */
  readonly random: Random;
}

/** What one round does to a game. */
export interface Advance<State, Input> {
  readonly state: State;
  /** By seat: the inputs that counted. */
  readonly inputs: readonly (Input | null)[];
  /** By seat: true where an input was given that is none, or that was not legal. */
  readonly illegal: readonly boolean[];
}

/** A round to be played. */
export interface GameRound<State> {
  /** Bytes by seat; null, or no bytes, for none. */
  readonly inputs: readonly (Uint8Array | null)[];
  /** By seat: whether it is in the match; default everybody. */
  readonly members?: readonly boolean[];
  readonly round: Round;
  readonly seed: Uint8Array;
  /** The state that inputs must be legal in; default the one that is stepped. */
  readonly judgedOn?: State;
}

export type DecodedInput<Input> = { readonly ok: true; readonly input: Input } | { readonly ok: false };
export type DecodedState<State> = { readonly ok: true; readonly state: State } | { readonly ok: false };

/**
 * A checked definition with what the client derives from it; frozen. The states that listeners of
 * a session get are the live ones: they may be read during the call, never changed.
 */
export interface Game<State, Input> {
  readonly id: string;
  readonly version: number;
  /** A frozen copy; null if the definition has none. */
  readonly rules: Plain;
  init(context: InitContext): State;
  step(state: State, context: StepContext<Input>): State;
  readonly legal: ((state: State, player: number, input: Input) => boolean) | null;
  /**
   * Bytes of an input; none for null. Throws a TypeError that names the path of what is not plain
   * data, a RangeError beyond INPUT_BYTES_MAX.
   */
  encodeInput(input: Input | null): Uint8Array;
  /** The input of bytes of anyone; never throws. No bytes mean no input: not ok. */
  decodeInput(bytes: Uint8Array): DecodedInput<Input>;
  /** True for bytes of no input, or of one that the rules allow in `state`; never throws. */
  permits(state: State, player: number, input: Uint8Array): boolean;
  /** Bytes of a state. Throws a TypeError that names the path of what is not plain data. */
  encodeState(state: State): Uint8Array;
  /** The state of bytes of anyone; never throws. */
  decodeState(bytes: Uint8Array): DecodedState<State>;
  /** Tagged SHA-256 of the bytes of the state; 32 bytes. */
  stateHash(state: State): Uint8Array;
  /** The state before round 1. */
  start(options: { readonly players: number; readonly seed: Uint8Array }): State;
  /**
   * One round: decodes the inputs, makes null of what is refused or not legal, and steps. `state` is
   * used up: the answer may be the same object, changed.
   */
  advance(state: State, round: GameRound<State>): Advance<State, Input>;
}
