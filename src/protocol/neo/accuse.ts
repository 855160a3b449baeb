/**
 * Finding lies: whatever comes is compared with what its signer has said before in the same round. Two
 * statements that contradict each other (evidence.ts) convict; the proof goes into my next update.
 */

import { equalBytes } from '../../base/bytes.ts';
import type { Round, Seat } from '../../base/ids.ts';
import { add, has, minus, type PlayerSet, seatsOf } from '../../base/players.ts';
import type { Verified } from '../../crypto/signature.ts';
import { UPDATE_BYTES_MAX } from '../../wire/limits.ts';
import type { Packet } from '../../wire/packet.ts';
import type { NeoStatement } from '../../wire/statement.ts';
import { decodeEvidence, type Evidence, encodeEvidence, prove, proveProposal } from '../evidence.ts';
import type { BySeat } from '../round.ts';
import type { ClosedRound } from './log-state.ts';
import type { Contest, Held, HeldChange, HeldPropose, HeldVote, NeoRound } from './state.ts';
import { pastOf } from './state.ts';
import type { Turn } from './turn.ts';
import { isNone, sameValue, type Value } from './values.ts';

/** The packets of a sender that a round holds. */
function packetsOf(round: NeoRound, sender: Seat): ReadonlySet<Verified<Packet>> {
  const packets = new Set<Verified<Packet>>();
  const add = (held: Held<unknown> | null | undefined): void => {
    if (held) packets.add(held.packet);
  };
  for (const list of [round.commits, round.votes, round.reveals]) add(list[sender]);
  for (const held of round.holds[sender] ?? []) add(held);
  for (const contest of [round.slots, ...round.openings]) {
    if (contest !== null) for (const held of saidIn(contest, sender)) add(held);
  }
  return packets;
}

function saidIn(contest: Contest, sender: Seat): readonly Held<unknown>[] {
  const proposals = contest.proposals.filter(({ packet }) => packet.sender === sender);
  const { changes, confirms, prepares } = contest;
  return [...(changes[sender] ?? []), ...(prepares[sender] ?? []), ...(confirms[sender] ?? []), ...proposals];
}

/** True when another packet than this one is held in its place. */
function isOther(held: Held<unknown> | null | undefined, packet: Packet): boolean {
  return !!held && !equalBytes(held.packet.bytes, packet.bytes);
}

/**
 * True when a statement may contradict another of its sender. In a round in which nothing goes wrong none
 * does, so this is all that honest play costs. The statement has been taken in before.
 */
function isSuspect(round: NeoRound, packet: Packet, statement: NeoStatement): boolean {
  const { kind } = statement;
  const { sender } = packet;
  const committed = round.commits[sender]?.statement.commitment;
  if (kind === 'commit') {
    const voted = round.votes[sender]?.entries[sender];
    return isOther(round.commits[sender], packet) || !!(voted && !sameValue(voted, statement.commitment));
  }
  if (kind === 'vote') {
    const voted = round.votes[sender]?.entries[sender];
    const denied =
      !!committed && (!has(statement.named, sender) || !!(voted && !sameValue(voted, committed)));
    return isOther(round.votes[sender], packet) || denied;
  }
  if (kind === 'reveal') {
    const opened = round.opensTo[sender];
    return isOther(round.reveals[sender], packet) || !!(committed && opened && !sameValue(committed, opened));
  }
  return kind !== 'hold' || round.openings.some((contest) => contest !== null);
}

/** Compares a statement with everything held of its signer in its round. */
export function findLies(
  turn: Turn,
  packet: Verified<Packet>,
  statement: NeoStatement,
  vectors: readonly (readonly Uint8Array[])[],
): void {
  const { sender } = packet;
  const { setup } = turn.state;
  const round = turn.round(statement.round);
  if (sender === setup.me || !isSuspect(round, packet, statement) || isAccused(turn, sender)) return;
  const key = publicKeyOf(turn, sender);
  const known = [...vectors, ...knownHashes(round, sender)];
  const alone = prove(setup.session, key, packet, undefined, known);
  if (alone !== null) return accuse(turn, sender, alone);
  for (const other of packetsOf(round, sender)) {
    if (other.bytes === packet.bytes) continue;
    const evidence = prove(setup.session, key, other, packet, known);
    if (evidence !== null) return accuse(turn, sender, evidence);
  }
}

/** Hashes that statements of a sender may speak of. */
function knownHashes(round: NeoRound, sender: Seat): readonly (readonly Uint8Array[])[] {
  const { decided, holds, openings, slots, vectors, votes } = round;
  const known: (readonly Uint8Array[])[] = [...vectors];
  for (const vote of votes) if (vote?.hashes) known.push(vote.hashes);
  for (const contest of [slots, ...openings]) {
    for (const { hashes } of contest?.confirms[sender] ?? []) if (hashes !== null) known.push(hashes);
  }
  for (const { statement } of holds[sender] ?? []) {
    known.push(seatsOf(statement.authors).flatMap((author) => decided[author] ?? []));
  }
  return known;
}

/** One packet that lists a key twice: its signer said two things under one signature. */
export function accuseDouble(turn: Turn, packet: Verified<Packet>): void {
  const { liars, setup } = turn.state;
  if (has(liars, packet.sender) || packet.sender === setup.me) return;
  const evidence = prove(setup.session, publicKeyOf(turn, packet.sender), packet);
  if (evidence !== null) accuse(turn, packet.sender, evidence);
}

/** Evidence that others have put into the log: what it convicts is told here too. */
export function hearAccusations(turn: Turn, { updates }: ClosedRound, removed: PlayerSet): void {
  for (const update of updates) {
    for (const operation of update?.operations ?? []) {
      if (operation.type !== 'accuse') continue;
      const evidence = decodeEvidence(operation.evidence);
      const seat = seatsOf(minus(removed, turn.state.liars)).find(
        (each) => evidence !== null && equalBytes(publicKeyOf(turn, each), evidence.publicKey),
      );
      if (seat === undefined || evidence === null) continue;
      const { kind } = evidence.conflict;
      turn.set({ liars: add(turn.state.liars, seat) });
      turn.effects.push({ type: 'evidence', player: seat, kind, evidence: operation.evidence.slice() });
    }
  }
}

/** A leader whose proposal does not follow from the view changes that it names. */
export function accuseLeader(turn: Turn, proposal: HeldPropose, named: readonly HeldChange[]): void {
  const { packet } = proposal;
  const { liars, setup } = turn.state;
  if (has(liars, packet.sender)) return;
  const changes = named.map((change) => change.packet);
  const evidence = proveProposal(setup.session, publicKeyOf(turn, packet.sender), packet, changes);
  if (evidence !== null) accuse(turn, packet.sender, evidence);
}

/** The public key of a seat, as the newest log knows it. */
export function publicKeyOf(turn: Turn, seat: Seat): Uint8Array {
  const { final } = turn.state;
  return pastOf(turn.state, final).log.roster[seat]?.publicKey as Uint8Array;
}

/** Tells of a lie, and puts it into the log where it fits. */
export function accuse(turn: Turn, player: Seat, evidence: Evidence): void {
  const bytes = encodeEvidence(evidence);
  const fits = bytes.length < UPDATE_BYTES_MAX - 16;
  if (has(turn.state.liars, player) && !fits) return;
  turn.set({ liars: add(turn.state.liars, player) });
  turn.effects.push({ type: 'evidence', player, kind: evidence.conflict.kind, evidence: bytes });
  if (fits) turn.want({ type: 'accuse', evidence: bytes });
}

/**
 * True when a liar is out, or an accusation of it is on its way: a lie too large for the log is not enough.
 */
function isAccused(turn: Turn, player: Seat): boolean {
  const { final, liars, wanted } = turn.state;
  if (!has(liars, player)) return false;
  const key = publicKeyOf(turn, player);
  if (!has(pastOf(turn.state, final).log.members, player)) return true;
  return wanted.some(({ operation }) => {
    if (operation.type === 'illegal') return operation.seat === player;
    return (
      operation.type === 'accuse' && equalBytes(decodeEvidence(operation.evidence)?.publicKey ?? key, key)
    );
  });
}

/** True when all votes that are held say the same. */
function isUnanimous({ votes }: NeoRound): boolean {
  const first = votes.find((vote) => vote !== null)?.statement;
  return votes.every(
    (vote) =>
      vote === null ||
      (vote.statement.named === first?.named && equalBytes(vote.statement.values, first.values)),
  );
}

/**
 * Shows the commitment that I hold to everybody as soon as a vote names another one of the same author:
 * whoever holds the other then holds both.
 */
export function retellCommits(turn: Turn, number: Round): void {
  const round = turn.round(number);
  if (isUnanimous(round)) return;
  let told = round.retold;
  for (const author of seatsOf(round.environment.members)) {
    const held = round.commits[author];
    if (!held || has(told, author)) continue;
    const disputed = round.votes.some((vote) => {
      const value = vote?.entries[author];
      return !!value && !isNone(value) && !sameValue(value, held.statement.commitment);
    });
    if (!disputed) continue;
    told = add(told, author);
    turn.effects.push({ type: 'retell', packet: held.packet.bytes });
  }
  if (told !== round.retold) turn.change(number, { retold: told });
}

/**
 * Shows a vote that is not what was decided to everybody, in turns by one member a round: who has told
 * others something else meets somebody who holds it. An honest voter that lacked a commitment loses nothing.
 */
export function exposeVotes(turn: Turn, number: Round): void {
  const round = turn.round(number);
  const { decided, decidedAt, environment, exposed, votes } = round;
  const members = seatsOf(environment.members);
  if (decidedAt === null) return;
  const strange = members.filter((seat, rank) => {
    const turnOfMine = members[(number + rank) % members.length] === turn.state.setup.me;
    return turnOfMine && !has(exposed, seat) && members.some((slot) => differs(votes[seat], slot, decided));
  });
  if (strange.length === 0) return;
  turn.change(number, { exposed: strange.reduce(add, exposed) });
  for (const seat of strange) {
    const vote = votes[seat];
    if (vote) turn.effects.push({ type: 'retell', packet: vote.packet.bytes });
  }
}

function differs(vote: HeldVote | null | undefined, slot: Seat, decided: BySeat<Value>): boolean {
  const said = vote?.entries[slot];
  const value = decided[slot];
  return !!said && !!value && !sameValue(said, value);
}
