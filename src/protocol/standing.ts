/**
 * What a player holds, as it tells the others (its standing), and what others therefore lack. One
 * standing acknowledges everything before it, so lost, doubled and reordered datagrams need no care.
 */

import type { Epoch, Round, Seat } from '../base/ids.ts';
import { add, has, intersect, minus, nobody, within } from '../base/players.ts';
import type { Standing } from '../wire/envelope.ts';
import type { Packet } from '../wire/packet.ts';
import type { Lockstep } from './lockstep-state.ts';
import { agreeing, type BySeat, type Holding, holders, type RoundBook } from './round.ts';

/** True when somebody who stands there has use for the holding. Nothing is known of null. */
export function lacks(standing: Standing | null, holding: Holding): boolean {
  if (standing === null) return true;
  const { kind, epoch, round, author } = holding;
  if (kind === 'cause') return !has(standing.causes, author);
  if (standing.epoch !== epoch) return false;
  if (kind === 'remove') return !has(standing.removes, author);
  if (kind === 'wish') return standing.round <= round;
  if (standing.round !== round) return standing.round < round;
  return !has(kind === 'commit' ? standing.commits : standing.opens, author);
}

/** True when a SET is held that differs from my own: somebody signed two commitments, or a wrong set. */
export function disputed({ members, now, ownSet }: Lockstep): boolean {
  if (ownSet === null) return false;
  const opens = intersect(holders(now.opens), members);
  return !within(opens, agreeing(now, members, ownSet));
}

/**
 * My standing. Once my SET is signed it lists only openings that fit it, so that the others send those
 * that do; in a dispute I ask for every commitment again, so that two that explain it come together.
 */
export function standingOf(state: Lockstep): Standing {
  const { epoch, fitting, now, ownSet, removal, round, setup } = state;
  const dispute = disputed(state);
  return {
    epoch,
    round,
    commits: dispute ? add(nobody, setup.me) : holders(now.commits),
    opens: ownSet === null ? holders(now.opens) : fitting,
    removes: holders(removal.removes),
    causes: holders(removal.causes),
  };
}

/** True when a member can stand there: members are at most one round and one epoch apart. */
export function plausible({ epoch, round }: Lockstep, standing: Standing): boolean {
  if (standing.epoch > epoch + 1) return false;
  return standing.epoch > epoch ? standing.round <= round + 2 : standing.round <= round + 1;
}

function packets(
  kind: Holding['kind'],
  place: { readonly epoch: Epoch; readonly round: Round },
  list: BySeat<Packet>,
): Holding[] {
  return list.flatMap((packet, author) =>
    packet
      ? [{ kind, ...place, author: author as Seat, item: { type: 'packet' as const, bytes: packet.bytes } }]
      : [],
  );
}

function bookHoldings(book: RoundBook): Holding[] {
  return [...packets('commit', book, book.commits), ...packets('open', book, book.opens)];
}

/** Everything held that some member may lack: two rounds, the parked one, removals and their causes. */
export function holdingsOf(state: Lockstep): readonly Holding[] {
  const { epoch, farewell, last, next, now, removal, round } = state;
  const causes = removal.causes.flatMap((cause, author) =>
    cause ? [{ kind: 'cause' as const, epoch, round: 0, author: author as Seat, item: cause.item }] : [],
  );
  return [
    ...bookHoldings(now),
    ...bookHoldings(last),
    ...packets('commit', { epoch, round: round + 1 }, next),
    ...packets('remove', { epoch, round: 0 }, removal.removes),
    ...packets('wish', { epoch, round }, removal.wishes),
    ...causes,
    ...(farewell ? packets('remove', { epoch: farewell.epoch, round: 0 }, farewell.removes) : []),
  ];
}

/** True for the player that the last epoch ended without, while it does not hold what says so. */
export function isUnaware({ farewell }: Lockstep, seat: Seat, standing: Standing): boolean {
  if (farewell?.target !== seat) return false;
  return packets('remove', { epoch: farewell.epoch, round: 0 }, farewell.removes).some(
    (holding) => holding.author !== seat && lacks(standing, holding),
  );
}

/** Members of the session that are not in this epoch any more. */
export function gone(state: Lockstep): readonly Seat[] {
  const { members, setup } = state;
  return setup.keys
    .map((_, seat) => seat as Seat)
    .filter((seat) => minus(add(nobody, seat), members) !== nobody);
}
