/**
 * What the packets of a recorded round prove: which value each slot was decided to have, which openings are
 * `void`, which state the votes name. Tallied by the rules by which the players did (ballot.ts), and nothing
 * counts but what is signed by a member of the round's own epoch.
 */

import { equalBytes, toHex } from '../../base/bytes.ts';
import type { Round, Seat } from '../../base/ids.ts';
import { add, count, has, nobody, type PlayerSet, seatsOf, within } from '../../base/players.ts';
import { vectorDigest } from '../../crypto/commitment.ts';
import type { Verified } from '../../crypto/signature.ts';
import { type Packet, partHashOf } from '../../wire/packet.ts';
import { type Confirm, ROUND_INSTANCE, type Statement, type Vote } from '../../wire/statement.ts';
import { confirmedValue, outcomeOfSlot, tallyVotes } from './ballot.ts';
import { leaderOf, slotsOf } from './instance.ts';
import type { RecordedRound } from './recording-format.ts';
import {
  type Environment,
  type HeldConfirm,
  type HeldVote,
  type NeoRound,
  type NeoSetup,
  newContest,
  newRound,
} from './state.ts';
import { push, put } from './turn.ts';
import { entriesOf, isNone, NONE, resolve, sameValue, type Value } from './values.ts';

/** Confirms that are kept of a sender; a liar's are no reason to keep more. */
const CONFIRMS_MAX = 1024;

/** The statements of a round that its packets hold. */
export interface Proof {
  readonly session: Uint8Array;
  /** Votes, confirms, and what the round is said to have decided. */
  readonly round: NeoRound;
  readonly said: readonly Said[];
}

/** What is said of one place: a statement of this round and epoch, and where it stands. */
interface Said {
  readonly packet: Verified<Packet>;
  readonly index: number;
  readonly statement: Statement;
}

function saidIn(packets: readonly Verified<Packet>[], round: Round, { epoch, members }: Environment): Said[] {
  return packets.flatMap((packet) =>
    packet.entries.flatMap(({ statement }, index): Said[] => {
      if (statement === null || !('round' in statement) || !has(members, packet.sender)) return [];
      return statement.epoch === epoch && statement.round === round ? [{ packet, index, statement }] : [];
    }),
  );
}

/** Gathers the votes and confirms of a round; of who has signed two votes, two are taken. */
export function proofOf(
  setup: NeoSetup,
  environment: Environment,
  recorded: Pick<RecordedRound, 'decided' | 'round' | 'vectors'>,
  packets: readonly Verified<Packet>[],
): Proof {
  let round = newRound(setup, recorded.round, environment, 0);
  const { members, seats } = environment;
  const known = round.commits.map((_, seat) => recorded.decided[seat] ?? null);
  const vectors = new Map(recorded.vectors.map((vector) => [toHex(vectorDigest(vector)), vector]));
  const hashesOf = ({ named, values }: Vote | Confirm): readonly Uint8Array[] | null => {
    const vector = vectors.get(toHex(values));
    return resolve(named, values, known, vector === undefined ? [] : [vector]);
  };
  const said = saidIn(packets, recorded.round, environment);
  for (const { packet, statement } of said) {
    const { sender } = packet;
    if (statement.kind === 'vote' && within(statement.named, members)) {
      const hashes = hashesOf(statement);
      const entries = entriesOf(members, { named: statement.named, hashes: hashes ?? [] }, seats);
      const vote: HeldVote = { statement, packet, hashes, entries };
      if (!round.votes[sender]) round = { ...round, votes: put(round.votes, sender, vote) };
      else round = { ...round, otherVotes: put(round.otherVotes, sender, vote) };
    } else if (statement.kind === 'confirm') {
      round = withConfirm(round, { statement, packet, hashes: hashesOf(statement), entries: [] });
    }
  }
  return { session: setup.session, round: { ...round, decided: known }, said };
}

/** The round with a confirm in the contest it belongs to, if it is one of that. */
function withConfirm(round: NeoRound, confirm: HeldConfirm): NeoRound {
  const { instance, named, slots, view } = confirm.statement;
  const { members, seats } = round.environment;
  const { sender } = confirm.packet;
  const ofSlots = instance === ROUND_INSTANCE;
  if (!ofSlots && (view === 0 || instance >= seats || !has(members, instance as Seat))) return round;
  if (!within(slots, slotsOf(round, instance)) || !within(named, slots)) return round;
  const entries = entriesOf(slots, { named, hashes: confirm.hashes ?? [] }, seats);
  const contest = ofSlots ? round.slots : (round.openings[instance] ?? newContest(instance, seats, 0));
  const confirms = push(contest.confirms, sender, { ...confirm, entries }, CONFIRMS_MAX);
  if (ofSlots) return { ...round, slots: { ...contest, confirms } };
  return { ...round, openings: put(round.openings, instance, { ...contest, confirms }) };
}

/** The value that a slot was decided to have; null if that is not proven, or if two are. */
export function decidedValue({ round }: Proof, slot: Seat): Value | null {
  const { environment, slots } = round;
  const { members, quorum } = environment;
  const { decided } = outcomeOfSlot(round, slots, members, quorum, slot);
  const confirmed = confirmedValue(slots.confirms, members, slot, quorum.q);
  return decided !== null && confirmed !== null && !sameValue(decided, confirmed) ? null : decided;
}

/** True when `void` is what q members have confirmed of the opening of an author. */
export function isVoid({ round }: Proof, author: Seat): boolean {
  const { members, quorum } = round.environment;
  const contest = round.openings[author];
  const confirmed = contest ? confirmedValue(contest.confirms, members, author, quorum.q) : null;
  return confirmed !== null && isNone(confirmed);
}

/** True when equal votes alone decide a slot. */
function isFast({ round }: Proof, slot: Seat): boolean {
  const { members, quorum } = round.environment;
  const tally = tallyVotes(round, members, slot);
  return tally !== null && count(tally.voters) >= quorum.fast;
}

/** The members who have accepted a proposal. */
function preparers({ said }: Proof, instance: number, view: number, proposal: Uint8Array): PlayerSet {
  return said.reduce((set, { packet, statement }) => {
    if (statement.kind !== 'prepare' || statement.instance !== instance || statement.view !== view)
      return set;
    return equalBytes(statement.proposal, proposal) ? add(set, packet.sender) : set;
  }, nobody);
}

/** True when q equal votes, or q prepares of one proposal of its leader, certify a value in a view. */
function isCertified(proof: Proof, instance: number, slot: Seat, view: number, value: Value): boolean {
  const { round, said, session } = proof;
  const { members, quorum, seats } = round.environment;
  if (view === 0) {
    const tally = tallyVotes(round, members, slot);
    return tally !== null && count(tally.voters) >= quorum.q && sameValue(tally.value, value);
  }
  return said.some(({ index, packet, statement }) => {
    if (statement.kind !== 'propose' || statement.instance !== instance || statement.view !== view)
      return false;
    if (packet.sender !== leaderOf(round, instance, view)) return false;
    const vector = { named: statement.named, hashes: statement.values };
    const proposed = entriesOf(slotsOf(round, instance), vector, seats)[slot] ?? NONE;
    const accepted = preparers(proof, instance, view, partHashOf(session, packet, index));
    return sameValue(proposed, value) && count(accepted) >= quorum.q;
  });
}

/** The views in which q members have confirmed a value. */
function viewsOf({ round, said }: Proof, instance: number, slot: Seat, value: Value): readonly number[] {
  const { confirms } = instance === ROUND_INSTANCE ? round.slots : (round.openings[instance] ?? round.slots);
  const views = new Set(
    said.flatMap(({ statement }) => (statement.kind === 'confirm' ? [statement.view] : [])),
  );
  const { members, quorum } = round.environment;
  return [...views].filter((view) => {
    const inView = confirms.map((list) => list?.filter(({ statement }) => statement.view === view) ?? null);
    const confirmed = confirmedValue(inView, members, slot, quorum.q);
    return confirmed !== null && sameValue(confirmed, value);
  });
}

/**
 * True when a decision can be shown to anybody, however many lie: by equal votes, or with the certificate of
 * the view in which it was confirmed. Without it q confirms still decide: one at least is of an honest
 * player, who held that certificate.
 */
export function isShown(proof: Proof, instance: number, slot: Seat, value: Value): boolean {
  if (instance === ROUND_INSTANCE && isFast(proof, slot)) return true;
  return viewsOf(proof, instance, slot, value).some((view) =>
    isCertified(proof, instance, slot, view, value),
  );
}

/** A state digest that q votes of the round name, or null. */
export function namedDigest({ round }: Proof): Uint8Array | null {
  const { members, quorum } = round.environment;
  const digests = seatsOf(members).flatMap((seat) => round.votes[seat]?.statement.state ?? []);
  const named = digests.find(
    (digest) => digests.filter((other) => equalBytes(other, digest)).length >= quorum.q,
  );
  return named && !isNone(named) ? named : null;
}
