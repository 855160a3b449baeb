/** Trials of cheats that prove nothing: with time, with whom is told, with votes. */

import { prng } from '../base/prng.ts';
import { cheats } from './cheats.ts';
import { handOf } from './cheats-game.ts';
import type { NeoMatchOptions } from './neo-match.ts';
import { alone, choose, FROM, type Trial } from './neo-trial.ts';

/** Whatever carries the victim's commitment to these players is lost until they have voted. */
function weak(victim: number, deaf: (to: number, round: number) => boolean): Partial<NeoMatchOptions> {
  return {
    lose: ({ sender, statement, to }, voted) =>
      sender === victim &&
      statement.kind === 'commit' &&
      deaf(to, statement.round) &&
      !voted(to, statement.round),
  };
}

/** Whether the best hand of a round is not the own one. */
function isBeaten(others: readonly (Uint8Array | null)[]): boolean {
  return others.some((bytes) => bytes !== null && (handOf(bytes) ?? 0) % 16 < 16);
}

export const timing: readonly Trial[] = [
  {
    cheat: 'fixed-delay',
    variant: 'chooses when the round before is open',
    classic: 'fixed-delay',
    counted: 'fresher',
    allowed: 'none',
    note: 'at this pace everybody knows the round before',
    match: alone(() => cheats.fixedDelay({ choose })),
  },
  {
    cheat: 'fixed-delay',
    variant: 'rounds shorter than a round trip',
    classic: null,
    counted: 'fresher',
    allowed: 'some',
    note: 'who commits late, but in time, may know more; `window: 1` rules it out',
    match: (trial, seats) => ({
      ...alone(() => cheats.fixedDelay({ choose, only: (round) => round % 3 === 0 }))(trial, seats),
      parameters: { roundMs: 30, arrivalMs: 90, arrivalMinMs: 90, arrivalMaxMs: 90 },
    }),
  },
  {
    cheat: 'fixed-delay',
    variant: 'the same with `window: 1`',
    classic: null,
    counted: 'fresher',
    allowed: 'none',
    match: (trial, seats) => ({
      ...alone(() => cheats.fixedDelay({ choose, only: (round) => round % 3 === 0 }))(trial, seats),
      parameters: { roundMs: 30, arrivalMs: 90, arrivalMinMs: 90, arrivalMaxMs: 90, window: 1 },
    }),
  },
  {
    cheat: 'timestamp',
    variant: 'chooses late, stamped as early',
    classic: 'timestamp',
    counted: 'misordered',
    allowed: 'none',
    note: 'no order rests on a stamp; its moves count as none',
    match: alone(() => cheats.timestamp({ choose })),
  },
  {
    cheat: 'lookahead',
    variant: 'commits when all others have opened',
    classic: 'lookahead',
    counted: 'looked',
    allowed: 'none',
    note: 'its moves count as none',
    match: alone(() => cheats.lookahead({ choose })),
  },
  {
    cheat: 'lookahead',
    variant: 'commits when the first has opened',
    classic: 'lookahead:clock',
    counted: 'glimpsed',
    allowed: 'none',
    note: 'its moves count as none',
    match: alone(() => cheats.timestamp({ choose })),
  },
  {
    cheat: 'lookahead',
    variant: 'commits to one alone, then votes late (n = 4)',
    classic: null,
    counted: 'glimpsed',
    allowed: 'none',
    players: 4,
    match: alone(() => cheats.abort()),
  },
  {
    cheat: 'abort bit',
    variant: 'the same: whether its move counts',
    classic: 'withheld-opening',
    counted: 'influence',
    allowed: 'some',
    note: 'never what the move is',
    first: true,
    players: 4,
    match: alone(() => cheats.abort()),
  },
  {
    cheat: 'suppressed update',
    variant: 'to one',
    classic: 'suppressed-update:one',
    counted: 'blinded',
    allowed: 'none',
    note: 'the others pass it on',
    match: alone(() => cheats.suppressedUpdate({ from: 'one' })),
  },
  {
    cheat: 'suppressed update',
    variant: 'to a minority',
    classic: 'suppressed-update:minority',
    counted: 'blinded',
    allowed: 'none',
    note: 'the others pass it on',
    players: 7,
    match: alone(() => cheats.suppressedUpdate({ from: 'minority' })),
  },
  {
    cheat: 'suppressed update',
    variant: 'to half, who get nothing at all',
    classic: 'suppressed-update:half',
    counted: 'splits',
    allowed: 'none',
    note: 'the others pass it on',
    players: 7,
    match: alone(() => cheats.suppressedUpdate({ from: 'half' })),
  },
];

export const openings: readonly Trial[] = [
  {
    cheat: 'withheld opening',
    variant: 'from all, once it has seen the others',
    classic: 'withheld-opening:all',
    counted: 'undone',
    allowed: 'once',
    note: 'the move is void and its author out',
    match: alone(() => cheats.withheldOpening({ fromRound: FROM, beaten: isBeaten })),
  },
  {
    cheat: 'withheld opening',
    variant: 'from all but one',
    classic: 'withheld-opening:some',
    counted: 'divergences',
    allowed: 'none',
    note: 'who has it passes it on',
    match: alone(() => cheats.withheldOpening({ from: 'some' })),
  },
  {
    cheat: 'withheld opening',
    variant: 'opens as late as it can, every time',
    classic: null,
    counted: 'undone',
    allowed: 'none',
    note: 'out as late',
    match: alone(() => cheats.withheldOpening({ forMs: 600 })),
  },
  {
    cheat: 'bad opening',
    variant: 'opens to another input, chosen last',
    classic: 'withheld-opening:wrong-key',
    counted: 'divergences',
    allowed: 'none',
    convicts: 'bad-opening',
    match: alone(() => cheats.badOpening({ fromRound: FROM, choose })),
  },
];

export const votes: readonly Trial[] = [
  {
    cheat: 'late vote',
    variant: 'to half of them; every second move of a victim is lost on the way',
    classic: 'late-vote',
    counted: 'splits',
    allowed: 'none',
    match: ({ seed }, seats) => {
      const random = prng(seed).split('weak');
      return {
        ...weak(0, (to, round) => round % 2 === 0 && random.split(round).split(to).unit() < 0.5),
        cheats: { [seats.at(-1) as number]: cheats.lateVote() },
      };
    },
  },
  {
    cheat: 'pivot vote',
    variant: 'the vote on which a move of a victim hangs goes to some alone',
    classic: 'pivot-vote',
    counted: 'splits',
    allowed: 'none',
    players: 5,
    match: (_trial, seats) => ({
      ...weak(0, (to) => to === 2 || to === 3),
      cheats: { [seats.at(-1) as number]: cheats.pivotVote({ victim: 0, favoured: [0, 1] }) },
    }),
  },
  {
    cheat: 'pivot vote',
    variant: 'the others are told the contrary',
    classic: null,
    counted: 'splits',
    allowed: 'none',
    players: 5,
    match: (_trial, seats) => ({
      ...weak(0, (to) => to === 2 || to === 3),
      cheats: { [seats.at(-1) as number]: cheats.pivotVote({ victim: 0, favoured: [0, 1], double: true }) },
    }),
  },
  {
    cheat: 'vote against all',
    variant: '"-" for a victim that was in time',
    classic: 'collusion:f-vote-out',
    counted: 'excluded',
    allowed: 'none',
    note: 'one delay more where all votes are needed (n = 3 .. 5, 7, 8, 10)',
    match: alone(() => cheats.voteOut({ victim: 0 })),
  },
];
