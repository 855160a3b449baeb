/**
 * The state of a lockstep machine, and a change of it on its way. The rules are in lockstep.ts and
 * parting.ts.
 */

import type { Epoch, Round, Seat } from '../base/ids.ts';
import { firstPlayers, nobody, type PlayerSet } from '../base/players.ts';
import { hash } from '../crypto/hash.ts';
import type { Verified } from '../crypto/signature.ts';
import type { Packet } from '../wire/packet.ts';
import type { Statement } from '../wire/statement.ts';
import type { Effect, EndReason } from './effect.ts';
import type { LogRecord, PacketBytes } from './record.ts';
import { noRemoval, type Removal } from './removal.ts';
import { type BySeat, emptyBook, type Holding, type RoundBook } from './round.ts';

export interface LockstepSetup {
  /** Session id, 32 bytes. */
  readonly session: Uint8Array;
  /** Public key of each seat. */
  readonly keys: readonly Uint8Array[];
  readonly me: Seat;
}

/** What my COMMIT of the round being played sealed. */
export interface OwnInput {
  readonly input: Uint8Array;
  readonly salt: Uint8Array;
  /** Digest of my game state after the round before. */
  readonly state: Uint8Array;
}

/** The epoch before this one, for members that have not seen its end. */
export interface Farewell {
  readonly epoch: Epoch;
  readonly target: Seat;
  readonly removes: BySeat<Verified<Packet>>;
}

export interface Lockstep {
  readonly setup: LockstepSetup;
  readonly epoch: Epoch;
  readonly members: PlayerSet;
  /** The round being played; all before it have advanced. */
  readonly round: Round;
  /** Seed of this round's `random`. */
  readonly seed: Uint8Array;
  /** The round before, kept for members that have not advanced it. */
  readonly last: RoundBook;
  readonly now: RoundBook;
  /** COMMITs of the round after, from members that have already advanced this one. */
  readonly next: BySeat<Verified<Packet>>;
  readonly own: OwnInput | null;
  /** Digest in my SET of this round, once it is signed. */
  readonly ownSet: Uint8Array | null;
  /** Whose held opening fits my SET; nobody's before it is signed. */
  readonly fitting: PlayerSet;
  readonly removal: Removal;
  /** My LEAVE is signed: I sign nothing more for rounds. */
  readonly leaving: boolean;
  /** Index of my next WISH of this epoch. */
  readonly wishIndex: number;
  readonly farewell: Farewell | null;
  readonly over: EndReason | null;
}

/** The machine before its first round. */
export function beginLockstep(setup: LockstepSetup): Lockstep {
  const seats = setup.keys.length;
  return {
    setup,
    epoch: 0,
    members: firstPlayers(seats),
    round: 1,
    seed: hash('seed', firstSeed(setup.session)),
    last: emptyBook(0, 0, seats),
    now: emptyBook(0, 1, seats),
    next: new Array<null>(seats).fill(null),
    own: null,
    ownSet: null,
    fitting: nobody,
    removal: noRemoval(seats, new Array<null>(seats).fill(null)),
    leaving: false,
    wishIndex: 0,
    farewell: null,
    over: null,
  };
}

/** The seed that `init` gets, 32 bytes: nobody chose it, since every player's nonce is in the session id. */
export function firstSeed(session: Uint8Array): Uint8Array {
  return hash('seed', session);
}

/** True when the machine waits for an input of its own player. */
export function wantsInput(state: Lockstep): boolean {
  const { leaving, own, over, removal, setup } = state;
  return own === null && over === null && !leaving && removal.frozen === null && !removal.causes[setup.me];
}

/** The bytes of packets by seat, for a record. */
export function bytesOf(packets: BySeat<Verified<Packet>>): PacketBytes {
  return packets.map((packet) => packet?.bytes ?? null);
}

/** One change of the machine on its way: the state so far and the effects it has caused. */
export class Turn {
  state: Lockstep;
  readonly effects: Effect[] = [];

  constructor(state: Lockstep) {
    this.state = state;
  }

  set(change: Partial<Lockstep>): void {
    this.state = { ...this.state, ...change };
  }

  /** Tells the links of something new that others may lack. */
  hold(holding: Holding): void {
    this.effects.push({ type: 'hold', holding });
  }

  persist(record: LogRecord): void {
    this.effects.push({ type: 'persist', record });
  }

  /** Has the statements signed, as one packet. */
  say(...statements: readonly Statement[]): void {
    this.effects.push({ type: 'sign', draft: { type: 'packet', statements } });
  }
}
