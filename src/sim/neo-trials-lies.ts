/** Trials of cheats that convict themselves, of those with what is not their own, and of gangs. */

import { cheats } from './cheats.ts';
import { encodeHand } from './cheats-game.ts';
import type { NeoMatchOptions } from './neo-match.ts';
import {
  alone,
  bearable,
  FROM,
  high,
  recordedBefore,
  type Trial,
  type TrialOptions,
  together,
} from './neo-trial.ts';

export const lies: readonly Trial[] = [
  {
    cheat: 'inconsistency',
    variant: 'two commitments, two votes',
    classic: 'inconsistency',
    counted: 'divergences',
    allowed: 'none',
    convicts: 'inconsistency',
    match: alone(() => cheats.inconsistency({ fromRound: FROM, input: high })),
  },
  {
    cheat: 'vote against own commitment',
    variant: '',
    classic: null,
    counted: 'splits',
    allowed: 'none',
    convicts: 'vote-against-own-commitment',
    match: alone(() => cheats.voteAgainstOwn({ fromRound: FROM })),
  },
  {
    cheat: 'double entry',
    variant: 'two commitments in one packet',
    classic: null,
    counted: 'splits',
    allowed: 'none',
    convicts: 'double-entry',
    match: alone(() => cheats.doubleEntry({ fromRound: FROM })),
  },
  {
    cheat: 'changed vote',
    variant: '',
    classic: null,
    counted: 'splits',
    allowed: 'none',
    convicts: 'changed-vote',
    match: alone(() => cheats.changedVote({ fromRound: FROM })),
  },
  {
    cheat: 'two confirms',
    variant: '',
    classic: null,
    counted: 'splits',
    allowed: 'none',
    convicts: 'confirm-conflict',
    match: alone(() => cheats.doubleConfirm({ fromRound: FROM })),
  },
  {
    cheat: 'forgotten certificate',
    variant: '',
    classic: null,
    counted: 'splits',
    allowed: 'none',
    convicts: 'forgotten-certificate',
    match: alone(() => cheats.forgottenCertificate({ fromRound: FROM })),
  },
  {
    cheat: 'denied opening',
    variant: '',
    classic: null,
    counted: 'splits',
    allowed: 'none',
    convicts: 'denied-opening',
    match: alone(() => cheats.deniedOpening({ fromRound: FROM })),
  },
  {
    cheat: 'bad proposal',
    variant: 'as leader of a view',
    classic: null,
    counted: 'splits',
    allowed: 'none',
    convicts: 'bad-proposal',
    stays: true,
    note: 'its evidence is too large for the log: it stays in',
    players: 4,
    match: alone(() => cheats.badProposal({ fromRound: FROM })),
  },
  {
    cheat: 'illegal input',
    variant: '',
    classic: null,
    counted: 'divergences',
    allowed: 'none',
    convicts: 'illegal-input',
    match: alone(() => cheats.illegalInput({ fromRound: FROM, input: encodeHand(-1) })),
  },
];

export const noise: readonly Trial[] = [
  {
    cheat: 'replay',
    variant: 'of a round as the next',
    classic: 'replay:round',
    counted: 'stale',
    allowed: 'none',
    match: alone(() => cheats.replay()),
  },
  {
    cheat: 'replay',
    variant: 'in another epoch',
    classic: null,
    counted: 'stale',
    allowed: 'none',
    match: alone(() => cheats.replay({ as: 'epoch' })),
  },
  {
    cheat: 'replay',
    variant: 'of an earlier session',
    classic: 'replay:session',
    counted: 'stale',
    allowed: 'none',
    match: recordedBefore((recorded) => cheats.replaySession(recorded)),
  },
  {
    cheat: 'replay',
    variant: 'to frame an innocent, with two of its rounds',
    classic: 'replay',
    counted: 'framed',
    allowed: 'none',
    match: alone(() => cheats.framing()),
  },
  {
    cheat: 'replay',
    variant: 'to frame an innocent, with two of its sessions',
    classic: null,
    counted: 'framed',
    allowed: 'none',
    match: recordedBefore((recorded) => cheats.framing({ recorded })),
  },
  {
    cheat: 'spoofing',
    variant: 'commits and votes in the name of another',
    classic: null,
    counted: 'framed',
    allowed: 'none',
    match: alone(() => cheats.spoofing({ victim: 0 })),
  },
  {
    cheat: 'clock pulling',
    variant: 'early for half of them, late for the rest',
    classic: 'clock-pulling',
    counted: 'missed',
    allowed: 'none',
    match: alone(() => cheats.clockPulling()),
  },
  {
    cheat: 'junk and flood',
    variant: 'at one player, signed and unsigned',
    classic: 'flood',
    counted: 'missed',
    allowed: 'none',
    rounds: 16,
    match: alone(() => cheats.flood({ victim: 0 })),
  },
  {
    cheat: 'junk and flood',
    variant: 'every datagram spoiled and sent again',
    classic: null,
    counted: 'missed',
    allowed: 'none',
    match: alone(() => cheats.malformed({ copies: 4 })),
  },
];

/** The first f+1 players are far from everybody. */
function farSome({ players }: TrialOptions): Partial<NeoMatchOptions> {
  const far = bearable(players) + 1;
  const seats = Array.from({ length: players }, (_, seat) => seat);
  const links = seats.flatMap((from) =>
    seats.filter((to) => to !== from && (from < far || to < far)).map((to) => ({ from, to })),
  );
  return {
    faults: links.map((link) => ({ type: 'link', atMs: 0, ...link, delayMs: 25, forMs: 3_600_000 })),
  };
}

export const gangs: readonly Trial[] = [
  {
    cheat: 'lock-out',
    variant: 'f report that all are near; f+1 honest ones are not',
    classic: 'lock-out',
    counted: 'excluded',
    allowed: 'none',
    players: 7,
    cheaters: bearable,
    match: (trial, seats) => ({
      ...farSome(trial),
      ...together(() => cheats.lockOut({ report: { lateness: 0, lag: 0 } }))(trial, seats),
    }),
  },
  {
    cheat: 'lock-out',
    variant: 'f report that rounds must be as long as can be',
    classic: null,
    counted: 'pace',
    allowed: 'none',
    players: 7,
    cheaters: bearable,
    match: together(() => cheats.lockOut({ report: { lateness: 0xffff, lag: 100 } })),
  },
  {
    cheat: 'collusion of f',
    variant: 'two stories, told by all of them',
    classic: 'collusion:f',
    counted: 'splits',
    allowed: 'none',
    convicts: 'inconsistency',
    players: 7,
    cheaters: bearable,
    match: together((gang) => cheats.collusion(gang, { fromRound: FROM, input: high })),
  },
  {
    cheat: 'collusion of f',
    variant: 'vote an innocent out',
    classic: 'collusion:f-vote-out',
    counted: 'excluded',
    allowed: 'none',
    players: 7,
    cheaters: bearable,
    match: together(() => cheats.voteOut({ victim: 0 })),
  },
  {
    cheat: 'collusion of f',
    variant: 'vote when all others have opened',
    classic: 'collusion:majority',
    counted: 'looked',
    allowed: 'none',
    players: 7,
    cheaters: bearable,
    match: together((gang) => cheats.lateMove(gang)),
  },
  {
    cheat: 'collusion of f+1',
    variant: 'two stories, told by all of them',
    classic: 'collusion:f+1',
    counted: 'splits',
    allowed: 'some',
    note: 'beyond what agreement can bear',
    convicts: 'inconsistency',
    players: 4,
    cheaters: (players) => bearable(players) + 1,
    match: together((gang) => cheats.collusion(gang, { fromRound: FROM, input: high })),
  },
];
