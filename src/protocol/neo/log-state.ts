/**
 * What the decided log comes to: members and epoch, what is counted about them, and the pace. It is a
 * function of the closed rounds alone, so all who agree on these agree on it; round r is played under the
 * state after round r - alpha. Its digest stands in every VOTE.
 */

import { assert } from '../../base/assert.ts';
import { type Epoch, type Round, seatOf } from '../../base/ids.ts';
import { add, count, firstPlayers, has, minus, type PlayerSet, seatsOf } from '../../base/players.ts';
import { hash } from '../../crypto/hash.ts';
import { PLAYERS_MAX } from '../../wire/limits.ts';
import { encodePlain } from '../../wire/plain.ts';
import { Writer } from '../../wire/writer.ts';
import { quorum } from '../quorum.ts';
import type { BySeat } from '../round.ts';
import { brokenAfter } from './accusation.ts';
import { joins, sponsoredAfter } from './joining.ts';
import {
  type ClosedRound,
  countingSlots,
  type LogEvent,
  type LogParameters,
  type Membership,
  operationsOf,
  quorumOf,
} from './membership.ts';
import { nextPace, type Pace, type Reported } from './pace.ts';
import { lateAfter, removals, streaksAfter } from './removals.ts';
import type { Member } from './update.ts';

export { type ClosedRound, counts, type LogEvent, type LogParameters } from './membership.ts';
export type { Member } from './update.ts';

export interface LogState extends Membership {
  /** The last round in it; 0 before the first. */
  readonly round: Round;
  readonly epoch: Epoch;
  /** Hash chain over all changes of the member list, 32 bytes. */
  readonly epochId: Uint8Array;
  /** By seat the last report of each member; null for seats that are no members, or said nothing. */
  readonly reports: BySeat<Reported>;
  readonly pace: Pace;
}

export interface Folded {
  readonly log: LogState;
  /** What happened to the members, in the order in which it did. */
  readonly events: readonly LogEvent[];
}

/** H(epoch; id before, round, and of each member seat, key and nonce). */
function epochIdOf(
  before: Uint8Array,
  round: Round,
  roster: readonly Member[],
  members: PlayerSet,
): Uint8Array {
  const writer = new Writer().u32(round).u8(count(members));
  for (const seat of seatsOf(members)) {
    const { publicKey, nonce } = roster[seat] as Member;
    writer.u8(seat).bytes(publicKey).bytes(nonce);
  }
  return hash('epoch', before, writer.take());
}

/** The state before the first round: everybody in the roster is a member. */
export function firstLog(parameters: LogParameters, roster: readonly Member[], pace: Pace): LogState {
  const { alpha, session, silence } = parameters;
  assert(silence > alpha, 'a silence lasts longer than alpha rounds');
  assert(roster.length >= 1 && roster.length <= PLAYERS_MAX, 'a roster has 1 to PLAYERS_MAX players');
  const members = firstPlayers(roster.length);
  const copies = roster.map(({ publicKey, nonce, address }) => ({
    publicKey: new Uint8Array(publicKey),
    nonce: new Uint8Array(nonce),
    address,
  }));
  return {
    round: 0,
    epoch: 0,
    epochId: epochIdOf(session, 0, copies, members),
    roster: copies,
    members,
    sinceRound: roster.map(() => 1),
    streaks: roster.map(() => 0),
    broken: [],
    late: [],
    sponsored: [],
    firstLiars: quorum(roster.length).f,
    reports: roster.map(() => null),
    pace,
  };
}

/** The last report of each member, with those of a round. */
function reportsAfter(log: LogState, closed: ClosedRound): BySeat<Reported> {
  const { round, updates, voided } = closed;
  const open = minus(countingSlots(log, closed), voided);
  return log.reports.map((before, seat) => {
    const report = has(open, seatOf(seat)) ? updates[seat]?.report : null;
    return report ? { lateness: report.lateness, lag: report.lag, round } : before;
  });
}

/** The state after one more round. Rounds come in order, each once. */
export function fold(parameters: LogParameters, log: LogState, closed: ClosedRound): Folded {
  assert(closed.round === log.round + 1, 'rounds are folded in order');
  const { round } = closed;
  const operations = operationsOf(log, closed);
  const streaks = streaksAfter(parameters, log, closed);
  const late = lateAfter(parameters, log, closed, operations);
  const rest = removals(parameters, log, closed, operations, streaks, late);
  const requests = sponsoredAfter(parameters, log, closed, rest.members, operations);
  const { q } = quorumOf(parameters, log, closed.members);
  const joined = joins(log.roster, requests, q);
  const { roster } = joined;
  const members = joined.seats.reduce(add, rest.members);
  const changed = members !== log.members;
  const ofMembers = <T>(list: readonly T[], none: T): readonly T[] =>
    roster.map((_, seat) => (has(members, seatOf(seat)) ? (list[seat] ?? none) : none));
  const reports = ofMembers(reportsAfter(log, closed), null);
  const next: LogState = {
    round,
    epoch: changed ? log.epoch + 1 : log.epoch,
    epochId: changed ? epochIdOf(log.epochId, round, roster, members) : log.epochId,
    roster,
    members,
    sinceRound: [...log.sinceRound, ...joined.seats.map(() => round + parameters.alpha)],
    streaks: ofMembers(streaks, 0),
    broken: brokenAfter(parameters, log, closed, members),
    late: late.filter(({ seat }) => has(members, seat)),
    sponsored: joined.sponsored,
    firstLiars: log.firstLiars,
    reports,
    pace: nextPace(
      parameters.pace,
      log.pace,
      round + parameters.alpha,
      reports.filter((report) => report !== null),
      quorumOf(parameters, log, members).f,
    ),
  };
  const seated = joined.seats.map((seat): LogEvent => ({ type: 'joined', seat }));
  return { log: next, events: [...rest.events, ...seated] };
}

/**
 * H(log; everything in it but the addresses of the roster), 32 bytes. Players may know one another by
 * different addresses, so these are no part of what they agree on.
 */
export function digest(log: LogState): Uint8Array {
  const roster = log.roster.map(({ publicKey, nonce }) => ({ publicKey, nonce }));
  return hash('log', encodePlain({ ...log, roster }, 'log'));
}
