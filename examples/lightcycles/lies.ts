/** What the liar of a match can try: a line each. */

import { type Cheat, cheats } from 'fairstep/sim';
import { besideTheTruth } from './cheater.ts';
import { lightcycles, turns } from './game.ts';

export type ProtocolName = 'neo' | 'lockstep';

interface Lie {
  /** The protocols that it is made for. */
  readonly against: readonly ProtocolName[];
  /** True when its own signatures prove it; else it is only refused. */
  readonly proves: boolean;
  /** It lies from that round on. */
  make(fromRound: number): Cheat;
}

export type LieName =
  | 'inconsistency'
  | 'bad-opening'
  | 'illegal-input'
  | 'vote-against-own'
  | 'double-vote'
  | 'double-entry'
  | 'changed-vote'
  | 'double-confirm'
  | 'forgotten-certificate'
  | 'denied-opening'
  | 'bad-proposal'
  | 'withheld-opening'
  | 'replay';

const both: readonly ProtocolName[] = ['neo', 'lockstep'];
const neo: readonly ProtocolName[] = ['neo'];

/** A turn that there is none of. */
const illegal = lightcycles.encodeInput(turns.length);

export const lies: Readonly<Record<LieName, Lie>> = {
  inconsistency: { against: both, proves: true, make: (fromRound) => cheats.inconsistency({ fromRound }) },
  'bad-opening': { against: both, proves: true, make: (fromRound) => cheats.badOpening({ fromRound }) },
  'illegal-input': {
    against: neo,
    proves: true,
    make: (fromRound) => cheats.illegalInput({ fromRound, input: illegal }),
  },
  'vote-against-own': {
    against: neo,
    proves: true,
    make: (fromRound) => cheats.voteAgainstOwn({ fromRound }),
  },
  'double-vote': {
    against: neo,
    proves: true,
    make: (fromRound) => besideTheTruth(cheats.doubleVote({ fromRound })),
  },
  'double-entry': { against: neo, proves: true, make: (fromRound) => cheats.doubleEntry({ fromRound }) },
  'changed-vote': { against: neo, proves: true, make: (fromRound) => cheats.changedVote({ fromRound }) },
  'double-confirm': { against: neo, proves: true, make: (fromRound) => cheats.doubleConfirm({ fromRound }) },
  'forgotten-certificate': {
    against: neo,
    proves: true,
    make: (fromRound) => cheats.forgottenCertificate({ fromRound }),
  },
  'denied-opening': { against: neo, proves: true, make: (fromRound) => cheats.deniedOpening({ fromRound }) },
  'bad-proposal': { against: neo, proves: true, make: (fromRound) => cheats.badProposal({ fromRound }) },
  'withheld-opening': {
    against: neo,
    proves: false,
    make: (fromRound) => cheats.withheldOpening({ fromRound }),
  },
  replay: { against: both, proves: false, make: (fromRound) => cheats.replay({ fromRound }) },
};

/** The names of the lies that can be tried against a protocol. */
export function liesAgainst(protocol: ProtocolName): readonly LieName[] {
  return (Object.keys(lies) as LieName[]).filter((name) => lies[name].against.includes(protocol));
}
