/**
 * What a player writes down before it has any effect: its nonce, the statements it signs, what they
 * rest on, and the rounds it has advanced. Records are canonical plain data (wire/plain.ts); the log
 * that keeps them is the player's own, so a record that does not read is a damaged log, not an attack.
 */

import { assert } from '../base/assert.ts';
import type { Epoch, Round } from '../base/ids.ts';
import type { ItemType } from '../wire/envelope.ts';
import { decodePlain, encodePlain } from '../wire/plain.ts';
import type { Commit, CommitmentSet, Leave, Remove, Reveal, Wish } from '../wire/statement.ts';

/** Packets by seat, as the bytes that came. */
export type PacketBytes = readonly (Uint8Array | null)[];

export type LogRecord =
  /** Before the first hello: whose log this is, my nonce and what I offered to play. */
  | {
      readonly type: 'hello';
      readonly publicKey: Uint8Array;
      readonly nonce: Uint8Array;
      readonly agreement: Uint8Array;
    }
  /** Before the first statement: the members' keys and nonces, in seat order. */
  | { readonly type: 'session'; readonly keys: readonly Uint8Array[]; readonly nonces: readonly Uint8Array[] }
  | { readonly type: 'commit'; readonly commit: Commit; readonly reveal: Reveal; readonly state: Uint8Array }
  | { readonly type: 'open'; readonly set: CommitmentSet; readonly commits: PacketBytes }
  | { readonly type: 'advance'; readonly epoch: Epoch; readonly round: Round; readonly opens: PacketBytes }
  | { readonly type: 'remove'; readonly remove: Remove }
  | { readonly type: 'wish'; readonly wish: Wish }
  | { readonly type: 'leave'; readonly leave: Leave }
  | {
      readonly type: 'cause';
      readonly seat: number;
      readonly reason: 'guilty' | 'left';
      readonly after: Round;
      readonly item: ItemType;
      readonly bytes: Uint8Array;
    }
  | {
      readonly type: 'epoch';
      readonly epoch: Epoch;
      readonly target: number;
      readonly after: Round;
      readonly removes: PacketBytes;
    }
  | { readonly type: 'end'; readonly reason: string };

const recordTypes: ReadonlySet<string> = new Set<LogRecord['type']>([
  'hello',
  'session',
  'commit',
  'open',
  'advance',
  'remove',
  'wish',
  'leave',
  'cause',
  'epoch',
  'end',
]);

export function encodeRecord(record: LogRecord): Uint8Array {
  return encodePlain(record, 'record');
}

/** Reads a record of our own log. Throws if it is none: the log is not one of this version. */
export function decodeRecord(bytes: Uint8Array): LogRecord {
  const decoded = decodePlain(bytes);
  assert(decoded.ok, 'a log holds records that this version wrote');
  const record = decoded.value as unknown as LogRecord;
  assert(recordTypes.has(record?.type), 'a log holds records of the kinds that this version writes');
  return record;
}
