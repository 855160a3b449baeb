/** The digest of a whole state: what players compare, and what a mover is bound to by its own vote. */

import { hash } from '../../crypto/hash.ts';
import { digest, type LogState } from './log-state.ts';

/** Digests of logs, which never change: each is asked for by several rounds. */
const digests = new WeakMap<LogState, Uint8Array>();

function digestOf(log: LogState): Uint8Array {
  const known = digests.get(log);
  if (known !== undefined) return known;
  const made = digest(log);
  digests.set(log, made);
  return made;
}

/** H(digest of the game's state, digest of what the decided log comes to, epoch id); 32 bytes. */
export function stateDigest(stateHash: Uint8Array, log: LogState): Uint8Array {
  return hash('state', stateHash, digestOf(log), log.epochId);
}
