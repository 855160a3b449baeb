/**
 * The code under check: every function of the library that a check calls. Nothing of it is written
 * anew here, so a mutant of the sources can take the place of what ships.
 */

import * as commitment from '../src/crypto/commitment.ts';
import * as hashing from '../src/crypto/hash.ts';
import * as evidence from '../src/protocol/evidence.ts';
import * as judging from '../src/protocol/judge.ts';
import * as lockstep from '../src/protocol/lockstep.ts';
import * as state from '../src/protocol/lockstep-state.ts';
import * as recovery from '../src/protocol/recovery.ts';
import * as removal from '../src/protocol/removal.ts';
import * as stall from '../src/protocol/stall.ts';
import * as standing from '../src/protocol/standing.ts';
import * as packet from '../src/wire/packet.ts';

export interface Engine {
  readonly beginLockstep: typeof state.beginLockstep;
  readonly wantsInput: typeof state.wantsInput;
  readonly stepLockstep: typeof lockstep.stepLockstep;
  readonly judge: typeof judging.judge;
  readonly recover: typeof recovery.recover;
  readonly lost: typeof removal.lost;
  readonly suspects: typeof stall.suspects;
  readonly holdingsOf: typeof standing.holdingsOf;
  readonly standingOf: typeof standing.standingOf;
  readonly lacks: typeof standing.lacks;
  readonly prove: typeof evidence.prove;
  readonly decodeEvidence: typeof evidence.decodeEvidence;
  readonly entriesOf: typeof packet.entriesOf;
  readonly signedMessage: typeof packet.signedMessage;
  readonly signedPacket: typeof packet.signedPacket;
  readonly statementOf: typeof packet.statementOf;
  readonly commit: typeof commitment.commit;
  readonly commitmentSet: typeof commitment.commitmentSet;
  readonly hash: typeof hashing.hash;
}

/** What the library ships. */
export const shipped: Engine = {
  ...state,
  ...lockstep,
  ...judging,
  ...recovery,
  ...removal,
  ...stall,
  ...standing,
  ...evidence,
  ...packet,
  ...commitment,
  ...hashing,
};

/** The same of a copy of the library; `load` imports a module by its path below src/. */
export async function engineOf(load: (file: string) => Promise<Partial<Engine>>): Promise<Engine> {
  const files = [
    'crypto/commitment.ts',
    'crypto/hash.ts',
    'protocol/evidence.ts',
    'protocol/judge.ts',
    'protocol/lockstep.ts',
    'protocol/lockstep-state.ts',
    'protocol/recovery.ts',
    'protocol/removal.ts',
    'protocol/stall.ts',
    'protocol/standing.ts',
    'wire/packet.ts',
  ];
  return Object.assign({}, ...(await Promise.all(files.map(load))));
}
