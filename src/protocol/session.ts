/**
 * The session: it brings the handshake, the lockstep machine and the links together and owns no rule
 * of theirs. A datagram takes one road: `open` (cheap checks), verify (a keyring, outside), `step`,
 * and the effects of the step leave in order.
 */

import { assert } from '../base/assert.ts';
import { equalBytes } from '../base/bytes.ts';
import type { Seat } from '../base/ids.ts';
import { remove, seatsOf } from '../base/players.ts';
import { earlier, type Micros, micros } from '../base/time.ts';
import type { Verified } from '../crypto/signature.ts';
import { encodeBundle, type Standing } from '../wire/envelope.ts';
import type { Hello } from '../wire/hello.ts';
import type { Packet } from '../wire/packet.ts';
import type { Effect, Step } from './effect.ts';
import {
  agreedNonces,
  beginHandshake,
  type Handshake,
  hearHello,
  nextHello,
  noncesOf,
  obstacles,
  ownHello,
  sessionOf,
} from './handshake.ts';
import {
  answerAll,
  cutOff,
  flush,
  heard,
  interruptions,
  type Link,
  linkWakeAt,
  offer,
  openAgain,
  openLink,
  reconcileAll,
} from './link.ts';
import { endLockstep, type LockstepEvent, stepLockstep } from './lockstep.ts';
import { beginLockstep, firstSeed, type Lockstep, type OwnInput, wantsInput } from './lockstep-state.ts';
import type { Recovered } from './recovery.ts';
import { lost } from './removal.ts';
import type { Holding } from './round.ts';
import { suspects } from './stall.ts';
import { gone, holdingsOf, isUnaware, lacks, plausible, standingOf } from './standing.ts';

/** Hellos are answered at most this often. */
const ANSWER_EVERY: Micros = micros(20);
/** How long those who were removed are still told so. */
const FAREWELL: Micros = micros(3000);

export interface SessionSetup {
  readonly me: Seat;
  /** Public keys of all players, ascending. */
  readonly keys: readonly Uint8Array[];
  /** Encoded agreement (handshake.ts). */
  readonly agreement: Uint8Array;
  /** My nonce of this log. */
  readonly nonce: Uint8Array;
  /** Nothing moves for this long: a stall is reported, again and again. */
  readonly stallAfter: Micros;
  /** The handshake gives up after this long; null for never. */
  readonly handshakeWithin: Micros | null;
}

export interface Session {
  readonly setup: SessionSetup;
  readonly handshake: Handshake;
  /** My newest signed hello, and whether a newer one is being signed. */
  readonly hello: Hello | null;
  readonly signing: boolean;
  /** Why the match cannot start: told as soon as the other has been told, too. */
  readonly refusing: string | null;
  /** Agreed nonces by seat; what a restarted or late player is told. */
  readonly nonces: readonly Uint8Array[] | null;
  /** Own statements of the log, to be signed and sent again at the start. */
  readonly unsaid: Recovered['unsaid'];
  readonly startedAt: Micros;
  readonly answeredAt: Micros;
  readonly lockstep: Lockstep | null;
  readonly link: Link;
  /** When the lockstep last moved, or a stall was last reported. */
  readonly movedAt: Micros;
  /** When the links to removed players close; null if there are none. */
  readonly cutAt: Micros | null;
}

export type SessionEvent =
  | { readonly type: 'start'; readonly at: Micros }
  | { readonly type: 'hello'; readonly at: Micros; readonly from: Seat; readonly hello: Verified<Hello> }
  | {
      readonly type: 'bundle';
      readonly at: Micros;
      readonly from: Seat;
      readonly standing: Standing;
      /** True when the datagram carried anything, also if none of it was new. */
      readonly carried: boolean;
      readonly packets: readonly Verified<Packet>[];
      readonly proofs: readonly (readonly Verified<Packet>[])[];
    }
  | { readonly type: 'signed'; readonly at: Micros; readonly value: Verified<Packet> | Verified<Hello> }
  | { readonly type: 'input'; readonly at: Micros; readonly input: OwnInput }
  | { readonly type: 'wish'; readonly at: Micros; readonly target: Seat | null }
  | { readonly type: 'leave'; readonly at: Micros }
  /** Leaving takes too long: stop where we are. */
  | { readonly type: 'quit'; readonly at: Micros }
  | { readonly type: 'tick'; readonly at: Micros };

/** A new session, or one that goes on from its log. */
export function createSession(setup: SessionSetup, at: Micros, recovered: Recovered | null): Session {
  const lockstep = recovered?.lockstep ?? null;
  return {
    setup,
    handshake: beginHandshake(setup, at),
    hello: null,
    signing: false,
    refusing: null,
    nonces: recovered?.agreed?.nonces ?? null,
    unsaid: recovered?.unsaid ?? [],
    startedAt: at,
    answeredAt: at - ANSWER_EVERY,
    lockstep,
    link: cutOff(openLink(setup.keys.length, setup.me, at), lockstep === null ? [] : gone(lockstep)),
    movedAt: at,
    cutAt: null,
  };
}

/** One change of the session on its way. */
class Turn {
  session: Session;
  readonly at: Micros;
  readonly effects: Effect[] = [];

  constructor(session: Session, at: Micros) {
    this.session = session;
    this.at = at;
  }

  set(change: Partial<Session>): void {
    this.session = { ...this.session, ...change };
  }
}

/** The only door of the session. */
export function step(session: Session, event: SessionEvent): Step<Session, Effect> {
  const turn = new Turn(session, event.at);
  if (event.type === 'start') start(turn);
  else if (event.type === 'hello') takeHello(turn, event.from, event.hello);
  else if (event.type === 'bundle') takeBundle(turn, event);
  else if (event.type === 'signed') takeSigned(turn, event.value);
  else if (event.type === 'input') takeInput(turn, event.input);
  else if (event.type === 'wish') drive(turn, { type: 'wish', target: event.target });
  else if (event.type === 'leave') drive(turn, { type: 'leave' });
  else if (event.type === 'quit') finish(turn, 'left');
  if (turn.session.lockstep === null) greet(turn);
  else attend(turn);
  return [turn.session, endLast(turn.effects)];
}

/** The end is told after the last datagrams have left: whoever hears of it may stop everything. */
function endLast(effects: readonly Effect[]): readonly Effect[] {
  if (!effects.some(({ type }) => type === 'end')) return effects;
  return [...effects.filter(({ type }) => type !== 'end'), ...effects.filter(({ type }) => type === 'end')];
}

/** When the session wants a tick; null for never. */
export function wakeAt(session: Session): Micros | null {
  const { handshake, lockstep, setup, startedAt } = session;
  if (lockstep === null) {
    const giveUpAt = setup.handshakeWithin === null ? null : startedAt + setup.handshakeWithin;
    return earlier(handshake.sayAt, giveUpAt);
  }
  const wake = earlier(linkWakeAt(session.link), session.cutAt);
  return lockstep.over === null ? earlier(wake, session.movedAt + setup.stallAfter) : wake;
}

/** The slot that the session wants an input of its own player for, or null. */
export function wanted(session: Session): { readonly epoch: number; readonly round: number } | null {
  const { lockstep } = session;
  return lockstep !== null && wantsInput(lockstep) ? { epoch: lockstep.epoch, round: lockstep.round } : null;
}

/** True when nobody can need anything more of this player. */
export function settled({ lockstep, link, setup }: Session): boolean {
  if (lockstep === null) return true;
  const needed = holdingsOf(lockstep).filter(({ kind, round }) => kind !== 'wish' && round <= lockstep.round);
  return seatsOf(remove(lockstep.members, setup.me)).every((seat) => {
    const peer = link.peers[seat];
    if (!peer) return true;
    const lacking = needed.some((holding) => holding.author !== seat && lacks(peer.standing, holding));
    return peer.ackAt === null && (!lacking || lockstep.removal.causes[seat] !== null);
  });
}

function start(turn: Turn): void {
  const { lockstep, setup, unsaid } = turn.session;
  if (lockstep === null) {
    turn.effects.push({
      type: 'persist',
      record: {
        type: 'hello',
        publicKey: setup.keys[setup.me] as Uint8Array,
        nonce: setup.nonce,
        agreement: setup.agreement,
      },
    });
    return;
  }
  for (const statements of unsaid) turn.effects.push({ type: 'sign', draft: { type: 'packet', statements } });
  sayHello(turn);
  drive(turn, { type: 'resume' });
  turn.set({
    unsaid: [],
    link: reconcileAll(turn.session.link, turn.at, holdingsOf(turn.session.lockstep ?? lockstep)),
  });
}

/** Says hello again soon: what is held has changed while the last one was being signed. */
function sayAgain(turn: Turn): void {
  const { answeredAt, handshake } = turn.session;
  const sayAt = Math.min(handshake.sayAt, Math.max(turn.at, answeredAt + ANSWER_EVERY));
  turn.set({ handshake: { ...handshake, sayAt } });
}

/** Has the newest hello signed; it leaves when the signature is there. */
function sayHello(turn: Turn): void {
  const { handshake, nonces, signing } = turn.session;
  if (signing) return;
  const hello = ownHello(handshake);
  turn.effects.push({
    type: 'sign',
    draft: { type: 'hello', hello: nonces === null ? hello : { ...hello, nonces } },
  });
  turn.set({ signing: true });
}

function takeHello(turn: Turn, from: Seat, hello: Verified<Hello>): void {
  const { answeredAt, handshake, hello: said, lockstep } = turn.session;
  if (lockstep !== null) {
    if (said !== null && answeredAt + ANSWER_EVERY <= turn.at) {
      turn.effects.push({ type: 'send', to: from, datagram: said.bytes });
      turn.set({ answeredAt: turn.at });
    }
    return;
  }
  const result = hearHello(handshake, from, hello);
  turn.set({ handshake: result.handshake });
  if (result.answer) sayAgain(turn);
  if (result.difference !== null) {
    turn.set({ refusing: `player ${from} wants something else: ${result.difference}` });
    sayHello(turn);
  }
}

/** Says hello when it is due, gives up when it is time, and starts when all hold the same nonces. */
function greet(turn: Turn): void {
  const { handshake, setup, startedAt } = turn.session;
  const nonces = agreedNonces(handshake);
  if (nonces !== null) return begin(turn, nonces);
  if (setup.handshakeWithin !== null && startedAt + setup.handshakeWithin <= turn.at) {
    turn.effects.push({ type: 'refused', reason: obstacles(handshake).join('; ') });
    turn.set({ startedAt: turn.at });
  }
  if (handshake.sayAt > turn.at) return;
  turn.set({ handshake: nextHello(handshake, turn.at), answeredAt: turn.at });
  sayHello(turn);
}

function begin(turn: Turn, nonces: readonly Uint8Array[]): void {
  const { keys, agreement, me } = turn.session.setup;
  const session = sessionOf(agreement, keys, nonces);
  turn.effects.push(
    { type: 'persist', record: { type: 'session', keys, nonces } },
    { type: 'begin', session, seed: firstSeed(session) },
  );
  turn.set({
    nonces,
    lockstep: beginLockstep({ session, keys, me }),
    link: openLink(keys.length, me, turn.at),
    movedAt: turn.at,
  });
  sayHello(turn);
}

function takeSigned(turn: Turn, value: Verified<Packet> | Verified<Hello>): void {
  if ('entries' in value) return drive(turn, { type: 'packet', packet: value });
  turn.set({ hello: value, signing: false });
  const { handshake, nonces, refusing } = turn.session;
  const current = nonces ?? noncesOf(handshake);
  const outdated = current.some((nonce, seat) => !equalBytes(nonce, value.nonces[seat] as Uint8Array));
  for (const seat of turn.session.setup.keys.keys()) {
    if (seat !== turn.session.setup.me)
      turn.effects.push({ type: 'send', to: seat as Seat, datagram: value.bytes });
  }
  if (outdated && nonces !== null) sayHello(turn);
  else if (outdated) sayAgain(turn);
  else if (refusing !== null) turn.effects.push({ type: 'refused', reason: refusing });
}

function takeInput(turn: Turn, input: OwnInput): void {
  assert(wanted(turn.session) !== null, 'an input is given when one is wanted');
  drive(turn, { type: 'input', input });
}

function takeBundle(turn: Turn, event: Extract<SessionEvent, { type: 'bundle' }>): void {
  const { lockstep } = turn.session;
  if (lockstep === null) return;
  if (!turn.session.link.peers[event.from]) {
    if (!isUnaware(lockstep, event.from, event.standing)) return;
    turn.set({ link: openAgain(turn.session.link, event.from, turn.at), cutAt: turn.at + FAREWELL });
  }
  const { link } = turn.session;
  if (link.peers[event.from]?.interrupted) player(turn, event.from, 'resumed');
  const holdings = (): readonly Holding[] => holdingsOf(lockstep);
  const standing = plausible(lockstep, event.standing) ? event.standing : null;
  turn.set({ link: heard(link, event.from, turn.at, { standing, carried: event.carried }, holdings) });
  for (const proof of event.proofs) drive(turn, { type: 'proof', proof });
  for (const packet of event.packets) drive(turn, { type: 'packet', packet });
}

function player(turn: Turn, seat: Seat, status: 'interrupted' | 'resumed'): void {
  turn.effects.push({ type: 'notify', notice: { type: 'player', player: seat, status } });
}

/** Passes an event to the lockstep machine; what it holds goes to the links, the rest to the driver. */
function drive(turn: Turn, event: LockstepEvent): void {
  const { lockstep } = turn.session;
  if (lockstep !== null) moved(turn, lockstep, stepLockstep(lockstep, event));
}

function finish(turn: Turn, reason: 'left' | 'split'): void {
  const { lockstep } = turn.session;
  if (lockstep !== null) moved(turn, lockstep, endLockstep(lockstep, reason));
}

function moved(turn: Turn, before: Lockstep, [after, effects]: Step<Lockstep, Effect>): void {
  turn.set({ lockstep: after });
  for (const effect of effects) {
    if (effect.type !== 'hold') turn.effects.push(effect);
    else turn.set({ link: offer(turn.session.link, turn.at, effect.holding) });
  }
  if (after.epoch !== before.epoch || after.round !== before.round) {
    turn.set({ link: reconcileAll(turn.session.link, turn.at, holdingsOf(after)) });
  }
  if (after.epoch !== before.epoch) turn.set({ cutAt: turn.at + FAREWELL });
  const { epoch, own, ownSet, removal, round } = after;
  const still =
    epoch === before.epoch && round === before.round && own === before.own && ownSet === before.ownSet;
  if (!still || removal.frozen !== before.removal.frozen) turn.set({ movedAt: turn.at });
  if (after.over !== null) turn.set({ link: answerAll(turn.session.link, turn.at) });
}

/** What time alone brings: silence, stalls, the end of farewells; and all datagrams that are due. */
function attend(turn: Turn): void {
  const { cutAt, lockstep, movedAt, setup } = turn.session;
  assert(lockstep !== null, 'a session that is attended to has begun');
  if (cutAt !== null && cutAt <= turn.at) {
    turn.set({ link: cutOff(turn.session.link, gone(lockstep)), cutAt: null });
  }
  const [link, silent] = interruptions(turn.session.link, turn.at);
  if (silent.length > 0) turn.set({ link });
  for (const seat of silent) player(turn, seat, 'interrupted');
  if (movedAt + setup.stallAfter <= turn.at && lockstep.over === null) stall(turn, lockstep);
  const left = lockstep.over === null && lockstep.leaving && lockstep.removal.causes[setup.me] !== null;
  if (left && settled(turn.session)) finish(turn, 'left');
  sendDue(turn, turn.session.lockstep as Lockstep);
}

function sendDue(turn: Turn, lockstep: Lockstep): void {
  const [link, sendings] = flush(turn.session.link, turn.at);
  if (sendings.length === 0) return;
  turn.set({ link });
  const standing = standingOf(lockstep);
  for (const { to, items } of sendings) {
    const datagram = encodeBundle(lockstep.setup.session, { standing, items });
    turn.effects.push({ type: 'send', to, datagram });
  }
}

function stall(turn: Turn, lockstep: Lockstep): void {
  turn.set({ movedAt: turn.at });
  if (lost(lockstep.removal, lockstep.members) !== 0) return finish(turn, 'split');
  const found = suspects(
    lockstep,
    turn.session.link.peers.map((peer) => peer?.standing ?? null),
  );
  if (found === null) return;
  const { players: waitingFor, reason } = found;
  turn.effects.push({ type: 'notify', notice: { type: 'stall', round: lockstep.round, waitingFor, reason } });
}
