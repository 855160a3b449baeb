/** What convicts a member on the decided log: evidence, or an illegal input with the mover's own vote. */

import { equalBytes } from '../../base/bytes.ts';
import { type Seat, seatOf } from '../../base/ids.ts';
import { count, has, intersect, minus, nobody, type PlayerSet, seatsOf } from '../../base/players.ts';
import { verifyStrict } from '../../crypto/signature.ts';
import { decodePacket, sealPacket, statementOf } from '../../wire/packet.ts';
import { verifyEvidence } from '../evidence.ts';
import {
  type Broken,
  type ClosedRound,
  countingSlots,
  keptRounds,
  type LogParameters,
  type Membership,
  quorumOf,
  type Signed,
} from './membership.ts';
import type { Accuse, AccuseIllegal } from './update.ts';

/** A member that is out for what it did. */
export interface Conviction {
  readonly seat: Seat;
  readonly reason: 'evidence' | 'illegal' | 'void';
}

/** The seat that evidence convicts: it must be of this session, and against a key of the roster. */
function convictedBy({ session }: LogParameters, { roster }: Membership, { evidence }: Accuse): Seat | null {
  const verdict = verifyEvidence(evidence);
  if (verdict === null || !equalBytes(verdict.session, session)) return null;
  const seat = roster.findIndex(({ publicKey }) => equalBytes(publicKey, verdict.guilty));
  return seat === -1 ? null : seatOf(seat);
}

/**
 * True when the accused's input of that round was illegal and its own VOTE of the round names the very state
 * that this was judged on. A player whose state differs by an honest mistake is not convicted by the
 * state of others.
 */
function isIllegal(
  { session }: LogParameters,
  { broken, members, roster }: Membership,
  { round, seat, vote }: AccuseIllegal,
): boolean {
  const known = broken.find((each) => each.round === round && has(each.seats, seat));
  const accused = roster[seat];
  if (known === undefined || accused === undefined || !has(members, seat)) return false;
  const decoded = decodePacket(vote);
  if (!decoded.ok || decoded.value.sender !== seat) return false;
  const said = statementOf(decoded.value, 'vote');
  if (said === null || said.round !== round || !equalBytes(said.state, known.judged)) return false;
  return verifyStrict(sealPacket(decoded.value, session, accused.publicKey)) !== null;
}

/** Authors whose opening is `void`; an outage in which too few slots are open convicts nobody. */
function withheld(parameters: LogParameters, membership: Membership, closed: ClosedRound): PlayerSet {
  const counting = countingSlots(membership, closed);
  const { q } = quorumOf(parameters, membership, closed.members);
  const voided = intersect(counting, closed.voided);
  return count(minus(counting, voided)) >= q ? voided : nobody;
}

/** All whom a round convicts; a seat may be there more than once, and may be out already. */
export function convictions(
  parameters: LogParameters,
  membership: Membership,
  closed: ClosedRound,
  operations: readonly Signed[],
): readonly Conviction[] {
  const found: Conviction[] = [];
  for (const { operation } of operations) {
    if (operation.type !== 'accuse') continue;
    const seat = convictedBy(parameters, membership, operation);
    if (seat !== null) found.push({ seat, reason: 'evidence' });
  }
  for (const { operation } of operations) {
    if (operation.type !== 'illegal') continue;
    if (isIllegal(parameters, membership, operation)) found.push({ seat: operation.seat, reason: 'illegal' });
  }
  for (const seat of seatsOf(withheld(parameters, membership, closed))) found.push({ seat, reason: 'void' });
  return found;
}

/** The illegal inputs that can still be accused after a round, the round's own among them. */
export function brokenAfter(
  parameters: LogParameters,
  membership: Membership,
  closed: ClosedRound,
  members: PlayerSet,
): readonly Broken[] {
  const { illegal, judged, round, voided } = closed;
  const seats = intersect(minus(countingSlots(membership, closed), voided), illegal);
  return [...membership.broken, { round, seats, judged }]
    .filter((each) => each.round > round - keptRounds(parameters))
    .map((each) => ({ ...each, seats: intersect(each.seats, members) }))
    .filter((each) => each.seats !== nobody);
}
