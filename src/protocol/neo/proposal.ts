/**
 * Proposals: what the leader of a view makes of n-k view changes, who accepts it, and the certificate that
 * q acceptances are. Every view change that counts reports only certificates that are known here.
 */

import { equalBytes } from '../../base/bytes.ts';
import type { Round, Seat } from '../../base/ids.ts';
import { add, count, has, nobody, seatsOf } from '../../base/players.ts';
import { type Certified, type Prepare, type Propose, ROUND_INSTANCE } from '../../wire/statement.ts';
import { accuseLeader } from './accuse.ts';
import { tallyVotes } from './ballot.ts';
import { disputed, holdsOpening, leaderOf, slotsOf } from './instance.ts';
import { justified, leaderValue, wellFormed } from './justify.ts';
import type { Contest, Held, HeldChange, HeldPropose, NeoRound } from './state.ts';
import { put, type Turn } from './turn.ts';
import { entriesOf, isNone, NONE, sameValue, type Value, vectorOf } from './values.ts';

/** Kept of each sender: prepares of the newest few views; and proposals of the newest few. */
const PREPARES_MAX = 4;
const PROPOSALS_MAX = 4;
const PROVEN_MAX = 16;

export function takeProposal(turn: Turn, held: Held<Propose>, hash: Uint8Array): void {
  const { instance, named, round: number, values, view } = held.statement;
  const round = turn.round(number);
  const contest = turn.contest(number, instance);
  if (view < 1 || leaderOf(round, instance, view) !== held.packet.sender) return;
  if (!wellFormed(named, values, slotsOf(round, instance))) return;
  if (contest.proposals.some((each) => equalBytes(each.hash, hash))) return;
  const same = contest.proposals.filter(({ statement }) => statement.view === view);
  const others = contest.proposals.filter((each) => each !== same[1]);
  const proposals = newest(contest, [...others, { ...held, hash }], PROPOSALS_MAX);
  turn.changeContest(number, instance, { proposals });
}

/** The newest few, and whatever a certificate rests on that I hold: it must be shown again and again. */
function newest<S extends Held<{ readonly view: number }>>(
  { best, view: mine }: Contest,
  list: readonly S[],
  most: number,
): readonly S[] {
  const rests = (view: number): boolean => view === mine || best.some((each) => each?.view === view);
  return list.filter(({ statement }, index) => index >= list.length - most || rests(statement.view));
}

export function takePrepare(turn: Turn, held: Held<Prepare>): void {
  const { instance, round: number, view } = held.statement;
  const contest = turn.contest(number, instance);
  const { sender } = held.packet;
  const before = contest.prepares[sender] ?? [];
  const same = before.filter(({ statement }) => statement.view === view);
  if (view < 1 || same.some(({ statement }) => equalBytes(statement.proposal, held.statement.proposal)))
    return;
  const kept = newest(contest, [...before.filter((each) => each !== same[1]), held], PREPARES_MAX);
  turn.changeContest(number, instance, { prepares: put(contest.prepares, sender, kept) });
}

/** True when I hold the certificate that somebody reports. */
function isCertified(round: NeoRound, contest: Contest, { slot, value, view }: Certified): boolean {
  const isIt = (each: Certified): boolean =>
    each.slot === slot && each.view === view && sameValue(each.value, value);
  if (contest.known.some(isIt)) return true;
  if (view === 0) {
    if (contest.instance !== ROUND_INSTANCE) return false;
    const tally = tallyVotes(round, round.environment.members, slot as Seat);
    return (
      tally !== null && count(tally.voters) >= round.environment.quorum.q && sameValue(tally.value, value)
    );
  }
  return false;
}

/** What a proposal says of a slot. */
function proposedFor(round: NeoRound, { statement }: HeldPropose, slot: Seat): Value {
  const { instance, named, values } = statement;
  const entries = entriesOf(slotsOf(round, instance), { named, hashes: values }, round.commits.length);
  return entries[slot] ?? NONE;
}

/** True when a view change counts in a set that leads to a proposal: all that it reports is known here. */
function counts(turn: Turn, number: Round, { packet, statement }: HeldChange): boolean {
  const { instance, certified, claim } = statement;
  const round = turn.round(number);
  const contest = turn.contest(number, instance);
  if (!has(round.environment.members, packet.sender)) return false;
  if (!certified.every((each) => isCertified(round, contest, each))) return false;
  if (instance === ROUND_INSTANCE || isNone(claim)) return true;
  const value = disputed(round, instance);
  return (
    value !== null && sameValue(claim, value) && holdsOpening(round, instance as Seat, turn.state.setup.me)
  );
}

/**
 * True when a set may lead to a proposal. With the author of a disputed opening in it, it may only lead to
 * what is certified or to `open`: for `void` it takes n-k who are not the author. (Were the author left out
 * altogether, then with k others gone and some who have denied neither could ever be decided.)
 */
function mayLead(instance: number, set: readonly HeldChange[]): boolean {
  if (!set.some(({ packet }) => packet.sender === instance)) return true;
  return set.some(({ statement }) => !isNone(statement.claim) || statement.certified.length > 0);
}

/** As leader of my view: proposes once what n-k view changes leave no choice about. */
export function lead(turn: Turn, number: Round, instance: number): void {
  const { me } = turn.state.setup;
  const round = turn.round(number);
  const contest = turn.contest(number, instance);
  const { view } = contest;
  if (view === 0 || contest.proposed >= view || leaderOf(round, instance, view) !== me) return;
  const good = contest.changes.flatMap((list) => {
    const change = list?.find(({ statement }) => statement.view === view);
    return change !== undefined && counts(turn, number, change) ? [change] : [];
  });
  const { change: most } = round.environment.quorum;
  const isAuthor = ({ packet }: HeldChange): boolean => packet.sender === instance;
  const set = [...good.filter((each) => !isAuthor(each)), ...good.filter(isAuthor)].slice(0, most);
  if (set.length < most || !mayLead(instance, set)) return;
  const slots = slotsOf(round, instance);
  const statements = set.map(({ statement }) => statement);
  const bySeat = new Array<Value | null>(round.commits.length).fill(null);
  for (const slot of seatsOf(slots)) bySeat[slot] = leaderValue(instance, slot, statements);
  const { named, hashes: values } = vectorOf(slots, bySeat);
  const { epoch } = round.environment;
  const changes = set.map(({ hash }) => hash);
  turn.changeContest(number, instance, { proposed: view });
  turn.say({ kind: 'propose', epoch, round: number, instance, view, changes, named, values });
}

/** The view changes that a proposal names, if all of them are held and count. */
function basis(turn: Turn, number: Round, { statement }: HeldPropose): readonly HeldChange[] | null {
  const { changes: names, instance, view } = statement;
  const contest = turn.contest(number, instance);
  const held = contest.changes.flatMap((list) => list ?? []);
  const named = names.map((name) => held.find(({ hash }) => equalBytes(hash, name)));
  const good = named.filter(
    (change) => change !== undefined && change.statement.view === view && counts(turn, number, change),
  ) as readonly HeldChange[];
  const senders = good.reduce((set, { packet }) => add(set, packet.sender), nobody);
  const { change } = turn.round(number).environment.quorum;
  const whole = good.length === names.length && good.length === change && count(senders) === change;
  return whole && mayLead(instance, good) ? good : null;
}

/** PREPARE, once a view: a proposal of my view or a later one that justified from what it names. */
export function prepare(turn: Turn, number: Round, instance: number): void {
  const { me } = turn.state.setup;
  const round = turn.round(number);
  if (round.ownVote === null || !has(round.environment.members, me)) return;
  const { prepared, proposals, view: mine } = turn.contest(number, instance);
  for (const proposal of proposals) {
    const { view } = proposal.statement;
    if (view < mine || view <= prepared) continue;
    const named = basis(turn, number, proposal);
    const slots = slotsOf(round, instance);
    if (named === null) continue;
    const changes = named.map(({ statement }) => statement);
    if (!justified(proposal.statement, slots, changes)) {
      accuseLeader(turn, proposal, named);
      continue;
    }
    if (instance !== ROUND_INSTANCE && !acceptable(round, instance as Seat, proposal, me)) continue;
    const { epoch } = round.environment;
    const { timeout } = turn.contest(number, instance);
    if (view > mine) {
      turn.changeContest(number, instance, { view, confirmed: nobody, confirmIndex: 0 });
    }
    turn.changeContest(number, instance, { prepared: view, timerAt: turn.now.at + timeout });
    turn.say({ kind: 'prepare', epoch, round: number, instance, view, proposal: proposal.hash });
    return;
  }
}

/** `open` only for the decided commitment, and by who holds the opening. */
function acceptable(round: NeoRound, author: Seat, proposal: HeldPropose, me: Seat): boolean {
  const value = proposedFor(round, proposal, author);
  if (isNone(value)) return true;
  const decided = round.decided[author];
  return !!decided && sameValue(value, decided) && holdsOpening(round, author, me);
}

/** With q PREPAREs of one proposal its values are certified. */
export function certify(turn: Turn, number: Round, instance: number): void {
  const round = turn.round(number);
  const { members, quorum } = round.environment;
  for (const proposal of turn.contest(number, instance).proposals) {
    const contest = turn.contest(number, instance);
    const { view } = proposal.statement;
    if (contest.proven.includes(view)) continue;
    let preparers = nobody;
    for (const seat of seatsOf(members)) {
      const list = contest.prepares[seat] ?? [];
      if (list.some(({ statement }) => equalBytes(statement.proposal, proposal.hash)))
        preparers = add(preparers, seat);
    }
    if (count(preparers) < quorum.q) continue;
    let { best, known } = contest;
    for (const slot of seatsOf(slotsOf(round, instance))) {
      const each = { slot, view, value: proposedFor(round, proposal, slot) };
      known = [...known, each];
      if ((best[slot]?.view ?? -1) < view) best = put(best, slot, each);
    }
    const proven = [...contest.proven, view].slice(-PROVEN_MAX);
    known = known.filter((each) => each.view === 0 || proven.includes(each.view));
    turn.changeContest(number, instance, { best, known, proven });
  }
}
