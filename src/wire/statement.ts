/**
 * What players sign, as one table of data: the codec, the test of the byte standard and the proofs
 * all read it. `key` names what an honest player signs at most once; `body` is what it then says.
 * Everything in a row, with the version, the session and the sender, is under the signature.
 */

import { assert, unreachable } from '../base/assert.ts';
import { equalBytes } from '../base/bytes.ts';
import type { Epoch, Round } from '../base/ids.ts';
import { type PlayerSet, playersFromBits } from '../base/players.ts';
import { DIGEST_BYTES } from '../crypto/hash.ts';
import { PLAYERS_MAX, SALT_BYTES, UPDATE_BYTES_MAX } from './limits.ts';
import type { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

/** I have chosen an input for the round; this is its commitment. */
export interface Commit {
  readonly kind: 'commit';
  readonly epoch: Epoch;
  readonly round: Round;
  /** Hash of the sealed input (crypto/commitment.ts), 32 bytes. */
  readonly commitment: Uint8Array;
}

/** I hold the commitments of all members; this is the digest of all of them, in seat order. */
export interface CommitmentSet {
  readonly kind: 'set';
  readonly epoch: Epoch;
  readonly round: Round;
  /** Digest of the members' commitments, 32 bytes. */
  readonly set: Uint8Array;
  /** Digest of the signer's game state after the round before, 32 bytes. */
  readonly state: Uint8Array;
}

/** What my commitment of the round was made of. */
export interface Reveal {
  readonly kind: 'reveal';
  readonly epoch: Epoch;
  readonly round: Round;
  /** Encoded input (lockstep), or encoded update (neo), at most UPDATE_BYTES_MAX bytes. */
  readonly input: Uint8Array;
  /** SALT_BYTES random bytes. */
  readonly salt: Uint8Array;
}

/** I go on without `target`, and sign nothing more in this epoch. */
export interface Remove {
  readonly kind: 'remove';
  readonly epoch: Epoch;
  readonly target: number;
  /** The last round that the signer advanced; 0 if none. */
  readonly advanced: Round;
}

/**
 * While this round does not advance I would like to go on without `target` (or, if it is NO_TARGET, no
 * longer). The newest index counts.
 */
export interface Wish {
  readonly kind: 'wish';
  readonly epoch: Epoch;
  readonly index: number;
  readonly target: number;
  readonly round: Round;
}

/** I leave: go on without me, once you have played what I have. */
export interface Leave {
  readonly kind: 'leave';
  readonly epoch: Epoch;
  /** The last round that the signer advanced; 0 if none. */
  readonly advanced: Round;
}

/** What I received in time: a commitment of each named member, and of the others none. */
export interface Vote {
  readonly kind: 'vote';
  readonly epoch: Epoch;
  readonly round: Round;
  /** The members of whom I hold a commitment. */
  readonly named: PlayerSet;
  /** Digest of those commitments, in seat order (crypto/commitment.ts), 32 bytes. */
  readonly values: Uint8Array;
  /** Digest of my state after the final round that this one follows from; zeroes if I have none. */
  readonly state: Uint8Array;
}

/** Where a vote on something takes place: the slots of a round, or the opening of one of its authors. */
export interface InstancePlace {
  readonly epoch: Epoch;
  readonly round: Round;
  /** ROUND_INSTANCE, or the seat whose opening is in dispute. */
  readonly instance: number;
  readonly view: number;
}

/** These slots have a certificate of this view, for these values. */
export interface Confirm extends InstancePlace {
  readonly kind: 'confirm';
  /** Which of my confirms of this instance and view. */
  readonly index: number;
  readonly slots: PlayerSet;
  /** The slots whose value is a hash; that of the others is "-" (or `void`). */
  readonly named: PlayerSet;
  /** Digest of those hashes, in seat order, 32 bytes. */
  readonly values: Uint8Array;
}

/** I hold the openings of these authors' decided commitments on disk. */
export interface Hold {
  readonly kind: 'hold';
  readonly epoch: Epoch;
  readonly round: Round;
  readonly index: number;
  readonly authors: PlayerSet;
  /** Digest of their commitments, in seat order, 32 bytes. */
  readonly values: Uint8Array;
}

/** The highest view in which a slot has a certificate that the signer holds. */
export interface Certified {
  readonly slot: number;
  readonly view: number;
  /** The certified hash; zeroes for "-" (or `void`). 32 bytes. */
  readonly value: Uint8Array;
}

/** I have left all views below this one; this is what I know. */
export interface Change extends InstancePlace {
  readonly kind: 'change';
  /** Own vote of the round, its hashes in full; nothing in the instance of an opening. */
  readonly named: PlayerSet;
  readonly votes: readonly Uint8Array[];
  readonly certified: readonly Certified[];
  /** In the instance of an opening: the commitment whose opening I hold, or zeroes. Else zeroes. */
  readonly claim: Uint8Array;
}

/** As leader of the view: these view changes (their part hashes) lead to these values. */
export interface Propose extends InstancePlace {
  readonly kind: 'propose';
  readonly changes: readonly Uint8Array[];
  readonly named: PlayerSet;
  readonly values: readonly Uint8Array[];
}

/** I accept the proposal with this part hash. */
export interface Prepare extends InstancePlace {
  readonly kind: 'prepare';
  readonly proposal: Uint8Array;
}

export type LockstepStatement = Commit | CommitmentSet | Reveal | Remove | Wish | Leave;
export type NeoStatement = Commit | Vote | Reveal | Confirm | Hold | Change | Propose | Prepare;
export type Statement = LockstepStatement | NeoStatement;
export type StatementKind = Statement['kind'];

/** The `instance` that decides the slots of a round. */
export const ROUND_INSTANCE = 255;

/** The `target` of a wish that is taken back. */
export const NO_TARGET = 255;

/**
 * How a field is written: big-endian integers, fixed bytes, a length (u16) and that many bytes; a set of
 * seats (u16); a count (u8) and that many digests; a count (u8) and that many of slot (u8), view (u16) and
 * digest, by strictly ascending slot; a digest that may be missing (0, or 1 and the digest; zeroes if so).
 */
export type FieldType =
  | 'u8'
  | 'u16'
  | 'u32'
  | 'digest'
  | 'salt'
  | 'input'
  | 'seats'
  | 'digests'
  | 'certified'
  | 'optional';
export type Field = readonly [name: string, type: FieldType];

export interface StatementLayout {
  readonly tag: number;
  readonly key: readonly Field[];
  readonly body: readonly Field[];
}

const epoch: Field = ['epoch', 'u16'];
const round: Field = ['round', 'u32'];
const advanced: Field = ['advanced', 'u32'];
const set: readonly Field[] = [
  ['set', 'digest'],
  ['state', 'digest'],
];
const opening: readonly Field[] = [
  ['input', 'input'],
  ['salt', 'salt'],
];

const vector: readonly Field[] = [
  ['named', 'seats'],
  ['values', 'digest'],
];
const place: readonly Field[] = [epoch, round, ['instance', 'u8'], ['view', 'u16']];
const index: Field = ['index', 'u8'];

export const statements: Readonly<Record<StatementKind, StatementLayout>> = {
  commit: { tag: 1, key: [epoch, round], body: [['commitment', 'digest']] },
  set: { tag: 2, key: [epoch, round], body: set },
  reveal: { tag: 3, key: [epoch, round], body: opening },
  remove: { tag: 4, key: [epoch], body: [['target', 'u8'], advanced] },
  wish: { tag: 5, key: [epoch, ['index', 'u32']], body: [['target', 'u8'], round] },
  leave: { tag: 6, key: [epoch], body: [advanced] },
  vote: { tag: 7, key: [epoch, round], body: [...vector, ['state', 'digest']] },
  confirm: { tag: 8, key: [...place, index], body: [['slots', 'seats'], ...vector] },
  hold: {
    tag: 9,
    key: [epoch, round, index],
    body: [
      ['authors', 'seats'],
      ['values', 'digest'],
    ],
  },
  change: {
    tag: 10,
    key: place,
    body: [
      ['named', 'seats'],
      ['votes', 'digests'],
      ['certified', 'certified'],
      ['claim', 'optional'],
    ],
  },
  propose: {
    tag: 11,
    key: place,
    body: [
      ['changes', 'digests'],
      ['named', 'seats'],
      ['values', 'digests'],
    ],
  },
  prepare: { tag: 12, key: place, body: [['proposal', 'digest']] },
};

const kindOfTag: ReadonlyMap<number, StatementKind> = new Map(
  Object.entries(statements).map(([kind, layout]) => [layout.tag, kind as StatementKind]),
);

/** The kind that a tag stands for, or null. */
export function statementKind(tag: number): StatementKind | null {
  return kindOfTag.get(tag) ?? null;
}

/** Fields by name, as the table lists them. */
export type Fields = Record<string, number | Uint8Array | readonly Uint8Array[] | readonly Certified[]>;

const noDigest: Uint8Array = new Uint8Array(DIGEST_BYTES);

function writeDigest(writer: Writer, digest: Uint8Array): void {
  assert(digest.length === DIGEST_BYTES, 'a digest has DIGEST_BYTES bytes');
  writer.bytes(digest);
}

function writeDigests(writer: Writer, digests: readonly Uint8Array[]): void {
  assert(digests.length <= PLAYERS_MAX, 'there is a digest a player at most');
  writer.u8(digests.length);
  for (const digest of digests) writeDigest(writer, digest);
}

function readDigests(reader: Reader): readonly Uint8Array[] {
  const count = reader.u8();
  if (count > PLAYERS_MAX) reader.fail();
  return reader.failed ? [] : Array.from({ length: count }, () => reader.bytes(DIGEST_BYTES));
}

function writeCertified(writer: Writer, certified: readonly Certified[]): void {
  writer.u8(certified.length);
  let before = -1;
  for (const { slot, view, value } of certified) {
    assert(slot > before && slot < PLAYERS_MAX, 'certified slots are seats, in ascending order');
    writer.u8(slot).u16(view);
    writeDigest(writer, value);
    before = slot;
  }
}

function readCertified(reader: Reader): readonly Certified[] {
  const certified: Certified[] = [];
  const count = reader.u8();
  if (count > PLAYERS_MAX) reader.fail();
  for (let i = 0; i < count && !reader.failed; i++) {
    const each = { slot: reader.u8(), view: reader.u16(), value: reader.bytes(DIGEST_BYTES) };
    if (each.slot >= PLAYERS_MAX || each.slot <= (certified[i - 1]?.slot ?? -1)) reader.fail();
    certified.push(each);
  }
  return certified;
}

function writeOptional(writer: Writer, digest: Uint8Array): void {
  const missing = equalBytes(digest, noDigest);
  writer.u8(missing ? 0 : 1);
  if (!missing) writeDigest(writer, digest);
}

function readOptional(reader: Reader): Uint8Array {
  const given = reader.u8();
  const digest = given === 0 ? noDigest.slice() : reader.bytes(DIGEST_BYTES);
  if (given > 1 || (given === 1 && equalBytes(digest, noDigest))) reader.fail();
  return digest;
}

export function writeFields(writer: Writer, fields: readonly Field[], from: Readonly<Fields>): void {
  for (const [name, type] of fields) {
    const value = from[name];
    if (type === 'u8') writer.u8(value as number);
    else if (type === 'u16' || type === 'seats') writer.u16(value as number);
    else if (type === 'u32') writer.u32(value as number);
    else if (type === 'digest' || type === 'salt') writer.bytes(value as Uint8Array);
    else if (type === 'input') writer.u16((value as Uint8Array).length).bytes(value as Uint8Array);
    else if (type === 'digests') writeDigests(writer, value as readonly Uint8Array[]);
    else if (type === 'certified') writeCertified(writer, value as readonly Certified[]);
    else if (type === 'optional') writeOptional(writer, value as Uint8Array);
    else unreachable(type);
  }
}

export function readFields(reader: Reader, fields: readonly Field[], into: Fields): void {
  for (const [name, type] of fields) {
    if (type === 'u8') into[name] = reader.u8();
    else if (type === 'u16') into[name] = reader.u16();
    else if (type === 'seats') into[name] = playersFromBits(reader.u16());
    else if (type === 'u32') into[name] = reader.u32();
    else if (type === 'digest') into[name] = reader.bytes(DIGEST_BYTES);
    else if (type === 'salt') into[name] = reader.bytes(SALT_BYTES);
    else if (type === 'input') {
      const length = reader.u16();
      if (length > UPDATE_BYTES_MAX) reader.fail();
      into[name] = reader.bytes(length);
    } else if (type === 'digests') into[name] = readDigests(reader);
    else if (type === 'certified') into[name] = readCertified(reader);
    else if (type === 'optional') into[name] = readOptional(reader);
    else unreachable(type);
  }
}
