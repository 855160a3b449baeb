/**
 * What I want the log to hear: accusations, late openings, my leave, newcomers. Each goes into an update,
 * and into another one while no final round has brought it about.
 */

import { equalBytes } from '../../base/bytes.ts';
import type { Round, Seat } from '../../base/ids.ts';
import { count, has } from '../../base/players.ts';
import { decodeEvidence } from '../evidence.ts';
import { environmentOf, type Neo, pastOf, type Wanted } from './state.ts';
import type { Turn } from './turn.ts';
import type { Operation } from './update.ts';

/** True when the final log has no more use for an operation. */
function isDone(neo: Neo, { carried, operation }: Wanted): boolean {
  const { final, setup } = neo;
  const { members, roster } = pastOf(neo, final).log;
  if (operation.type === 'leave') return !has(members, setup.me);
  if (operation.type === 'late') return carried > 0 && carried <= final;
  if (operation.type === 'illegal') return !has(members, operation.seat);
  if (operation.type === 'sponsor') {
    return roster.some(({ publicKey }) => equalBytes(publicKey, operation.publicKey));
  }
  const accused = decodeEvidence(operation.evidence)?.publicKey ?? null;
  const seat = accused === null ? -1 : roster.findIndex(({ publicKey }) => equalBytes(publicKey, accused));
  return seat < 0 || !has(members, seat as Seat);
}

/** Accusations take turns, so that not everybody carries the same one at once. */
function isMyTurn({ setup }: Neo, round: Round, { operation }: Wanted, members: number): boolean {
  if (operation.type !== 'accuse' && operation.type !== 'illegal') return true;
  return (round + setup.me) % Math.min(members, 3) === 0;
}

/** The operations for my update of a round; those that go along are marked as carried by it. */
export function operationsFor(turn: Turn, round: Round): readonly Operation[] {
  const { state } = turn;
  const open = state.wanted.filter((wanted) => !isDone(state, wanted));
  const members = count(environmentOf(state.setup, pastOf(state, state.final).log).members);
  const going = open.filter(
    (wanted) =>
      (wanted.carried === 0 || wanted.carried <= state.final) && isMyTurn(state, round, wanted, members),
  );
  turn.set({ wanted: open.map((wanted) => (going.includes(wanted) ? { ...wanted, carried: round } : wanted)) });
  return going.map(({ operation }) => operation);
}
