/**
 * Evidence: one or two packets of one signer that no honest player signs, as one byte string that
 * convicts by itself. `conflict` is the single definition of a lie; the engine and the judge both
 * use it. What is never provable (lateness, silence) has no place here.
 *
 * Bytes: "FSEV", version, session (32), public key (32), number of packets, then each packet as
 * length (u16) and bytes, in byte order. Statements whose hashes alone convict are elided: all but the
 * commitment and the opening of a bad opening.
 */

import { assert } from '../base/assert.ts';
import { compareBytes, concatBytes, equalBytes } from '../base/bytes.ts';
import type { Epoch, Round, Seat } from '../base/ids.ts';
import { opens } from '../crypto/commitment.ts';
import { PUBLIC_KEY_BYTES, verifyStrict } from '../crypto/signature.ts';
import { ITEM_BYTES_MAX, PROTOCOL_VERSION, SESSION_BYTES } from '../wire/limits.ts';
import {
  decodeAnyPacket,
  doubleEntry,
  type Entry,
  elide,
  type Packet,
  sealPacket,
  signedMessage,
} from '../wire/packet.ts';
import { Reader } from '../wire/reader.ts';
import { type Statement, type StatementKind, statementKind, statements } from '../wire/statement.ts';
import { Writer } from '../wire/writer.ts';

/**
 * - `inconsistency`: two different statements where an honest player signs one
 * - `bad-opening`: an opening that is not what the own commitment was made of
 * - `double-entry`: one packet that lists the same statement key twice
 */
export type EvidenceKind = 'inconsistency' | 'bad-opening' | 'double-entry';

/** A lie found between two packets (or inside one): what it is and which entries show it. */
export interface Conflict {
  readonly kind: EvidenceKind;
  /** What the two statements are; of a bad opening, `reveal`. */
  readonly statement: StatementKind;
  readonly epoch: Epoch;
  /** Round of the statements; 0 for statements that belong to no round. */
  readonly round: Round;
  /** Index of the entry in the first and in the second packet. */
  readonly entries: readonly [number, number];
}

/** A proof that can be handed on: the packets that contradict each other, and whose they are. */
export interface Evidence {
  readonly session: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly conflict: Conflict;
  /** One packet for a double entry, else two. */
  readonly packets: readonly Packet[];
}

/** What a piece of evidence proves. */
export interface Verdict {
  /** Public key of the player who lied, 32 bytes. */
  readonly guilty: Uint8Array;
  readonly kind: EvidenceKind;
  /** Kind of the statements that contradict each other. */
  readonly statement: StatementKind;
  /** Session id, 32 bytes. */
  readonly session: Uint8Array;
  readonly epoch: Epoch;
  /** Round of the lie; 0 if it belongs to no round. */
  readonly round: Round;
}

const magic: Uint8Array = Uint8Array.of(0x46, 0x53, 0x45, 0x56);

function kindOf(entry: Entry): StatementKind {
  const kind = statementKind(entry.key[0] as number);
  assert(kind !== null, 'a decoded entry has a known tag');
  return kind;
}

/** Epoch and round as they stand in an entry's key. */
function placeOf(entry: Entry): { epoch: Epoch; round: Round } {
  const reader = new Reader(entry.key);
  reader.u8();
  const epoch = reader.u16();
  const hasRound = statements[kindOf(entry)].key.some(([name]) => name === 'round');
  return { epoch, round: hasRound ? reader.u32() : 0 };
}

/** True when both entries surely say the same; entries with different keys are not compared. */
function sameStatement(session: Uint8Array, sender: Seat, a: Entry, b: Entry): boolean {
  if (a.statement !== null && b.statement !== null) return equalBytes(a.bytes, b.bytes);
  return equalBytes(signedMessage(session, sender, [a]), signedMessage(session, sender, [b]));
}

/**
 * Two different statements under one key. Keys are unique and ascending, so the first is the same from both
 * sides.
 */
function inconsistency(session: Uint8Array, a: Packet, b: Packet): Conflict | null {
  for (let i = 0; i < a.entries.length; i++) {
    const x = a.entries[i] as Entry;
    for (let j = 0; j < b.entries.length; j++) {
      const y = b.entries[j] as Entry;
      if (x.key[0] !== y.key[0] || !equalBytes(x.key, y.key)) continue;
      if (sameStatement(session, a.sender, x, y)) continue;
      return { kind: 'inconsistency', statement: kindOf(x), ...placeOf(x), entries: [i, j] };
    }
  }
  return null;
}

/** True when a commitment and an opening of one slot do not belong together. */
function isBadOpening(session: Uint8Array, author: Seat, a: Statement | null, b: Statement | null): boolean {
  if (a?.kind !== 'commit' || b?.kind !== 'reveal') return false;
  const { epoch, round } = a;
  if (epoch !== b.epoch || round !== b.round) return false;
  return !opens(a.commitment, { session, epoch, round, author }, b.salt, b.input);
}

function badOpening(session: Uint8Array, a: Packet, b: Packet): Conflict | null {
  for (let i = 0; i < a.entries.length; i++) {
    const x = a.entries[i] as Entry;
    for (let j = 0; j < b.entries.length; j++) {
      const y = b.entries[j] as Entry;
      const bad =
        isBadOpening(session, a.sender, x.statement, y.statement) ||
        isBadOpening(session, a.sender, y.statement, x.statement);
      if (bad) return { kind: 'bad-opening', statement: 'reveal', ...placeOf(x), entries: [i, j] };
    }
  }
  return null;
}

/**
 * The lie between two packets of one signer and session, or null. Two packets that repeat the same
 * statement are no lie, however often they repeat it. An inconsistency goes before a bad opening:
 * it still shows when everything but its two entries is elided, so engine and judge find the same.
 */
export function conflict(session: Uint8Array, a: Packet, b: Packet): Conflict | null {
  if (a.sender !== b.sender) return null;
  return inconsistency(session, a, b) ?? badOpening(session, a, b);
}

/** The lie inside one packet: one key listed twice. An honest player never signs such a list. */
export function selfConflict(packet: Packet): Conflict | null {
  const index = doubleEntry(packet);
  if (index === null) return null;
  const entry = packet.entries[index] as Entry;
  return { kind: 'double-entry', statement: kindOf(entry), ...placeOf(entry), entries: [index, index + 1] };
}

/** Evidence from packets whose signatures were checked, or null if they show no lie. */
export function prove(session: Uint8Array, publicKey: Uint8Array, a: Packet, b?: Packet): Evidence | null {
  if (b === undefined) {
    const found = selfConflict(a);
    if (found === null) return null;
    return { session, publicKey, conflict: found, packets: [elide(a, session, [])] };
  }
  const found = conflict(session, a, b);
  if (found === null) return null;
  const shown = found.kind === 'bad-opening';
  const first = elide(a, session, shown ? [found.entries[0]] : []);
  const second = elide(b, session, shown ? [found.entries[1]] : []);
  if (compareBytes(first.bytes, second.bytes) < 0) {
    return { session, publicKey, conflict: found, packets: [first, second] };
  }
  const entries = [found.entries[1], found.entries[0]] as const;
  return { session, publicKey, conflict: { ...found, entries }, packets: [second, first] };
}

/** The one byte string of a piece of evidence. */
export function encodeEvidence(evidence: Evidence): Uint8Array {
  const writer = new Writer(512).bytes(magic).u8(PROTOCOL_VERSION);
  writer.bytes(evidence.session).bytes(evidence.publicKey).u8(evidence.packets.length);
  for (const packet of evidence.packets) writer.u16(packet.bytes.length).bytes(packet.bytes);
  return writer.take();
}

/**
 * Reads evidence without checking its signatures: null for anything that {@link encodeEvidence} does
 * not write or that shows no lie.
 */
export function decodeEvidence(bytes: Uint8Array): Evidence | null {
  if (!(bytes instanceof Uint8Array)) return null;
  const reader = new Reader(concatBytes(bytes));
  if (!equalBytes(reader.bytes(magic.length), magic) || reader.u8() !== PROTOCOL_VERSION) return null;
  const session = reader.bytes(SESSION_BYTES);
  const publicKey = reader.bytes(PUBLIC_KEY_BYTES);
  const count = reader.u8();
  if (count !== 1 && count !== 2) return null;
  const packets: Packet[] = [];
  for (let i = 0; i < count; i++) {
    const length = reader.u16();
    const packet = length <= ITEM_BYTES_MAX ? decodeAnyPacket(reader.bytes(length)) : null;
    if (packet === null) return null;
    packets.push(packet);
  }
  if (!reader.done) return null;
  const evidence = prove(session, publicKey, packets[0] as Packet, packets[1]);
  return evidence !== null && equalBytes(encodeEvidence(evidence), bytes) ? evidence : null;
}

/**
 * Judges evidence with nothing but its bytes: who lied, how, in which session and round; or null if
 * it convicts nobody. An edit of any byte convicts nobody. Never throws.
 */
export function verifyEvidence(bytes: Uint8Array): Verdict | null {
  const evidence = decodeEvidence(bytes);
  if (evidence === null) return null;
  const { session, publicKey, conflict: found, packets } = evidence;
  for (const packet of packets) {
    if (verifyStrict(sealPacket(packet, session, publicKey)) === null) return null;
  }
  const { kind, statement, epoch, round } = found;
  return { guilty: publicKey, kind, statement, session, epoch, round };
}
