/** Bounded memory: what a neo session keeps, each kind of it beside the most that it may ever be. */

import type { NeoSession } from '../protocol/neo/session.ts';
import type { Contest, Neo, NeoRound } from '../protocol/neo/state.ts';
import { PLAYERS_MAX } from '../wire/limits.ts';

/** What the bounds are functions of. */
export interface MemoryTerms {
  /** Most players that there ever are. */
  readonly n: number;
  readonly alpha: number;
  /** Rounds of silence that remove a player: m. */
  readonly silence: number;
}

/** A number of things, and the most that it may be. */
export type Bound = readonly [name: string, kept: number, most: number];

function longest(lists: readonly (readonly unknown[] | null)[]): number {
  return Math.max(0, ...lists.map((list) => list?.length ?? 0));
}

function contestBounds({ changes, confirms, known, prepares, proposals, proven }: Contest): readonly Bound[] {
  return [
    // The newest few, and those that a proposal which is kept names; of a liar two of each.
    ['view changes of one sender', longest(changes), 3 + 4 + 2 * (PLAYERS_MAX + 1)],
    ['confirms of one sender', longest(confirms), 24],
    // The newest few, and those that the best certificate of a slot rests on.
    ['prepares of one sender', longest(prepares), 4 + 2 * (PLAYERS_MAX + 1)],
    ['proposals', proposals.length, 4 + 2 * (PLAYERS_MAX + 1)],
    ['proven views', proven.length, 16],
    ['certificates', known.length, 17 * PLAYERS_MAX],
  ];
}

function roundBounds(round: NeoRound): readonly Bound[] {
  return [
    ['holds of one sender', longest(round.holds), 2 * PLAYERS_MAX],
    ['loose vectors of a round', round.vectors.length, 48],
    ...[round.slots, ...round.openings].flatMap((contest) =>
      contest === null ? [] : contestBounds(contest),
    ),
  ];
}

function machineBounds(neo: Neo, { alpha, n, silence }: MemoryTerms): readonly Bound[] {
  const { broken, late, sponsored } = (neo.past.at(-1) as Neo['past'][number]).log;
  return [
    ['rounds', neo.rounds.length, silence + 3 * alpha + 2],
    ['played rounds', neo.past.length, 3 * alpha + 2],
    // An accusation of each player, a leave, and LATEs of the rounds that may still be reported.
    ['wanted operations', neo.wanted.length, n * (silence + 3 * alpha) + n + 1],
    ['late slots', late.length, 3 * silence * n],
    ['illegal rounds', broken.length, silence + 3 * alpha + 2],
    ['join requests', sponsored.length, 16],
    ...neo.rounds.flatMap(roundBounds),
  ];
}

/** The bounds that a session breaks; none if all is well. Whatever it receives or is not acknowledged. */
export function memoryExcess(
  { clock, lateness, link, neo }: NeoSession,
  terms: MemoryTerms,
): readonly Bound[] {
  const bounds: Bound[] = [
    ['peers', link.peers.filter((peer) => peer !== null).length, terms.n - 1],
    ['statements to send', link.fresh.length, 64],
    ['commitments in time', longest(lateness.arrivals), 128],
  ];
  for (const peer of link.peers) {
    if (peer === null) continue;
    bounds.push(['rounds told by a peer', peer.rounds.length, 64]);
    bounds.push(['rounds sent to a peer', peer.sent.length, terms.alpha + 1]);
  }
  for (const peer of clock.peers) if (peer) bounds.push(['clock samples', peer.samples.length, 16]);
  if (neo !== null) bounds.push(...machineBounds(neo, terms));
  return bounds.filter(([, kept, most]) => kept > most);
}
