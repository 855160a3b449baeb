/**
 * A player that comes to a simulated match while it runs: somebody who plays gives it an invitation, it hands
 * its request to all who play, and from then on it is on its own. The lobby between them loses nothing.
 */

import { type Seat, seatOf } from '../base/ids.ts';
import type { Newcomer } from '../protocol/engine.ts';
import { decodeInvitation } from '../protocol/neo/invitation.ts';
import { encodeRequest } from '../protocol/neo/request.ts';
import { joinMessage } from '../protocol/neo/update.ts';
import { type Signer, simulatedSecret } from './keys.ts';

/** Where a simulated player is reached. */
export function addressOf(seat: number): string {
  return `simulated:${seat}`;
}

/** The player of an address that {@link addressOf} gave, or null. */
export function playerAt(address: string): Seat | null {
  const match = /^simulated:(\d{1,2})$/.exec(address);
  return match === null ? null : seatOf(Number(match[1]));
}

/** Somebody who is about to come. */
export interface Comer {
  readonly seat: Seat;
  readonly secretKey: Uint8Array;
  readonly newcomer: Newcomer;
  /** Keys of the invitation, by seat. */
  readonly keys: readonly Uint8Array[];
}

/** Who can invite. */
interface Host {
  invite(addresses: readonly string[]): Uint8Array | null;
}

/** A newcomer with an invitation of the first player that plays, for the free seat; null if none plays. */
export function comerOf(
  players: readonly { readonly driver: Host | null }[],
  keyring: Signer,
  seed: number,
  founders: number,
  judges: boolean,
): Comer | null {
  const addresses = Array.from({ length: founders }, (_, seat) => addressOf(seat));
  for (const { driver } of players) {
    const bytes = driver?.invite(addresses) ?? null;
    const invitation = bytes && decodeInvitation(bytes);
    if (bytes === null || !invitation) continue;
    const seat = seatOf(players.length);
    const secretKey = simulatedSecret(seed, 1000 + seat);
    const newcomer = { publicKey: keyring.publicKey(secretKey), invitation: bytes, judges };
    return { seat, secretKey, newcomer, keys: invitation.roster.map(({ publicKey }) => publicKey) };
  }
  return null;
}

/** The encoded request of a newcomer that has started: its nonce is on disk. */
export function requestOf(
  { newcomer, secretKey, seat }: Comer,
  nonce: Uint8Array,
  sign: (secretKey: Uint8Array, publicKey: Uint8Array, message: Uint8Array) => Uint8Array,
): Uint8Array {
  const { invitation, publicKey } = newcomer;
  const session = decodeInvitation(invitation)?.session ?? new Uint8Array(32);
  const member = { publicKey, nonce, address: addressOf(seat) };
  return encodeRequest({ ...member, signature: sign(secretKey, publicKey, joinMessage(session, member)) });
}
