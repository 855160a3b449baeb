/**
 * A snapshot: all that a machine needs to go on after a final round s. Rounds s + 1 to s + alpha are ruled
 * and judged by what alpha rounds before came to, so it holds what each of the last alpha rounds came to:
 * log, seed, digest of the game's state, and the state where inputs are judged on it (always that after s).
 *
 * Nobody believes who hands it over. Each of these rounds was named by votes alpha rounds later; its digest
 * covers all of it (digest.ts): there must be q equal votes of members, and among them, signed, more than
 * can lie among the members of the newcomer's invitation. A liar can hand over an old snapshot, no wrong one.
 */

import { equalBytes } from '../../base/bytes.ts';
import { type Round, type Seat, seatOf } from '../../base/ids.ts';
import { add, count, has, intersect, nobody } from '../../base/players.ts';
import { accept, type Result, refuse } from '../../base/result.ts';
import type { Micros } from '../../base/time.ts';
import { DIGEST_BYTES, hash } from '../../crypto/hash.ts';
import { verifyStrict } from '../../crypto/signature.ts';
import { decodePacket, elide, type Packet, sealPacket, statementOf } from '../../wire/packet.ts';
import { decodePlain, encodePlain, type Plain } from '../../wire/plain.ts';
import { quorum } from '../quorum.ts';
import { checkpointOf, ownDigest } from './desync.ts';
import { type State, stateDigest } from './digest.ts';
import type { Invitation } from './invitation.ts';
import { decodeLog, encodeLog } from './log-snapshot.ts';
import type { LogState } from './log-state.ts';
import { type LogParameters, quorumOf } from './membership.ts';
import { beginNeo, type Neo, type NeoSetup, type Played, pastOf, permit, roundOf } from './state.ts';
import type { Member } from './update.ts';

/** What one round came to, and votes that say so. */
export interface Step extends State {
  /** Bytes of the game's state; null where nobody needs it. */
  readonly state: Uint8Array | null;
  /** Packets with a VOTE that names the digest of this. */
  readonly votes: readonly Uint8Array[];
}

export interface Snapshot {
  readonly round: Round;
  /** Of rounds up to `round`, in order: alpha of them, or from round 0 on. */
  readonly steps: readonly Step[];
}

/** Bytes of an encoded snapshot: it is one record of a log. */
export const SNAPSHOT_BYTES_MAX = 1_000_000;

/** How many rounds a snapshot after `round` tells of. */
export function stepsOf(round: Round, alpha: number): number {
  return Math.min(alpha, round + 1);
}

/** True when q members have named what I hold of a round, too. */
function isAttested(neo: Neo, round: Round): boolean {
  const mine = ownDigest(neo, round);
  const checkpoint = mine && checkpointOf(neo, round);
  return !!checkpoint && equalBytes(checkpoint.digest, mine);
}

/** The newest final round that I can hand a snapshot over of, or null: votes are still on their way. */
export function newestSnapshot(neo: Neo): Round | null {
  const { final, pastFrom, setup } = neo;
  let newest = final;
  for (let round = final; round >= pastFrom; round--) {
    if (!isAttested(neo, round)) newest = round - 1;
    else if (newest - round + 1 === stepsOf(newest, setup.log.alpha)) return newest;
  }
  return null;
}

/** The votes that name what a round came to, each packet without all else that it says. */
function votesOf(neo: Neo, round: Round, digest: Uint8Array): readonly Uint8Array[] {
  const judging = roundOf(neo, round + neo.setup.log.alpha);
  return (judging?.votes ?? []).flatMap((vote) => {
    if (vote === null || !equalBytes(vote.statement.state, digest)) return [];
    const index = vote.packet.entries.findIndex(({ statement }) => statement === vote.statement);
    return [elide(vote.packet, neo.setup.session, [index]).bytes];
  });
}

/**
 * The snapshot after a round, with the bytes of the game's states of its steps. Null if the states are not
 * those that the machine knows, or if it would be too large.
 */
export function makeSnapshot(
  neo: Neo,
  round: Round,
  states: readonly (Uint8Array | null)[],
): Uint8Array | null {
  const first = round - states.length + 1;
  if (states.length !== stepsOf(round, neo.setup.log.alpha) || first < neo.pastFrom) return null;
  const steps = states.map((state, index): Step => {
    const { log, seed, stateHash } = pastOf(neo, first + index);
    const votes = votesOf(neo, first + index, stateDigest({ log, seed, stateHash }));
    return { log, seed, state, stateHash, votes };
  });
  if (steps.some(({ state, stateHash }) => state && !equalBytes(hash('state', state), stateHash)))
    return null;
  const bytes = encodeSnapshot(steps);
  return bytes.length <= SNAPSHOT_BYTES_MAX ? bytes : null;
}

function encodeSnapshot(steps: readonly Step[]): Uint8Array {
  const rows = steps.map(({ log, seed, state, stateHash, votes }): Plain => {
    return [encodeLog(log), stateHash, seed, state, votes];
  });
  return encodePlain(rows, 'snapshot');
}

function isDigest(value: Plain | undefined): value is Uint8Array {
  return value instanceof Uint8Array && value.length === DIGEST_BYTES;
}

function stepOf(row: Plain): Step | null {
  if (!Array.isArray(row) || row.length !== 5) return null;
  const [encoded, stateHash, seed, state, votes] = row as readonly (Plain | undefined)[];
  const log = encoded instanceof Uint8Array ? decodeLog(encoded) : null;
  if (log === null || !isDigest(stateHash) || !isDigest(seed)) return null;
  if (state !== null && !(state instanceof Uint8Array)) return null;
  if (!Array.isArray(votes) || !votes.every((vote) => vote instanceof Uint8Array)) return null;
  return { log, seed, state, stateHash, votes: votes as readonly Uint8Array[] };
}

/** The snapshot of bytes of anyone, well formed and no more; null for all else. Never throws. */
export function decodeSnapshot(bytes: Uint8Array): Snapshot | null {
  if (bytes.length > SNAPSHOT_BYTES_MAX) return null;
  const decoded = decodePlain(bytes);
  if (!decoded.ok || !Array.isArray(decoded.value)) return null;
  const steps: Step[] = [];
  for (const row of decoded.value as readonly Plain[]) {
    const step = stepOf(row);
    if (step === null || (steps.length > 0 && step.log.round !== (steps[0] as Step).log.round + steps.length))
      return null;
    steps.push(step);
  }
  const last = steps.at(-1);
  return last === undefined ? null : { round: last.log.round, steps };
}

/** What a newcomer judges snapshots by. */
export interface Trust {
  readonly invitation: Invitation;
  readonly parameters: LogParameters;
  /** The game judges inputs on states. */
  readonly judges: boolean;
}

export type SnapshotRefusal =
  | 'malformed'
  /** It does not tell of the rounds that it should. */
  | 'rounds'
  /** Its players are not those of the invitation. */
  | 'roster'
  /** The states are missing, or not those that it speaks of. */
  | 'state'
  /** Too few votes name a round, or too few of players that are trusted. */
  | 'votes'
  | 'signature';

function isSame(a: Member, b: Member | undefined): boolean {
  return b === undefined || (equalBytes(a.publicKey, b.publicKey) && equalBytes(a.nonce, b.nonce));
}

/** The first of the checks that a step fails, other than of signatures. */
function faultOf(
  step: Step,
  index: number,
  { round, steps }: Snapshot,
  trust: Trust,
): SnapshotRefusal | null {
  const { invitation, judges, parameters } = trust;
  const { log, state, stateHash } = step;
  if (log.round !== round - steps.length + 1 + index || log.members === nobody) return 'rounds';
  if (log.roster.length < invitation.founders) return 'roster';
  if (!log.roster.every((member, seat) => isSame(member, invitation.roster[seat]))) return 'roster';
  if (log.epoch === invitation.epoch && !equalBytes(log.epochId, invitation.epochId)) return 'roster';
  if (log.firstLiars !== quorum(invitation.founders).f) return 'roster';
  const isLast = index === steps.length - 1;
  if (state === null ? judges || isLast : !equalBytes(hash('state', state), stateHash)) return 'state';
  return namedBy(step, parameters) === null ? 'votes' : null;
}

interface Vote {
  readonly packet: Packet;
  readonly publicKey: Uint8Array;
}

/** The votes that name a step, of members and one each; null if there are too few of them. */
function namedBy(step: Step, parameters: LogParameters): readonly Vote[] | null {
  const { log, votes } = step;
  const digest = stateDigest(step);
  const found: Vote[] = [];
  let voters = nobody;
  for (const bytes of votes.slice(0, log.roster.length)) {
    const decoded = decodePacket(bytes);
    const vote = decoded.ok ? statementOf(decoded.value, 'vote') : null;
    if (!decoded.ok || vote === null) continue;
    const { sender } = decoded.value;
    const member = log.roster[sender];
    if (member === undefined || !has(log.members, sender) || has(voters, sender)) continue;
    if (vote.round !== log.round + parameters.alpha || vote.epoch !== log.epoch) continue;
    if (!equalBytes(vote.state, digest)) continue;
    voters = add(voters, sender);
    found.push({ packet: decoded.value, publicKey: member.publicKey });
  }
  return found.length >= quorumOf(parameters, log, log.members).q ? found : null;
}

/** How many of the invitation's members must have signed, so that an honest one is among them. */
function trustedVotes({ invitation, parameters }: Trust): number {
  const { founders, members } = invitation;
  return quorum(count(members), parameters.keepF ? quorum(founders).f : 0).f + 1;
}

/** Checks the signatures of a step: all that count must hold. */
function isSigned(step: Step, trust: Trust): SnapshotRefusal | null {
  const { invitation, parameters } = trust;
  const votes = namedBy(step, parameters) ?? [];
  let voters = nobody;
  for (const { packet, publicKey } of votes) {
    if (verifyStrict(sealPacket(packet, invitation.session, publicKey)) === null) return 'signature';
    voters = add(voters, packet.sender);
  }
  const known = intersect(voters, invitation.members);
  return count(known) >= trustedVotes(trust) ? null : 'votes';
}

/**
 * The snapshot of bytes of anyone, once everything in it holds: cheap checks first, and the first signature
 * that does not hold ends it. About a millisecond for each signature.
 */
export function verifySnapshot(bytes: Uint8Array, trust: Trust): Result<Snapshot, SnapshotRefusal> {
  const snapshot = decodeSnapshot(bytes);
  if (snapshot === null) return refuse('malformed');
  const { round, steps } = snapshot;
  if (steps.length !== stepsOf(round, trust.parameters.alpha)) return refuse('rounds');
  for (const [index, step] of steps.entries()) {
    const fault = faultOf(step, index, snapshot, trust);
    if (fault !== null) return refuse(fault);
  }
  for (const step of steps) {
    const fault = isSigned(step, trust);
    if (fault !== null) return refuse(fault);
  }
  return accept(snapshot);
}

/** The seat of a key in the roster, or null: it has none yet. */
export function seatOfKey({ roster }: LogState, publicKey: Uint8Array): Seat | null {
  const seat = roster.findIndex((member) => equalBytes(member.publicKey, publicKey));
  return seat < 0 ? null : seatOf(seat);
}

/** The machine after a snapshot; `time` is that of the session. */
export function neoAfter(setup: NeoSetup, { round, steps }: Snapshot, time: Micros): Neo {
  const past = steps.map(({ log, seed, stateHash }): Played => {
    return { closed: null, events: [], log, seed, stateHash };
  });
  const from = { final: round, past, pastFrom: round - steps.length + 1 };
  return permit({ ...beginNeo(setup), ...from, rounds: [], roundsFrom: round + 1 }, time);
}
