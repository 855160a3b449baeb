/**
 * The slots of a round: COMMIT, one VOTE on who was in time, and from equal votes a decision: at once
 * with `fast` of them; by CONFIRM with a certificate of q; else by a change of views (contest.ts).
 */

import { assert } from '../../base/assert.ts';
import { equalBytes } from '../../base/bytes.ts';
import type { Round, Seat } from '../../base/ids.ts';
import { add, has, minus, nobody, type PlayerSet, seatsOf, within } from '../../base/players.ts';
import { commit, vectorDigest } from '../../crypto/commitment.ts';
import { type Commit, ROUND_INSTANCE, type Vote } from '../../wire/statement.ts';
import type { BySeat } from '../round.ts';
import { outcomeOfSlot } from './ballot.ts';
import { confirmSlots } from './contest.ts';
import { stateDigest } from './digest.ts';
import { mayReveal } from './gate.ts';
import { voteDeadline } from './pace.ts';
import { type Held, type HeldVote, type NeoRound, pastOf } from './state.ts';
import { put, type Turn } from './turn.ts';
import { entriesOf, NONE, resolve, unresolved, type Value, vectorOf } from './values.ts';

/** By seat the commitment that I hold, my own included while its packet is being signed. */
export function commitmentsOf({ commits, own }: NeoRound, me: Seat): BySeat<Value> {
  return commits.map((held, seat) => {
    if (seat === me && own !== null) return own.commitment;
    return held?.statement.commitment ?? null;
  });
}

/** The members whose commitment I hold. */
export function committed(round: NeoRound, me: Seat): PlayerSet {
  let set = nobody;
  for (const seat of seatsOf(round.environment.members)) {
    if (round.commits[seat] || (seat === me && round.own !== null)) set = add(set, seat);
  }
  return set;
}

/** Seals an input for a round: once, and before my vote. */
export function sealInput(turn: Turn, number: Round, input: Uint8Array, salt: Uint8Array): void {
  const { session, me } = turn.state.setup;
  const round = turn.round(number);
  assert(round.own === null && round.ownVote === null, 'one COMMIT a round, and before the VOTE');
  const { epoch } = round.environment;
  const commitment = commit({ session, epoch, round: number, author: me }, salt, input);
  turn.persist({ type: 'sealed', reveal: { kind: 'reveal', epoch, round: number, input, salt } });
  turn.change(number, { own: { commitment, input, salt } });
  turn.say({ kind: 'commit', epoch, round: number, commitment });
}

export function takeCommit(turn: Turn, held: Held<Commit>): void {
  const { round: number } = held.statement;
  const round = turn.round(number);
  const { sender } = held.packet;
  if (round.commits[sender]) return;
  turn.change(number, { commits: put(round.commits, sender, held) });
  resolveAll(turn, number);
}

export function takeVote(turn: Turn, { statement, packet }: Held<Vote>): void {
  const { round: number, named } = statement;
  const { environment, otherVotes, votes } = turn.round(number);
  const { sender } = packet;
  if (!within(named, environment.members)) return;
  const entries = unresolved(environment.members, named, votes.length);
  const vote: HeldVote = { statement, packet, entries, hashes: named === nobody ? [] : null };
  if (!votes[sender]) turn.change(number, { votes: put(votes, sender, vote) });
  else if (!saysTheSame(votes[sender], vote) && !saysTheSame(otherVotes[sender], vote))
    turn.change(number, { otherVotes: put(otherVotes, sender, vote) });
  else return;
  resolveAll(turn, number);
}

function saysTheSame(a: HeldVote | null | undefined, b: HeldVote): boolean {
  return !!a && a.statement.named === b.statement.named && equalBytes(a.statement.values, b.statement.values);
}

/** At most this many loose vectors are kept a round. */
const VECTORS_MAX = 48;

/** Hashes that came beside a packet; what they belong to is found by digest. */
export function takeVector(turn: Turn, number: Round, vector: readonly Uint8Array[]): void {
  const round = turn.round(number);
  turn.change(number, { vectors: [...round.vectors, vector].slice(-VECTORS_MAX) });
  resolveAll(turn, number);
}

/** Finds the hashes of the votes and confirms whose digest alone has come. */
function resolveAll(turn: Turn, number: Round): void {
  const { setup } = turn.state;
  const round = turn.round(number);
  const { members } = round.environment;
  const held = commitmentsOf(round, setup.me);
  const known = (vote: HeldVote | null): HeldVote | null => {
    if (vote === null || vote.hashes !== null) return vote;
    const { named, values } = vote.statement;
    // My own vote is known too: after a restart it may be all that is left of what I held.
    const hashes =
      resolve(named, values, held, round.vectors) ?? resolve(named, values, round.ownVote ?? [], []);
    if (hashes === null) return vote;
    return { ...vote, hashes, entries: entriesOf(members, { named, hashes }, held.length) };
  };
  const votes = round.votes.map(known);
  if (votes.some((vote, seat) => vote !== round.votes[seat])) turn.change(number, { votes });
  const otherVotes = round.otherVotes.map(known);
  if (otherVotes.some((vote, seat) => vote !== round.otherVotes[seat])) turn.change(number, { otherVotes });
}

/**
 * VOTE, once: when the commitments of all members are held, at the deadline, or when the others are
 * changing views. It says what I hold at that moment, whatever comes later.
 */
export function closeRound(turn: Turn, number: Round): void {
  const { now, state } = turn;
  const { log, me } = state.setup;
  const round = turn.round(number);
  const { members, epoch, pace } = round.environment;
  if (number <= state.final) return;
  if (round.ownVote !== null || round.own === null || !has(members, me)) return;
  const all = within(members, committed(round, me));
  if (!all && !round.hurried && now.time < voteDeadline(pace, number, round.permittedAt)) return;
  const held = commitmentsOf(round, me);
  const entries = held.map((value, seat) => (has(members, seat as Seat) ? (value ?? NONE) : null));
  const { named, hashes } = vectorOf(members, entries);
  const judged = pastOf(state, Math.max(0, number - log.alpha));
  const values = vectorDigest(hashes);
  turn.persist({ type: 'voted', round: number, entries });
  turn.change(number, {
    ownVote: entries,
    slots: { ...round.slots, timerAt: now.at + round.slots.timeout },
  });
  turn.say({
    kind: 'vote',
    epoch,
    round: number,
    named,
    values,
    state: stateDigest(judged),
  });
}

/** Decides what can be decided, confirms what needs it, opens what may be opened. */
export function settleSlots(turn: Turn, number: Round): void {
  decideSlots(turn, number);
  confirmDue(turn, number);
  reveal(turn, number);
}

/** True when there may be enough equal statements for anything. */
function hasEnough({ environment, slots, votes }: NeoRound): boolean {
  let held = 0;
  for (const vote of votes) if (vote !== null) held++;
  return held >= environment.quorum.q || slots.confirms.some((list) => list !== null);
}

function decideSlots(turn: Turn, number: Round): void {
  const round = turn.round(number);
  const { members, quorum } = round.environment;
  let { decided, slots } = round;
  if (round.decidedAt !== null || !hasEnough(round)) return;
  for (const slot of seatsOf(members)) {
    if (decided[slot]) continue;
    const outcome = outcomeOfSlot(round, slots, members, quorum, slot);
    if (outcome.decided !== null) decided = put(decided, slot, outcome.decided);
    if (outcome.certified !== null && !slots.best[slot]) {
      const each = { slot, view: 0, value: outcome.certified };
      slots = { ...slots, best: put(slots.best, slot, each), known: [...slots.known, each] };
    }
  }
  if (decided === round.decided && slots === round.slots) return;
  const all = seatsOf(members).every((slot) => decided[slot]);
  if (all) slots = { ...slots, timerAt: null };
  turn.change(number, { decided, slots, decidedAt: all ? (round.decidedAt ?? turn.now.at) : null });
}

/** The members of whom a vote is still to be expected: they committed, and it has not come. */
function expected(round: NeoRound): PlayerSet {
  let set = nobody;
  for (const seat of seatsOf(round.environment.members)) {
    const vote = round.votes[seat];
    if (round.commits[seat] && (!vote || vote.hashes === null)) set = add(set, seat);
  }
  return set;
}

/**
 * CONFIRM in view 0 waits a moment for votes that may decide at once: they would make it needless. It is
 * not said after view 0 was left.
 */
function confirmDue(turn: Turn, number: Round): void {
  const { now, state } = turn;
  const round = turn.round(number);
  const { decided, environment, graceAt, ownVote, slots } = round;
  if (ownVote === null || slots.view !== 0 || !has(environment.members, state.setup.me)) return;
  let open = nobody;
  for (const slot of seatsOf(environment.members)) {
    if (slots.best[slot]?.view === 0 && !decided[slot]) open = add(open, slot);
  }
  open = minus(open, slots.confirmed);
  if (open === nobody) return;
  if (expected(round) !== nobody) {
    const until = graceAt ?? now.at + Math.floor(environment.pace.arrival / 2);
    if (graceAt === null) turn.change(number, { graceAt: until });
    if (now.at < until) return;
  }
  confirmSlots(turn, number, ROUND_INSTANCE, open);
}

/** Confirms what is certified in view 0 although it is decided here: somebody else needs it. */
export function assist(turn: Turn, number: Round): void {
  const { environment, ownVote, slots } = turn.round(number);
  if (ownVote === null || slots.view !== 0 || !has(environment.members, turn.state.setup.me)) return;
  let open = nobody;
  for (const slot of seatsOf(environment.members)) if (slots.best[slot]?.view === 0) open = add(open, slot);
  open = minus(open, slots.confirmed);
  if (open !== nobody) confirmSlots(turn, number, ROUND_INSTANCE, open);
}

function reveal(turn: Turn, number: Round): void {
  const round = turn.round(number);
  if (!mayReveal(round, turn.state.setup.me) || round.own === null) return;
  const { epoch } = round.environment;
  const { input, salt } = round.own;
  turn.change(number, { revealed: true });
  turn.say({ kind: 'reveal', epoch, round: number, input, salt });
}

/** What a CONFIRM's digest may stand for here: by seat the value that is likeliest known. */
export function likelyValues(round: NeoRound, me: Seat): BySeat<Value> {
  const held = commitmentsOf(round, me);
  return held.map((value, seat) => round.decided[seat] ?? round.slots.best[seat]?.value ?? value);
}
