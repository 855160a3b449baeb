/**
 * What a player holds of each round, as it tells the others, and what others therefore lack. Five sets a
 * round acknowledge everything: who has decided a slot needs no vote on it, who has decided an opening no
 * HOLD. So lost, doubled and reordered datagrams need no care.
 */

import type { Seat } from '../../base/ids.ts';
import {
  add,
  has,
  intersect,
  minus,
  nobody,
  type PlayerSet,
  seatsOf,
  union,
  within,
} from '../../base/players.ts';
import { HEADER_ROUNDS_MAX } from '../../wire/limits.ts';
import type { RoundSets } from '../../wire/rounds.ts';
import type { RoundsItem } from '../../wire/rounds-item.ts';
import type { NeoStatement } from '../../wire/statement.ts';
import { supportOf } from './instance.ts';
import type { Contest, Held, Neo, NeoRound } from './state.ts';
import { sameValue } from './values.ts';

export const nothingHeld: RoundSets = {
  commits: nobody,
  votes: nobody,
  opens: nobody,
  decided: nobody,
  opened: nobody,
};

function seatsWith(list: readonly unknown[], members: PlayerSet): PlayerSet {
  let set = nobody;
  for (let seat = 0; seat < list.length; seat++) if (list[seat]) set = add(set, seat as Seat);
  return intersect(set, members);
}

/** What was worked out for a round as it is; rounds never change, a changed one is another. */
const workedOut = new WeakMap<NeoRound, RoundSets>();

/** What I hold of a round. A vote counts as held once I know the hashes that it names. */
export function setsOf(round: NeoRound): RoundSets {
  const before = workedOut.get(round);
  if (before !== undefined) return before;
  const sets = workOut(round);
  workedOut.set(round, sets);
  return sets;
}

function workOut(round: NeoRound): RoundSets {
  const { commits, decided, environment, opened, opensTo, voided, votes } = round;
  const { members } = environment;
  let opens = nobody;
  let known = nobody;
  for (let index = 0; index < opensTo.length; index++) {
    const seat = index as Seat;
    const held = opensTo[seat];
    const wanted = held && (decided[seat] ?? commits[seat]?.statement.commitment);
    if (held && wanted && sameValue(held, wanted)) opens = add(opens, seat);
    if (votes[seat]?.hashes) known = add(known, seat);
  }
  return {
    commits: seatsWith(commits, members),
    votes: intersect(known, members),
    opens: intersect(opens, members),
    decided: seatsWith(decided, members),
    opened: union(opened, voided),
  };
}

/** What I hold of the rounds after the final one, up to the newest of which I hold anything. */
export function listed({ final, rounds, roundsFrom }: Neo): readonly RoundSets[] {
  const open = rounds.slice(final + 1 - roundsFrom, final + 1 - roundsFrom + HEADER_ROUNDS_MAX).map(setsOf);
  let length = open.length;
  while (length > 0 && isEmpty(open[length - 1] as RoundSets)) length--;
  return open.slice(0, length);
}

function isEmpty({ commits, decided, opens, votes }: RoundSets): boolean {
  return commits === nobody && votes === nobody && opens === nobody && decided === nobody;
}

/** True when somebody who holds `theirs` has use for something that I hold. A quick look, no packets. */
export function lacksAnything(round: NeoRound, mine: RoundSets, theirs: RoundSets): boolean {
  const { members } = round.environment;
  if (!within(members, theirs.decided)) {
    if (!within(mine.commits, theirs.commits) || !within(mine.votes, theirs.votes)) return true;
    if (isSlow(round.slots)) return true;
  }
  if (!within(minus(mine.opens, round.voided), theirs.opens)) return true;
  if (!within(mine.decided, theirs.decided)) return true;
  const unopened = minus(accepted(round), theirs.opened);
  return (
    intersect(unopened, mine.opened) !== nobody ||
    intersect(unopened, round.holding) !== nobody ||
    seatsOf(unopened).some((author) => round.openings[author] !== null)
  );
}

/** True when anything has been said in a contest: more than votes is needed to decide. */
function isSlow({ confirms, view }: Contest): boolean {
  return view > 0 || confirms.some((list) => list !== null);
}

/** True when anybody has left view 0: what a certificate rests on may be other than what is held there. */
function isMoving({ changes, view }: Contest): boolean {
  return view > 0 || changes.some((list) => list !== null);
}

/** The authors whose opening somebody may still have to decide. */
function accepted(round: NeoRound): PlayerSet {
  let set = nobody;
  for (const seat of seatsOf(round.environment.members)) {
    const value = round.decided[seat];
    if (value?.some((byte) => byte !== 0)) set = add(set, seat);
  }
  return set;
}

/**
 * True when somebody's own statement shows that it lacks what I hold: a vote without a commitment, a confirm
 * or a view change where I have decided.
 */
export function needsHelp(round: NeoRound, statement: NeoStatement): boolean {
  if (statement.kind === 'vote') return !within(setsOf(round).commits, statement.named);
  return (statement.kind === 'confirm' || statement.kind === 'change') && round.decidedAt !== null;
}

/** A packet for somebody, and who made it. */
export interface Offer {
  readonly author: Seat;
  readonly item: RoundsItem;
}

/** Gathers packets, each once. */
class Offers {
  readonly list: Offer[] = [];
  readonly #seen = new Set<Uint8Array>();

  add(held: Held<unknown> | null | undefined): void {
    if (held) this.packet(held.packet.sender, held.packet.bytes);
  }

  packet(author: Seat, bytes: Uint8Array): void {
    if (this.#seen.has(bytes)) return;
    this.#seen.add(bytes);
    this.list.push({ author, item: { type: 'packet', bytes } });
  }

  vector(author: Seat, digests: readonly Uint8Array[] | null): void {
    if (digests !== null && digests.length > 0) this.list.push({ author, item: { type: 'vector', digests } });
  }
}

/**
 * Everything held of a round that somebody who holds `theirs` has use for. `again` adds the hashes beside
 * votes and confirms, which the first sending leaves out.
 */
export function lacking(round: NeoRound, theirs: RoundSets, again: boolean): readonly Offer[] {
  const offers = new Offers();
  const { members } = round.environment;
  const undecided = minus(members, theirs.decided);
  if (undecided !== nobody) {
    for (const seat of seatsOf(minus(undecided, theirs.commits))) offers.add(round.commits[seat]);
    const disputed = again && isMoving(round.slots);
    for (const seat of seatsOf(disputed ? members : minus(members, theirs.votes))) {
      for (const vote of [round.votes[seat], disputed ? round.otherVotes[seat] : null]) {
        offers.add(vote);
        if (again && vote) offers.vector(seat, vote.hashes);
      }
    }
    offerContest(offers, round, round.slots, again, intersect(undecided, members));
  }
  for (const seat of seatsOf(minus(minus(members, theirs.opens), round.voided)))
    offers.add(round.reveals[seat]);
  const unopened = minus(members, theirs.opened);
  for (const list of round.holds) {
    for (const hold of list ?? []) {
      if (intersect(hold.statement.authors, unopened) !== nobody) offers.add(hold);
    }
  }
  for (const contest of round.openings) {
    if (contest !== null && has(unopened, contest.instance as Seat))
      offerContest(offers, round, contest, again, add(nobody, contest.instance as Seat));
  }
  return offers.list;
}

/** The packets of a contest that somebody needs who has not decided these slots. */
function offerContest(
  offers: Offers,
  round: NeoRound,
  contest: Contest,
  again: boolean,
  slots: PlayerSet,
): void {
  for (const list of contest.confirms) {
    for (const confirm of list ?? []) {
      if (intersect(confirm.statement.slots, slots) === nobody) continue;
      offers.add(confirm);
      if (again) offers.vector(confirm.packet.sender, confirm.hashes);
    }
  }
  if (contest.view === 0) return;
  for (const list of contest.changes) offers.add(list?.at(-1));
  const proposals = contest.proposals.filter(({ statement }) => statement.view === contest.view);
  if (proposals.length > 0) {
    for (const proposal of proposals) offers.add(proposal);
    for (const list of contest.changes) {
      for (const change of list ?? []) if (change.statement.view === contest.view) offers.add(change);
    }
  }
  for (const list of contest.prepares) {
    const newest = list?.at(-1)?.statement.view;
    for (const held of list ?? []) if (held.statement.view === newest) offers.add(held);
  }
  const best = contest.best.filter((each) => each !== null && each.view > 0);
  for (const bytes of supportOf(round, contest, best as never)) offers.packet(-1 as Seat, bytes);
}
