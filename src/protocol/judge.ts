/**
 * The cheap checks of a packet before its signature is looked at: its shape, its signer, its epoch,
 * its round, and whether it is already held. Each refusal has a name and is counted, never thrown.
 */

import { equalBytes } from '../base/bytes.ts';
import { type Epoch, type Round, seatOf } from '../base/ids.ts';
import { has } from '../base/players.ts';
import { type Packet, statementOf } from '../wire/packet.ts';
import type { Statement } from '../wire/statement.ts';
import type { Lockstep } from './lockstep-state.ts';
import type { Refusal } from './refusal.ts';

/** What a lockstep packet is: which statements share one, and its place. */
export interface Shape {
  readonly kind: 'commit' | 'open' | 'remove' | 'wish' | 'leave';
  readonly epoch: Epoch;
  readonly round: Round;
}

/** The shape of a packet, or null: COMMIT, SET with REVEAL of the same round, REMOVE, WISH or LEAVE. */
export function shapeOf(packet: Packet): Shape | null {
  const [first, second, third] = packet.entries;
  const a: Statement | null | undefined = first?.statement;
  if (!a || third !== undefined) return null;
  if (second === undefined) {
    if (a.kind === 'commit') return { kind: 'commit', epoch: a.epoch, round: a.round };
    if (a.kind === 'wish') return { kind: 'wish', epoch: a.epoch, round: a.round };
    if (a.kind === 'remove' || a.kind === 'leave') return { kind: a.kind, epoch: a.epoch, round: 0 };
    return null;
  }
  const b = second.statement;
  if (a.kind !== 'set' || b?.kind !== 'reveal' || a.epoch !== b.epoch || a.round !== b.round) return null;
  return { kind: 'open', epoch: a.epoch, round: a.round };
}

function heldAs(state: Lockstep, packet: Packet, shape: Shape): Packet | null | undefined {
  const { sender } = packet;
  const { last, now, next, removal } = state;
  if (shape.kind === 'remove') return removal.removes[sender];
  if (shape.kind === 'wish') return removal.wishes[sender];
  const list = shape.kind === 'open' ? 'opens' : 'commits';
  if (shape.round === now.round) return now[list][sender];
  if (shape.round === now.round + 1) return next[sender];
  return last[list][sender];
}

/** Why a packet need not even be verified, or null. */
export function judge(state: Lockstep, packet: Packet): Refusal | null {
  if (!has(state.members, packet.sender)) return 'sender';
  const shape = shapeOf(packet);
  if (shape === null) return 'shape';
  if (shape.kind === 'leave') return judgeLeave(state, packet, shape);
  if (shape.epoch !== state.epoch) return shape.epoch < state.epoch ? 'stale' : 'ahead';
  if (shape.kind === 'commit' || shape.kind === 'open') {
    if (shape.round < state.round - 1) return 'stale';
    if (shape.round > state.round + (shape.kind === 'commit' ? 1 : 0)) return 'ahead';
  }
  if (shape.kind === 'wish' && shape.round < state.round) return 'stale';
  if (shape.kind === 'wish' && shape.round > state.round + 1) return 'ahead';
  const held = heldAs(state, packet, shape);
  if (held && equalBytes(held.bytes, packet.bytes)) return 'duplicate';
  if (shape.kind === 'wish' && held) {
    const index = statementOf(packet, 'wish')?.index ?? 0;
    if (index < (statementOf(held, 'wish')?.index ?? 0)) return 'stale';
  }
  if (shape.kind === 'remove' && !held) return judgeRemove(state, packet);
  return null;
}

/** A LEAVE holds in later epochs too; it cannot speak of rounds that its signer cannot have advanced. */
function judgeLeave(state: Lockstep, packet: Packet, { epoch }: Shape): Refusal | null {
  if (epoch > state.epoch) return 'ahead';
  const cause = state.removal.causes[packet.sender];
  if (cause?.reason === 'guilty' || (cause && equalBytes(cause.item.bytes, packet.bytes))) return 'duplicate';
  return (statementOf(packet, 'leave')?.advanced ?? 0) <= state.round ? null : 'implausible';
}

/** Members are at most one round apart, so a REMOVE claims the round before mine, mine, or one less. */
function judgeRemove(state: Lockstep, packet: Packet): Refusal | null {
  const statement = statementOf(packet, 'remove');
  if (statement === null || statement.target === packet.sender) return 'implausible';
  if (statement.target >= state.setup.keys.length || !has(state.members, seatOf(statement.target))) {
    return 'implausible';
  }
  const ahead = statement.advanced - (state.round - 1);
  return ahead >= -1 && ahead <= 1 ? null : 'implausible';
}
