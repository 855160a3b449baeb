/**
 * Parting with players: causes, wishes, REMOVE and the end of an epoch, as they change a lockstep
 * machine. What counts and what follows from it is decided in removal.ts.
 */

import type { Seat } from '../base/ids.ts';
import { add, count, has, nobody, remove } from '../base/players.ts';
import type { Verified } from '../crypto/signature.ts';
import { decodePacket, type Packet, statementOf } from '../wire/packet.ts';
import { NO_TARGET } from '../wire/statement.ts';
import type { EndReason } from './effect.ts';
import { type Evidence, encodeEvidence, prove } from './evidence.ts';
import { bytesOf, type Lockstep, type Turn } from './lockstep-state.ts';
import {
  abandoned,
  boundTo,
  type Cause,
  epochEnd,
  noRemoval,
  ownWishOf,
  removeNow,
  withCause,
} from './removal.ts';
import { emptyBook, type Holding } from './round.ts';

/** Compares a packet with everything held of its signer: two that contradict each other convict. */
export function findLie(turn: Turn, packet: Verified<Packet>): void {
  const { setup, last, now, next, removal } = turn.state;
  const { sender } = packet;
  const farewell = removal.causes[sender]?.item;
  if (farewell?.type === 'packet') {
    const left = decodePacket(farewell.bytes);
    const evidence = left.ok
      ? prove(setup.session, setup.keys[sender] as Uint8Array, left.value, packet)
      : null;
    if (evidence !== null) return convict(turn, sender, evidence);
  }
  const held = [now.commits, now.opens, next, last.commits, last.opens, removal.removes, removal.wishes];
  for (const list of held) {
    const other = list[sender];
    if (!other) continue;
    const evidence = prove(setup.session, setup.keys[sender] as Uint8Array, other, packet);
    if (evidence !== null) return convict(turn, sender, evidence);
  }
}

export function takeProof(turn: Turn, proof: readonly Verified<Packet>[]): void {
  const { setup } = turn.state;
  const [first, second] = proof;
  if (first === undefined) return;
  const evidence = prove(setup.session, setup.keys[first.sender] as Uint8Array, first, second);
  if (evidence !== null) convict(turn, first.sender, evidence);
}

function convict(turn: Turn, player: Seat, evidence: Evidence): void {
  if (turn.state.removal.causes[player]?.reason === 'guilty') return;
  const bytes = encodeEvidence(evidence);
  giveCause(turn, player, { reason: 'guilty', after: 0, item: { type: 'proof', bytes } });
  turn.effects.push({ type: 'evidence', player, kind: evidence.conflict.kind, evidence: bytes });
}

function giveCause(turn: Turn, seat: Seat, cause: Cause): void {
  const { epoch, removal } = turn.state;
  const next = withCause(removal, seat, cause);
  if (next === removal) return;
  const { after, item, reason } = cause;
  turn.persist({ type: 'cause', seat, reason, after, item: item.type, bytes: item.bytes });
  turn.hold({ kind: 'cause', epoch, round: 0, author: seat, item });
  turn.set({ removal: next });
}

/** A player's LEAVE is a cause to go on without it, once what it has advanced is advanced here. */
export function takeFarewell(turn: Turn, packet: Verified<Packet>): void {
  const leave = statementOf(packet, 'leave');
  if (leave === null) return;
  const item = { type: 'packet', bytes: packet.bytes } as const;
  giveCause(turn, packet.sender, { reason: 'left', after: leave.advanced, item });
}

export function wish(turn: Turn, target: Seat | null): void {
  const { epoch, wishIndex: index, removal, round } = turn.state;
  const statement = { kind: 'wish', epoch, index, target: target ?? NO_TARGET, round } as const;
  const wished = target === null ? removal.wished : add(removal.wished, target);
  turn.persist({ type: 'wish', wish: statement });
  turn.say(statement);
  turn.set({ wishIndex: index + 1, removal: { ...removal, ownWish: { round, target }, wished } });
}

/** The game's wish, for as long as this round does not advance. The same wish again is sent again. */
export function takeWish(turn: Turn, target: Seat | null): void {
  const { removal, members, round, setup } = turn.state;
  const current = ownWishOf(removal, round);
  if (removal.frozen !== null || target === setup.me) return;
  if (target !== null && !has(members, target)) return;
  const said = removal.wishes[setup.me];
  if (target !== current) wish(turn, target);
  else if (target !== null && said) turn.hold(wishHolding(said, turn.state));
}

/** A wish as the links carry it. */
export function wishHolding(packet: Packet, { epoch, round }: Lockstep): Holding {
  return { kind: 'wish', epoch, round, author: packet.sender, item: { type: 'packet', bytes: packet.bytes } };
}

export function takeLeave(turn: Turn): void {
  const { epoch, leaving, round } = turn.state;
  if (leaving) return;
  const statement = { kind: 'leave', epoch, advanced: round - 1 } as const;
  turn.persist({ type: 'leave', leave: statement });
  turn.say(statement);
  turn.set({ leaving: true });
}

/** A REMOVE of somebody else holds me to the wish that it rests on, whatever I have wished since. */
export function bind(turn: Turn): void {
  const { leaving, members, removal, round } = turn.state;
  if (removal.frozen !== null || leaving) return;
  const target = boundTo(removal, members, round);
  if (target !== null && ownWishOf(removal, round) !== target) wish(turn, target);
}

/** Signs REMOVE when there is a reason to, and nothing more in this epoch. */
export function freeze(turn: Turn): void {
  const { epoch, members, removal, round, setup } = turn.state;
  const target = removeNow(removal, members, setup.me, round - 1);
  if (target === null) return;
  const statement = { kind: 'remove', epoch, target, advanced: round - 1 } as const;
  turn.persist({ type: 'remove', remove: statement });
  turn.say(statement);
  turn.set({ removal: { ...removal, frozen: target } });
}

export function endEpoch(turn: Turn): void {
  const { epoch, members, removal, round, setup } = turn.state;
  if (abandoned(removal, members, setup.me, round - 1)) return finish(turn, 'alone');
  const end = epochEnd(removal, members);
  if (end === null) return;
  if (end.target === setup.me) return finish(turn, ownEnd(turn.state));
  if (end.after >= round) return;
  const removes = bytesOf(removal.removes);
  const { target, after } = end;
  turn.persist({ type: 'epoch', epoch: epoch + 1, target, after, removes });
  const status = removal.causes[target]?.reason === 'left' ? 'left' : 'expelled';
  turn.effects.push({ type: 'notify', notice: { type: 'player', player: target, status } });
  turn.set(nextEpoch(turn.state, target));
  if (turn.state.members === add(nobody, setup.me)) finish(turn, 'alone');
}

/**
 * How it ends for one whom all others have removed. At two, a REMOVE without a cause is how the other leaves.
 */
function ownEnd({ members, removal, setup }: Lockstep): EndReason {
  const cause = removal.causes[setup.me];
  if (cause) return cause.reason === 'left' ? 'left' : 'expelled';
  return count(members) === 2 ? 'alone' : 'expelled';
}

/** The first state of the epoch without `target`; rounds that had not advanced are committed anew. */
export function nextEpoch(state: Lockstep, target: Seat): Partial<Lockstep> {
  const { epoch, members, removal, round, setup } = state;
  const seats = setup.keys.length;
  return {
    epoch: epoch + 1,
    members: remove(members, target),
    now: emptyBook(epoch + 1, round, seats),
    next: new Array<null>(seats).fill(null),
    own: null,
    ownSet: null,
    fitting: nobody,
    removal: noRemoval(seats, removal.causes),
    wishIndex: 0,
    farewell: { epoch, target, removes: removal.removes },
  };
}

/** Ends the session for this player. */
export function finish(turn: Turn, over: EndReason): void {
  turn.persist({ type: 'end', reason: over });
  turn.effects.push({ type: 'end', reason: over });
  turn.set({ over });
}
