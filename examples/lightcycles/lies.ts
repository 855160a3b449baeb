/** What the liar of a match can try: a line each. */

import { type Cheat, cheats } from 'fairstep/sim';

export type ProtocolName = 'neo' | 'lockstep';

interface Lie {
  /** The protocols that it is made for. */
  readonly against: readonly ProtocolName[];
  /** True when its own signatures prove it; else it is only refused. */
  readonly proves: boolean;
  /** It lies from that round on. */
  make(fromRound: number): Cheat;
}

export type LieName = 'inconsistency' | 'bad-opening' | 'replay';

const both: readonly ProtocolName[] = ['neo', 'lockstep'];

export const lies: Readonly<Record<LieName, Lie>> = {
  inconsistency: { against: both, proves: true, make: (fromRound) => cheats.inconsistency({ fromRound }) },
  'bad-opening': { against: both, proves: true, make: (fromRound) => cheats.badOpening({ fromRound }) },
  replay: { against: both, proves: false, make: (fromRound) => cheats.replay({ fromRound }) },
};

/** The names of the lies that can be tried against a protocol. */
export function liesAgainst(protocol: ProtocolName): readonly LieName[] {
  return (Object.keys(lies) as LieName[]).filter((name) => lies[name].against.includes(protocol));
}
