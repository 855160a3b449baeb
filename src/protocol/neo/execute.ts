/**
 * From decided rounds to play: a round is played as soon as all its slots are decided and all accepted
 * openings are there, and is final when every opening is decided too. Where an opening turns out `void`
 * after it was played (an outage longer than T_open), play goes back to the last final round.
 */

import { concatBytes, equalBytes, toHex } from '../../base/bytes.ts';
import type { Round, Seat } from '../../base/ids.ts';
import { add, has, minus, nobody, type PlayerSet, seatsOf, union, within } from '../../base/players.ts';
import { elide, type Packet } from '../../wire/packet.ts';
import { type NeoStatement, ROUND_INSTANCE } from '../../wire/statement.ts';
import type { BySeat, Outcome } from '../round.ts';
import { hearAccusations, publicKeyOf } from './accuse.ts';
import { protocolDigest, stateDigest } from './digest.ts';
import { holdsOpening, isSettled, supportOf } from './instance.ts';
import { type ClosedRound, fold, type LogEvent } from './log-state.ts';
import { keptRounds } from './membership.ts';
import { needed } from './openings.ts';
import type { FinalRound } from './record.ts';
import { roundSeed, seedAfter } from './seeds.ts';
import {
  type Contest,
  type Held,
  type Neo,
  type NeoRound,
  newest,
  type Played,
  pastOf,
  permit,
  roundOf,
} from './state.ts';
import type { Turn } from './turn.ts';
import { decodeUpdate, type Update } from './update.ts';
import { NONE, sameValue } from './values.ts';

/** The opening that counts for an author, mine while my packet is still being signed. */
function openingOf(
  turn: Turn,
  round: NeoRound,
  author: number,
): { readonly input: Uint8Array; readonly salt: Uint8Array } | null {
  if (author === turn.state.setup.me && round.own !== null) return round.own;
  return round.reveals[author]?.statement ?? null;
}

/** True when all that the round will be is known here. */
function isPlayable(turn: Turn, round: NeoRound): boolean {
  if (!isSettled(round, ROUND_INSTANCE)) return false;
  const { me } = turn.state.setup;
  return seatsOf(needed(turn, round.round)).every((author) => {
    if (has(round.voided, author)) return true;
    return holdsOpening(round, author, me) && (!has(round.denied, author) || has(round.opened, author));
  });
}

/** The round as the log sees it, before the game has judged its inputs. */
function closedOf(turn: Turn, round: NeoRound): ClosedRound {
  const accepted = needed(turn, round.round);
  const voided = round.voided;
  let illegal = nobody;
  const updates = round.commits.map((_, seat): Update | null => {
    if (!has(minus(accepted, voided), seat as Seat)) return null;
    const opening = openingOf(turn, round, seat);
    const update = opening && decodeUpdate(opening.input);
    if (update === null) illegal = add(illegal, seat as Seat);
    return update;
  });
  const { members } = round.environment;
  const before = pastOf(turn.state, Math.max(0, round.round - turn.state.setup.log.alpha));
  return {
    round: round.round,
    accepted,
    voided: minus(voided, minus(members, accepted)),
    updates,
    illegal,
    members,
    judged: stateDigest(before),
  };
}

/** The openings of a round that count. */
function openingsOf(turn: Turn, round: NeoRound): FinalRound['openings'] {
  const counting = minus(needed(turn, round.round), round.voided);
  return round.decided.map((_, author) =>
    has(counting, author as Seat) ? openingOf(turn, round, author) : null,
  );
}

/** Has the game play the next round, when it can be played and none is being played. */
export function playNext(turn: Turn): void {
  const { playing, setup } = turn.state;
  const number = newest(turn.state) + 1;
  const round = roundOf(turn.state, number);
  if (playing !== null || round === null || !isPlayable(turn, round)) return;
  const closed = closedOf(turn, round);
  const judged = pastOf(turn.state, Math.max(0, number - setup.log.alpha));
  const seats = judged.log.roster.length;
  const inputs: BySeat<Uint8Array> = closed.updates.slice(0, seats).map((update) => update?.input ?? null);
  const outcome: Outcome = {
    epoch: round.environment.epoch,
    round: number,
    members: round.environment.members,
    inputs,
    seed: roundSeed(judged.seed, number),
    nextSeed: seedAfter(pastOf(turn.state, number - 1).seed, openingsOf(turn, round)),
  };
  turn.set({ playing: { closed, seed: outcome.nextSeed } });
  turn.effects.push({ type: 'advance', outcome });
}

/** The game has played the round; `illegal` are those whose input broke its rules. */
export function takePlayed(turn: Turn, number: Round, stateHash: Uint8Array, illegal: PlayerSet): void {
  const { past, playing, setup } = turn.state;
  if (number === 0) {
    const [first] = past;
    if (first && turn.state.pastFrom === 0) turn.set({ past: [{ ...first, stateHash }, ...past.slice(1)] });
    return;
  }
  if (playing === null || playing.closed.round !== number) return;
  const closed = { ...playing.closed, illegal: union(playing.closed.illegal, illegal) };
  const { events, log } = fold(setup.log, pastOf(turn.state, number - 1).log, closed);
  const played: Played = { closed, log, events, stateHash, seed: playing.seed };
  turn.set({ past: [...past, played], playing: null });
  openWindow(turn, number + setup.window);
  for (const seat of seatsOf(closed.illegal)) accuseIllegal(turn, closed, seat);
}

/** A round that waited for the window is permitted now: its deadlines count from here. */
function openWindow(turn: Turn, number: Round): void {
  const round = roundOf(turn.state, number);
  if (round === null || round.own !== null) return;
  turn.change(number, { permittedAt: Math.max(round.permittedAt, turn.now.time) });
}

/** The packet of a statement with everything else left out: it may hold the same kind of other rounds. */
function only(turn: Turn, { packet, statement }: Held<NeoStatement>): Packet {
  const index = packet.entries.findIndex((entry) => entry.statement === statement);
  return elide(packet, turn.state.setup.session, [index]);
}

/**
 * An input that broke the rules convicts its author if its own VOTE names the state that all judged it on.
 * (Who
 * named another state evades; its input counted as none.)
 */
function accuseIllegal(turn: Turn, { judged, round: number }: ClosedRound, seat: Seat): void {
  const { liars, setup } = turn.state;
  const { reveals, votes } = turn.round(number);
  const vote = votes[seat];
  const reveal = reveals[seat];
  if (!vote || !reveal || seat === setup.me || has(liars, seat)) return;
  if (!equalBytes(vote.statement.state, judged)) return;
  const before = pastOf(turn.state, Math.max(0, number - setup.log.alpha));
  turn.set({ liars: add(liars, seat) });
  const shown = only(turn, vote);
  turn.want({ type: 'illegal', round: number, seat, vote: shown.bytes });
  turn.effects.push({
    type: 'illegal',
    player: seat,
    judged: before.log.round,
    session: setup.session,
    publicKey: publicKeyOf(turn, seat),
    packets: [only(turn, reveal), shown],
    log: concatBytes(protocolDigest(before), before.log.epochId),
  });
}

/** Goes back to the last final round when something that was played turns out void. */
export function takeBack(turn: Turn): void {
  const { final, past, pastFrom, playing } = turn.state;
  if (playing !== null) return;
  for (let number = final + 1; number <= newest(turn.state); number++) {
    const { closed } = pastOf(turn.state, number);
    const voided = turn.round(number).voided;
    if (closed === null || within(intersectOf(voided, closed.accepted), closed.voided)) continue;
    turn.set({ past: past.slice(0, final - pastFrom + 1) });
    turn.effects.push({ type: 'rollback', round: final });
    return;
  }
}

function intersectOf(a: PlayerSet, b: PlayerSet): PlayerSet {
  return minus(a, minus(a, b));
}

/** Rounds that can never change any more, in order. */
export function finalize(turn: Turn): void {
  for (;;) {
    const { final } = turn.state;
    const number = final + 1;
    if (number > newest(turn.state)) return;
    const round = turn.round(number);
    const { closed, events } = pastOf(turn.state, number);
    if (closed === null || !within(needed(turn, number), union(round.opened, round.voided))) return;
    if (!within(intersectOf(round.voided, closed.accepted), closed.voided)) return;
    turn.persist({ type: 'final', final: finalRound(turn, round) });
    turn.set({ final: number });
    turn.set(permit(turn.state, turn.now.time));
    turn.effects.push({ type: 'final', round: number });
    for (const event of events) turn.happened(event);
    hearAccusations(turn, closed, convicted(events));
    turn.set(forgotten(turn.state));
  }
}

/** What has decided in a contest: confirms, and what the certificates of their views rest on. */
function proofOf(round: NeoRound, contest: Contest): readonly Uint8Array[] {
  const confirms = contest.confirms.flatMap((list) => list ?? []);
  const views = [...new Set(confirms.map(({ statement }) => statement.view))].map((view) => ({ view }));
  return [...supportOf(round, contest, views), ...confirms.map(({ packet }) => packet.bytes)];
}

/** The hashes that votes and confirms speak of, where they are not just the decided ones. */
function otherVectors(round: NeoRound): readonly (readonly Uint8Array[])[] {
  const contests = [round.slots, ...round.openings];
  const confirms = contests.flatMap((contest) => contest?.confirms.flatMap((list) => list ?? []) ?? []);
  const vectors = new Map<string, readonly Uint8Array[]>();
  for (const held of [...round.votes, ...round.otherVotes, ...confirms]) {
    if (!held?.hashes) continue;
    const { hashes, statement } = held;
    const decided = seatsOf(statement.named).map((seat) => round.decided[seat]);
    if (decided.every((value, i) => value && sameValue(value, hashes[i] ?? NONE))) continue;
    vectors.set(toHex(statement.values), hashes);
  }
  return [...vectors.values()];
}

/** Who was removed for evidence. */
function convicted(events: readonly LogEvent[]): PlayerSet {
  return events.reduce(
    (set, event) => (event.type === 'removed' && event.reason === 'evidence' ? add(set, event.seat) : set),
    nobody,
  );
}

/** A final round with its proof: what a recording is made of. */
function finalRound(turn: Turn, round: NeoRound): FinalRound {
  const { closed, stateHash } = pastOf(turn.state, round.round);
  const { decided, voided } = round;
  const votes = [...round.votes, ...round.otherVotes].flatMap((vote) => (vote ? [vote.packet.bytes] : []));
  const contests = [round.slots, ...round.openings].flatMap((contest) => contest ?? []);
  const proofs = contests.flatMap((contest) => proofOf(round, contest));
  return {
    round: round.round,
    decided,
    voided: minus(voided, minus(voided, closed?.accepted ?? nobody)),
    openings: decided.map((_, author) => {
      if (!has(minus(closed?.accepted ?? nobody, voided), author as Seat)) return null;
      const opening = openingOf(turn, round, author);
      return opening && { input: opening.input, salt: opening.salt };
    }),
    illegal: closed?.illegal ?? nobody,
    judged: closed?.judged ?? NONE,
    stateHash,
    packets: [...new Set([...votes, ...proofs])],
    vectors: otherVectors(round),
  };
}

/** The machine without what nobody can need any more: rounds R behind, states that no open round rests on. */
export function forgotten(neo: Neo): Neo {
  const { final, past, pastFrom, rounds, roundsFrom, setup } = neo;
  const { alpha } = setup.log;
  const firstRound = Math.max(roundsFrom, final - keptRounds(setup.log) + 1);
  const firstPast = Math.max(pastFrom, final - 2 * alpha);
  return {
    ...neo,
    rounds: rounds.slice(firstRound - roundsFrom),
    roundsFrom: firstRound,
    past: past.slice(firstPast - pastFrom),
    pastFrom: firstPast,
  };
}
