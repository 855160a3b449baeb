/**
 * The matches of neo in which cheats are tried: each is made for one cheat, with what it is meant to gain,
 * the match of the published round that it is compared with, and what is to be said of the outcome.
 */

import { prng } from '../base/prng.ts';
import type { Cheat } from './cheat.ts';
import { cheats, Gang } from './cheats.ts';
import { encodeHand, handOf } from './cheats-game.ts';
import type { ClassicCheatName } from './classic-gain.ts';
import type { Signer } from './keys.ts';
import { type NeoMatchOptions, playNeo } from './neo-match.ts';
import type { NeoCounts } from './neo-observer.ts';

/** What a trial is made from. */
export interface TrialOptions {
  readonly players: number;
  readonly rounds: number;
  readonly seed: number;
  readonly keyring: Signer;
}

/**
 * - `none`: the cheat must gain nothing, and no innocent may suffer
 * - `once`: it gains a single round, and is out for it
 * - `some`: it stays possible; the note says what and why
 */
export type Allowed = 'none' | 'once' | 'some';

export interface Trial {
  readonly cheat: string;
  readonly variant: string;
  /** What of the published round it is compared with; null where that knows no such thing. */
  readonly classic: ClassicCheatName | null;
  /** What the cheat is meant to gain. */
  readonly counted: keyof NeoCounts | 'influence' | 'pace';
  readonly allowed: Allowed;
  /** Kind of evidence that all honest players must hold in the end, the cheat being out. */
  readonly convicts?: string;
  /** The evidence is in everybody's hands, but nobody is out for it. */
  readonly stays?: boolean;
  /** What is said of it, behind what was measured. */
  readonly note?: string;
  /** Number of cheats, the last seats; 1 unless told. */
  readonly cheaters?: (players: number) => number;
  /** The cheats have the first seats. */
  readonly first?: boolean;
  /** Players, where the trial needs its own number. */
  readonly players?: number;
  readonly rounds?: number;
  match(trial: TrialOptions, seats: readonly number[]): Partial<NeoMatchOptions>;
}

const FROM = 5;
const high: Uint8Array = encodeHand(1_000_000);
const choose = (): Uint8Array => high;

/** The most liars among so many that agreement bears. */
export function bearable(players: number): number {
  return Math.floor((players - 1) / 3);
}

/** One cheat at the last seat. */
function alone(cheat: () => Cheat): Trial['match'] {
  return (_trial, seats) => ({ cheats: { [seats.at(-1) as number]: cheat() } });
}

/** The same cheat at all seats of a gang. */
function together(cheat: (gang: Gang) => Cheat): Trial['match'] {
  return (_trial, seats) => {
    const gang = new Gang();
    return { cheats: Object.fromEntries(seats.map((seat) => [seat, cheat(gang)])) };
  };
}

/** A match with packets of another match of the same people. */
function recordedBefore(cheat: (recorded: readonly Uint8Array[]) => Cheat): Trial['match'] {
  return ({ keyring, players, seed }, seats) => {
    const recorded: Uint8Array[] = [];
    const seat = seats.at(-1) as number;
    const same = { players, keyring, identitySeed: seed };
    playNeo({ ...same, rounds: 6, seed: seed + 1, cheats: { [seat]: cheats.recorder(recorded) } });
    return { identitySeed: seed, cheats: { [seat]: cheat(recorded) } };
  };
}

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

const timing: readonly Trial[] = [
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

const openings: readonly Trial[] = [
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

const votes: readonly Trial[] = [
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

const lies: readonly Trial[] = [
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

const noise: readonly Trial[] = [
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

const gangs: readonly Trial[] = [
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

/** Every trial of the table, in its order. */
export const trials: readonly Trial[] = [...timing, ...openings, ...votes, ...lies, ...noise, ...gangs];
