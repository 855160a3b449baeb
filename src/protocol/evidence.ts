/**
 * Evidence: one or two packets of one signer that no honest player signs, as one byte string that
 * convicts by itself. What is a lie is said in conflict.ts, bad-proposal.ts and illegal.ts; the engine and
 * the judge both use it. What is never provable (lateness, silence) has no place here.
 *
 * Bytes: "FSEV", version, session (32), public key (32), number of packets, then each packet as
 * length (u16) and bytes, in byte order. Statements are elided where their hashes alone convict, and where
 * they do not matter. What the packets name by a hash, and what is needed to judge them, comes behind them
 * as supplements: type (u8), length (u32), bytes.
 */

import { compareBytes, concatBytes, equalBytes } from '../base/bytes.ts';
import type { Epoch, Round } from '../base/ids.ts';
import { DIGEST_BYTES } from '../crypto/hash.ts';
import { PUBLIC_KEY_BYTES, verifyStrict } from '../crypto/signature.ts';
import { ITEM_BYTES_MAX, PLAYERS_MAX, PROTOCOL_VERSION, SESSION_BYTES } from '../wire/limits.ts';
import { decodeAnyPacket, elide, type Packet, sealPacket } from '../wire/packet.ts';
import { PLAIN_BYTES_MAX } from '../wire/plain-format.ts';
import { Reader } from '../wire/reader.ts';
import type { StatementKind } from '../wire/statement.ts';
import { Writer } from '../wire/writer.ts';
import { badProposal, unsignedPacket } from './bad-proposal.ts';
import {
  type Conflict,
  conflict,
  type EvidenceKind,
  type Hashes,
  isShown,
  selfConflict,
} from './conflict.ts';
import { boundInput, isIllegal, LOG_CONTEXT_BYTES, namedState, type Rules } from './illegal.ts';

export type { Conflict, EvidenceKind, Hashes, Rules };
export { conflict, selfConflict };

/**
 * What comes along with the packets:
 * - `hashes`: those of a vote, confirm or hold, back to back, in seat order
 * - `statement`: a view change that a proposal names: its sender (u8) and its bytes
 * - `state`: the encoded state of the game that an input is judged in; of neo the digests of log and
 *   epoch (32 each) come before it
 */
export type SupplementType = 'hashes' | 'statement' | 'state';

/** One of them. */
export interface Supplement {
  readonly type: SupplementType;
  readonly bytes: Uint8Array;
}

/** A proof that can be handed on: the packets that contradict each other, and whose they are. */
export interface Evidence {
  readonly session: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly conflict: Conflict;
  /** One packet where it holds all that contradicts itself, else two. */
  readonly packets: readonly Packet[];
  /** Left out where the packets are enough. */
  readonly supplements?: readonly Supplement[];
}

/** What a piece of evidence proves. */
export interface Verdict {
  /** Public key of the player who lied, 32 bytes. */
  readonly guilty: Uint8Array;
  readonly kind: EvidenceKind;
  /** Kind of the statements that contradict each other; of two kinds, the one that goes against the other. */
  readonly statement: StatementKind;
  /** Session id, 32 bytes. */
  readonly session: Uint8Array;
  readonly epoch: Epoch;
  /** Round of the lie; 0 if it belongs to no round. */
  readonly round: Round;
}

/** What the judge may need besides the evidence. */
export interface Judging<State, Input> {
  /** The game of the session; without it an `illegal-input` convicts nobody. */
  readonly game?: Rules<State, Input>;
}

/** Bytes of evidence, but for the state that an illegal input is judged in. */
export const EVIDENCE_BYTES_MAX = 0x4000;

/** Bytes of any evidence. */
export const ANY_EVIDENCE_BYTES_MAX: number = EVIDENCE_BYTES_MAX + LOG_CONTEXT_BYTES + PLAIN_BYTES_MAX;

const magic: Uint8Array = Uint8Array.of(0x46, 0x53, 0x45, 0x56);
const supplementTypes: readonly SupplementType[] = ['hashes', 'statement', 'state'];

/** The evidence with its packets in byte order, and what belongs to them in the same order. */
function ordered(evidence: Evidence): Evidence {
  const [first, second] = evidence.packets;
  if (first === undefined || second === undefined || compareBytes(first.bytes, second.bytes) < 0) {
    return evidence;
  }
  const [i, j] = evidence.conflict.entries;
  const hashes = evidence.conflict.hashes.toReversed();
  return {
    ...evidence,
    conflict: { ...evidence.conflict, entries: [j, i], hashes },
    packets: [second, first],
  };
}

/** The evidence without a field for supplements where there are none, or null where it is too large. */
function completed(
  evidence: Omit<Evidence, 'supplements'>,
  supplements: readonly Supplement[],
): Evidence | null {
  const complete = supplements.length === 0 ? evidence : { ...evidence, supplements };
  return isTooLarge(complete) ? null : complete;
}

function isTooLarge({ packets, supplements = [] }: Pick<Evidence, 'packets' | 'supplements'>): boolean {
  let bytes = magic.length + 1 + SESSION_BYTES + PUBLIC_KEY_BYTES + 1;
  for (const packet of packets) bytes += 2 + packet.bytes.length;
  let state = 0;
  for (const supplement of supplements) {
    bytes += 5;
    if (supplement.type === 'state') state += supplement.bytes.length;
    else bytes += supplement.bytes.length;
  }
  return bytes > EVIDENCE_BYTES_MAX || state > LOG_CONTEXT_BYTES + PLAIN_BYTES_MAX;
}

/** The packets with nothing but the entries of a conflict in full. */
function shownPackets(session: Uint8Array, found: Conflict, a: Packet, b: Packet): readonly Packet[] {
  const shown = isShown(found.kind);
  if (a === b) return [elide(a, session, shown ? found.entries : [])];
  const first = elide(a, session, shown ? [found.entries[0]] : []);
  const second = elide(b, session, shown ? [found.entries[1]] : []);
  return [first, second];
}

/**
 * Evidence from packets whose signatures were checked, or null if they show no lie. Without `b` it is
 * looked for inside of `a`. `vectors` are hashes that may be those of a vote, confirm or hold.
 */
export function prove(
  session: Uint8Array,
  publicKey: Uint8Array,
  a: Packet,
  b: Packet = a,
  vectors: readonly Hashes[] = [],
): Evidence | null {
  const found = conflict(session, a, b, vectors);
  if (found === null) return null;
  const packets = shownPackets(session, found, a, b);
  const evidence = ordered({ session, publicKey, conflict: found, packets });
  const supplements = evidence.conflict.hashes.map((hashes): Supplement => {
    return { type: 'hashes', bytes: concatBytes(...hashes) };
  });
  return completed(evidence, supplements);
}

/**
 * Evidence that a proposal does not follow from the view changes that it names, which must all be in full
 * among `changes`; null if it does, or if one is missing. The signature of `proposal` was checked.
 */
export function proveProposal(
  session: Uint8Array,
  publicKey: Uint8Array,
  proposal: Packet,
  changes: readonly Packet[],
): Evidence | null {
  const found = badProposal(session, proposal, changes);
  if (found === null) return null;
  const packets = [elide(proposal, session, [found.conflict.entries[0]])];
  const supplements = found.basis.map((bytes): Supplement => ({ type: 'statement', bytes }));
  return completed({ session, publicKey, conflict: found.conflict, packets }, supplements);
}

/**
 * Evidence of an opening in one packet and, in another or the same, the VOTE (neo) or SET (lockstep) by
 * which its author named the state: an {@link EvidenceKind} `illegal-input`, if the game says so. `state` is
 * as {@link Supplement} has it. Null if the packets do not belong together or name another state.
 */
export function proveIllegal<State, Input>(
  session: Uint8Array,
  publicKey: Uint8Array,
  game: Rules<State, Input>,
  [a, b = a]: readonly [Packet, Packet?],
  state: Uint8Array,
): Evidence | null {
  const claimed = claimIllegal(session, publicKey, a, b, state);
  return claimed !== null && isJudged(claimed, { game }) ? claimed : null;
}

/** What would be evidence if the game says that the input was illegal. */
function claimIllegal(
  session: Uint8Array,
  publicKey: Uint8Array,
  a: Packet,
  b: Packet,
  state: Uint8Array,
): Evidence | null {
  const bound = boundInput(a, b);
  if (bound === null || namedState(bound, state) === null) return null;
  const packets = shownPackets(session, bound.conflict, a, b);
  const evidence = ordered({ session, publicKey, conflict: bound.conflict, packets });
  return completed(evidence, [{ type: 'state', bytes: state }]);
}

/** True when nothing is left to judge, or the game finds an input illegal. */
function isJudged<State, Input>(evidence: Evidence, { game }: Judging<State, Input>): boolean {
  if (evidence.conflict.kind !== 'illegal-input') return true;
  if (game === undefined) return false;
  const { packets, supplements = [] } = evidence;
  const [a, b = a] = packets;
  const given = supplements[0]?.bytes;
  const bound = a && b ? boundInput(a, b) : null;
  const state = bound && given ? namedState(bound, given) : null;
  return bound !== null && state !== null && isIllegal(game, bound, state);
}

/** The one byte string of a piece of evidence. */
export function encodeEvidence(evidence: Evidence): Uint8Array {
  const writer = new Writer(512).bytes(magic).u8(PROTOCOL_VERSION);
  writer.bytes(evidence.session).bytes(evidence.publicKey).u8(evidence.packets.length);
  for (const packet of evidence.packets) writer.u16(packet.bytes.length).bytes(packet.bytes);
  for (const { bytes, type } of evidence.supplements ?? []) {
    writer
      .u8(1 + supplementTypes.indexOf(type))
      .u32(bytes.length)
      .bytes(bytes);
  }
  return writer.take();
}

function readPackets(reader: Reader): readonly Packet[] | null {
  const count = reader.u8();
  if (count !== 1 && count !== 2) return null;
  const packets: Packet[] = [];
  for (let i = 0; i < count; i++) {
    const length = reader.u16();
    const packet = length <= ITEM_BYTES_MAX ? decodeAnyPacket(reader.bytes(length)) : null;
    if (packet === null) return null;
    packets.push(packet);
  }
  return packets;
}

function readSupplements(reader: Reader): readonly Supplement[] | null {
  const supplements: Supplement[] = [];
  while (!reader.failed && reader.left > 0) {
    const type = supplementTypes[reader.u8() - 1];
    if (type === undefined || supplements.length === PLAYERS_MAX) return null;
    supplements.push({ type, bytes: reader.bytes(reader.u32()) });
  }
  return reader.done ? supplements : null;
}

/** The digests that stand back to back in some bytes. */
function split(bytes: Uint8Array): Hashes {
  const reader = new Reader(bytes);
  return Array.from({ length: Math.floor(bytes.length / DIGEST_BYTES) }, () => reader.bytes(DIGEST_BYTES));
}

/** What packets and supplements show, be they in whatever order. */
function assess(
  session: Uint8Array,
  publicKey: Uint8Array,
  packets: readonly Packet[],
  supplements: readonly Supplement[],
): Evidence | null {
  const [a, b = a] = packets;
  const type = supplements[0]?.type ?? 'hashes';
  if (a === undefined || b === undefined || supplements.some((each) => each.type !== type)) return null;
  const contents = supplements.map(({ bytes }) => bytes);
  if (type === 'hashes') return prove(session, publicKey, a, b, contents.map(split));
  if (type === 'state') return claimIllegal(session, publicKey, a, b, contents[0] as Uint8Array);
  const changes = contents.map(unsignedPacket).filter((packet) => packet !== null);
  return proveProposal(session, publicKey, a, changes);
}

/** Reads evidence; of an illegal input only that it is one is left to judge. */
function read(bytes: Uint8Array): Evidence | null {
  if (!(bytes instanceof Uint8Array) || bytes.length > ANY_EVIDENCE_BYTES_MAX) return null;
  const reader = new Reader(concatBytes(bytes));
  if (!equalBytes(reader.bytes(magic.length), magic) || reader.u8() !== PROTOCOL_VERSION) return null;
  const session = reader.bytes(SESSION_BYTES);
  const publicKey = reader.bytes(PUBLIC_KEY_BYTES);
  const packets = readPackets(reader);
  const supplements = packets && readSupplements(reader);
  if (packets === null || supplements === null || isTooLarge({ packets, supplements })) return null;
  const evidence = assess(session, publicKey, packets, supplements);
  return evidence !== null && equalBytes(encodeEvidence(evidence), bytes) ? evidence : null;
}

/** True when all packets of the evidence are signed by the key that it names. */
function isSigned({ packets, publicKey, session }: Evidence): boolean {
  return packets.every((packet) => verifyStrict(sealPacket(packet, session, publicKey)) !== null);
}

/**
 * Reads evidence without checking its signatures: null for anything that {@link encodeEvidence} does
 * not write or that shows no lie, or not without the game.
 */
export function decodeEvidence<State, Input>(
  bytes: Uint8Array,
  judging: Judging<State, Input> = {},
): Evidence | null {
  const evidence = read(bytes);
  return evidence !== null && isJudged(evidence, judging) ? evidence : null;
}

/**
 * True for evidence of an illegal input, its signatures valid: only the game of the session can tell
 * whether it convicts. Never throws.
 */
export function needsGame(bytes: Uint8Array): boolean {
  const evidence = read(bytes);
  return evidence !== null && evidence.conflict.kind === 'illegal-input' && isSigned(evidence);
}

/**
 * Judges evidence with nothing but its bytes (and the game, where an input is said to be illegal): who
 * lied, how, in which session and round; or null if it convicts nobody. An edit of any byte convicts
 * nobody. Never throws.
 */
export function verifyEvidence<State, Input>(
  bytes: Uint8Array,
  judging: Judging<State, Input> = {},
): Verdict | null {
  const evidence = read(bytes);
  if (evidence === null || !isSigned(evidence) || !isJudged(evidence, judging)) return null;
  const { kind, statement, epoch, round } = evidence.conflict;
  return { guilty: evidence.publicKey, kind, statement, session: evidence.session, epoch, round };
}
