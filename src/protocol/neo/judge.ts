/**
 * The cheap checks of a packet before its signature is looked at: is there anything in it that is of use
 * here? Rounds beyond the window cannot be judged yet, and what is not acknowledged will be sent again.
 */

import { equalBytes } from '../../base/bytes.ts';
import type { Seat } from '../../base/ids.ts';
import { has } from '../../base/players.ts';
import type { Packet } from '../../wire/packet.ts';
import { type NeoStatement, ROUND_INSTANCE, type Statement } from '../../wire/statement.ts';
import type { Refusal } from '../refusal.ts';
import { type Contest, type Held, type Neo, type NeoRound, roundOf } from './state.ts';

/** The statements that a neo machine takes. */
export function isNeoStatement(statement: Statement): statement is NeoStatement {
  const { kind } = statement;
  return kind !== 'set' && kind !== 'remove' && kind !== 'wish' && kind !== 'leave';
}

function contestOf(round: NeoRound, instance: number): Contest | null {
  return instance === ROUND_INSTANCE ? round.slots : (round.openings[instance] ?? null);
}

/**
 * The packet that holds the statement of this key already, or null. What names hashes that are not known here
 * is not held for good: it comes again with them.
 */
export function heldFor(round: NeoRound, sender: Seat, statement: NeoStatement): Packet | null {
  const { kind } = statement;
  if (kind === 'commit') return round.commits[sender]?.packet ?? null;
  const vote = round.votes[sender];
  if (kind === 'vote') return vote?.hashes ? vote.packet : null;
  if (kind === 'reveal') return round.reveals[sender]?.packet ?? null;
  if (kind === 'hold') return found(round.holds[sender], (held) => held.statement.index === statement.index);
  const contest = contestOf(round, statement.instance);
  const inView = (held: Held<{ readonly view: number }>): boolean => held.statement.view === statement.view;
  if (contest === null) return null;
  if (kind === 'change') return found(contest.changes[sender], inView);
  if (kind === 'prepare') return found(contest.prepares[sender], inView);
  if (kind === 'propose') {
    return found(contest.proposals, (held) => inView(held) && held.packet.sender === sender);
  }
  return found(
    contest.confirms[sender],
    (held) => inView(held) && held.statement.index === statement.index && held.hashes !== null,
  );
}

function found<H extends Held<unknown>>(
  list: readonly H[] | null | undefined,
  test: (held: H) => boolean,
): Packet | null {
  return list?.find(test)?.packet ?? null;
}

/** Why a statement is of no use here, or null. */
export function judgeStatement(neo: Neo, sender: Seat, statement: NeoStatement): Refusal | null {
  const { final, roundsFrom, setup } = neo;
  if (statement.round < roundsFrom) return 'stale';
  const round = roundOf(neo, statement.round);
  if (round === null) return statement.round > final + setup.log.alpha ? 'ahead' : 'stale';
  const { epoch, members } = round.environment;
  if (statement.epoch !== epoch || !has(members, sender)) return 'sender';
  if ('instance' in statement && statement.instance !== ROUND_INSTANCE) {
    if (statement.instance >= 16 || !has(members, statement.instance as Seat)) return 'shape';
  }
  return null;
}

/** Why a packet need not even be verified, or null. */
export function judgePacket(neo: Neo, packet: Packet): Refusal | null {
  let refusal: Refusal = 'shape';
  let told = false;
  for (const { statement } of packet.entries) {
    if (statement === null || !isNeoStatement(statement)) continue;
    const refused = judgeStatement(neo, packet.sender, statement);
    if (refused !== null) {
      if (!told) refusal = refused;
      continue;
    }
    const held = heldFor(roundOf(neo, statement.round) as NeoRound, packet.sender, statement);
    if (held === null || !equalBytes(held.bytes, packet.bytes)) return null;
    refusal = 'duplicate';
    told = true;
  }
  return refusal;
}
