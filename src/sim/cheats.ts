/**
 * The cheats of the papers and some more, each of which works when its defence is taken away. One that is
 * not said to be for neo only cheats in lockstep as well.
 */

import { collusion, lateMove } from './cheats-gang.ts';
import {
  badOpening,
  badProposal,
  changedVote,
  deniedOpening,
  doubleConfirm,
  doubleEntry,
  doubleVote,
  forgottenCertificate,
  illegalInput,
  inconsistency,
  voteAgainstOwn,
} from './cheats-lies.ts';
import {
  clockPulling,
  flood,
  framing,
  lockOut,
  malformed,
  recorder,
  replay,
  replaySession,
  spoofing,
} from './cheats-noise.ts';
import {
  abort,
  fixedDelay,
  lateVote,
  lookahead,
  pivotVote,
  suppressedUpdate,
  timestamp,
  voteOut,
  withheldOpening,
} from './cheats-timing.ts';

export { Gang } from './cheats-gang.ts';
export type { CheatOptions, Choose } from './cheats-liar.ts';

/** Every cheat that the simulator and the demo know, each a function of its options. */
export const cheats: {
  readonly abort: typeof abort;
  readonly badOpening: typeof badOpening;
  readonly badProposal: typeof badProposal;
  readonly changedVote: typeof changedVote;
  readonly clockPulling: typeof clockPulling;
  readonly collusion: typeof collusion;
  readonly deniedOpening: typeof deniedOpening;
  readonly doubleConfirm: typeof doubleConfirm;
  readonly doubleEntry: typeof doubleEntry;
  readonly doubleVote: typeof doubleVote;
  readonly fixedDelay: typeof fixedDelay;
  readonly flood: typeof flood;
  readonly forgottenCertificate: typeof forgottenCertificate;
  readonly framing: typeof framing;
  readonly illegalInput: typeof illegalInput;
  readonly inconsistency: typeof inconsistency;
  readonly lateMove: typeof lateMove;
  readonly lateVote: typeof lateVote;
  readonly lockOut: typeof lockOut;
  readonly lookahead: typeof lookahead;
  readonly malformed: typeof malformed;
  readonly pivotVote: typeof pivotVote;
  readonly recorder: typeof recorder;
  readonly replay: typeof replay;
  readonly replaySession: typeof replaySession;
  readonly spoofing: typeof spoofing;
  readonly suppressedUpdate: typeof suppressedUpdate;
  readonly timestamp: typeof timestamp;
  readonly voteAgainstOwn: typeof voteAgainstOwn;
  readonly voteOut: typeof voteOut;
  readonly withheldOpening: typeof withheldOpening;
} = {
  abort,
  badOpening,
  badProposal,
  changedVote,
  clockPulling,
  collusion,
  deniedOpening,
  doubleConfirm,
  doubleEntry,
  doubleVote,
  fixedDelay,
  flood,
  forgottenCertificate,
  framing,
  illegalInput,
  inconsistency,
  lateMove,
  lateVote,
  lockOut,
  lookahead,
  malformed,
  pivotVote,
  recorder,
  replay,
  replaySession,
  spoofing,
  suppressedUpdate,
  timestamp,
  voteAgainstOwn,
  voteOut,
  withheldOpening,
};
