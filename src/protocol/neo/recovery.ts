/**
 * A player that comes back with its log: the final rounds to play again, and of the open ones what I have
 * said and what that rested on. Nothing is ever said anew: signatures are deterministic (RFC 8032), so what
 * leaves is what left before.
 */

import { assert, unreachable } from '../../base/assert.ts';
import { type Round, type Seat, seatOf } from '../../base/ids.ts';
import { add, has, nobody, type PlayerSet, union } from '../../base/players.ts';
import { commit } from '../../crypto/commitment.ts';
import { attest, type Verified } from '../../crypto/signature.ts';
import { decodePacket, type Packet } from '../../wire/packet.ts';
import { type Certified, type NeoStatement, ROUND_INSTANCE } from '../../wire/statement.ts';
import type { EndReason } from '../effect.ts';
import type { Outcome } from '../round.ts';
import { NOWHERE } from './arrival.ts';
import { forgotten } from './execute.ts';
import { decodeInvitation } from './invitation.ts';
import { type ClosedRound, fold } from './log-state.ts';
import { keptRounds } from './membership.ts';
import { holdPacket } from './neo.ts';
import type { FinalRound, NeoRecord } from './record.ts';
import { roundSeed, seedAfter } from './seeds.ts';
import { decodeSnapshot, neoAfter, seatOfKey } from './snapshot.ts';
import {
  beginNeo,
  type Neo,
  type NeoRound,
  type NeoSetup,
  pastOf,
  permit,
  roundOf,
  type Sealed,
} from './state.ts';
import { put, Turn } from './turn.ts';
import { decodeUpdate, type Update } from './update.ts';
import { isNone } from './values.ts';

export interface Restored {
  readonly publicKey: Uint8Array | null;
  readonly nonce: Uint8Array | null;
  readonly agreement: Uint8Array | null;
  readonly keys: readonly Uint8Array[] | null;
  readonly nonces: readonly Uint8Array[] | null;
  /** Set if this player came to a match that was running. */
  readonly invited: { readonly publicKey: Uint8Array; readonly invitation: Uint8Array } | null;
  /** What its play starts from, once it is there; see the effect `restore`. */
  readonly from: { readonly round: Round; readonly states: readonly (Uint8Array | null)[] } | null;
  readonly neo: Neo | null;
  /** Every final round, in order. */
  readonly outcomes: readonly Outcome[];
  /** Own statements of all rounds that others may still need, one list a packet. */
  readonly unsaid: readonly (readonly NeoStatement[])[];
}

/** What a final round of the log was, as the fold sees it. */
export function closedOfFinal(
  final: FinalRound,
  before: { readonly members: PlayerSet },
  members: PlayerSet,
): ClosedRound {
  let accepted = nobody;
  for (const [seat, value] of final.decided.entries()) {
    if (value && !isNone(value) && has(members, seatOf(seat)) && has(before.members, seatOf(seat)))
      accepted = add(accepted, seatOf(seat));
  }
  const updates = final.openings.map((opening): Update | null => opening && decodeUpdate(opening.input));
  const { illegal, judged, round, voided } = final;
  return { round, accepted, voided, updates, illegal, judged, members };
}

/** What a run of records comes to. */
class Replay {
  publicKey: Uint8Array | null = null;
  nonce: Uint8Array | null = null;
  agreement: Uint8Array | null = null;
  keys: readonly Uint8Array[] | null = null;
  nonces: readonly Uint8Array[] | null = null;
  invited: Restored['invited'] = null;
  from: Restored['from'] = null;
  neo: Neo | null = null;
  readonly outcomes: Outcome[] = [];
  readonly said: (readonly NeoStatement[])[] = [];
  /** What a COMMIT seals and what a VOTE says, by round: nothing is done before they are said. */
  readonly sealed = new Map<Round, Sealed>();
  readonly voted = new Map<Round, NonNullable<NeoRound['ownVote']>>();

  machine(): Neo {
    assert(this.neo !== null, 'statements follow the session in a log');
    return this.neo;
  }

  change(round: Round, change: (round: NeoRound) => Partial<NeoRound>): void {
    const found = roundOf(this.machine(), round);
    if (found === null) return;
    const turn = new Turn(this.machine(), { at: 0, time: 0, connectedAt: 0 });
    turn.change(round, change(found));
    this.neo = turn.state;
  }
}

function replayFinal(replay: Replay, final: FinalRound): void {
  const neo = replay.machine();
  const { round } = final;
  assert(round === neo.final + 1, 'a log holds final rounds in order');
  const before = pastOf(neo, round - 1);
  const judged = pastOf(neo, Math.max(0, round - neo.setup.log.alpha));
  const { members } = judged.log;
  const closed = closedOfFinal(final, before.log, members);
  const { events, log } = fold(neo.setup.log, before.log, closed);
  const seed = seedAfter(before.seed, final.openings);
  const inputs = closed.updates.slice(0, judged.log.roster.length).map((update) => update?.input ?? null);
  const { epoch } = judged.log;
  replay.outcomes.push({
    epoch,
    round,
    members,
    inputs,
    seed: roundSeed(judged.seed, round),
    nextSeed: seed,
  });
  const played = { closed, events, log, seed, stateHash: final.stateHash };
  replay.neo = permit({ ...neo, final: round, past: [...neo.past, played] }, 0);
  replay.change(round, () => ({ decided: final.decided, voided: final.voided, opened: closed.accepted }));
  replay.neo = seated(forgotten(replay.machine()), replay.invited?.publicKey ?? null);
}

/** The machine with my seat in it, as soon as the log gives me one. */
function seated(neo: Neo, publicKey: Uint8Array | null): Neo {
  const seat =
    publicKey && neo.setup.me === NOWHERE ? seatOfKey(pastOf(neo, neo.final).log, publicKey) : null;
  return seat === null ? neo : { ...neo, setup: { ...neo.setup, me: seat } };
}

/** A log that does not start with the match. */
function replaySnapshot(replay: Replay, bytes: Uint8Array, setupOf: SetupOf): void {
  const snapshot = decodeSnapshot(bytes);
  const invitation = replay.invited && decodeInvitation(replay.invited.invitation);
  assert(
    replay.neo === null && snapshot !== null && !!invitation,
    'a snapshot follows an invitation in a log',
  );
  const founders = invitation.roster.slice(0, invitation.founders);
  const setup = setupOf(
    founders.map(({ publicKey }) => publicKey),
    founders.map(({ nonce }) => nonce),
  );
  const neo = neoAfter({ ...setup, me: NOWHERE }, snapshot, 0);
  replay.from = { round: snapshot.round, states: snapshot.steps.map(({ state }) => state) };
  replay.neo = seated(neo, replay.invited?.publicKey ?? null);
}

/** What a statement that I have said makes of me. */
function replaySaid(replay: Replay, statements: readonly NeoStatement[]): void {
  replay.said.push(statements);
  for (const statement of statements) {
    const { kind, round } = statement;
    if (kind === 'reveal') replay.change(round, () => ({ revealed: true }));
    else if (kind === 'hold') {
      replay.change(round, ({ holding }) => ({
        holding: union(holding, statement.authors),
        holdIndex: statement.index + 1,
      }));
    } else if (kind === 'commit') replay.change(round, () => ({ own: replay.sealed.get(round) ?? null }));
    else if (kind === 'vote') replay.change(round, () => ({ ownVote: replay.voted.get(round) ?? null }));
    else replayContest(replay, statement);
  }
}

function replayContest(
  replay: Replay,
  statement: Extract<NeoStatement, { kind: 'change' | 'propose' | 'prepare' | 'confirm' }>,
): void {
  const { instance, kind, round, view } = statement;
  const neo = replay.machine();
  if (roundOf(neo, round) === null) return;
  const turn = new Turn(neo, { at: 0, time: 0, connectedAt: 0 });
  const contest = turn.contest(round, instance);
  if (kind === 'change') {
    turn.changeContest(round, instance, { view, changed: view, confirmed: nobody, confirmIndex: 0 });
    if (instance !== ROUND_INSTANCE && isNone(statement.claim)) {
      turn.change(round, { denied: add(turn.round(round).denied, instance as Seat) });
    }
  } else if (kind === 'propose') turn.changeContest(round, instance, { proposed: view });
  else if (kind === 'prepare') {
    const entered = view > contest.view ? { view, confirmed: nobody, confirmIndex: 0 } : {};
    turn.changeContest(round, instance, { ...entered, prepared: view });
  } else {
    turn.changeContest(round, instance, {
      confirmed: union(contest.confirmed, statement.slots),
      confirmIndex: statement.index + 1,
    });
  }
  replay.neo = turn.state;
}

/** A packet of our own log: it was verified before it was written. */
function packetOf(bytes: Uint8Array): Verified<Packet> {
  const decoded = decodePacket(bytes);
  assert(decoded.ok, 'a log holds packets that this version wrote');
  const { value } = decoded;
  return attest({ publicKey: bytes, message: bytes, signature: value.signature, value });
}

function replayRecord(replay: Replay, record: NeoRecord, setupOf: SetupOf): void {
  if (record.type === 'hello') {
    replay.publicKey = record.publicKey;
    replay.nonce = record.nonce;
    replay.agreement = record.agreement;
  } else if (record.type === 'session') {
    assert(replay.neo === null, 'a log holds one session');
    replay.keys = record.keys;
    replay.nonces = record.nonces;
    replay.neo = beginNeo(setupOf(record.keys, record.nonces));
  } else if (record.type === 'sealed') {
    const { epoch, input, round, salt } = record.reveal;
    const { me, session } = replay.machine().setup;
    const commitment = commit({ session, epoch, round, author: me }, salt, input);
    replay.sealed.set(round, { commitment, input, salt });
  } else if (record.type === 'voted') replay.voted.set(record.round, record.entries);
  else if (record.type === 'said') replaySaid(replay, record.statements);
  else if (record.type === 'keep') replayKeep(replay, record);
  else if (record.type === 'invited') {
    const { agreement, invitation, nonce, publicKey } = record;
    Object.assign(replay, { agreement, nonce, publicKey, invited: { publicKey, invitation } });
  } else if (record.type === 'snapshot') replaySnapshot(replay, record.bytes, setupOf);
  else if (record.type === 'final') replayFinal(replay, record.final);
  else if (record.type === 'end') replay.neo = { ...replay.machine(), over: record.reason as EndReason };
  else unreachable(record);
}

/** What my statements rested on is held again, and known for what it was. */
function replayKeep(replay: Replay, record: Extract<NeoRecord, { type: 'keep' }>): void {
  const { certified, instance, packets, round, vectors } = record;
  for (const bytes of packets) replay.neo = holdPacket(replay.machine(), packetOf(bytes), vectors);
  if (roundOf(replay.machine(), round) === null || certified.length === 0) return;
  const turn = new Turn(replay.machine(), { at: 0, time: 0, connectedAt: 0 });
  let { best, known, proven } = turn.contest(round, instance);
  for (const each of certified) {
    if ((best[each.slot]?.view ?? -1) < each.view) best = put(best, each.slot, each);
    if (each.view > 0 && !proven.includes(each.view)) proven = [...proven, each.view];
  }
  const isKnown = ({ slot, view }: Certified): boolean =>
    known.some((each) => each.slot === slot && each.view === view);
  known = [...known, ...certified.filter((each) => !isKnown(each))];
  turn.changeContest(round, instance, { best, known, proven });
  replay.neo = turn.state;
}

type SetupOf = (keys: readonly Uint8Array[], nonces: readonly Uint8Array[]) => NeoSetup;

/** The state that a log describes. Throws if the records do not follow from one another: a damaged log. */
export function restore(records: readonly NeoRecord[], setupOf: SetupOf): Restored {
  const replay = new Replay();
  for (const record of records) replayRecord(replay, record, setupOf);
  const { agreement, from, invited, keys, neo, nonce, nonces, outcomes, publicKey, said } = replay;
  const kept = neo === null ? 0 : neo.final - keptRounds(neo.setup.log);
  const open = said.filter((statements) => statements.some(({ round }) => round > kept));
  return { agreement, from, invited, keys, neo, nonce, nonces, outcomes, publicKey, unsaid: open };
}
