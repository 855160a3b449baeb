/** What the machines ask of whoever runs them: values, carried out in order. */

import type { Round, Seat } from '../base/ids.ts';
import type { PlayerSet } from '../base/players.ts';
import type { HelloBody } from '../wire/hello.ts';
import type { Packet } from '../wire/packet.ts';
import type { Statement } from '../wire/statement.ts';
import type { EvidenceKind } from './evidence.ts';
import type { LogRecord } from './record.ts';
import type { Refusal } from './refusal.ts';
import type { Holding, Outcome } from './round.ts';

/** The next state, and what to do now. */
export type Step<State, Effect> = readonly [next: State, effects: readonly Effect[]];

/** What waits for our own signature. */
export type Draft =
  | { readonly type: 'hello'; readonly hello: HelloBody }
  | { readonly type: 'packet'; readonly statements: readonly Statement[] };

/** Why the named players are waited for. Always a suspicion, never evidence. */
export type StallReason =
  /** They hold all that their next statement depends on, and do not make it. */
  | 'silent'
  /** Their SET lists a commitment that they do not show. */
  | 'set'
  /** Their REMOVE is missing. */
  | 'removal'
  /** The opening of their accepted commitment is missing (neo). */
  | 'opening'
  /** They have acknowledged nothing: the link may be at fault. */
  | 'link';

export type EndReason =
  /** This player left. */
  | 'left'
  /** All others removed this player. */
  | 'expelled'
  /** All other players are gone. */
  | 'alone'
  /** Two players were gone or convicted at once: the rest cannot agree how to go on. */
  | 'split';

/** For the game to know; may be ignored. */
export type Notice =
  | {
      readonly type: 'stall';
      readonly round: Round;
      readonly waitingFor: PlayerSet;
      readonly reason: StallReason;
    }
  | { readonly type: 'desync'; readonly round: Round; readonly players: PlayerSet }
  | {
      readonly type: 'player';
      readonly player: Seat;
      readonly status: 'joined' | 'interrupted' | 'resumed' | 'left' | 'expelled';
    };

/** One place where two states differ, for people. */
export interface StateRow {
  /** As a programmer writes it, such as `players[2].x`. */
  readonly path: string;
  readonly mine: string;
  readonly theirs: string;
}

/** What a session asks of the driver. `Rec` is what its protocol writes down. */
export type SessionEffect<Rec = LogRecord> =
  /** Durable before anything that follows leaves this player. */
  | { readonly type: 'persist'; readonly record: Rec }
  /** Sign, and hand the signature back. */
  | { readonly type: 'sign'; readonly draft: Draft }
  | { readonly type: 'send'; readonly to: Seat; readonly datagram: Uint8Array }
  /** The session is agreed; the game starts. `seed` comes of the session id. */
  | { readonly type: 'begin'; readonly session: Uint8Array; readonly seed: Uint8Array }
  /** The game steps once. In lockstep the round is final with it. */
  | { readonly type: 'advance'; readonly outcome: Outcome }
  /** The game goes back to the state after that round; `advance` comes again from the next one on. */
  | { readonly type: 'rollback'; readonly round: Round }
  /** That round, which was played, can never be taken back. */
  | { readonly type: 'final'; readonly round: Round }
  | {
      readonly type: 'evidence';
      readonly player: Seat;
      readonly kind: EvidenceKind;
      readonly evidence: Uint8Array;
    }
  /** An input broke the rules of the game; `packets` hold its opening and its author's vote on the state. */
  | {
      readonly type: 'illegal';
      readonly player: Seat;
      /** The input was judged on the state after this round. */
      readonly judged: Round;
      readonly session: Uint8Array;
      readonly publicKey: Uint8Array;
      readonly packets: readonly [Packet, Packet];
      /** What stands before the state in the evidence: digest of the log, and epoch id. */
      readonly log: Uint8Array;
    }
  /** The bytes of the state after a round are wanted; the event `state` brings them. */
  | { readonly type: 'state-wanted'; readonly round: Round }
  /** Where the state of another player differs from mine, as the event `inquire` has asked. */
  | {
      readonly type: 'compared';
      readonly player: Seat;
      /** The round that was asked about, and the one that could be compared. */
      readonly wanted: Round;
      readonly round: Round;
      readonly rows: readonly StateRow[];
      /** True when the rows are all differences. */
      readonly complete: boolean;
      /**
       * Why there are not all rows, or none: a state is not plain data (`opaque`), the two have no round in
       * common whose state they keep (`unknown`), the other's answers make no sense, or there are none.
       */
      readonly failed: 'opaque' | 'unknown' | 'nonsense' | 'silent' | null;
    }
  /** Bytes of the states after `count` rounds up to `round` are wanted; the event `states` brings them. */
  | { readonly type: 'states-wanted'; readonly round: Round; readonly count: number }
  /** The game starts after `round`, from states that enough players have signed; the last one is its. */
  | { readonly type: 'restore'; readonly round: Round; readonly states: readonly (Uint8Array | null)[] }
  /** A player came in, who says that it can be reached there: text of anyone. */
  | { readonly type: 'address'; readonly seat: Seat; readonly address: string }
  /** This player, who asked to be let in, has a seat. */
  | { readonly type: 'seated'; readonly seat: Seat }
  /** Something that was received is dropped. */
  | { readonly type: 'count'; readonly refusal: Refusal }
  | { readonly type: 'notify'; readonly notice: Notice }
  /** The match cannot start; `reason` says why, for people. */
  | { readonly type: 'refused'; readonly reason: string }
  | { readonly type: 'end'; readonly reason: EndReason };

export type Effect =
  | SessionEffect
  /** Something came to be held that others may lack: the link's business. */
  | { readonly type: 'hold'; readonly holding: Holding };
