/**
 * What a member gives to a newcomer, outside of the session (a lobby, a link, a file): which session it is,
 * what is agreed in it, and who is in it. It is all that the newcomer trusts: a snapshot counts if enough of
 * the members named here have signed its digest (snapshot.ts). So whoever hands over the invitation is
 * believed; those who hand over the snapshot are not.
 *
 * Bytes: version u8, session 32, length u16, agreement, founders u8, round u32, epoch u16, epoch id 32,
 * members u16, roster u8, and of each seat key 32, nonce 16, length u8 and address.
 */

import { assert } from '../../base/assert.ts';
import { compareBytes, equalBytes } from '../../base/bytes.ts';
import type { Epoch, Round } from '../../base/ids.ts';
import { count, firstPlayers, nobody, type PlayerSet, playersFromBits, within } from '../../base/players.ts';
import { DIGEST_BYTES } from '../../crypto/hash.ts';
import { admissibleKey } from '../../crypto/signature.ts';
import {
  AGREEMENT_BYTES_MAX,
  PLAYERS_MAX,
  PLAYERS_MIN,
  PROTOCOL_VERSION,
  SESSION_BYTES,
} from '../../wire/limits.ts';
import { Reader } from '../../wire/reader.ts';
import { Writer } from '../../wire/writer.ts';
import { sessionOf } from '../handshake.ts';
import { type Neo, pastOf } from './state.ts';
import { isAddress, type Member, readMember, writeMember } from './update.ts';

export interface Invitation {
  /** Session id, 32 bytes. */
  readonly session: Uint8Array;
  /** Encoded agreement (handshake.ts). */
  readonly agreement: Uint8Array;
  /** The players that the session began with: so many first seats. */
  readonly founders: number;
  /** The newest final round of who invites; epoch, its id and members are those after it. */
  readonly round: Round;
  readonly epoch: Epoch;
  readonly epochId: Uint8Array;
  readonly members: PlayerSet;
  /** By seat everybody who ever was a member, with the address where a newcomer reaches it; "-" for none. */
  readonly roster: readonly Member[];
}

export const INVITATION_BYTES_MAX = 4096;

/**
 * What a member can tell of its session. `addresses` are those of the first players as a newcomer reaches
 * them, by seat; later ones have said themselves where they are. Throws a RangeError that names an address
 * that is none.
 */
export function invitationOf(neo: Neo, agreement: Uint8Array, addresses: readonly string[]): Invitation {
  const { roster: founders, session } = neo.setup;
  const { epoch, epochId, members, roster, round } = pastOf(neo, neo.final).log;
  for (const [seat, address] of addresses.entries()) {
    if (isAddress(address)) continue;
    throw new RangeError(`invite: addresses[${seat}] must be 1 to 64 characters of ASCII without spaces`);
  }
  return {
    session,
    agreement,
    founders: founders.length,
    round,
    epoch,
    epochId,
    members,
    roster: roster.map((member, seat) => {
      const address = seat < founders.length ? (addresses[seat] ?? '-') : member.address;
      return { ...member, address: isAddress(address) ? address : '-' };
    }),
  };
}

export function encodeInvitation(invitation: Invitation): Uint8Array {
  const { agreement, epoch, epochId, founders, members, roster, round, session } = invitation;
  const writer = new Writer(2048).u8(PROTOCOL_VERSION).bytes(session).u16(agreement.length).bytes(agreement);
  writer.u8(founders).u32(round).u16(epoch).bytes(epochId).u16(members).u8(roster.length);
  for (const member of roster) writeMember(writer, member);
  assert(writer.length <= INVITATION_BYTES_MAX, 'an invitation has at most INVITATION_BYTES_MAX bytes');
  return writer.take();
}

/** True when the parts fit one another, and the session is the one of these founders and this agreement. */
function isWhole({ agreement, founders, members, roster, session }: Invitation): boolean {
  const keys = roster.map(({ publicKey }) => publicKey);
  if (founders < PLAYERS_MIN || founders > roster.length || roster.length > PLAYERS_MAX) return false;
  if (members === nobody || !within(members, firstPlayers(roster.length)) || count(members) < 1) return false;
  if (!keys.every(admissibleKey)) return false;
  const sorted = keys.toSorted(compareBytes);
  if (sorted.some((key, i) => i > 0 && equalBytes(key, sorted[i - 1] as Uint8Array))) return false;
  const first = roster.slice(0, founders);
  const ascending = first.every(({ publicKey }, i) => {
    return i === 0 || compareBytes((first[i - 1] as Member).publicKey, publicKey) < 0;
  });
  const nonces = first.map(({ nonce }) => nonce);
  return ascending && equalBytes(session, sessionOf(agreement, keys.slice(0, founders), nonces));
}

/** Reads what {@link encodeInvitation} writes; null for all else, never throws. */
export function decodeInvitation(bytes: Uint8Array): Invitation | null {
  if (!(bytes instanceof Uint8Array) || bytes.length > INVITATION_BYTES_MAX) return null;
  const reader = new Reader(bytes.slice());
  if (reader.u8() !== PROTOCOL_VERSION) return null;
  const session = reader.bytes(SESSION_BYTES);
  const length = reader.u16();
  if (length > AGREEMENT_BYTES_MAX) return null;
  const agreement = reader.bytes(length);
  const founders = reader.u8();
  const round = reader.u32();
  const epoch = reader.u16();
  const epochId = reader.bytes(DIGEST_BYTES);
  const members = playersFromBits(reader.u16());
  const seats = reader.u8();
  const roster: Member[] = [];
  for (let seat = 0; seat < seats && !reader.failed; seat++) roster.push(readMember(reader));
  if (!reader.done) return null;
  const invitation = { session, agreement, founders, round, epoch, epochId, members, roster };
  return isWhole(invitation) ? invitation : null;
}
