/** One honest player as a value: its machine, its log, and what the world remembers of it. */

import type { Round, Seat } from '../src/base/ids.ts';
import type { Lockstep } from '../src/protocol/lockstep-state.ts';
import type { LogRecord } from '../src/protocol/record.ts';
import type { Outcome } from '../src/protocol/round.ts';
import type { Statement } from '../src/wire/statement.ts';

/** An epoch as a player came to see it. */
export interface Begun {
  readonly epoch: number;
  readonly members: number;
  /** The first round that is played in it. */
  readonly first: Round;
}

export interface Local {
  readonly seat: Seat;
  readonly machine: Lockstep;
  /** Statements whose signature has been asked for and has not come yet, a list a packet. */
  readonly drafts: readonly (readonly Statement[])[];
  /** The log; its first `durable` records survive whatever happens. Empty if nobody restarts. */
  readonly records: readonly LogRecord[];
  readonly durable: number;
  readonly restarts: number;
  /** What has ever left this player, ascending. */
  readonly sent: readonly number[];
  /** Every round that was played, in order; a restart may take back all but the first `final`. */
  readonly played: readonly Outcome[];
  readonly final: number;
  readonly epochs: readonly Begun[];
  /** How many inputs and wishes its game has given. */
  readonly inputs: number;
  readonly wishes: number;
  readonly left: boolean;
}

/** What tells one local state from another: all of it, but the bytes of proofs only if told so. */
export function identityOf(local: Local, everyProof: boolean): unknown {
  if (everyProof) return local;
  const { machine, records, ...rest } = local;
  const causes = machine.removal.causes.map((cause) =>
    cause?.item.type === 'proof' ? { ...cause, item: null } : cause,
  );
  return {
    ...rest,
    machine: { ...machine, removal: { ...machine.removal, causes } },
    records: records.map((record) =>
      record.type === 'cause' && record.item === 'proof' ? { ...record, bytes: null } : record,
    ),
  };
}

/** The input that the game of a player gives next. No two are alike, and no two salts. */
export function nextInput({ inputs, machine, seat }: Local): {
  input: Uint8Array;
  salt: Uint8Array;
  state: Uint8Array;
} {
  const input = Uint8Array.of(seat + 1, inputs);
  return { input, salt: new Uint8Array(16).fill(16 * (seat + 1) + inputs), state: machine.seed };
}
