/**
 * The neo session: it brings the greeting, the machine, the links and the clock together and owns no rule
 * of theirs. A datagram takes one road: `open` (cheap checks), verify (a keyring, outside), `step`, and the
 * effects of the step leave in order.
 */

import type { Seat } from '../../base/ids.ts';
import { count, has, seatsOf } from '../../base/players.ts';
import { earlier, type Micros } from '../../base/time.ts';
import type { Verified } from '../../crypto/signature.ts';
import type { Hello } from '../../wire/hello.ts';
import type { Packet } from '../../wire/packet.ts';
import type { RoundsHeader } from '../../wire/rounds.ts';
import type { EndReason, SessionEffect, Step } from '../effect.ts';
import type { SessionEvent as SomeEvent } from '../engine.ts';
import {
  agree,
  firstRecord,
  greetingWakeAt,
  sayHello,
  takeHello,
  takeOwnHello,
  waitForOthers,
} from '../greeting.ts';
import { answerWithin, firstClock, hear, sessionTime } from './clock.ts';
import { listed, needsHelp } from './holdings.ts';
import { type Attachment, inquiriesWakeAt } from './inquiry.ts';
import { isNeoStatement } from './judge.ts';
import { noteCommit, reportOf } from './lateness.ts';
import { flush, heard, interruptions, KEEPALIVE, linkWakeAt, openLink, rush, tellAll } from './link.ts';
import { wakeNeo, wantsInput } from './neo.ts';
import { answerFor, arrivalWakeAt, seek, startInvited, takeParts, takeShown } from './newcomers.ts';
import type { NeoRecord } from './record.ts';
import { decodeRequest } from './request.ts';
import { isYetToPlay } from './seating.ts';
import { compare, type NeoSession, nowOf, send, Turn } from './session-turn.ts';
import { suspects } from './stall.ts';
import { beginNeo, membersOf, roundOf } from './state.ts';

export { createNeoSession, type NeoSession, nowOf } from './session-turn.ts';

/**
 * Who was heard within this many arrival bounds is there; or within that many pauses of who has nothing to
 * say.
 */
const FRESH_ARRIVALS = 4;
const FRESH_PAUSES = 3;

export type NeoSessionEvent = SomeEvent<RoundsHeader, Attachment>;

/** The only door of the session. */
export function stepNeoSession(
  session: NeoSession,
  event: NeoSessionEvent,
): Step<NeoSession, SessionEffect<NeoRecord>> {
  const turn = new Turn({ ...session, at: event.at });
  connect(turn);
  if (event.type === 'start') start(turn);
  else if (event.type === 'hello') turn.greet(takeHello(session.greeting, event.at, event.from, event.hello));
  else if (event.type === 'bundle') takeBundle(turn, event);
  else if (event.type === 'signed') takeSigned(turn, event.value);
  else if (event.type === 'input') takeInput(turn, event.input.input, event.input.salt);
  else if (event.type === 'played') {
    const { illegal, round, stateHash } = event;
    turn.drive({ type: 'played', round, stateHash, illegal });
  } else if (event.type === 'leave') turn.drive({ type: 'leave' });
  else if (event.type === 'wish' && event.target !== null) forfeit(turn, event.target);
  else if (event.type === 'quit') finish(turn, 'left');
  else if (event.type === 'state' || event.type === 'inquire') compare(turn, event);
  else if (event.type === 'states') takeShown(turn, event.round, event.states);
  else if (event.type === 'sponsor') sponsor(turn, event.request);
  if (turn.session.neo !== null) attend(turn);
  else if (turn.session.arrival !== null) seek(turn, turn.session.arrival);
  else greet(turn);
  return [turn.session, endLast(turn.effects)];
}

/** The end is told after the last datagrams have left: whoever hears of it may stop everything. */
function endLast(effects: readonly SessionEffect<NeoRecord>[]): readonly SessionEffect<NeoRecord>[] {
  if (!effects.some(({ type }) => type === 'end')) return effects;
  return [...effects.filter(({ type }) => type !== 'end'), ...effects.filter(({ type }) => type === 'end')];
}

/** When the session wants a tick; null for never. */
export function neoWakeAt(session: NeoSession): Micros | null {
  const { greeting, link, movedAt, neo, options, setup } = session;
  if (session.arrival !== null) return arrivalWakeAt(session, session.arrival);
  if (neo === null) return greetingWakeAt(greeting, setup.handshakeWithin);
  const wake = earlier(earlier(linkWakeAt(link), session.dueAt), inquiriesWakeAt(session.inquiries));
  return neo.over === null ? earlier(wake, movedAt + options.stallAfter) : wake;
}

/** The round that an input is wanted for now, or null. */
export function neoWanted(session: NeoSession): { epoch: number; round: number; mayBeEmpty: boolean } | null {
  const round = session.neo === null ? null : wantsInput(session.neo, nowOf(session));
  return round && { epoch: round.environment.epoch, round: round.round, mayBeEmpty: true };
}

function start(turn: Turn): void {
  turn.introduce();
  const { neo, setup, unsaid } = turn.session;
  if (setup.newcomer) startInvited(turn, setup.newcomer);
  if (neo === null && setup.newcomer) return;
  if (neo === null) {
    turn.effects.push(firstRecord(turn.session.greeting));
    return;
  }
  for (const statements of unsaid) turn.effects.push({ type: 'sign', draft: { type: 'packet', statements } });
  if (!setup.newcomer) turn.greet(sayHello(turn.session.greeting));
  turn.set({ unsaid: [] });
}

/** Says hello when it is due, gives up when it is time, and starts when all hold the same nonces. */
function greet(turn: Turn): void {
  const { greeting, options, setup } = turn.session;
  const agreed = agree(greeting);
  if (agreed === null) return turn.greet(waitForOthers(greeting, turn.at, setup.handshakeWithin));
  turn.greet(agreed.said);
  const { nonces } = turn.session.greeting;
  const neo = beginNeo(options.setupOf(agreed.session, setup, nonces ?? []));
  turn.set({
    neo,
    link: openLink(setup.me, membersOf(neo), turn.at),
    clock: firstClock(setup.keys.length, setup.me, turn.at, 0),
    movedAt: turn.at,
  });
}

function takeSigned(turn: Turn, value: Verified<Packet> | Verified<Hello>): void {
  if (!('entries' in value)) return turn.greet(takeOwnHello(turn.session.greeting, turn.at, value));
  turn.set({ link: tellAll(turn.session.link, { type: 'packet', bytes: value.bytes }) });
  turn.drive({ type: 'packet', packet: value, vectors: [] });
}

/** My game lets somebody in: my updates ask the others to, until it has a seat. */
function sponsor(turn: Turn, bytes: Uint8Array): void {
  const request = decodeRequest(bytes);
  if (request !== null) turn.drive({ type: 'sponsor', request });
}

function takeInput(turn: Turn, input: Uint8Array, salt: Uint8Array): void {
  const { lateness, neo } = turn.session;
  const now = nowOf(turn.session);
  const next = neo && wantsInput(neo, now);
  if (!neo || !next) return;
  const report = reportOf(lateness, next.environment.quorum.f, next, now.time);
  turn.drive({ type: 'input', round: next.round, input, salt, report });
}

function takeBundle(turn: Turn, event: Extract<NeoSessionEvent, { type: 'bundle' }>): void {
  const { attachments, carried, from, header, packets, proofs } = event;
  const { link, neo } = turn.session;
  if (neo === null) return takeParts(turn, from, attachments);
  if (!link.peers[from]) return;
  if (link.peers[from]?.interrupted) {
    turn.effects.push({ type: 'notify', notice: { type: 'player', player: from, status: 'resumed' } });
  }
  turn.set({
    link: heard(link, from, turn.at, header, carried),
    clock: hear(turn.session.clock, from, header.stamp, turn.at),
  });
  connect(turn);
  const vectors = attachments.flatMap((item) => (item.type === 'vector' ? [item.digests] : []));
  for (const [packet] of proofs) if (packet !== undefined) turn.drive({ type: 'double', packet });
  for (const packet of packets) {
    noteLateness(turn, packet);
    turn.drive({ type: 'packet', packet, vectors });
    if (packet.sender === from) help(turn, packet);
  }
  for (const item of attachments) {
    if (item.type === 'vector' || item.type === 'chunk') continue;
    if (!answerFor(turn, from, item)) compare(turn, { type: 'item', from, item });
  }
}

/**
 * Sends again at once what a player lacks by what it says itself, rather than when a round trip has passed.
 */
function help(turn: Turn, packet: Verified<Packet>): void {
  const { link, neo } = turn.session;
  for (const { statement } of packet.entries) {
    if (statement === null || neo === null || !isNeoStatement(statement)) continue;
    const round = roundOf(neo, statement.round);
    if (round !== null && needsHelp(round, statement)) {
      turn.set({ link: rush(link, packet.sender, round.round, turn.at) });
    }
  }
}

/** Remembers how late the commitments of others come. */
function noteLateness(turn: Turn, packet: Verified<Packet>): void {
  const { clock, lateness, neo } = turn.session;
  for (const { statement } of packet.entries) {
    if (statement?.kind !== 'commit' || neo === null) continue;
    const round = roundOf(neo, statement.round);
    if (round === null || round.commits[packet.sender]) continue;
    turn.set({ lateness: noteCommit(lateness, packet.sender, round, sessionTime(clock, turn.at)) });
  }
}

/** Keeps track of how long enough members have been heard without a break. */
function connect(turn: Turn): void {
  const { connectedAt, link, neo, setup } = turn.session;
  const oldest = neo && roundOf(neo, neo.final + 1);
  if (!oldest) return;
  const { members, pace, quorum } = oldest.environment;
  const within = Math.max(FRESH_ARRIVALS * pace.arrival, FRESH_PAUSES * KEEPALIVE);
  const here = seatsOf(members).filter((seat) => {
    const peer = link.peers[seat];
    return seat === setup.me || (peer && peer.heardAt + within > turn.at);
  });
  const connected = here.length >= quorum.change;
  if (connected !== (connectedAt !== null)) turn.set({ connectedAt: connected ? turn.at : null });
}

/** At two players the game may go on alone when the other is silent: its own rule, nobody agrees to it. */
function forfeit(turn: Turn, target: Seat): void {
  const { neo, setup } = turn.session;
  if (neo === null) return;
  const members = membersOf(neo);
  if (count(members) === 2 && has(members, target) && target !== setup.me) finish(turn, 'alone');
}

function finish(turn: Turn, reason: EndReason): void {
  const { neo } = turn.session;
  if (neo === null || neo.over !== null) return;
  turn.effects.push({ type: 'persist', record: { type: 'end', reason } }, { type: 'end', reason });
  turn.set({ neo: { ...neo, over: reason } });
}

/** What time alone brings: deadlines, silence, stalls; and all datagrams that are due. */
function attend(turn: Turn): void {
  const { dueAt } = turn.session;
  if (dueAt !== null && dueAt <= turn.at) turn.drive({ type: 'tick' });
  const [link, silent] = interruptions(turn.session.link, turn.at);
  if (silent.length > 0) turn.set({ link });
  for (const player of silent) {
    turn.effects.push({ type: 'notify', notice: { type: 'player', player, status: 'interrupted' } });
  }
  stall(turn);
  part(turn);
  sendDue(turn);
  if (turn.session.inquiries.asking.length > 0) compare(turn, { type: 'tick' });
  const { neo } = turn.session;
  turn.set({ dueAt: neo && wakeNeo(neo, nowOf(turn.session)) });
}

/** A player that the log has removed is done once the round in which that acts is final. */
function part(turn: Turn): void {
  const { neo, setup } = turn.session;
  if (neo === null || neo.over !== null) return;
  const oldest = roundOf(neo, neo.final + 1);
  if (oldest === null || isYetToPlay(neo, oldest.round)) return;
  if (!has(oldest.environment.members, setup.me)) {
    return finish(turn, neo.leaving ? 'left' : 'expelled');
  }
  if (count(oldest.environment.members) === 1) finish(turn, 'alone');
}

function stall(turn: Turn): void {
  const { link, movedAt, neo, options } = turn.session;
  if (neo === null || neo.over !== null || movedAt + options.stallAfter > turn.at) return;
  turn.set({ movedAt: turn.at });
  const found = suspects(neo, link, turn.at, options.stallAfter);
  if (found === null) return;
  const { players: waitingFor, reason } = found;
  turn.effects.push({ type: 'notify', notice: { type: 'stall', round: neo.final + 1, waitingFor, reason } });
}

function sendDue(turn: Turn): void {
  const { clock, neo } = turn.session;
  if (neo === null) return;
  const { assist, link, sendings } = flush(turn.session.link, neo, turn.at, (seat) =>
    answerWithin(clock, seat),
  );
  turn.set({ link });
  const rounds = sendings.length === 0 ? [] : listed(neo);
  for (const { to, items } of sendings) send(turn, neo, to, items, rounds);
  for (const round of assist) turn.drive({ type: 'assist', round });
}
