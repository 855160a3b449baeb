/** The setup of a player invited to a match that runs: from what it was given, or what its log says. */

import { equalBytes } from '../../base/bytes.ts';
import type { Newcomer, SessionSetup } from '../engine.ts';
import { NOWHERE } from './arrival.ts';
import { decodeInvitation, type Invitation } from './invitation.ts';
import type { NeoOptions } from './options.ts';
import type { Restored } from './recovery.ts';
import type { Trust } from './snapshot.ts';
import type { NeoSetup } from './state.ts';

function read(bytes: Uint8Array): Invitation {
  const invitation = decodeInvitation(bytes);
  if (invitation === null) {
    throw new Error('invitation: it is none of this version; ask a player of the match for a fresh one');
  }
  return invitation;
}

/**
 * The setup of a player that was invited; what its log says of that counts. Null for one of the first.
 * Throws an Error that says what does not fit.
 */
export function invitedSetup(setup: SessionSetup, logged: Restored['invited']): SessionSetup | null {
  const given = setup.newcomer ?? null;
  if (logged === null && given === null) return null;
  const newcomer = { judges: true, ...given, ...logged } as Newcomer;
  const invitation = read(newcomer.invitation);
  if (given !== null && !equalBytes(read(given.invitation).session, invitation.session)) {
    throw new Error('invitation: the log is of another match; give each match a log of its own');
  }
  if (given !== null && !equalBytes(given.publicKey, newcomer.publicKey)) {
    throw new Error('invitation: the log is of another player; give each player a log of its own');
  }
  if (!equalBytes(invitation.agreement, setup.agreement)) {
    throw new Error('invitation: the match has another game, other rules or another protocol');
  }
  const keys = invitation.roster.map(({ publicKey }) => publicKey);
  if (logged === null && keys.some((key) => equalBytes(key, newcomer.publicKey))) {
    throw new Error('invitation: this key has a seat already; come back with its log, or with a new key');
  }
  return { ...setup, me: NOWHERE, keys, newcomer };
}

/** The setup of the machine of a player that was invited. */
export function machineSetup({ founders, roster, session }: Invitation, options: NeoOptions): NeoSetup {
  const first = roster.slice(0, founders);
  const keys = first.map(({ publicKey }) => publicKey);
  const nonces = first.map(({ nonce }) => nonce);
  return options.setupOf(session, { keys, me: NOWHERE }, nonces);
}

/** What an invited player judges snapshots by. */
export function trustOf({ newcomer }: SessionSetup, options: NeoOptions): Trust {
  const { invitation: bytes, judges } = newcomer as Newcomer;
  const invitation = read(bytes);
  return { invitation, parameters: machineSetup(invitation, options).log, judges };
}
