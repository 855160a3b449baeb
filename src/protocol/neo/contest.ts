/**
 * The change of views of one instance (the slots of a round, or one opening in dispute). Whoever leaves a
 * view says CHANGE with what it knows; the leader of the next one makes of n-k of them the proposal that
 * the leader rule (justify.ts) forces; q PREPAREs of it are a certificate, q CONFIRMs of that decide.
 * After CHANGE for a view nothing is said in a lower one.
 */

import { assert } from '../../base/assert.ts';
import { equalBytes } from '../../base/bytes.ts';
import type { Round, Seat } from '../../base/ids.ts';
import { add, has, nobody, type PlayerSet, seatsOf, within } from '../../base/players.ts';
import { vectorDigest } from '../../crypto/commitment.ts';
import { type Certified, type Change, type Confirm, ROUND_INSTANCE } from '../../wire/statement.ts';
import type { BySeat } from '../round.ts';
import { disputed, holdsOpening, isSettled, slotsOf, supportOf } from './instance.ts';
import { wellFormed } from './justify.ts';
import { certify, lead, prepare } from './proposal.ts';
import type { Contest, Held, HeldChange, HeldConfirm, NeoRound } from './state.ts';
import { put, type Turn } from './turn.ts';
import { entriesOf, isNone, NONE, resolve, unresolved, type Value, vectorOf } from './values.ts';

/** Kept of each sender: view changes of the newest few views, and confirms. */
const CHANGES_MAX = 3;
const CONFIRMS_MAX = 24;
/** The last view that a statement can name. */
const VIEW_MAX = 0xffff;

/** Leaves all views below `view` and says so. Before that: my COMMIT and my VOTE of the round. */
export function enterView(turn: Turn, number: Round, instance: number, view: number): void {
  const { me } = turn.state.setup;
  const round = turn.round(number);
  const contest = turn.contest(number, instance);
  if (view <= contest.view || view > VIEW_MAX || !has(round.environment.members, me)) return;
  if (round.ownVote === null) return turn.change(number, { hurried: true });
  if (instance !== ROUND_INSTANCE && disputed(round, instance) === null) return;
  const { epoch, members } = round.environment;
  const claim = instance === ROUND_INSTANCE ? NONE : claimOf(round, instance as Seat, me);
  const vote = instance === ROUND_INSTANCE ? vectorOf(members, round.ownVote) : { named: nobody, hashes: [] };
  const certified = contest.best.filter((each) => each !== null);
  keepSupport(turn, number, instance, certified);
  turn.changeContest(number, instance, {
    view,
    changed: view,
    timerAt: null,
    confirmed: nobody,
    confirmIndex: 0,
  });
  if (instance !== ROUND_INSTANCE && isNone(claim)) {
    turn.change(number, { denied: add(round.denied, instance as Seat) });
  }
  const { named, hashes: votes } = vote;
  turn.say({ kind: 'change', epoch, round: number, instance, view, named, votes, certified, claim });
}

function claimOf(round: NeoRound, author: Seat, me: Seat): Value {
  return holdsOpening(round, author, me) ? (round.decided[author] as Value) : NONE;
}

/** Writes down what a certificate rests on, before anything is said that rests on it. */
function keepSupport(turn: Turn, number: Round, instance: number, certified: readonly Certified[]): void {
  const round = turn.round(number);
  const packets = supportOf(round, turn.contest(number, instance), certified);
  const vectors = [...round.votes, ...round.otherVotes].flatMap((vote) =>
    vote?.hashes?.length ? [vote.hashes] : [],
  );
  if (certified.length > 0)
    turn.persist({ type: 'keep', round: number, instance, packets, vectors, certified });
}

export function takeChange(turn: Turn, held: Held<Change>, hash: Uint8Array): void {
  const { instance, round: number, view } = held.statement;
  const round = turn.round(number);
  const contest = turn.contest(number, instance);
  const { sender } = held.packet;
  if (view < 1 || !isProper(round, held.statement)) return;
  const before = contest.changes[sender] ?? [];
  const isNamed = (each: HeldChange): boolean =>
    contest.proposals.some(({ statement }) => statement.changes.some((name) => equalBytes(name, each.hash)));
  const change: HeldChange = { ...held, hash };
  if (before.some((each) => equalBytes(each.hash, hash))) return;
  if (before.some(({ statement }) => statement.view >= view) && !isNamed(change)) return;
  const all = [...before, change].sort((a, b) => a.statement.view - b.statement.view);
  const kept = all.filter((each, index) => index >= all.length - CHANGES_MAX || isNamed(each));
  turn.changeContest(number, instance, { changes: put(contest.changes, sender, kept) });
}

/** True when a view change can be one of this instance. */
function isProper(round: NeoRound, { certified, claim, instance, named, votes }: Change): boolean {
  const slots = slotsOf(round, instance);
  if (!certified.every(({ slot }) => has(slots, slot as Seat))) return false;
  if (instance === ROUND_INSTANCE) return wellFormed(named, votes, slots) && isNone(claim);
  return named === nobody && votes.length === 0;
}

/** The newest view that each member has changed to; my own as soon as it is said. */
function viewsOf(turn: Turn, number: Round, instance: number): readonly (readonly [Seat, number])[] {
  const { me } = turn.state.setup;
  const contest = turn.contest(number, instance);
  return seatsOf(turn.round(number).environment.members).map((seat) => {
    const said = contest.changes[seat]?.at(-1)?.statement.view ?? 0;
    return [seat, seat === me ? Math.max(said, contest.changed) : said] as const;
  });
}

/**
 * Goes where enough others are: to the (f+1)-th highest view above mine. Whoever holds a disputed opening
 * goes from view 0 to view 1 with anybody: else those who lack it could never be enough. (No further: a liar
 * alone could drive it through all views at once.)
 */
function follow(turn: Turn, number: Round, instance: number): void {
  const { me } = turn.state.setup;
  const round = turn.round(number);
  const { quorum } = round.environment;
  const { view } = turn.contest(number, instance);
  const above = viewsOf(turn, number, instance)
    .map(([, theirs]) => theirs)
    .filter((theirs) => theirs > view)
    .sort((a, b) => b - a);
  const target = above[quorum.f];
  if (target !== undefined) return enterView(turn, number, instance, target);
  const helps = view === 0 && instance !== ROUND_INSTANCE && holdsOpening(round, instance as Seat, me);
  if (helps && above.length > 0) enterView(turn, number, instance, 1);
}

export function takeConfirm(turn: Turn, held: Held<Confirm>): void {
  const { instance, index, named, round: number, slots, view } = held.statement;
  const round = turn.round(number);
  const contest = turn.contest(number, instance);
  const { sender } = held.packet;
  const before = contest.confirms[sender] ?? [];
  if (!within(slots, slotsOf(round, instance)) || !within(named, slots)) return;
  if (instance !== ROUND_INSTANCE && view === 0) return;
  const same = before.filter(({ statement }) => statement.view === view && statement.index === index);
  if (same.some(({ statement }) => saysTheSame(statement, held.statement))) return;
  const confirm: HeldConfirm = {
    ...held,
    entries: unresolved(slots, named, round.commits.length),
    hashes: named === nobody ? [] : null,
  };
  const kept = before.filter((each) => each !== same[1]);
  const confirms = put(contest.confirms, sender, [...kept, confirm].slice(-CONFIRMS_MAX));
  turn.changeContest(number, instance, { confirms });
}

function saysTheSame(a: Confirm, b: Confirm): boolean {
  return a.slots === b.slots && a.named === b.named && equalBytes(a.values, b.values);
}

/** Finds the hashes of confirms of which only the digest has come. */
function resolveConfirms(turn: Turn, number: Round, instance: number, likely: BySeat<Value>): void {
  const round = turn.round(number);
  const contest = turn.contest(number, instance);
  if (!contest.confirms.some((list) => list?.some(({ hashes }) => hashes === null))) return;
  const confirms = contest.confirms.map(
    (list) =>
      list?.map((confirm): HeldConfirm => {
        if (confirm.hashes !== null) return confirm;
        const { named, slots, values } = confirm.statement;
        const hashes = resolve(named, values, likely, round.vectors);
        if (hashes === null) return confirm;
        return { ...confirm, hashes, entries: entriesOf(slots, { named, hashes }, likely.length) };
      }) ?? null,
  );
  turn.changeContest(number, instance, { confirms });
}

/** CONFIRM of slots that are certified in my view. */
export function confirmSlots(turn: Turn, number: Round, instance: number, slots: PlayerSet): void {
  const contest = turn.contest(number, instance);
  const { confirmIndex: index, confirmed, view } = contest;
  const certified = seatsOf(slots).map((slot) => contest.best[slot] as Certified);
  assert(
    certified.every((each) => each?.view === view),
    'a CONFIRM rests on a certificate of its view',
  );
  const bySeat = contest.best.map((each) => each?.value ?? null);
  const { named, hashes } = vectorOf(slots, bySeat);
  const { epoch } = turn.round(number).environment;
  keepSupport(turn, number, instance, certified);
  let union = confirmed;
  for (const slot of seatsOf(slots)) union = add(union, slot);
  turn.changeContest(number, instance, { confirmed: union, confirmIndex: index + 1 });
  const values = vectorDigest(hashes);
  turn.say({ kind: 'confirm', epoch, round: number, instance, view, index, slots, named, values });
}

/** Above view 0 everything that my view has certified is confirmed at once. */
function confirmView(turn: Turn, number: Round, instance: number): void {
  const contest = turn.contest(number, instance);
  if (contest.view === 0 || !has(turn.round(number).environment.members, turn.state.setup.me)) return;
  let slots = nobody;
  for (const each of contest.best) {
    if (each?.view !== contest.view || has(contest.confirmed, each.slot as Seat)) continue;
    slots = add(slots, each.slot as Seat);
  }
  if (slots !== nobody) confirmSlots(turn, number, instance, slots);
}

/** The timer runs in view 0 from my vote, in a later one while enough members are in it with me. */
function time(turn: Turn, number: Round, instance: number): void {
  const { at } = turn.now;
  const { viewMax } = turn.state.setup.times;
  const round = turn.round(number);
  const contest = turn.contest(number, instance);
  if (isSettled(round, instance)) {
    if (contest.timerAt !== null) turn.changeContest(number, instance, { timerAt: null });
    return;
  }
  const { timeout, timerAt, view } = contest;
  if (timerAt !== null && timerAt <= at) {
    turn.changeContest(number, instance, { timeout: Math.min(2 * timeout, viewMax) });
    return enterView(turn, number, instance, view + 1);
  }
  if (timerAt !== null) return;
  if (view === 0) {
    // It runs since my vote; after a restart it starts anew.
    const runs = instance === ROUND_INSTANCE && round.ownVote !== null;
    if (runs) turn.changeContest(number, instance, { timerAt: at + timeout });
    return;
  }
  const here = viewsOf(turn, number, instance).filter(([, theirs]) => theirs >= view);
  if (here.length >= round.environment.quorum.change) {
    turn.changeContest(number, instance, { timerAt: at + timeout });
  }
}

/** Does whatever the held statements of an instance allow. */
export function settleContest(turn: Turn, number: Round, instance: number, likely: BySeat<Value>): void {
  resolveConfirms(turn, number, instance, likely);
  if (isMoving(turn.contest(number, instance))) {
    follow(turn, number, instance);
    lead(turn, number, instance);
    prepare(turn, number, instance);
    certify(turn, number, instance);
    confirmView(turn, number, instance);
  }
  time(turn, number, instance);
}

/** True when anybody has left view 0. */
function isMoving({ changes, proposals, view }: Contest): boolean {
  return view > 0 || proposals.length > 0 || changes.some((list) => list !== null);
}
