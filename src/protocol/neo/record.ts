/**
 * What a neo player writes down before it has any effect: what its commitments seal, every statement
 * before it is signed, the packets that a statement rests on, and each round once it is final. Records are
 * canonical plain data (wire/plain.ts); the log is the player's own.
 */

import { assert } from '../../base/assert.ts';
import type { Round } from '../../base/ids.ts';
import type { PlayerSet } from '../../base/players.ts';
import { decodePlain, encodePlain } from '../../wire/plain.ts';
import type { Certified, NeoStatement, Reveal } from '../../wire/statement.ts';

/** A round that is final, with what proves it. */
export interface FinalRound {
  readonly round: Round;
  /** By seat: the decided hash, NONE for "-", null for seats that were no members. */
  readonly decided: readonly (Uint8Array | null)[];
  /** Authors whose opening is `void`. */
  readonly voided: PlayerSet;
  /** By seat the opening that counts; null where there is none. */
  readonly openings: readonly ({ readonly input: Uint8Array; readonly salt: Uint8Array } | null)[];
  /** Whose input broke the rules of the game. */
  readonly illegal: PlayerSet;
  /** Digest of the state that they were judged on, as the votes of this round carry it. */
  readonly judged: Uint8Array;
  /** Digest of the game's state after it. */
  readonly stateHash: Uint8Array;
  /** The packets that decided it: votes, and above what they decide confirms, proposals and prepares. */
  readonly packets: readonly Uint8Array[];
  /** Hashes that those packets speak of and that are not the decided ones. */
  readonly vectors: readonly (readonly Uint8Array[])[];
}

export type NeoRecord =
  | {
      readonly type: 'hello';
      readonly publicKey: Uint8Array;
      readonly nonce: Uint8Array;
      readonly agreement: Uint8Array;
    }
  | { readonly type: 'session'; readonly keys: readonly Uint8Array[]; readonly nonces: readonly Uint8Array[] }
  /** Before COMMIT: what it seals. */
  | { readonly type: 'sealed'; readonly reveal: Reveal }
  /** Before VOTE: by seat what it says; null for seats that are no members. */
  | {
      readonly type: 'voted';
      readonly round: Round;
      readonly entries: readonly (Uint8Array | null)[];
    }
  /** Before signing: the statements of one packet. */
  | { readonly type: 'said'; readonly statements: readonly NeoStatement[] }
  /** Before a statement that rests on them: packets of others. */
  | {
      readonly type: 'keep';
      readonly round: Round;
      readonly instance: number;
      readonly packets: readonly Uint8Array[];
      /** Hashes of which the packets have only the digest. */
      readonly vectors: readonly (readonly Uint8Array[])[];
      /** What the packets certify. */
      readonly certified: readonly Certified[];
    }
  | { readonly type: 'final'; readonly final: FinalRound }
  /** In the log of who comes to a running match, instead of a hello: before its request leaves. */
  | {
      readonly type: 'invited';
      readonly publicKey: Uint8Array;
      readonly nonce: Uint8Array;
      readonly agreement: Uint8Array;
      readonly invitation: Uint8Array;
    }
  /** Instead of a session: what its play starts from (snapshot.ts). */
  | { readonly type: 'snapshot'; readonly bytes: Uint8Array }
  | { readonly type: 'end'; readonly reason: string };

const recordTypes: ReadonlySet<string> = new Set<NeoRecord['type']>([
  'hello',
  'session',
  'sealed',
  'voted',
  'said',
  'keep',
  'final',
  'invited',
  'snapshot',
  'end',
]);

export function encodeNeoRecord(record: NeoRecord): Uint8Array {
  return encodePlain(record, 'record');
}

/** Reads a record of our own log. Throws if it is none: the log is not one of this version. */
export function decodeNeoRecord(bytes: Uint8Array): NeoRecord {
  const decoded = decodePlain(bytes);
  assert(decoded.ok, 'a log holds records that this version wrote');
  const record = decoded.value as unknown as NeoRecord;
  assert(recordTypes.has(record?.type), 'a log holds records of the kinds that this version writes');
  return record;
}
