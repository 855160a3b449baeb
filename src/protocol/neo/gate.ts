/**
 * The gate: when I may open what I have committed to. Once, when the commitment of every other author is
 * fixed for all: my own vote names it, or q equal votes say what its slot will be, or that is decided.
 * Hence the content of nobody's accepted move depends on mine, unless its author or a voter convicts itself.
 */

import type { Seat } from '../../base/ids.ts';
import { count, remove, seatsOf } from '../../base/players.ts';
import { tallyVotes } from './ballot.ts';
import type { NeoRound } from './state.ts';
import { isNone } from './values.ts';

export function mayReveal(round: NeoRound, me: Seat): boolean {
  const { decided, environment, own, ownVote, revealed } = round;
  if (revealed || own === null || ownVote === null) return false;
  const mine = decided[me];
  if (mine && isNone(mine)) return false;
  const { members, quorum } = environment;
  return seatsOf(remove(members, me)).every((author) => {
    const voted = ownVote[author];
    if ((voted && !isNone(voted)) || decided[author]) return true;
    const tally = tallyVotes(round, members, author);
    return tally !== null && count(tally.voters) >= quorum.q;
  });
}
