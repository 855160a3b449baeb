/**
 * What players sign, as one table of data: the codec, the test of the byte standard and the proofs
 * all read it. `key` names what an honest player signs at most once; `body` is what it then says.
 * Everything in a row, with the version, the session and the sender, is under the signature.
 */

import { unreachable } from '../base/assert.ts';
import type { Epoch, Round } from '../base/ids.ts';
import { INPUT_BYTES_MAX, SALT_BYTES } from './limits.ts';
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
  /** Encoded input, at most INPUT_BYTES_MAX bytes. */
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

export type Statement = Commit | CommitmentSet | Reveal | Remove | Wish | Leave;
export type StatementKind = Statement['kind'];

/** The `target` of a wish that is taken back. */
export const NO_TARGET = 255;

/** How a field is written: big-endian integers, fixed bytes, or a length (u16) and that many bytes. */
export type FieldType = 'u8' | 'u16' | 'u32' | 'digest' | 'salt' | 'input';
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

export const statements: Readonly<Record<StatementKind, StatementLayout>> = {
  commit: { tag: 1, key: [epoch, round], body: [['commitment', 'digest']] },
  set: { tag: 2, key: [epoch, round], body: set },
  reveal: { tag: 3, key: [epoch, round], body: opening },
  remove: { tag: 4, key: [epoch], body: [['target', 'u8'], advanced] },
  wish: { tag: 5, key: [epoch, ['index', 'u32']], body: [['target', 'u8'], round] },
  leave: { tag: 6, key: [epoch], body: [advanced] },
};

const kindOfTag: ReadonlyMap<number, StatementKind> = new Map(
  Object.entries(statements).map(([kind, layout]) => [layout.tag, kind as StatementKind]),
);

/** The kind that a tag stands for, or null. */
export function statementKind(tag: number): StatementKind | null {
  return kindOfTag.get(tag) ?? null;
}

/** Fields by name, as the table lists them. */
export type Fields = Record<string, number | Uint8Array>;

export function writeFields(writer: Writer, fields: readonly Field[], from: Readonly<Fields>): void {
  for (const [name, type] of fields) {
    const value = from[name];
    if (type === 'u8') writer.u8(value as number);
    else if (type === 'u16') writer.u16(value as number);
    else if (type === 'u32') writer.u32(value as number);
    else if (type === 'digest' || type === 'salt') writer.bytes(value as Uint8Array);
    else if (type === 'input') writer.u16((value as Uint8Array).length).bytes(value as Uint8Array);
    else unreachable(type);
  }
}

export function readFields(reader: Reader, fields: readonly Field[], into: Fields): void {
  for (const [name, type] of fields) {
    if (type === 'u8') into[name] = reader.u8();
    else if (type === 'u16') into[name] = reader.u16();
    else if (type === 'u32') into[name] = reader.u32();
    else if (type === 'digest') into[name] = reader.bytes(32);
    else if (type === 'salt') into[name] = reader.bytes(SALT_BYTES);
    else if (type === 'input') {
      const length = reader.u16();
      if (length > INPUT_BYTES_MAX) reader.fail();
      into[name] = reader.bytes(length);
    } else unreachable(type);
  }
}
