/**
 * A protocol as the driver runs it: pure functions over a session of its own. The driver knows nothing
 * of rounds but their numbers; what it reads from a datagram it hands back to the engine that read it.
 */

import type { Epoch, Round, Seat } from '../base/ids.ts';
import type { PlayerSet } from '../base/players.ts';
import type { Micros } from '../base/time.ts';
import type { Sealed, Verified } from '../crypto/signature.ts';
import type { Hello } from '../wire/hello.ts';
import type { Packet } from '../wire/packet.ts';
import type { SessionEffect, Step } from './effect.ts';
import type { OwnInput } from './lockstep-state.ts';
import type { Refusal } from './refusal.ts';
import type { BySeat, Outcome } from './round.ts';

/** What a player has who comes to a match that runs. */
export interface Newcomer {
  readonly publicKey: Uint8Array;
  /** What a member gave it, encoded. */
  readonly invitation: Uint8Array;
  /** The game judges inputs: it needs the states that they are judged on. */
  readonly judges: boolean;
}

export interface SessionSetup {
  readonly me: Seat;
  /** Public keys of all players, ascending. */
  readonly keys: readonly Uint8Array[];
  /** Encoded agreement (handshake.ts). */
  readonly agreement: Uint8Array;
  /** My nonce of this log. */
  readonly nonce: Uint8Array;
  /** Nothing moves for this long: a stall is reported, again and again. */
  readonly stallAfter: Micros;
  /** The handshake gives up after this long; null for never. */
  readonly handshakeWithin: Micros | null;
  /** Set for who is not among the first players; `me` and `keys` are then what the invitation makes them. */
  readonly newcomer?: Newcomer | null;
}

/** What every session has, whatever its protocol. */
export interface Running {
  readonly setup: SessionSetup;
}

/** What every log tells, whatever the protocol. */
export interface Restored {
  /** My nonce of this log, if a hello was written. */
  readonly nonce: Uint8Array | null;
}

/**
 * What happens to a session. `Header` is what a datagram says in front of its items, `Attachment` what
 * comes with them unsigned.
 */
export type SessionEvent<Header = unknown, Attachment = unknown> =
  | { readonly type: 'start'; readonly at: Micros }
  | { readonly type: 'hello'; readonly at: Micros; readonly from: Seat; readonly hello: Verified<Hello> }
  | {
      readonly type: 'bundle';
      readonly at: Micros;
      readonly from: Seat;
      readonly header: Header;
      /** True when the datagram carried anything, also if none of it was new. */
      readonly carried: boolean;
      readonly packets: readonly Verified<Packet>[];
      readonly proofs: readonly (readonly Verified<Packet>[])[];
      readonly attachments: readonly Attachment[];
    }
  | { readonly type: 'signed'; readonly at: Micros; readonly value: Verified<Packet> | Verified<Hello> }
  | { readonly type: 'input'; readonly at: Micros; readonly input: OwnInput }
  /** The game has played a round; only for engines that hear it. Round 0: it has begun. */
  | {
      readonly type: 'played';
      readonly at: Micros;
      readonly round: Round;
      readonly stateHash: Uint8Array;
      /** Whose input broke the rules of the game. */
      readonly illegal: PlayerSet;
    }
  /** The state that was asked for; null if it is not kept. */
  | {
      readonly type: 'state';
      readonly at: Micros;
      readonly round: Round;
      readonly bytes: Uint8Array | null;
    }
  /** The states that were asked for, the last one that after `round`; null if they are not kept. */
  | {
      readonly type: 'states';
      readonly at: Micros;
      readonly round: Round;
      readonly states: readonly (Uint8Array | null)[] | null;
    }
  /** My game lets a player in whose encoded request this is: I ask the others for it in my updates. */
  | { readonly type: 'sponsor'; readonly at: Micros; readonly request: Uint8Array }
  /** Where does the state of that player after the round differ from mine? The effect `compared` tells. */
  | { readonly type: 'inquire'; readonly at: Micros; readonly round: Round; readonly player: Seat }
  | { readonly type: 'wish'; readonly at: Micros; readonly target: Seat | null }
  | { readonly type: 'leave'; readonly at: Micros }
  /** Leaving takes too long: stop where we are. */
  | { readonly type: 'quit'; readonly at: Micros }
  | { readonly type: 'tick'; readonly at: Micros };

/** What a datagram holds, each claim with what its signature must be checked against. */
export interface Opened<Header = unknown, Attachment = unknown> {
  readonly refused: readonly Refusal[];
  readonly hello: Sealed<Hello> | null;
  /** Null if the datagram is no bundle that counts. */
  readonly header: Header | null;
  readonly carried: boolean;
  readonly packets: readonly Sealed<Packet>[];
  /** Packets that convict together: all of them hold, or none counts. */
  readonly proofs: readonly (readonly Sealed<Packet>[])[];
  /** What no signature covers. */
  readonly attachments: readonly Attachment[];
}

/** The slot that a session wants an input of its own player for. */
export interface Wanted {
  readonly epoch: Epoch;
  readonly round: Round;
  /** It is time: the empty input is taken if there is no other. */
  readonly mayBeEmpty: boolean;
}

/** What a log makes the driver do before the session starts. */
export interface Replay {
  /** The final rounds, in order, to be played again. */
  readonly outcomes: readonly Outcome[];
  /** Where they start, unless at the beginning: see the effect `restore`. */
  readonly from?: { readonly round: Round; readonly states: readonly (Uint8Array | null)[] } | null;
  /** The newest own commitment: its input is committed to again if its round is wanted anew. */
  readonly committed: { readonly round: Round; readonly input: Uint8Array } | null;
}

/** The link to another player, for people. */
export interface LinkView {
  /** Smoothed; null before the first. */
  readonly roundTrip: Micros | null;
  readonly heardAt: Micros;
  readonly interrupted: boolean;
}

/** A session that has been agreed, as others may look at it. */
export interface MatchView {
  readonly epoch: Epoch;
  readonly members: PlayerSet;
  /** The own input of the round being played is committed to already. */
  readonly committed: boolean;
  /** Final rounds in which equal votes alone did not decide; always 0 in lockstep. */
  readonly slowRounds: number;
  /** The newest rounds, oldest first; none in lockstep. */
  readonly rounds: readonly RoundView[];
}

/** What is held of a round, by author. */
export interface RoundView {
  readonly round: Round;
  readonly commits: PlayerSet;
  readonly votes: PlayerSet;
  readonly opens: PlayerSet;
  /** Equal votes alone have not decided it. */
  readonly slow: boolean;
  readonly final: boolean;
}

/** A protocol. Its functions are pure; `S` is its session, `R` what it makes of a log. */
export interface Engine<S extends Running, R extends Restored, Header = unknown, Attachment = unknown> {
  readonly name: 'lockstep' | 'neo';
  /** True when a round is final as soon as it is played; else effects `final` say when. */
  readonly finalWithAdvance: boolean;
  /** True when the session is told of every round that was played. */
  readonly hearsPlayed: boolean;
  /** A record of an effect `persist`, for the log. */
  encode(record: unknown): Uint8Array;
  /** What a log holds; throws if its records do not follow from one another. */
  recover(records: readonly Uint8Array[], setup: Pick<SessionSetup, 'agreement' | 'me'>): R;
  /** A new session, or one that goes on from its log. */
  create(setup: S['setup'], at: Micros, recovered: R | null): S;
  replay(recovered: R): Replay;
  /** The only door of the session. */
  step(session: S, event: SessionEvent<Header, Attachment>): Step<S, SessionEffect<unknown>>;
  /** When the session wants a tick; null for never. */
  wakeAt(session: S): Micros | null;
  wanted(session: S): Wanted | null;
  /** Opens a datagram that came from the address of `from`. */
  open(session: S, from: Seat, datagram: Uint8Array): Opened<Header, Attachment>;
  /** Session id, once it is agreed. */
  sessionId(session: S): Uint8Array | null;
  /** Null before the session is agreed. */
  match(session: S): MatchView | null;
  /** By seat; null where there is no link. */
  links(session: S): BySeat<LinkView>;
  /**
   * What a newcomer must be given, encoded; null before the match. `addresses` are by seat those by which a
   * newcomer reaches the first players; "-" for one that it cannot reach.
   */
  invite?(session: S, addresses: readonly string[]): Uint8Array | null;
  /** Why an encoded request to be let in is refused; null if it can be sponsored. */
  judgeRequest?(session: S, request: Uint8Array): RequestRefusal | null;
}

/** Why a request to be let in is refused. */
export type RequestRefusal =
  /** It is none. */
  | 'malformed'
  /** Its signature does not hold for this session. */
  | 'signature'
  /** Its key has a seat, or had one: a player that lost its log comes back with a new key. */
  | 'seated'
  /** There is no seat left. */
  | 'full'
  /** The match has not begun, is over, or its protocol lets nobody in. */
  | 'closed';
