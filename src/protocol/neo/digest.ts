/** The digest of a whole state: what players compare, and what a mover is bound to by its own vote. */

import { hash } from '../../crypto/hash.ts';
import { digest, type LogState } from './log-state.ts';

/** H(digest of the game's state, digest of what the decided log comes to, epoch id); 32 bytes. */
export function stateDigest(stateHash: Uint8Array, log: LogState): Uint8Array {
  return hash('state', stateHash, digest(log), log.epochId);
}
