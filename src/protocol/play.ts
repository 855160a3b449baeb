/** A game being played: its state, stepped by outcomes, with the digest that the players compare. */

import type { Round } from '../base/ids.ts';
import type { Game } from './game.ts';
import type { Outcome } from './round.ts';

/** What a round did. */
export interface Played<State, Input> {
  readonly round: Round;
  readonly state: State;
  /** By seat: the inputs that counted. */
  readonly inputs: readonly (Input | null)[];
  /** Digest of the state, 32 bytes. */
  readonly stateHash: Uint8Array;
}

export class Play<State, Input> {
  readonly #game: Game<State, Input>;
  readonly #players: number;
  #current: Played<State, Input> | null = null;

  constructor(game: Game<State, Input>, players: number) {
    this.#game = game;
    this.#players = players;
  }

  /** The newest round, or round 0 before the first; null before the session is agreed. */
  get current(): Played<State, Input> | null {
    return this.#current;
  }

  /** Starts the game anew; answers the digest of its first state. */
  begin(seed: Uint8Array): Uint8Array {
    const state = this.#game.start({ players: this.#players, seed });
    return this.#at(0, state, []);
  }

  /** Steps the game once; answers the digest of the state after it. */
  advance({ round, inputs, seed }: Outcome): Uint8Array {
    const before = this.#current;
    if (before === null) throw new Error('broken rule: a game begins before it advances');
    const after = this.#game.advance(before.state, { inputs, round, seed });
    return this.#at(round, after.state, after.inputs);
  }

  #at(round: Round, state: State, inputs: readonly (Input | null)[]): Uint8Array {
    const stateHash = this.#game.stateHash(state);
    this.#current = { round, state, inputs, stateHash };
    return stateHash;
  }
}
