/**
 * Who plays, as a function of the decided log alone: what the rules of accusation.ts, removals.ts and
 * joining.ts know and what they say. All of it acts alpha rounds later, except that what a removed player
 * still says counts for nothing from the next round on.
 *
 * Every threshold is that of the members of the round itself, that is of alpha rounds before; who has been
 * removed since no longer counts towards it.
 */

import type { Round, Seat } from '../../base/ids.ts';
import { count, has, intersect, minus, type PlayerSet, seatsOf } from '../../base/players.ts';
import { type Quorum, quorum } from '../quorum.ts';
import type { BySeat } from '../round.ts';
import type { PaceLimits } from './pace.ts';
import type { Member, Operation, Update } from './update.ts';

/** What a session agrees on before it starts. */
export interface LogParameters {
  /** Session id, 32 bytes. */
  readonly session: Uint8Array;
  /** Rounds from a decision until it acts; a constant of the session. */
  readonly alpha: number;
  /** m: rounds running without an accepted slot that remove a member; more than alpha. */
  readonly silence: number;
  /** The quorums go on with the first epoch's number of liars. */
  readonly keepF: boolean;
  readonly pace: PaceLimits;
}

/** Members whose input of a round broke the rules of the game. */
export interface Broken {
  readonly round: Round;
  readonly seats: PlayerSet;
  /** Digest of the state that those inputs were judged on, as a VOTE of the round carries it; 32 bytes. */
  readonly judged: Uint8Array;
}

/** Who has reported the opening of a slot as late. */
export interface LateSlot {
  readonly round: Round;
  readonly seat: Seat;
  readonly by: PlayerSet;
}

/** A player who wants to join, and the last round in which each of its sponsors said so, by seat. */
export interface Sponsored extends Member {
  readonly by: readonly { readonly seat: Seat; readonly round: Round }[];
}

export interface Membership {
  /** Everybody who ever was a member, by seat; no seat is used twice. */
  readonly roster: readonly Member[];
  readonly members: PlayerSet;
  /** By seat the first round of its membership. */
  readonly sinceRound: readonly Round[];
  /** By seat the rounds running without an accepted slot; 0 for seats that are no members. */
  readonly streaks: readonly number[];
  /** Of recent rounds, the oldest first. */
  readonly broken: readonly Broken[];
  /** Of the last 3m rounds, ordered by round and seat. */
  readonly late: readonly LateSlot[];
  /** Ordered by key, nonce and address. */
  readonly sponsored: readonly Sponsored[];
  /** Liars that the first epoch could bear. */
  readonly firstLiars: number;
}

/** A round of which everything is decided. */
export interface ClosedRound {
  readonly round: Round;
  /** Slots whose decided value is a commitment. */
  readonly accepted: PlayerSet;
  /** Accepted slots whose opening is `void`. */
  readonly voided: PlayerSet;
  /** The openings of the accepted slots; null for others, and for what is no update. */
  readonly updates: BySeat<Update>;
  /** Accepted slots whose opening is no update, or whose input the game judges illegal. */
  readonly illegal: PlayerSet;
  /** Members of the round's own epoch. */
  readonly members: PlayerSet;
  /** The digest that a VOTE of this round carries: of the state after the round alpha before; 32 bytes. */
  readonly judged: Uint8Array;
}

export type RemovalReason = 'evidence' | 'illegal' | 'void' | 'left' | 'silent' | 'late';

export type LogEvent =
  | { readonly type: 'removed'; readonly seat: Seat; readonly reason: RemovalReason }
  | { readonly type: 'joined'; readonly seat: Seat };

/** An operation and who put it into its update. */
export interface Signed {
  readonly author: Seat;
  readonly operation: Operation;
}

/** Rounds for which what convicts is kept: R. */
export function keptRounds({ alpha, silence }: LogParameters): number {
  return silence + 2 * alpha + 1;
}

/** True while the slots of a seat may count; those of a removed player are "-" from the next round on. */
export function counts({ members }: Pick<Membership, 'members'>, seat: Seat): boolean {
  return has(members, seat);
}

/** Quorums of some members, under the session's rule about liars. */
export function quorumOf(
  { keepF }: LogParameters,
  { firstLiars }: Pick<Membership, 'firstLiars'>,
  members: PlayerSet,
): Quorum {
  return quorum(count(members), keepF ? firstLiars : 0);
}

/** The slots of a round that count: accepted, of members, of nobody who was removed since. */
export function countingSlots({ members }: Membership, closed: ClosedRound): PlayerSet {
  return intersect(intersect(closed.accepted, closed.members), members);
}

/** The operations of a round that exist, by the seat of their authors and in their order. */
export function operationsOf(membership: Membership, closed: ClosedRound): readonly Signed[] {
  const open = minus(countingSlots(membership, closed), closed.voided);
  return seatsOf(open).flatMap((author) =>
    (closed.updates[author]?.operations ?? []).map((operation) => ({ author, operation })),
  );
}
