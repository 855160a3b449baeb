/**
 * A packet: the statements of one player under one signature. The signature covers the list of
 * (statement key, part hash), so any statement may be left out ("elided", its hash standing in) and
 * what remains can still be checked by whoever holds only that.
 */

import { assert } from '../base/assert.ts';
import { compareBytes, equalBytes } from '../base/bytes.ts';
import { type Seat, seatOf } from '../base/ids.ts';
import { accept, type Result, refuse } from '../base/result.ts';
import { domainPrefix, hash } from '../crypto/hash.ts';
import { type Sealed, SIGNATURE_BYTES } from '../crypto/signature.ts';
import { PARTS_MAX, PLAYERS_MAX, PROTOCOL_VERSION } from './limits.ts';
import { Reader } from './reader.ts';
import {
  type Fields,
  readFields,
  type Statement,
  statementKind,
  statements,
  writeFields,
} from './statement.ts';
import { Writer } from './writer.ts';

const ELIDED = 0x80;

/** One statement of a packet, or its hash where it was left out. */
export type Entry =
  | { readonly key: Uint8Array; readonly bytes: Uint8Array; readonly statement: Statement }
  | { readonly key: Uint8Array; readonly hash: Uint8Array; readonly statement: null };

/** A signed packet as it was received; `bytes` are exactly those that came. */
export interface Packet {
  readonly sender: Seat;
  readonly entries: readonly Entry[];
  readonly signature: Uint8Array;
  readonly bytes: Uint8Array;
}

export type PacketRefusal = 'malformed' | 'double-entry';

/** Key (tag and key fields) and whole bytes of a statement, as both stand in a packet. */
function entryOf(statement: Statement): Entry {
  const layout = statements[statement.kind];
  const fields = statement as unknown as Fields;
  const writer = new Writer().u8(layout.tag);
  writeFields(writer, layout.key, fields);
  const keyLength = writer.length;
  writeFields(writer, layout.body, fields);
  const bytes = writer.take();
  return { key: bytes.subarray(0, keyLength), bytes, statement };
}

/** The statements of one packet to be, in table order of their keys. */
export function entriesOf(parts: readonly Statement[]): readonly Entry[] {
  assert(parts.length >= 1 && parts.length <= PARTS_MAX, 'a packet has 1 to PARTS_MAX statements');
  const entries = parts.map(entryOf).sort((a, b) => compareBytes(a.key, b.key));
  for (let i = 1; i < entries.length; i++) {
    assert(compareBytes((entries[i - 1] as Entry).key, (entries[i] as Entry).key) < 0, 'one entry a key');
  }
  return entries;
}

/** H(version, session, sender, tag, key fields, body fields) of one statement. */
function partHash(session: Uint8Array, sender: Seat, entry: Entry): Uint8Array {
  if (entry.statement === null) return entry.hash;
  const head = Uint8Array.of(PROTOCOL_VERSION);
  return hash('part', head, session, Uint8Array.of(sender), entry.bytes);
}

/** The hash that stands for one statement of a packet, wherever it is named. */
export function partHashOf(session: Uint8Array, { sender, entries }: Packet, index: number): Uint8Array {
  return partHash(session, sender, entries[index] as Entry);
}

/** The bytes that the sender signs: domain, version, session, sender, then key and hash of each part. */
export function signedMessage(session: Uint8Array, sender: Seat, entries: readonly Entry[]): Uint8Array {
  const writer = new Writer(160).bytes(domainPrefix('packet'));
  writer.u8(PROTOCOL_VERSION).bytes(session).u8(sender).u8(entries.length);
  for (const entry of entries) writer.bytes(entry.key).bytes(partHash(session, sender, entry));
  return writer.take();
}

/** The packet as bytes: sender, count, entries, signature. */
export function encodePacket(sender: Seat, entries: readonly Entry[], signature: Uint8Array): Uint8Array {
  const writer = new Writer(160).u8(sender).u8(entries.length);
  for (const entry of entries) {
    if (entry.statement !== null) writer.bytes(entry.bytes);
    else
      writer
        .u8((entry.key[0] as number) | ELIDED)
        .bytes(entry.key.subarray(1))
        .bytes(entry.hash);
  }
  return writer.bytes(signature).take();
}

/** The packet that a signature completes. */
export function signedPacket(sender: Seat, entries: readonly Entry[], signature: Uint8Array): Packet {
  return { sender, entries, signature, bytes: encodePacket(sender, entries, signature) };
}

/** The same packet with every statement but those of `keep` (indices) left out. */
export function elide(packet: Packet, session: Uint8Array, keep: readonly number[]): Packet {
  const entries = packet.entries.map(
    (entry, index): Entry =>
      keep.includes(index)
        ? entry
        : { key: entry.key, hash: partHash(session, packet.sender, entry), statement: null },
  );
  return signedPacket(packet.sender, entries, packet.signature);
}

function readEntry(reader: Reader): Entry | null {
  const start = reader.offset;
  const tag = reader.u8();
  const kind = statementKind(tag & ~ELIDED);
  if (kind === null) return null;
  const layout = statements[kind];
  const fields: Fields = {};
  readFields(reader, layout.key, fields);
  const seen = reader.since(start);
  if ((tag & ELIDED) !== 0) {
    const key = new Uint8Array(seen);
    key[0] = layout.tag;
    return { key, hash: reader.bytes(32), statement: null };
  }
  readFields(reader, layout.body, fields);
  return {
    key: seen,
    bytes: reader.since(start),
    statement: { kind, ...fields } as unknown as Statement,
  };
}

/**
 * Reads a packet; the only accepted form is the one that {@link encodePacket} writes. `double-entry`
 * is a well-formed packet that lists one key twice: refused, and evidence against its signer.
 */
export function decodePacket(bytes: Uint8Array): Result<Packet, PacketRefusal> {
  const decoded = decodeAnyPacket(bytes);
  if (decoded === null) return refuse('malformed');
  if (doubleEntry(decoded) !== null) return refuse('double-entry');
  return accept(decoded);
}

/** Reads a packet that may list one key twice (its entries still in order), for judging it. */
export function decodeAnyPacket(bytes: Uint8Array): Packet | null {
  const reader = new Reader(bytes);
  const sender = reader.u8();
  const count = reader.u8();
  if (sender >= PLAYERS_MAX || count < 1 || count > PARTS_MAX) return null;
  const entries: Entry[] = [];
  for (let i = 0; i < count; i++) {
    const entry = readEntry(reader);
    if (entry === null || reader.failed) return null;
    const before = entries[i - 1];
    if (before !== undefined && compareBytes(before.key, entry.key) > 0) return null;
    entries.push(entry);
  }
  const signature = reader.bytes(SIGNATURE_BYTES);
  if (!reader.done) return null;
  return { sender: seatOf(sender), entries, signature, bytes };
}

/** Index of the first of two entries with one key, or null. */
export function doubleEntry(packet: Packet): number | null {
  for (let i = 1; i < packet.entries.length; i++) {
    if (equalBytes((packet.entries[i - 1] as Entry).key, (packet.entries[i] as Entry).key)) return i - 1;
  }
  return null;
}

/** The packet with what its signature must be checked against. */
export function sealPacket(packet: Packet, session: Uint8Array, publicKey: Uint8Array): Sealed<Packet> {
  return {
    publicKey,
    message: signedMessage(session, packet.sender, packet.entries),
    signature: packet.signature,
    value: packet,
  };
}

/** The statement of one kind in the packet, if it is there in full. */
export function statementOf<Kind extends Statement['kind']>(
  packet: Packet,
  kind: Kind,
): Extract<Statement, { kind: Kind }> | null {
  for (const { statement } of packet.entries) {
    if (statement?.kind === kind) return statement as Extract<Statement, { kind: Kind }>;
  }
  return null;
}
