/**
 * The request of a newcomer to be let in: key, fresh nonce and address under its signature, for one session.
 * It reaches the members outside of the session, as the invitation reached the newcomer; each member whose
 * game agrees puts it into its updates, and q of them together seat it (joining.ts).
 *
 * Bytes: version u8, key 32, nonce 16, length u8, address, signature 64 over `joinMessage` of update.ts.
 */

import { equalBytes } from '../../base/bytes.ts';
import { accept, type Result, refuse } from '../../base/result.ts';
import { admissibleKey, isValidSignature, SIGNATURE_BYTES } from '../../crypto/signature.ts';
import { PLAYERS_MAX, PROTOCOL_VERSION } from '../../wire/limits.ts';
import { Reader } from '../../wire/reader.ts';
import { Writer } from '../../wire/writer.ts';
import type { RequestRefusal } from '../engine.ts';
import { SPONSORED_MAX } from './joining.ts';
import { type Neo, pastOf } from './state.ts';
import type { Turn } from './turn.ts';
import { joinMessage, readMember, type Sponsor, writeMember } from './update.ts';

/** A request, in the form in which an update carries it. */
export type JoinRequest = Omit<Sponsor, 'type'>;

export function encodeRequest({ signature, ...member }: JoinRequest): Uint8Array {
  const writer = new Writer(192).u8(PROTOCOL_VERSION);
  writeMember(writer, member);
  return writer.bytes(signature).take();
}

/** Reads what {@link encodeRequest} writes; null for all else, never throws. */
export function decodeRequest(bytes: Uint8Array): JoinRequest | null {
  if (!(bytes instanceof Uint8Array) || bytes.length > 256) return null;
  const reader = new Reader(bytes.slice());
  if (reader.u8() !== PROTOCOL_VERSION) return null;
  const member = readMember(reader);
  const signature = reader.bytes(SIGNATURE_BYTES);
  return reader.done ? { ...member, signature } : null;
}

/** The request of some bytes, if this player can ask for it as things stand. Takes about a millisecond. */
export function judgeRequest(neo: Neo | null, bytes: Uint8Array): Result<JoinRequest, RequestRefusal> {
  const request = decodeRequest(bytes);
  if (request === null || !admissibleKey(request.publicKey)) return refuse('malformed');
  if (neo === null || neo.over !== null || neo.leaving) return refuse('closed');
  const { roster } = pastOf(neo, neo.final).log;
  if (roster.some(({ publicKey }) => equalBytes(publicKey, request.publicKey))) return refuse('seated');
  if (roster.length >= PLAYERS_MAX) return refuse('full');
  const message = joinMessage(neo.setup.session, request);
  return isValidSignature(request.publicKey, message, request.signature)
    ? accept(request)
    : refuse('signature');
}

/** Puts a request into my updates until its player has a seat. Of too many I drop the oldest. */
export function wantNewcomer(turn: Turn, request: JoinRequest): void {
  const sponsored = turn.state.wanted.filter(({ operation }) => operation.type === 'sponsor');
  const known = sponsored.some(({ operation }) => {
    const { nonce, publicKey } = operation as Sponsor;
    return equalBytes(publicKey, request.publicKey) && equalBytes(nonce, request.nonce);
  });
  if (known) return;
  if (sponsored.length >= SPONSORED_MAX) {
    turn.set({ wanted: turn.state.wanted.filter((each) => each !== sponsored[0]) });
  }
  turn.want({ type: 'sponsor', ...request });
}
