/** What a driver asks of the world, and what it has counted. */

import type { Round, Seat } from '../base/ids.ts';
import type { PlayerSet } from '../base/players.ts';
import type { Micros } from '../base/time.ts';
import type { Sealed, Verified } from '../crypto/signature.ts';
import type { SessionEffect } from './effect.ts';
import type { Refusal } from './refusal.ts';
import type { Outcome } from './round.ts';

type Effect = SessionEffect<unknown>;

/** An input that broke the rules, with what convicts its author: the state is the game's to add. */
export type IllegalInput = Omit<Extract<Effect, { type: 'illegal' }>, 'type'>;

/** What a round did to the game. */
export interface Advanced {
  /** Digest of the state, 32 bytes. */
  readonly stateHash: Uint8Array;
  /** Whose input broke the rules. */
  readonly illegal: PlayerSet;
}

/** What a driver asks of the world when players come to a match that runs. */
export interface JoiningPorts {
  /** Bytes of the states after `count` rounds up to `round`; null for those that no input is judged on. */
  states(round: Round, count: number): readonly (Uint8Array | null)[] | null;
  /** The game starts after that round, from such states; answers the digest of the last one. */
  restore(round: Round, states: readonly (Uint8Array | null)[]): Uint8Array;
  /** From now on that seat is reached there. The text is the newcomer's own and may be anything. */
  address(seat: Seat, address: string): void;
  /** My seat, once I have one. */
  seated(seat: Seat): void;
}

/** What a driver asks of the world. */
export interface Ports {
  now(): Micros;
  /** Signs with the own key and hands over the signature. */
  sign(message: Uint8Array, done: (signature: Uint8Array) => void): void;
  /** Marks what the own key has just signed. */
  own<T>(sealed: Sealed<T>): Verified<T>;
  /** Hands over the value, or null if the signature does not hold. */
  verify<T>(sealed: Sealed<T>, done: (value: Verified<T> | null) => void): void;
  /** Adds a record to the log. */
  persist(record: Uint8Array): void;
  /** Calls back when all records so far are durable. */
  flush(done: () => void): void;
  send(to: Seat, datagram: Uint8Array): void;
  /** SALT_BYTES fresh random bytes. */
  salt(): Uint8Array;
  /** The game starts (or starts again after a restart); answers the digest of its state. */
  begin(session: Uint8Array, seed: Uint8Array): Uint8Array;
  /** The game steps. `again` while a log is being replayed: such rounds are final. */
  advance(outcome: Outcome, again: boolean): Advanced;
  /** The game goes back to the state after that round; answers its digest. Never asked for in lockstep. */
  rollback(round: Round): Uint8Array;
  /** A round that was played is final: it is durable here, so that a restart plays it again as it was. */
  final(round: Round): void;
  /** True when the rules allow an own input in that round: an honest player commits to no other. */
  permits(round: Round, input: Uint8Array): boolean;
  /** Evidence of an illegal input, encoded; null where the state it was judged on is not there any more. */
  prove(illegal: IllegalInput): Uint8Array | null;
  /** Bytes of the state after a round, if they are kept. */
  stateBytes(round: Round): Uint8Array | null;
  /** What it takes to let players in, and to come in; without it this player hands no snapshot over. */
  readonly joining?: JoiningPorts;
  /** Where states differ, as was asked; left out where nobody asks. */
  compared?(effect: Extract<Effect, { type: 'compared' }>): void;
  /** What the game may want to know. */
  tell(effect: Extract<Effect, { type: 'evidence' | 'notify' | 'refused' | 'end' }>): void;
  /** Asks for a tick at that time; replaces an earlier wish. */
  wake(at: Micros | null): void;
}

/** What a driver has counted. */
export interface Counts {
  datagramsIn: number;
  datagramsOut: number;
  bytesIn: number;
  bytesOut: number;
  signed: number;
  verified: number;
  readonly refused: Partial<Record<Refusal, number>>;
}
