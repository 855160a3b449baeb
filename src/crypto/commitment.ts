/** Commitments: an input sealed under a hash, binding and hiding (the salt has 128 random bits). */

import { equalBytes } from '../base/bytes.ts';
import type { Epoch, Round, Seat } from '../base/ids.ts';
import { hash } from './hash.ts';

/** What an input is sealed for; part of the hash, so an opening fits one slot of one session only. */
export interface Slot {
  /** Session id, 32 bytes. */
  readonly session: Uint8Array;
  readonly epoch: Epoch;
  readonly round: Round;
  readonly author: Seat;
}

/** H(session, epoch u16, round u32, author u8, salt, input); 32 bytes. */
export function commit(slot: Slot, salt: Uint8Array, input: Uint8Array): Uint8Array {
  const { epoch, round, author } = slot;
  const place = Uint8Array.of(
    epoch >>> 8,
    epoch,
    round >>> 24,
    round >>> 16,
    round >>> 8,
    round,
    author,
    salt.length,
  );
  return hash('commitment', slot.session, place, salt, input);
}

/** True when salt and input are what the commitment was made of. */
export function opens(commitment: Uint8Array, slot: Slot, salt: Uint8Array, input: Uint8Array): boolean {
  return equalBytes(commitment, commit(slot, salt, input));
}

/** The digest of the members' commitments of one round, in seat order; 32 bytes. */
export function commitmentSet(slot: Omit<Slot, 'author'>, commitments: readonly Uint8Array[]): Uint8Array {
  const { epoch, round } = slot;
  const place = Uint8Array.of(
    epoch >>> 8,
    epoch,
    round >>> 24,
    round >>> 16,
    round >>> 8,
    round,
    commitments.length,
  );
  return hash('set', slot.session, place, ...commitments);
}

/** The digest of a list of commitments, such as those that a vote names; 32 bytes. */
export function vectorDigest(commitments: readonly Uint8Array[]): Uint8Array {
  return hash('vector', Uint8Array.of(commitments.length), ...commitments);
}
