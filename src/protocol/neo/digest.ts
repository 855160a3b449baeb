/** The digest of a whole state: what players compare, and what a mover is bound to by its own vote. */

import { hash } from '../../crypto/hash.ts';
import { encodePlain } from '../../wire/plain.ts';
import { digest, type LogState } from './log-state.ts';

/** What a round has come to, as far as all agree on it. */
export interface State {
  /** Digest of the game's state, 32 bytes. */
  readonly stateHash: Uint8Array;
  readonly log: LogState;
  /** Seed made of all openings so far, 32 bytes. */
  readonly seed: Uint8Array;
}

/** Digests of logs, which never change: each is asked for by several rounds. */
const digests = new WeakMap<LogState, Uint8Array>();

function digestOf(log: LogState): Uint8Array {
  const known = digests.get(log);
  if (known !== undefined) return known;
  const made = digest(log);
  digests.set(log, made);
  return made;
}

/**
 * H(log; digest of what the decided log comes to, seed), 32 bytes. Without the seed a newcomer could be told
 * any: no statement that it checks would speak of it.
 */
export function protocolDigest({ log, seed }: Pick<State, 'log' | 'seed'>): Uint8Array {
  return hash('log', encodePlain([digestOf(log), seed]));
}

/** H(state; digest of the game's state, digest of the protocol's, epoch id); 32 bytes. */
export function stateDigest(state: State): Uint8Array {
  return hash('state', state.stateHash, protocolDigest(state), state.log.epochId);
}
