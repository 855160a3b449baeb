/**
 * Lockstep (Baughman and Levine 2001) made accountable: COMMIT to all; when the commitments of all
 * members are held, REVEAL with a signed digest of that set; the round advances on n equal SETs and n
 * openings, and is final with that. Unequal SETs never void a round: they show that somebody signed
 * two commitments, or a wrong set. Nobody goes back, and no clock decides anything.
 */

import { assert } from '../base/assert.ts';
import type { Round, Seat } from '../base/ids.ts';
import { add, has, nobody, seatsOf, within } from '../base/players.ts';
import { commit } from '../crypto/commitment.ts';
import type { Verified } from '../crypto/signature.ts';
import { type Packet, statementOf } from '../wire/packet.ts';
import type { Effect, EndReason, Step } from './effect.ts';
import { judge, type Shape, shapeOf } from './judge.ts';
import { bytesOf, type Lockstep, type OwnInput, Turn, wantsInput } from './lockstep-state.ts';
import {
  bind,
  endEpoch,
  findLie,
  finish,
  freeze,
  takeFarewell,
  takeLeave,
  takeProof,
  takeWish,
} from './parting.ts';
import { claimOf, removers } from './removal.ts';
import { desynced, fits, heldSet, holders, type Outcome, outcomeOf, replaced } from './round.ts';

/** What a lockstep machine takes in. Packets and proofs have been verified and judged. */
export type LockstepEvent =
  | { readonly type: 'input'; readonly input: OwnInput }
  | { readonly type: 'packet'; readonly packet: Verified<Packet> }
  | { readonly type: 'proof'; readonly proof: readonly Verified<Packet>[] }
  | { readonly type: 'wish'; readonly target: Seat | null }
  | { readonly type: 'leave' }
  /** A restored machine does what its log already asks for. */
  | { readonly type: 'resume' };

/** The only door of the machine. */
export function stepLockstep(state: Lockstep, event: LockstepEvent): Step<Lockstep, Effect> {
  const turn = new Turn(state);
  if (state.over === null) {
    if (event.type === 'input') takeInput(turn, event.input);
    else if (event.type === 'packet') takePacket(turn, event.packet);
    else if (event.type === 'proof') takeProof(turn, event.proof);
    else if (event.type === 'wish') takeWish(turn, event.target);
    else if (event.type === 'leave') takeLeave(turn);
    settle(turn);
  }
  return [turn.state, turn.effects];
}

function takeInput(turn: Turn, own: OwnInput): void {
  const { state } = turn;
  assert(wantsInput(state), 'an input is given when one is wanted, once a round');
  const { epoch, round } = state;
  const slot = { session: state.setup.session, epoch, round, author: state.setup.me };
  const statement = { kind: 'commit', epoch, round, commitment: commit(slot, own.salt, own.input) } as const;
  const reveal = { kind: 'reveal', epoch, round, input: own.input, salt: own.salt } as const;
  turn.persist({ type: 'commit', commit: statement, reveal, state: own.state });
  turn.say(statement);
  turn.set({ own });
}

/** Takes a packet in; it is judged again, since much may have happened while it was being verified. */
function takePacket(turn: Turn, packet: Verified<Packet>): void {
  const shape = shapeOf(packet);
  if (shape === null || judge(turn.state, packet) !== null) return;
  findLie(turn, packet);
  if (shape.kind === 'leave') return takeFarewell(turn, packet);
  const kept = keep(turn.state, packet, shape);
  if (kept === null) return;
  turn.set(kept);
  const item = { type: 'packet', bytes: packet.bytes } as const;
  turn.hold({ ...shape, kind: shape.kind, author: packet.sender, item });
}

/** The state that holds the packet in its place, or null if that place is taken or past. */
function keep(state: Lockstep, packet: Verified<Packet>, shape: Shape): Partial<Lockstep> | null {
  const { now, next, removal } = state;
  const { sender } = packet;
  const here = shape.round === now.round;
  if (shape.kind === 'commit' && here && !now.commits[sender]) {
    return { now: { ...now, commits: replaced(now.commits, sender, packet) } };
  }
  if (shape.kind === 'commit' && shape.round === now.round + 1 && !next[sender]) {
    return { next: replaced(next, sender, packet) };
  }
  if (shape.kind === 'open' && here) return keepOpening(state, packet);
  if (shape.kind === 'remove' && !removal.removes[sender]) {
    return { removal: { ...removal, removes: replaced(removal.removes, sender, packet) } };
  }
  const held = removal.wishes[sender];
  const index = held ? (statementOf(held, 'wish')?.index ?? 0) : -1;
  if (shape.kind === 'wish' && (statementOf(packet, 'wish')?.index ?? -1) > index) {
    return { removal: { ...removal, wishes: replaced(removal.wishes, sender, packet) } };
  }
  return null;
}

/** An opening takes an empty place, or that of one that does not fit. */
function keepOpening(state: Lockstep, packet: Verified<Packet>): Partial<Lockstep> | null {
  const { fitting, now, ownSet, setup } = state;
  const { sender } = packet;
  const good = ownSet !== null && !has(fitting, sender) && fits(setup.session, now, packet, ownSet);
  if (now.opens[sender] && !good) return null;
  const opens = replaced(now.opens, sender, packet);
  return { now: { ...now, opens }, fitting: good ? add(fitting, sender) : fitting };
}

/** Does whatever the held packets allow, until nothing more follows. */
function settle(turn: Turn): void {
  let before: Lockstep;
  do {
    before = turn.state;
    openRound(turn);
    advance(turn);
    bind(turn);
    freeze(turn);
    endEpoch(turn);
  } while (turn.state !== before && turn.state.over === null);
}

/** With the commitments of all members held: SET and REVEAL, once. */
function openRound(turn: Turn): void {
  const { leaving, own, ownSet, members, now, removal, setup } = turn.state;
  if (own === null || ownSet !== null || leaving || removal.frozen !== null || removal.causes[setup.me])
    return;
  if (!within(members, holders(now.commits))) return;
  const set = heldSet(setup.session, now, members);
  assert(set !== null, 'a held COMMIT packet holds a commitment');
  const { epoch, round } = now;
  const statement = { kind: 'set', epoch, round, set, state: own.state } as const;
  turn.persist({ type: 'open', set: statement, commits: bytesOf(now.commits) });
  turn.say(statement, { kind: 'reveal', epoch, round, input: own.input, salt: own.salt });
  const held = now.opens.filter((packet) => packet && fits(setup.session, now, packet, set));
  turn.set({ ownSet: set, fitting: held.reduce((all, packet) => add(all, packet?.sender as Seat), nobody) });
}

function isWishAfter(packet: Packet, round: Round): boolean {
  return (statementOf(packet, 'wish')?.round ?? 0) > round;
}

/**
 * With the advance certificate held: the round is final. After my REMOVE only if another's claims it; after
 * my LEAVE never, since the others go on from what it says that I have.
 */
function advance(turn: Turn): void {
  const { epoch, fitting, leaving, members, now, removal, round, seed, setup } = turn.state;
  if (leaving) return;
  if (!within(members, fitting)) return;
  if (removal.frozen !== null && !claimed(turn.state)) return;
  const outcome = outcomeOf(setup.session, now, members, seed);
  if (outcome === null) return;
  turn.persist({ type: 'advance', epoch, round, opens: bytesOf(now.opens) });
  turn.effects.push({ type: 'advance', outcome });
  const differing = desynced(now, members, setup.me);
  if (differing !== 0) {
    turn.effects.push({ type: 'notify', notice: { type: 'desync', round: round - 1, players: differing } });
  }
  turn.set(nextRound(turn.state, outcome));
}

/** The first state of the round after; what is held of it came early, wishes for this one are over. */
export function nextRound(state: Lockstep, outcome: Outcome): Partial<Lockstep> {
  const { epoch, next, now, removal, setup } = state;
  const { nextSeed, round } = outcome;
  const none = new Array<null>(setup.keys.length).fill(null);
  return {
    round: round + 1,
    seed: nextSeed,
    last: now,
    now: { epoch, round: round + 1, commits: next, opens: none },
    next: none,
    own: null,
    ownSet: null,
    fitting: nobody,
    removal: {
      ...removal,
      wishes: removal.wishes.map((wish) => (wish && isWishAfter(wish, round) ? wish : null)),
      wished: nobody,
      wishedBefore: removal.wished,
    },
  };
}

/** True when a REMOVE that agrees with mine says that this round has advanced. */
function claimed({ members, removal, round }: Lockstep): boolean {
  if (removal.frozen === null) return false;
  const fellows = seatsOf(removers(removal, members, removal.frozen));
  return fellows.some((seat) => (claimOf(removal, seat) ?? 0) >= round);
}

/** Gives up where two are gone at once, or when this player is done with leaving. */
export function endLockstep(state: Lockstep, reason: EndReason): Step<Lockstep, Effect> {
  const turn = new Turn(state);
  if (state.over === null) finish(turn, reason);
  return [turn.state, turn.effects];
}
