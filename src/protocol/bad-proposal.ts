/**
 * Proposals that do not follow from what they name. A proposal names view changes by their part hashes, and
 * a part hash covers session, sender and every byte of a statement: so whoever can show statements with
 * these hashes shows what the leader based its proposal on, and no signature but the leader's is needed.
 * An honest leader names view changes of its own place only, one a member, and what is not named by it
 * does not matter here: whether they are enough is for those who know the members.
 */

import { concatBytes, equalBytes } from '../base/bytes.ts';
import { seatOf } from '../base/ids.ts';
import { add, firstPlayers, nobody, type PlayerSet } from '../base/players.ts';
import { SIGNATURE_BYTES } from '../crypto/signature.ts';
import { PLAYERS_MAX } from '../wire/limits.ts';
import { decodeAnyPacket, type Entry, type Packet, partHashOf } from '../wire/packet.ts';
import { type Change, type Propose, ROUND_INSTANCE } from '../wire/statement.ts';
import type { Conflict } from './conflict.ts';
import { justified } from './neo/justify.ts';

/** A proposal that is a lie, with the view changes that show it, in the order in which it names them. */
export interface BadProposal {
  readonly conflict: Conflict;
  readonly basis: readonly Uint8Array[];
}

interface Named {
  readonly sender: number;
  readonly change: Change;
  /** Sender (u8) and the bytes of the statement. */
  readonly bytes: Uint8Array;
}

/** The view change that a hash names, if it is among the packets in full. */
function named(session: Uint8Array, hash: Uint8Array, packets: readonly Packet[]): Named | null {
  for (const packet of packets) {
    for (const [index, { statement, ...entry }] of packet.entries.entries()) {
      if (statement?.kind !== 'change' || !equalBytes(partHashOf(session, packet, index), hash)) continue;
      const { bytes } = entry as Extract<Entry, { bytes: Uint8Array }>;
      const { sender } = packet;
      return { sender, change: statement, bytes: concatBytes(Uint8Array.of(sender), bytes) };
    }
  }
  return null;
}

/** The slots that a proposal decides: as far as the place tells, for no more is voted on. */
function slotsOf(instance: number): PlayerSet | null {
  if (instance === ROUND_INSTANCE) return firstPlayers(PLAYERS_MAX);
  return instance < PLAYERS_MAX ? add(nobody, seatOf(instance)) : null;
}

/** True when the leader rule makes something else of the view changes, or they are none for this place. */
function isBad(propose: Propose, basis: readonly Named[]): boolean {
  const { epoch, instance, round, view } = propose;
  const slots = slotsOf(instance);
  if (slots === null || basis.length === 0) return false;
  const elsewhere = basis.some(
    ({ change }) =>
      change.epoch !== epoch ||
      change.round !== round ||
      change.instance !== instance ||
      change.view !== view,
  );
  if (elsewhere || new Set(basis.map(({ sender }) => sender)).size < basis.length) return true;
  return !justified(
    propose,
    slots,
    basis.map(({ change }) => change),
  );
}

/** The first proposal of a packet that is a lie by the view changes among `packets`, or null. */
export function badProposal(
  session: Uint8Array,
  packet: Packet,
  packets: readonly Packet[],
): BadProposal | null {
  for (const [index, { statement }] of packet.entries.entries()) {
    if (statement?.kind !== 'propose') continue;
    const basis = statement.changes.map((hash) => named(session, hash, packets));
    const known = basis.filter((each) => each !== null);
    if (known.length < basis.length || !isBad(statement, known)) continue;
    const { epoch, round } = statement;
    const entries = [index, index] as const;
    return {
      conflict: { kind: 'bad-proposal', statement: 'propose', epoch, round, entries, hashes: [] },
      basis: known.map(({ bytes }) => bytes),
    };
  }
  return null;
}

/** A statement of {@link BadProposal.basis} as a packet that nobody has signed; null if it is none. */
export function unsignedPacket(bytes: Uint8Array): Packet | null {
  const signature = new Uint8Array(SIGNATURE_BYTES);
  return decodeAnyPacket(concatBytes(bytes.subarray(0, 1), Uint8Array.of(1), bytes.subarray(1), signature));
}
