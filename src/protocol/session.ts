/**
 * The lockstep session: it brings the greeting, the lockstep machine and the links together and owns
 * no rule of theirs. A datagram takes one road: `open` (cheap checks), verify (a keyring, outside), `step`,
 * and the effects of the step leave in order.
 */

import { assert } from '../base/assert.ts';
import type { Seat } from '../base/ids.ts';
import { remove, seatsOf } from '../base/players.ts';
import { earlier, type Micros, micros } from '../base/time.ts';
import type { Verified } from '../crypto/signature.ts';
import { encodeBundle, type Standing } from '../wire/envelope.ts';
import type { Hello } from '../wire/hello.ts';
import type { Packet } from '../wire/packet.ts';
import type { Effect, SessionEffect, Step } from './effect.ts';
import type { Running, SessionSetup, SessionEvent as SomeEvent, Wanted } from './engine.ts';
import {
  agree,
  beginGreeting,
  firstRecord,
  type Greeting,
  type GreetingEffect,
  greetingWakeAt,
  sayHello,
  takeHello,
  takeOwnHello,
  waitForOthers,
} from './greeting.ts';
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
import { beginLockstep, type Lockstep, type OwnInput, wantsInput } from './lockstep-state.ts';
import type { Recovered } from './recovery.ts';
import { lost } from './removal.ts';
import type { Holding } from './round.ts';
import { suspects } from './stall.ts';
import { gone, holdingsOf, isUnaware, lacks, plausible, standingOf } from './standing.ts';

/** How long those who were removed are still told so. */
const FAREWELL: Micros = micros(3000);

export interface Session extends Running {
  readonly greeting: Greeting;
  /** Own statements of the log, to be signed and sent again at the start. */
  readonly unsaid: Recovered['unsaid'];
  readonly lockstep: Lockstep | null;
  readonly link: Link;
  /** When the lockstep last moved, or a stall was last reported. */
  readonly movedAt: Micros;
  /** When the links to removed players close; null if there are none. */
  readonly cutAt: Micros | null;
}

export type SessionEvent = SomeEvent<Standing, never>;

/** A new session, or one that goes on from its log. */
export function createSession(setup: SessionSetup, at: Micros, recovered: Recovered | null): Session {
  const lockstep = recovered?.lockstep ?? null;
  return {
    setup,
    greeting: beginGreeting(setup, at, recovered?.agreed?.nonces ?? null),
    unsaid: recovered?.unsaid ?? [],
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
  readonly effects: SessionEffect[] = [];

  constructor(session: Session, at: Micros) {
    this.session = session;
    this.at = at;
  }

  set(change: Partial<Session>): void {
    this.session = { ...this.session, ...change };
  }

  greet([greeting, effects]: Step<Greeting, GreetingEffect>): void {
    this.set({ greeting });
    this.effects.push(...effects);
  }
}

/** The only door of the session. */
export function step(session: Session, event: SessionEvent): Step<Session, SessionEffect> {
  const turn = new Turn(session, event.at);
  if (event.type === 'start') start(turn);
  else if (event.type === 'hello') turn.greet(takeHello(session.greeting, event.at, event.from, event.hello));
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
function endLast(effects: readonly SessionEffect[]): readonly SessionEffect[] {
  if (!effects.some(({ type }) => type === 'end')) return effects;
  return [...effects.filter(({ type }) => type !== 'end'), ...effects.filter(({ type }) => type === 'end')];
}

/** When the session wants a tick; null for never. */
export function wakeAt(session: Session): Micros | null {
  const { greeting, lockstep, setup } = session;
  if (lockstep === null) return greetingWakeAt(greeting, setup.handshakeWithin);
  const wake = earlier(linkWakeAt(session.link), session.cutAt);
  return lockstep.over === null ? earlier(wake, session.movedAt + setup.stallAfter) : wake;
}

/** The slot that the session wants an input of its own player for, or null. */
export function wanted({ lockstep }: Session): Wanted | null {
  if (lockstep === null || !wantsInput(lockstep)) return null;
  return { epoch: lockstep.epoch, round: lockstep.round, mayBeEmpty: false };
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
  const { greeting, lockstep, unsaid } = turn.session;
  if (lockstep === null) {
    turn.effects.push(firstRecord(greeting));
    return;
  }
  for (const statements of unsaid) turn.effects.push({ type: 'sign', draft: { type: 'packet', statements } });
  turn.greet(sayHello(greeting));
  drive(turn, { type: 'resume' });
  turn.set({
    unsaid: [],
    link: reconcileAll(turn.session.link, turn.at, holdingsOf(turn.session.lockstep ?? lockstep)),
  });
}

/** Waits for the others, and starts when all hold the same nonces. */
function greet(turn: Turn): void {
  const { greeting, setup } = turn.session;
  const agreed = agree(greeting);
  if (agreed === null) return turn.greet(waitForOthers(greeting, turn.at, setup.handshakeWithin));
  const { keys, me } = setup;
  turn.greet(agreed.said);
  turn.set({
    lockstep: beginLockstep({ session: agreed.session, keys, me }),
    link: openLink(keys.length, me, turn.at),
    movedAt: turn.at,
  });
}

function takeSigned(turn: Turn, value: Verified<Packet> | Verified<Hello>): void {
  if ('entries' in value) return drive(turn, { type: 'packet', packet: value });
  turn.greet(takeOwnHello(turn.session.greeting, turn.at, value));
}

function takeInput(turn: Turn, input: OwnInput): void {
  assert(wanted(turn.session) !== null, 'an input is given when one is wanted');
  drive(turn, { type: 'input', input });
}

function takeBundle(turn: Turn, event: Extract<SessionEvent, { type: 'bundle' }>): void {
  const { lockstep } = turn.session;
  if (lockstep === null) return;
  if (!turn.session.link.peers[event.from]) {
    if (!isUnaware(lockstep, event.from, event.header)) return;
    turn.set({ link: openAgain(turn.session.link, event.from, turn.at), cutAt: turn.at + FAREWELL });
  }
  const { link } = turn.session;
  if (link.peers[event.from]?.interrupted) player(turn, event.from, 'resumed');
  const holdings = (): readonly Holding[] => holdingsOf(lockstep);
  const standing = plausible(lockstep, event.header) ? event.header : null;
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
