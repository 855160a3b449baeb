/**
 * Whose state differs: every VOTE names the digest of its signer's state after the round alpha before. Equal
 * digests of q members are a checkpoint; one that differs from mine is told to the game and convicts
 * nobody, for a step that is not deterministic is an honest mistake.
 */

import { equalBytes } from '../../base/bytes.ts';
import type { Round, Seat } from '../../base/ids.ts';
import { add, count, has, intersect, nobody, type PlayerSet, remove, seatsOf } from '../../base/players.ts';
import { stateDigest } from './digest.ts';
import { type Neo, newest, pastOf, roundOf } from './state.ts';
import type { Turn } from './turn.ts';
import { isNone } from './values.ts';

/** A state that q members name. */
export interface Checkpoint {
  /** As a VOTE carries it (digest.ts), 32 bytes. */
  readonly digest: Uint8Array;
  /** The members whose votes name it. */
  readonly signers: PlayerSet;
}

/** The digest of my state after a round, as a VOTE carries it; null if it is not known here (any more). */
export function ownDigest(neo: Neo, round: Round): Uint8Array | null {
  if (round < neo.pastFrom || round > newest(neo)) return null;
  const played = pastOf(neo, round);
  return isNone(played.stateHash) ? null : stateDigest(played);
}

/** What q members name as the state after a round, by their votes of the round alpha later. */
export function checkpointOf(neo: Neo, round: Round): Checkpoint | null {
  const judging = roundOf(neo, round + neo.setup.log.alpha);
  if (judging === null) return null;
  const { members, quorum } = judging.environment;
  const said = seatsOf(members).flatMap((seat): [Seat, Uint8Array][] => {
    const digest = judging.votes[seat]?.statement.state;
    return digest && !isNone(digest) ? [[seat, digest]] : [];
  });
  for (const [, digest] of said) {
    const signers = said.reduce(
      (set, [seat, other]) => (equalBytes(other, digest) ? add(set, seat) : set),
      nobody,
    );
    if (count(signers) >= quorum.q) return { digest, signers };
  }
  return null;
}

/** True when a vote of this seat in a later round is held: this one says nothing new. */
function isOld({ rounds }: Neo, seat: Seat, round: Round): boolean {
  return rounds.some((each) => each.round > round && each.votes[seat]);
}

/** Compares the state that a player's vote of a round names with mine, and tells of a change. */
export function noteDesync(turn: Turn, seat: Seat, number: Round): void {
  const { state } = turn;
  const { log, me } = state.setup;
  const vote = roundOf(state, number)?.votes[seat];
  const round = Math.max(0, number - log.alpha);
  const mine = ownDigest(state, round);
  if (!vote || seat === me || mine === null || isNone(vote.statement.state)) return;
  const differs = !equalBytes(vote.statement.state, mine);
  if (differs === has(state.desynced, seat) || isOld(state, seat, number)) return;
  const changed = differs ? add(state.desynced, seat) : remove(state.desynced, seat);
  const desynced = intersect(changed, pastOf(state, state.final).log.members);
  if (desynced === state.desynced) return;
  turn.set({ desynced });
  if (desynced !== nobody) turn.notify({ type: 'desync', round, players: desynced });
}
