/**
 * NEO rounds (GauthierDickey et al. 2004) made safe: fixed-length rounds in which everybody commits, votes
 * on who was in time, and opens through the gate; equal signed votes decide, never silence. This file is
 * the door of the machine and the order in which the concepts beside it act.
 */

import { equalBytes } from '../../base/bytes.ts';
import type { Round } from '../../base/ids.ts';
import { count, has, type PlayerSet } from '../../base/players.ts';
import { earlier, type Micros } from '../../base/time.ts';
import { vectorDigest } from '../../crypto/commitment.ts';
import type { Verified } from '../../crypto/signature.ts';
import type { Packet } from '../../wire/packet.ts';
import { type NeoStatement, ROUND_INSTANCE } from '../../wire/statement.ts';
import type { Step } from '../effect.ts';
import { accuseDouble, exposeVotes, findLies, retellCommits } from './accuse.ts';
import { settleContest, takeChange, takeConfirm } from './contest.ts';
import { noteDesync } from './desync.ts';
import { finalize, playNext, takeBack, takePlayed } from './execute.ts';
import { isNeoStatement, judgeStatement } from './judge.ts';
import { reportLate, settleDisputes, settleOpenings, takeHold, takeReveal } from './openings.ts';
import { updateFor } from './operations.ts';
import { opensAt, type Report, scheduledAt, voteDeadline } from './pace.ts';
import { takePrepare, takeProposal } from './proposal.ts';
import { type JoinRequest, wantNewcomer } from './request.ts';
import {
  assist,
  closeRound,
  likelyValues,
  sealInput,
  settleSlots,
  takeCommit,
  takeVector,
  takeVote,
} from './slots.ts';
import { type Neo, type NeoRound, type Now, newest, roundOf } from './state.ts';
import { type NeoEffect, Turn } from './turn.ts';

export type NeoEvent =
  /** My input for a round that is wanted, encoded; empty for none. */
  | {
      readonly type: 'input';
      readonly round: Round;
      readonly input: Uint8Array;
      readonly salt: Uint8Array;
      readonly report: Report;
    }
  /** A packet, with the vectors that came beside it. */
  | {
      readonly type: 'packet';
      readonly packet: Verified<Packet>;
      readonly vectors: readonly (readonly Uint8Array[])[];
    }
  | {
      readonly type: 'played';
      readonly round: Round;
      readonly stateHash: Uint8Array;
      readonly illegal: PlayerSet;
    }
  /** A packet that lists one key twice. */
  | { readonly type: 'double'; readonly packet: Verified<Packet> }
  /** Somebody has not decided what I have: confirm it. */
  | { readonly type: 'assist'; readonly round: Round }
  | { readonly type: 'leave' }
  /** Somebody is to be let in. */
  | { readonly type: 'sponsor'; readonly request: JoinRequest }
  | { readonly type: 'tick' };

/** The only door of the machine. */
export function stepNeo(state: Neo, now: Now, event: NeoEvent): Step<Neo, NeoEffect> {
  const turn = new Turn(state, now);
  if (state.over === null) {
    const touched = take(turn, event);
    settle(turn, touched);
    turn.finish();
  }
  return [turn.state, turn.effects];
}

/** Takes the event in; answers the rounds that it touches, or null for all that are open. */
function take(turn: Turn, event: NeoEvent): readonly Round[] | null {
  if (event.type === 'input') {
    const { input, report, round, salt } = event;
    sealInput(turn, round, updateFor(turn, round, report, input), salt);
    return [round];
  }
  if (event.type === 'packet') return takePacket(turn, event.packet, event.vectors);
  if (event.type === 'played') takePlayed(turn, event.round, event.stateHash, event.illegal);
  else if (event.type === 'double') accuseDouble(turn, event.packet);
  else if (event.type === 'assist') assist(turn, event.round);
  else if (event.type === 'sponsor') wantNewcomer(turn, event.request);
  else if (event.type === 'leave' && !turn.state.leaving) {
    turn.set({ leaving: true });
    turn.want({ type: 'leave' });
  }
  return event.type === 'tick' ? null : [];
}

function takePacket(
  turn: Turn,
  packet: Verified<Packet>,
  vectors: readonly (readonly Uint8Array[])[],
): readonly Round[] {
  const rounds = new Set<Round>();
  for (const [index, { statement }] of packet.entries.entries()) {
    if (statement === null || !isNeoStatement(statement)) continue;
    if (judgeStatement(turn.state, packet.sender, statement) !== null) continue;
    takeHashes(turn, statement, vectors);
    takeStatement(turn, packet, statement, index);
    findLies(turn, packet, statement, vectors);
    if (statement.kind === 'vote') noteDesync(turn, packet.sender, statement.round);
    rounds.add(statement.round);
  }
  return [...rounds];
}

/** The machine with a packet in it that it had before: nothing is said or done. */
export function holdPacket(
  neo: Neo,
  packet: Verified<Packet>,
  vectors: readonly (readonly Uint8Array[])[],
): Neo {
  const turn = new Turn(neo, { at: 0, time: 0, connectedAt: 0 });
  for (const [index, { statement }] of packet.entries.entries()) {
    if (statement === null || !isNeoStatement(statement)) continue;
    if (judgeStatement(neo, packet.sender, statement) !== null) continue;
    takeHashes(turn, statement, vectors);
    takeStatement(turn, packet, statement, index);
  }
  return turn.state;
}

/**
 * Takes the hashes that a vote or confirm speaks of, if they came beside it; others are nobody's business.
 */
function takeHashes(turn: Turn, statement: NeoStatement, vectors: readonly (readonly Uint8Array[])[]): void {
  if (vectors.length === 0 || (statement.kind !== 'vote' && statement.kind !== 'confirm')) return;
  const named = count(statement.named);
  const hashes = vectors.find(
    (vector) => vector.length === named && equalBytes(vectorDigest(vector), statement.values),
  );
  if (hashes !== undefined) takeVector(turn, statement.round, hashes);
}

function takeStatement(turn: Turn, packet: Verified<Packet>, statement: NeoStatement, index: number): void {
  const { kind } = statement;
  if (kind === 'commit') takeCommit(turn, { statement, packet });
  else if (kind === 'vote') takeVote(turn, { statement, packet });
  else if (kind === 'reveal') takeReveal(turn, { statement, packet });
  else if (kind === 'hold') takeHold(turn, { statement, packet });
  else if (kind === 'confirm') takeConfirm(turn, { statement, packet });
  else if (kind === 'prepare') takePrepare(turn, { statement, packet });
  else if (kind === 'change') takeChange(turn, { statement, packet }, turn.hashOf(packet, index));
  else takeProposal(turn, { statement, packet }, turn.hashOf(packet, index));
}

/** Does what the touched rounds allow, then plays and finalizes what has become complete. */
function settle(turn: Turn, touched: readonly Round[] | null): void {
  const rounds = touched ?? openRounds(turn.state);
  for (const number of rounds) if (roundOf(turn.state, number) !== null) settleRound(turn, number);
  let before: Neo;
  do {
    before = turn.state;
    takeBack(turn);
    playNext(turn);
    finalize(turn);
    for (let number = turn.state.final + 1; number <= newest(turn.state) + 1; number++) {
      if (turn.state !== before && roundOf(turn.state, number) !== null) settleOpenings(turn, number);
    }
  } while (turn.state !== before);
}

/** True when anything was said in a round, by me or by others. */
function isTouched({ commits, own, votes }: NeoRound): boolean {
  return own !== null || commits.some((held) => held !== null) || votes.some((held) => held !== null);
}

/** The rounds in which something may still be due. */
function openRounds({ final, rounds }: Neo): readonly Round[] {
  return rounds.filter((round) => round.round > final && isTouched(round)).map(({ round }) => round);
}

function settleRound(turn: Turn, number: Round): void {
  retellCommits(turn, number);
  closeRound(turn, number);
  settleSlots(turn, number);
  settleContest(turn, number, ROUND_INSTANCE, likelyValues(turn.round(number), turn.state.setup.me));
  settleSlots(turn, number);
  if (number > turn.state.final) settleOpenings(turn, number);
  else settleDisputes(turn, number);
  exposeVotes(turn, number);
  reportLate(turn, number);
}

/** The round that I must commit to now or next, or null: it waits for the window. */
export function nextToCommit(neo: Neo): NeoRound | null {
  const { rounds, setup } = neo;
  const next = rounds.find(({ environment, own, ownVote, round }) => {
    return round > neo.final && own === null && ownVote === null && has(environment.members, setup.me);
  });
  return next !== undefined && next.round - setup.window <= newest(neo) ? next : null;
}

/** The round that an input is wanted for at this moment, or null. */
export function wantsInput(neo: Neo, now: Now): NeoRound | null {
  const next = neo.over === null ? nextToCommit(neo) : null;
  if (next === null) return null;
  const { environment, hurried, permittedAt, round } = next;
  return hurried || opensAt(environment.pace, round, permittedAt) <= now.time ? next : null;
}

/** The session time that a log has come to: clocks that start near one another find together. */
export function reachedBy(neo: Neo): Micros {
  const next = roundOf(neo, neo.final + 1);
  return next === null ? 0 : Math.max(0, scheduledAt(next.environment.pace, next.round));
}

/** When time alone will bring something, as raw clock; null for never. */
export function wakeNeo(neo: Neo, now: Now): Micros | null {
  if (neo.over !== null) return null;
  const raw = (time: Micros): Micros => now.at + (time - now.time);
  let wake: Micros | null = null;
  const next = nextToCommit(neo);
  if (next !== null) wake = raw(opensAt(next.environment.pace, next.round, next.permittedAt));
  for (const round of neo.rounds) {
    if (round.round <= neo.final || (round.own === null && round.decidedAt === null)) continue;
    wake = earlier(wake, wakeRound(neo, round, raw, now));
  }
  return wake;
}

function wakeRound({ setup }: Neo, round: NeoRound, raw: (time: Micros) => Micros, now: Now): Micros | null {
  const { decidedAt, environment, graceAt, own, ownVote, permittedAt } = round;
  let wake: Micros | null = round.slots.timerAt;
  if (own !== null && ownVote === null) wake = raw(voteDeadline(environment.pace, round.round, permittedAt));
  if (graceAt !== null && graceAt > now.at) wake = earlier(wake, graceAt);
  if (decidedAt !== null) {
    const since = Math.max(decidedAt, now.connectedAt);
    const { lateAfter, openAfter } = setup.times;
    for (const due of [
      decidedAt + environment.pace.arrival,
      since + lateAfter,
      since + openAfter,
      since + 2 * openAfter,
    ]) {
      if (due > now.at) wake = earlier(wake, due);
    }
    for (const contest of round.openings) if (contest !== null) wake = earlier(wake, contest.timerAt);
  }
  return wake;
}
