/** What a simulation is asked, and what it answers. */

import type { EndReason } from '../protocol/effect.ts';
import type { EvidenceKind } from '../protocol/evidence.ts';
import type { NeoParameters } from '../protocol/neo/options.ts';
import type { Refusal } from '../protocol/refusal.ts';
import { PLAYERS_MAX, PLAYERS_MIN } from '../wire/limits.ts';
import type { Cheat } from './cheat.ts';
import type { Signer } from './keys.ts';
import type { NetworkOptions } from './network.ts';
import type { Trace } from './trace.ts';

/** Something that goes wrong at a time of virtual milliseconds. Seats that are null mean every seat. */
export type TimedFault =
  /** Stops at once, and comes back with its log; `downMs` may be Infinity. */
  | { readonly atMs: number; readonly type: 'crash'; readonly player: number; readonly downMs: number }
  | {
      readonly atMs: number;
      readonly type: 'partition';
      readonly groups: readonly (readonly number[])[];
      readonly forMs: number;
    }
  | { readonly atMs: number; readonly type: 'leave'; readonly player: number }
  /** Nothing that anybody sends arrives. */
  | { readonly atMs: number; readonly type: 'silence'; readonly forMs: number }
  /** The player's process stands still: what comes waits for it, and its clock runs on. */
  | { readonly atMs: number; readonly type: 'pause'; readonly player: number; readonly forMs: number }
  /** One direction of some links loses so much more, and takes so much longer. */
  | {
      readonly atMs: number;
      readonly type: 'link';
      readonly from: number | null;
      readonly to: number | null;
      readonly loss?: number;
      readonly delayMs?: number;
      readonly forMs: number;
    }
  /** Somebody throws datagrams of every kind of junk at a player, as if they came from other players. */
  | {
      readonly atMs: number;
      readonly type: 'flood';
      readonly to: number;
      readonly perSecond: number;
      readonly forMs: number;
    }
  /** From now on the network neither loses nor delays more than 20 ms, and all links work. */
  | { readonly atMs: number; readonly type: 'calm' };

export type SimulatedFault =
  | TimedFault
  /** Crashes before the n-th thing that the player does outside (write, flush, send), counted from 1. */
  | { readonly type: 'crash-at-act'; readonly player: number; readonly act: number; readonly downMs: number };

/** How a player's clock reads: it starts at `offsetMs` and gains `driftPpm` microseconds a second. */
export interface SimulatedClock {
  /** 0 .. 1,800,000. */
  readonly offsetMs?: number;
  /** -1000 .. 1000. */
  readonly driftPpm?: number;
}

/** A datagram on its way, as a `passing` function sees it. */
export interface Passing {
  readonly atMs: number;
  readonly from: number;
  readonly to: number;
  readonly datagram: Uint8Array;
}

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
  /**
   * Neo: players that come while the match runs, each invited by one that plays and sponsored by all that do.
   * They take the seats after the first players, in this order. Traces with any do not replay.
   */
  readonly newcomers?: readonly { readonly atMs: number }[];
  /** Clocks by seat; a clock that is not given starts at 0 and does not drift. */
  readonly clocks?: Readonly<Record<number, SimulatedClock>>;
  /** Looks at every datagram that the network would deliver; false loses it. For faults made to measure. */
  readonly passing?: (passing: Passing) => boolean;
  /** Cheats by seat. */
  readonly cheats?: Readonly<Record<number, Cheat>>;
  readonly faults?: readonly SimulatedFault[];
  /** Lockstep unless told; `neo(...)` of fairstep gives the other. */
  readonly protocol?:
    | { readonly name: 'neo'; readonly parameters: NeoParameters }
    | { readonly name: 'lockstep' };
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
  /** Called after each thing that happens; for tests that look inside. */
  readonly watch?: (moment: Moment) => void;
}

/** Something that a player's game saw. */
export interface Moment {
  readonly atMs: number;
  readonly player: number;
  readonly type: 'advance' | 'rollback' | 'final';
  readonly round: number;
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
  /** Rounds that are final. */
  readonly rounds: number;
  /** The state after the last of them, but not beyond the rounds asked for; null if the match never began. */
  readonly state: State | null;
  /** Digest of that state, lower-case hexadecimal; empty if the match never began. */
  readonly stateHash: string;
  readonly ended: EndReason | null;
  readonly refused: Readonly<Partial<Record<Refusal, number>>>;
}

/** What came of a simulation. */
export interface SimulationResult<State> {
  /**
   * True when for all honest players that were not removed all rounds are final, with equal states, and
   * nothing was violated.
   */
  readonly agreed: boolean;
  /** Rounds that are final for every honest player still in the match. */
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
  /** Times that a game was taken back. */
  readonly rollbacks: number;
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
