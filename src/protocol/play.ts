/**
 * A game being played: its state, stepped by outcomes, with the digest that the players compare; and,
 * where rounds can be taken back, the bytes of the states to go back to.
 */

import { concatBytes } from '../base/bytes.ts';
import type { Round, Seat } from '../base/ids.ts';
import { add, has, nobody, type PlayerSet } from '../base/players.ts';
import { hash } from '../crypto/hash.ts';
import { encodeEvidence, proveIllegal } from './evidence.ts';
import type { Game } from './game.ts';
import type { IllegalInput } from './ports.ts';
import type { Outcome } from './round.ts';

/** What a round did. */
export interface Played<State, Input> {
  readonly round: Round;
  readonly state: State;
  /** By seat: the inputs that counted. */
  readonly inputs: readonly (Input | null)[];
  /** Whose input broke the rules. */
  readonly illegal: PlayerSet;
  /** Digest of the state, 32 bytes. */
  readonly stateHash: Uint8Array;
}

/** A round that the game can be taken back to, or that inputs are judged on. */
export interface Kept<Input> extends Omit<Played<unknown, Input>, 'state'> {
  /** Bytes of the state. */
  readonly bytes: Uint8Array;
}

export interface PlayOptions {
  /**
   * Inputs are judged on the state that many rounds before the one that they make; default 1, the state
   * that is stepped. Then no state is kept and no round can be taken back.
   */
  readonly lag?: number;
}

export class Play<State, Input> {
  readonly #game: Game<State, Input>;
  readonly #players: number;
  readonly #lag: number;
  readonly #kept = new Map<Round, Kept<Input>>();
  #current: Played<State, Input> | null = null;

  constructor(game: Game<State, Input>, players: number, { lag = 1 }: PlayOptions = {}) {
    this.#game = game;
    this.#players = players;
    this.#lag = lag;
  }

  /** The newest round, or round 0 before the first; null before the session is agreed. */
  get current(): Played<State, Input> | null {
    return this.#current;
  }

  /** Starts the game anew; answers the digest of its first state. */
  begin(seed: Uint8Array): Uint8Array {
    const state = this.#game.start({ players: this.#players, seed });
    this.#kept.clear();
    return this.#at(0, state, [], nobody).stateHash;
  }

  /** Steps the game once. */
  advance({ inputs, members, round, seed }: Outcome): Played<State, Input> {
    const before = this.#current;
    if (before === null) throw new Error('broken rule: a game begins before it advances');
    const after = this.#game.advance(before.state, {
      inputs,
      members: inputs.map((_, seat) => has(members, seat as Seat)),
      round,
      seed,
      judgedOn: this.#judgedOn(before, round),
    });
    let illegal = nobody;
    for (const [seat, broke] of after.illegal.entries()) if (broke) illegal = add(illegal, seat as Seat);
    return this.#at(round, after.state, after.inputs, illegal);
  }

  /** Goes back to the state after a round that is kept; answers its digest. */
  rollback(round: Round): Uint8Array {
    const { bytes, ...played } = this.#keptAt(round);
    for (const later of this.#kept.keys()) if (later > round) this.#kept.delete(later);
    this.#current = { ...played, state: this.#decode(bytes) };
    return played.stateHash;
  }

  /** The round can no longer be taken back: what nothing can need any more is dropped. */
  finalize(round: Round): void {
    const keeps = this.#game.legal === null ? this.#lag : 2 * this.#lag;
    for (const older of this.#kept.keys()) if (older < round - keeps) this.#kept.delete(older);
  }

  /**
   * Bytes of the states after `count` rounds, `round` the last; null where no input is judged on a state.
   * Null if one that it takes is not kept.
   */
  states(round: Round, count: number): readonly (Uint8Array | null)[] | null {
    const states: (Uint8Array | null)[] = [];
    for (let at = round - count + 1; at <= round; at++) {
      const bytes = at < round && this.#game.legal === null ? null : this.#kept.get(at)?.bytes;
      if (bytes === undefined) return null;
      states.push(bytes);
    }
    return states;
  }

  /** Starts after a round, from such states; answers the digest of the last one. */
  restore(round: Round, states: readonly (Uint8Array | null)[]): Uint8Array {
    this.#kept.clear();
    for (const [index, bytes] of states.entries()) {
      const at = round - states.length + 1 + index;
      const stateHash = bytes && hash('state', bytes);
      if (bytes && stateHash)
        this.#kept.set(at, { round: at, inputs: [], illegal: nobody, stateHash, bytes });
    }
    return this.rollback(round);
  }

  /**
   * What a round came to: of the newest final rounds, `lag` before the last one (twice that where inputs
   * are judged), and of all rounds since. Null for others, and for all while nothing is kept.
   */
  stateAfter(round: Round): Kept<Input> | null {
    return this.#kept.get(round) ?? null;
  }

  /** Digest of the state after the newest round, or after one that is kept; else null. */
  hashAfter(round: Round): Uint8Array | null {
    if (this.#current?.round === round) return this.#current.stateHash;
    return this.#kept.get(round)?.stateHash ?? null;
  }

  /** True when the rules allow an input of this seat in that round, as far as can be known here. */
  permits(seat: Seat, round: Round, input: Uint8Array): boolean {
    const before = this.#current;
    if (before === null) return true;
    return this.#game.permits(this.#judgedOn(before, round), seat, input);
  }

  /** Evidence of an input that broke the rules, encoded; null where the state is not kept any more. */
  prove({ judged, log, packets, publicKey, session }: IllegalInput): Uint8Array | null {
    const kept = this.#kept.get(judged);
    if (kept === undefined) return null;
    const state = concatBytes(log, kept.bytes);
    const evidence = proveIllegal(session, publicKey, this.#game, packets, state);
    return evidence && encodeEvidence(evidence);
  }

  /** The state that inputs of a round are judged on: one that no step can have changed. */
  #judgedOn(before: Played<State, Input>, round: Round): State {
    if (this.#lag === 1 || this.#game.legal === null) return before.state;
    return this.#decode(this.#keptAt(Math.max(0, round - this.#lag)).bytes);
  }

  #keptAt(round: Round): Kept<Input> {
    const kept = this.#kept.get(round);
    if (kept === undefined) throw new Error(`broken rule: the state after round ${round} is kept`);
    return kept;
  }

  #decode(bytes: Uint8Array): State {
    const decoded = this.#game.decodeState(bytes);
    if (!decoded.ok) throw new Error('state: its bytes do not decode; mend the state codec');
    return decoded.state;
  }

  #at(
    round: Round,
    state: State,
    inputs: readonly (Input | null)[],
    illegal: PlayerSet,
  ): Played<State, Input> {
    const played = { round, state, inputs, illegal, stateHash: this.#keep(round, state, inputs, illegal) };
    this.#current = played;
    return played;
  }

  /** The digest of a state, whose bytes are kept if they may be needed. */
  #keep(round: Round, state: State, inputs: readonly (Input | null)[], illegal: PlayerSet): Uint8Array {
    if (this.#lag === 1) return this.#game.stateHash(state);
    const bytes = this.#game.encodeState(state);
    const stateHash = hash('state', bytes);
    this.#kept.set(round, { round, inputs, illegal, stateHash, bytes });
    return stateHash;
  }
}
