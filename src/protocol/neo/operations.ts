/**
 * What I want the log to hear: accusations, late openings, my leave, newcomers. Each goes into an update,
 * and into another one while no final round has brought it about.
 */

import { equalBytes } from '../../base/bytes.ts';
import type { Round, Seat } from '../../base/ids.ts';
import { count, has } from '../../base/players.ts';
import { decodeEvidence } from '../evidence.ts';
import type { Report } from './pace.ts';
import { environmentOf, type Neo, pastOf, type Wanted } from './state.ts';
import type { Turn } from './turn.ts';
import { choose, encodeUpdate } from './update.ts';

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

/** My update of a round: the report, what the log should hear, the input. What goes along is marked so. */
export function updateFor(turn: Turn, round: Round, report: Report | null, input: Uint8Array): Uint8Array {
  const { state } = turn;
  const open = state.wanted.filter((wanted) => !isDone(state, wanted));
  const members = count(environmentOf(state.setup, pastOf(state, state.final).log).members);
  const going = open.filter(
    (wanted) =>
      (wanted.carried === 0 || wanted.carried <= state.final) && isMyTurn(state, round, wanted, members),
  );
  const update = choose(
    report,
    going.map(({ operation }) => operation),
    state.leaving ? new Uint8Array(0) : input,
  );
  const wanted = open.map((each) =>
    update.operations.includes(each.operation) ? { ...each, carried: round } : each,
  );
  turn.set({ wanted });
  return encodeUpdate(update);
}
