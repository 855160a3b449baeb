/**
 * Who is out after a round, and in which order it is judged:
 *
 *   1. the convicted, by what convicts them and by seat; then who leaves, by seat. Nothing keeps them in,
 *      except that the last member stays;
 *   2. the silent, by seat; then the late, by seat. Each of them only if those who remain of the round's
 *      own members are still q of these. So nobody is out of a group of two for silence, and a
 *      minority can never outlast the others. Who stays for this reason is judged again after each round.
 */

import type { Round, Seat } from '../../base/ids.ts';
import { add, count, has, intersect, nobody, type PlayerSet, remove, seatsOf } from '../../base/players.ts';
import { type Conviction, convictions } from './accusation.ts';
import {
  type ClosedRound,
  countingSlots,
  type LateSlot,
  type LogEvent,
  type LogParameters,
  type Membership,
  quorumOf,
  type RemovalReason,
  type Signed,
} from './membership.ts';

/**
 * By seat the rounds running without an accepted slot. A round in which fewer than q slots counted neither
 * extends nor breaks a streak: an outage is nobody's silence.
 */
export function streaksAfter(
  parameters: LogParameters,
  membership: Membership,
  closed: ClosedRound,
): readonly number[] {
  const counting = countingSlots(membership, closed);
  const present = intersect(membership.members, closed.members);
  if (count(counting) < quorumOf(parameters, membership, closed.members).q) return membership.streaks;
  return membership.streaks.map((streak, seat) => {
    if (!has(present, seat as Seat)) return streak;
    return has(counting, seat as Seat) ? 0 : streak + 1;
  });
}

/**
 * The LATE reports of the last 3m rounds with those of a round. A report counts of a slot of a member,
 * by another one, both members in that earlier round.
 */
export function lateAfter(
  { silence }: LogParameters,
  { late, members, sinceRound }: Membership,
  { round }: ClosedRound,
  operations: readonly Signed[],
): readonly LateSlot[] {
  const first = round - 3 * silence + 1;
  const slots = late.filter((each) => each.round >= first);
  for (const { author, operation } of operations) {
    if (operation.type !== 'late' || operation.seat === author || !has(members, operation.seat)) continue;
    if (operation.round < first || operation.round >= round) continue;
    const since = Math.max(sinceRound[author] as number, sinceRound[operation.seat] as number);
    if (operation.round < since) continue;
    const index = slots.findIndex((each) => each.round === operation.round && each.seat === operation.seat);
    const by = add(slots[index]?.by ?? nobody, author);
    const slot = { round: operation.round, seat: operation.seat, by };
    if (index === -1) slots.push(slot);
    else slots[index] = slot;
  }
  return slots.sort((a, b) => a.round - b.round || a.seat - b.seat);
}

/**
 * The seats of which m of some 2m rounds running are late, as q of `judges` say. These need not be the last
 * 2m: a report comes up to alpha rounds after its round, and that must not shorten the time it speaks of.
 */
function lateSeats(
  { silence }: LogParameters,
  late: readonly LateSlot[],
  judges: PlayerSet,
  q: number,
): Seat[] {
  const rounds = new Map<Seat, Round[]>();
  for (const { by, round, seat } of late) {
    if (count(intersect(by, judges)) >= q) rounds.set(seat, [...(rounds.get(seat) ?? []), round]);
  }
  const dense = (list: readonly Round[]): boolean =>
    list.some((first, at) => (list[at + silence - 1] ?? Number.POSITIVE_INFINITY) - first < 2 * silence);
  return [...rounds].filter(([, list]) => dense(list)).map(([seat]) => seat);
}

const severity: readonly Conviction['reason'][] = ['evidence', 'illegal', 'void'];

export interface Remaining {
  readonly members: PlayerSet;
  readonly events: readonly LogEvent[];
}

/** Applies the rules above; `streaks` and `late` are those after the round. */
export function removals(
  parameters: LogParameters,
  membership: Membership,
  closed: ClosedRound,
  operations: readonly Signed[],
  streaks: readonly number[],
  late: readonly LateSlot[],
): Remaining {
  const { q } = quorumOf(parameters, membership, closed.members);
  const events: LogEvent[] = [];
  let { members } = membership;
  const anybody = (rest: PlayerSet): boolean => rest !== nobody;
  const enough = (rest: PlayerSet): boolean => count(intersect(rest, closed.members)) >= q;
  const out = (seat: Seat, reason: RemovalReason, allowed: (rest: PlayerSet) => boolean): void => {
    const rest = remove(members, seat);
    if (!has(members, seat) || !allowed(rest)) return;
    members = rest;
    events.push({ type: 'removed', seat, reason });
  };
  const convicted = convictions(parameters, membership, closed, operations);
  for (const reason of severity) {
    const seats = convicted.filter((each) => each.reason === reason).map(({ seat }) => seat);
    for (const seat of seats.sort((a, b) => a - b)) out(seat, reason, anybody);
  }
  for (const { author, operation } of operations)
    if (operation.type === 'leave') out(author, 'left', anybody);
  for (const seat of seatsOf(intersect(members, closed.members))) {
    if ((streaks[seat] as number) >= parameters.silence) out(seat, 'silent', enough);
  }
  const judges = intersect(members, closed.members);
  for (const seat of lateSeats(parameters, late, judges, q).sort((a, b) => a - b)) out(seat, 'late', enough);
  return { members, events };
}
