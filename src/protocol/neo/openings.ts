/**
 * The openings of accepted commitments. Whoever holds one on disk says HOLD; with k+f of those who are not
 * its author the opening is certain: somebody honest will always hand it on. An opening that is withheld
 * comes, after seconds in which enough players were heard, to a contest (contest.ts) that may end in `void`.
 */

import { equalBytes } from '../../base/bytes.ts';
import type { Round, Seat } from '../../base/ids.ts';
import {
  add,
  count,
  has,
  minus,
  nobody,
  type PlayerSet,
  remove,
  seatsOf,
  union,
  within,
} from '../../base/players.ts';
import { commit, vectorDigest } from '../../crypto/commitment.ts';
import { type Hold, type Reveal, ROUND_INSTANCE } from '../../wire/statement.ts';
import type { BySeat } from '../round.ts';
import { confirmedValue } from './ballot.ts';
import { enterView, settleContest } from './contest.ts';
import { holdsOpening } from './instance.ts';
import { likelyValues } from './slots.ts';
import { type Held, type NeoRound, newest, pastOf } from './state.ts';
import { put, type Turn } from './turn.ts';
import { isNone, sameValue, type Value } from './values.ts';

/** Keeps an opening of the decided commitment, or (before that) of the held one. */
export function takeReveal(turn: Turn, held: Held<Reveal>): void {
  const { epoch, input, round: number, salt } = held.statement;
  const { session } = turn.state.setup;
  const round = turn.round(number);
  const author = held.packet.sender;
  const before = round.opensTo[author];
  const wanted = round.decided[author] ?? round.commits[author]?.statement.commitment ?? null;
  if (before && (wanted === null || sameValue(before, wanted) || has(round.holding, author))) return;
  const opened = commit({ session, epoch, round: number, author }, salt, input);
  if (before && !sameValue(opened, wanted as Value)) return;
  turn.change(number, {
    reveals: put(round.reveals, author, held),
    opensTo: put(round.opensTo, author, opened),
  });
}

export function takeHold(turn: Turn, held: Held<Hold>): void {
  const { authors, index, round: number, values } = held.statement;
  const round = turn.round(number);
  const { sender } = held.packet;
  const before = round.holds[sender] ?? [];
  if (!within(authors, round.environment.members)) return;
  // Of a liar the first and the newest of an index: others may have decided with either.
  const same = before.filter(({ statement }) => statement.index === index);
  if (same.some(({ statement }) => statement.authors === authors && equalBytes(statement.values, values)))
    return;
  const kept = [...before.filter((each) => each !== same[1]), held].slice(-2 * round.holds.length);
  turn.change(number, { holds: put(round.holds, sender, kept) });
}

/** The authors whose opening the round needs: accepted, and not removed by an earlier round. */
export function needed(turn: Turn, number: Round): PlayerSet {
  const { state } = turn;
  const round = turn.round(number);
  const before =
    number - 1 <= newest(state) && number - 1 >= state.pastFrom ? pastOf(state, number - 1) : null;
  const counting = before?.log.members ?? round.environment.members;
  let set = nobody;
  for (const author of seatsOf(round.environment.members)) {
    const value = round.decided[author];
    if (value && !isNone(value) && has(counting, author)) set = add(set, author);
  }
  return set;
}

/** The accepted authors whose decided commitment I can open. */
export function openable(round: NeoRound, me: Seat): PlayerSet {
  let set = nobody;
  for (const author of seatsOf(round.environment.members)) {
    if (holdsOpening(round, author, me)) set = add(set, author);
  }
  return set;
}

/** The members other than the author that say they hold its decided opening. */
function holdersOf(round: NeoRound, author: Seat, me: Seat): PlayerSet {
  let set = has(round.holding, author) ? add(nobody, me) : nobody;
  for (const seat of seatsOf(remove(round.environment.members, author))) {
    if ((round.holds[seat] ?? []).some((hold) => covers(round, hold, author))) set = add(set, seat);
  }
  return remove(set, author);
}

/** Which HOLDs speak of the decided commitments, once these are decided: it never changes then. */
const judged = new WeakMap<BySeat<Value>, Map<Hold, boolean>>();

/** True when a HOLD speaks of the decided commitments, this author's among them. */
function covers({ decided }: NeoRound, { statement }: Held<Hold>, author: Seat): boolean {
  const { authors, values } = statement;
  if (!has(authors, author)) return false;
  const verdicts = judged.get(decided) ?? new Map<Hold, boolean>();
  judged.set(decided, verdicts);
  const known = verdicts.get(statement);
  if (known !== undefined) return known;
  const hashes = seatsOf(authors).map((seat) => decided[seat]);
  if (!hashes.every((value) => !!value)) return false;
  const speaks = hashes.every((value) => !isNone(value)) && equalBytes(vectorDigest(hashes), values);
  verdicts.set(statement, speaks);
  return speaks;
}

/**
 * HOLD: for all openings of the round together where that is possible, else for those there are once the
 * others had time to come. Never for one that I have denied.
 */
function hold(turn: Turn, number: Round): void {
  const { now, state } = turn;
  const { me } = state.setup;
  const round = turn.round(number);
  const { environment, decidedAt, denied, holding, holdIndex, reveals } = round;
  const { members, pace, quorum } = environment;
  if (quorum.k === 0 || decidedAt === null || !has(members, me)) return;
  const mine = openable(round, me);
  const fresh = remove(minus(minus(mine, holding), denied), me);
  if (fresh === nobody || holdIndex >= count(members)) return;
  const complete = within(needed(turn, number), mine);
  if (!complete && now.at < decidedAt + pace.arrival) return;
  const packets = seatsOf(fresh).map((author) => (reveals[author] as Held<Reveal>).packet.bytes);
  turn.persist({
    type: 'keep',
    round: number,
    instance: ROUND_INSTANCE,
    packets,
    vectors: [],
    certified: [],
  });
  turn.change(number, { holding: union(holding, fresh), holdIndex: holdIndex + 1 });
  const values = vectorDigest(seatsOf(fresh).map((author) => round.decided[author] as Value));
  const { epoch } = environment;
  turn.say({ kind: 'hold', epoch, round: number, index: holdIndex, authors: fresh, values });
}

/** Decides what can be decided of the openings. */
function decideOpenings(turn: Turn, number: Round): void {
  const { me } = turn.state.setup;
  const round = turn.round(number);
  const { members, quorum } = round.environment;
  let { opened, voided } = round;
  for (const author of seatsOf(needed(turn, number))) {
    if (has(opened, author) || has(voided, author)) continue;
    const contest = round.openings[author];
    const confirmed = contest ? confirmedValue(contest.confirms, members, author, quorum.q) : null;
    if (confirmed !== null && isNone(confirmed)) voided = add(voided, author);
    else if (confirmed !== null || isOpen(round, author, me)) opened = add(opened, author);
  }
  if (opened !== round.opened || voided !== round.voided) turn.change(number, { opened, voided });
}

/** `open`: the opening is held here, and so many hold it that it can never come to `void`. */
function isOpen(round: NeoRound, author: Seat, me: Seat): boolean {
  const { denied, environment } = round;
  const { f, k } = environment.quorum;
  if (!holdsOpening(round, author, me)) return false;
  if (k === 0) return true;
  if (k === 1 && author !== me && !has(denied, author) && has(environment.members, me)) return true;
  return count(holdersOf(round, author, me)) >= k + f;
}

/** After T_open, while enough members are heard, an opening that is not decided is contested. */
function dispute(turn: Turn, number: Round): void {
  const { now, state } = turn;
  const { me, times } = state.setup;
  const round = turn.round(number);
  const { decidedAt, environment, opened, voided } = round;
  if (environment.quorum.k === 0 || decidedAt === null) return;
  for (const author of seatsOf(needed(turn, number))) {
    if (has(opened, author) || has(voided, author)) continue;
    const waited = Math.max(decidedAt, now.connectedAt);
    const patience = holdsOpening(round, author, me) ? 2 * times.openAfter : times.openAfter;
    if (waited + patience > now.at || author === me) continue;
    enterView(turn, number, author, 1);
  }
}

/** Everything that the openings of a round bring. */
export function settleOpenings(turn: Turn, number: Round): void {
  hold(turn, number);
  decideOpenings(turn, number);
  dispute(turn, number);
  settleDisputes(turn, number);
  decideOpenings(turn, number);
}

/** The contests about openings; also of a final round, for those who could not decide alone as I could. */
export function settleDisputes(turn: Turn, number: Round): void {
  const { me } = turn.state.setup;
  for (const contest of turn.round(number).openings) {
    if (contest === null) continue;
    settleContest(turn, number, contest.instance, likelyValues(turn.round(number), me));
  }
}

/** LATE: an accepted opening that I have waited for longer than T_late, while enough members were heard. */
export function reportLate(turn: Turn, number: Round): void {
  const { now, state } = turn;
  const { me, times } = state.setup;
  const round = turn.round(number);
  const { decidedAt, environment, reported } = round;
  if (environment.quorum.k === 0 || decidedAt === null || !has(environment.members, me)) return;
  if (Math.max(decidedAt, now.connectedAt) + times.lateAfter > now.at) return;
  const late = minus(minus(needed(turn, number), openable(round, me)), reported);
  if (late === nobody) return;
  turn.change(number, { reported: union(reported, late) });
  for (const seat of seatsOf(late)) turn.want({ type: 'late', round: number, seat });
}
