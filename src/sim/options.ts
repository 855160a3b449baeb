/** What a simulation is asked, and what it answers. */

import type { EndReason } from '../protocol/effect.ts';
import type { EvidenceKind } from '../protocol/evidence.ts';
import type { Refusal } from '../protocol/judge.ts';
import type { NeoParameters } from '../protocol/neo/options.ts';
import { PLAYERS_MAX, PLAYERS_MIN } from '../wire/limits.ts';
import type { Cheat } from './cheat.ts';
import type { Signer } from './keys.ts';
import type { NetworkOptions } from './network.ts';
import type { Trace } from './trace.ts';

/** Something that goes wrong at a time of virtual milliseconds. */
export type SimulatedFault =
  | { readonly atMs: number; readonly type: 'crash'; readonly player: number; readonly downMs: number }
  /** Crashes before the n-th thing that the player does outside (write, flush, send), counted from 1. */
  | { readonly type: 'crash-at-act'; readonly player: number; readonly act: number; readonly downMs: number }
  | {
      readonly atMs: number;
      readonly type: 'partition';
      readonly groups: readonly (readonly number[])[];
      readonly forMs: number;
    }
  | { readonly atMs: number; readonly type: 'leave'; readonly player: number };

/** What the `input` function of a simulation is called with. */
export interface InputContext<State> {
  readonly player: number;
  readonly round: number;
  /** The player's state before the round. */
  readonly state: State;
  /** An integer in 0 .. bound - 1, from the simulation's seed. */
  random(bound: number): number;
}

/** What {@link simulate} takes, besides the game. */
export interface SimulationOptions<State, Input> {
  /** What each player plays in a round; null for no input. */
  readonly input: (context: InputContext<State>) => Input | null;
  /** 2 .. 16; 4 unless told. */
  readonly players?: number;
  /** Rounds to play; 100 unless told. */
  readonly rounds?: number;
  /** Integer; decides keys, nonces, salts, inputs and the network. 1 unless told. */
  readonly seed?: number;
  /** Decides the keys alone, so that the same people can meet again. The seed unless told. */
  readonly identitySeed?: number;
  readonly network?: NetworkOptions;
  /** Cheats by seat. */
  readonly cheats?: Readonly<Record<number, Cheat>>;
  readonly faults?: readonly SimulatedFault[];
  /** Lockstep unless told; `neo(...)` of fairstep gives the other. */
  readonly protocol?: { readonly name: 'neo'; readonly parameters: NeoParameters } | { readonly name: 'lockstep' };
  /** Lockstep: milliseconds without progress until a stall is reported; 1000 unless told. */
  readonly stallMs?: number;
  /** What the players' games do on a stall: wait, or wish to remove the first that is named. */
  readonly onStall?: 'wait' | 'remove';
  /** Signs and verifies; @noble/curves unless told. Give the `node` keyring for speed. */
  readonly keyring?: Signer;
  /** Virtual milliseconds after which the simulation ends anyway; an hour unless told. */
  readonly limitMs?: number;
  /** Record a trace: only its digest, or all lines. Nothing unless told, which is fastest. */
  readonly trace?: 'digest' | 'lines';
}

/** A piece of evidence in a simulated player's hands. */
export interface SimulatedEvidence {
  /** Who holds it. */
  readonly by: number;
  readonly player: number;
  readonly kind: EvidenceKind;
  readonly evidence: Uint8Array;
}

/** A stall as a simulated player reported it. */
export interface SimulatedStall {
  readonly by: number;
  readonly round: number;
  readonly waitingFor: readonly number[];
  readonly reason: string;
}

/** States that differ after a round: the game is not deterministic. */
export interface SimulatedDesync {
  readonly by: number;
  readonly round: number;
  readonly players: readonly number[];
}

/** What came of one player. */
export interface SimulatedPlayer<State> {
  readonly publicKey: Uint8Array;
  /** Rounds played. */
  readonly rounds: number;
  /** The last state; null if the match never began. */
  readonly state: State | null;
  /** Digest of the last state, lower-case hexadecimal; empty if the match never began. */
  readonly stateHash: string;
  readonly ended: EndReason | null;
  readonly refused: Readonly<Partial<Record<Refusal, number>>>;
}

/** What came of a simulation. */
export interface SimulationResult<State> {
  /**
   * True when all honest players that were not removed played all rounds to equal states, and nothing was
   * violated.
   */
  readonly agreed: boolean;
  /** Rounds that every honest player still in the match has played. */
  readonly rounds: number;
  readonly players: readonly SimulatedPlayer<State>[];
  /** Every piece of evidence, as each player came to hold it. */
  readonly evidence: readonly SimulatedEvidence[];
  readonly stalls: readonly SimulatedStall[];
  readonly desyncs: readonly SimulatedDesync[];
  /**
   * Invariants that did not hold (checkers.ts); empty unless the engine, or a game's determinism, is at
   * fault.
   */
  readonly violations: readonly string[];
  /** Virtual milliseconds that the match took. */
  readonly virtualMs: number;
  /** Datagrams and bytes that all players sent. */
  readonly sent: { readonly datagrams: number; readonly bytes: number };
  /** Null unless asked for. */
  readonly trace: Trace | null;
}

/** Throws a TypeError or RangeError that names the option that is wrong. */
export function checkSimulation<State, Input>(options: SimulationOptions<State, Input>): void {
  const { players = 4, rounds = 100 } = options;
  if (typeof options.input !== 'function') {
    throw new TypeError('simulate: input must be a function ({ player, round, state, random }) => input');
  }
  if (!Number.isInteger(players) || players < PLAYERS_MIN || players > PLAYERS_MAX) {
    throw new RangeError(
      `simulate: players must be an integer ${PLAYERS_MIN} .. ${PLAYERS_MAX}; got ${String(players)}`,
    );
  }
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new RangeError(`simulate: rounds must be an integer above 0; got ${String(rounds)}`);
  }
}
