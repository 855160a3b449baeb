/**
 * Players who come to a match that runs, at both ends of it: a member hands its snapshot over and learns where
 * the newcomer is to be reached; a newcomer asks for one, starts from it, and finds its seat in the log.
 */

import { equalBytes } from '../../base/bytes.ts';
import type { Round, Seat } from '../../base/ids.ts';
import { has } from '../../base/players.ts';
import { earlier, type Micros } from '../../base/time.ts';
import { encodeRounds, NOTHING_HEARD } from '../../wire/rounds.ts';
import type { ChunkItem, OpaqueItem } from '../../wire/rounds-item.ts';
import type { Newcomer, SessionSetup } from '../engine.ts';
import { type Arrival, askDue, hearMember, judgeArrival, NOWHERE, takeChunk } from './arrival.ts';
import { firstClock, keep } from './clock.ts';
import { listed } from './holdings.ts';
import type { Attachment } from './inquiry.ts';
import { decodeInvitation, type Invitation } from './invitation.ts';
import { openLink, speakSoon } from './link.ts';
import { reachedBy } from './neo.ts';
import { type Answered, takePartsQuery, takeStates } from './offer.ts';
import type { NeoOptions } from './options.ts';
import type { Restored } from './recovery.ts';
import { type NeoSession, send, type Turn } from './session-turn.ts';
import { neoAfter, type Snapshot, seatOfKey, type Trust } from './snapshot.ts';
import { membersOf, type Neo, type NeoSetup, pastOf, playersOf } from './state.ts';
import { decodePartsQuery, encodePartsQuery } from './transfer.ts';

function read(bytes: Uint8Array): Invitation {
  const invitation = decodeInvitation(bytes);
  if (invitation === null) {
    throw new Error(
      'invitation: these bytes are none of this version; get a fresh one from a player of the match',
    );
  }
  return invitation;
}

/**
 * The setup of a player that was invited: what its log says of that counts. Null for one of the first players.
 * Throws an Error that says what does not fit.
 */
export function invitedSetup(setup: SessionSetup, logged: Restored['invited']): SessionSetup | null {
  const given = setup.newcomer ?? null;
  if (logged === null && given === null) return null;
  const newcomer: Newcomer = { judges: true, ...given, ...logged } as Newcomer;
  const invitation = read(newcomer.invitation);
  if (given !== null && !equalBytes(read(given.invitation).session, invitation.session)) {
    throw new Error('invitation: the log is of another match; give each match a log of its own');
  }
  if (!equalBytes(invitation.agreement, setup.agreement)) {
    throw new Error('invitation: the match has another game, other rules or another protocol');
  }
  const keys = invitation.roster.map(({ publicKey }) => publicKey);
  if (logged === null && keys.some((key) => equalBytes(key, newcomer.publicKey))) {
    throw new Error('invitation: this key has a seat already; come back with its log, or with a new key');
  }
  return { ...setup, me: NOWHERE, keys, newcomer };
}

/** The setup of the machine of a player that was invited. */
function machineSetup({ founders, roster, session }: Invitation, options: NeoOptions): NeoSetup {
  const first = roster.slice(0, founders);
  const keys = first.map(({ publicKey }) => publicKey);
  const nonces = first.map(({ nonce }) => nonce);
  return options.setupOf(session, { keys, me: NOWHERE }, nonces);
}

/** What an invited player judges snapshots by. */
export function trustOf({ newcomer }: SessionSetup, options: NeoOptions): Trust {
  const { invitation: bytes, judges } = newcomer as Newcomer;
  const invitation = read(bytes);
  return { invitation, parameters: machineSetup(invitation, options).log, judges };
}

/** Writes down that I was invited, and with which nonce, before anybody can see it; or says what my log knows. */
export function startInvited(turn: Turn, { invitation, publicKey }: Newcomer): void {
  const { agreement, me, nonce } = turn.session.setup;
  if (me !== NOWHERE) turn.effects.push({ type: 'seated', seat: me });
  if (turn.session.arrival === null || turn.session.arrival.isLogged) return;
  turn.effects.push({
    type: 'persist',
    record: { type: 'invited', publicKey, nonce, agreement, invitation },
  });
}

/** When a newcomer wants a tick. */
export function arrivalWakeAt({ greeting, setup }: NeoSession, { askAt }: Arrival): Micros | null {
  const within = setup.handshakeWithin;
  return earlier(askAt, within === null ? null : greeting.startedAt + within);
}

/** Asks for a snapshot when that is due, and gives up (again and again) after `handshakeWithin`. */
export function seek(turn: Turn, arrival: Arrival): void {
  const { greeting, setup } = turn.session;
  const { invitation } = arrival.trust;
  if (setup.handshakeWithin !== null && greeting.startedAt + setup.handshakeWithin <= turn.at) {
    turn.effects.push({ type: 'refused', reason: 'no member of the match has let this player in' });
    turn.set({ greeting: { ...greeting, startedAt: turn.at } });
  }
  const asking = askDue(arrival, turn.at);
  if (asking === null) return;
  turn.set({ arrival: asking.arrival });
  const stamp = { sentAt: 0, echo: 0, held: NOTHING_HEARD };
  const items = [{ type: 'query', bytes: encodePartsQuery(asking.query) } as const];
  const datagram = encodeRounds(invitation.session, { header: { stamp, final: 0, rounds: [] }, items });
  turn.effects.push({ type: 'send', to: asking.to, datagram });
}

/** Parts of a snapshot have come to who has none. */
export function takeParts(turn: Turn, from: Seat, items: readonly Attachment[]): void {
  const waiting = turn.session.arrival;
  if (waiting !== null) turn.set({ arrival: hearMember(waiting, from, turn.at) });
  for (const item of items) {
    const { arrival } = turn.session;
    if (arrival === null || item.type !== 'chunk') continue;
    const next = takeChunk(arrival, from, item, turn.at);
    if (next === arrival) continue;
    const judged = judgeArrival(next, turn.at);
    if (judged === null) turn.set({ arrival: next });
    else if (judged.snapshot !== null) arrive(turn, next, judged.snapshot, judged.bytes);
    else {
      turn.effects.push({ type: 'count', refusal: 'snapshot' });
      turn.set({ arrival: judged.arrival });
    }
  }
}

/** The snapshot holds: play goes on from there, as for a player that was away for a while. */
function arrive(turn: Turn, { trust }: Arrival, snapshot: Snapshot, bytes: Uint8Array): void {
  const setup = machineSetup(trust.invitation, turn.session.options);
  const raw = reachedBy(neoAfter(setup, snapshot, 0));
  const neo = neoAfter(setup, snapshot, raw);
  const seats = pastOf(neo, neo.final).log.roster.length;
  turn.effects.push(
    { type: 'persist', record: { type: 'snapshot', bytes } },
    { type: 'restore', round: snapshot.round, states: snapshot.steps.map(({ state }) => state) },
  );
  turn.set({
    arrival: null,
    neo,
    link: speakSoon(openLink(NOWHERE, playersOf(neo), turn.at), turn.at),
    clock: keep(firstClock(seats, NOWHERE, turn.at, raw), membersOf(neo)),
    movedAt: turn.at,
  });
  introduce(turn);
}

/**
 * What the final log says of players that were not there before: where they are to be reached, and which seat is
 * mine if I had none. Done again after a restart, when nobody remembers it.
 */
export function introduce(turn: Turn): void {
  const { neo, setup } = turn.session;
  if (neo === null) return;
  const { log } = pastOf(neo, neo.final);
  const own = setup.newcomer?.publicKey ?? null;
  for (const [index, { address, publicKey }] of log.roster.entries()) {
    if (index < setup.keys.length || (own !== null && equalBytes(publicKey, own))) continue;
    turn.effects.push({ type: 'address', seat: index as Seat, address });
  }
  if (log.roster.length > setup.keys.length) {
    turn.set({ setup: { ...setup, keys: log.roster.map(({ publicKey }) => publicKey) } });
  }
  const seat = own !== null && setup.me === NOWHERE ? seatOfKey(log, own) : null;
  if (seat !== null) sitDown(turn, neo, seat);
}

function sitDown(turn: Turn, neo: Neo, me: Seat): void {
  const { clock, link, setup } = turn.session;
  turn.set({
    setup: { ...setup, me },
    neo: { ...neo, setup: { ...neo.setup, me } },
    link: { ...link, me, peers: link.peers.map((peer, seat) => (seat === me ? null : peer)) },
    clock: { ...clock, me },
    dueAt: turn.at,
  });
  turn.effects.push({ type: 'seated', seat: me });
}

/** True for a round before those that this player has a seat in: it is not gone, it has yet to begin. */
export function isYetToPlay(neo: Neo, round: Round): boolean {
  const { me } = neo.setup;
  if (me === NOWHERE) return true;
  return (pastOf(neo, neo.final).log.sinceRound[me] ?? 0) > round;
}

/** Sends what a question about the snapshot comes to. */
function hand(turn: Turn, neo: Neo, to: Seat | null, { chunks, offer, states }: Answered): void {
  turn.set({ offer });
  if (states !== null) turn.effects.push({ type: 'states-wanted', ...states });
  if (to === null || !turn.session.link.peers[to]) return;
  const rounds = chunks.length === 0 ? [] : listed(neo);
  for (const chunk of chunks) send(turn, neo, to, [chunk satisfies ChunkItem], rounds);
}

/** Answers an item if it is a question about the snapshot; false if it is not. */
export function answerFor(turn: Turn, from: Seat, item: OpaqueItem): boolean {
  const { neo, offer } = turn.session;
  const query = item.type === 'query' ? decodePartsQuery(item.bytes) : null;
  if (query === null || neo === null) return false;
  if (has(membersOf(neo), from)) hand(turn, neo, from, takePartsQuery(offer, neo, from, query, turn.at));
  return true;
}

/** The game has shown the states of a snapshot. */
export function takeShown(turn: Turn, round: Round, states: readonly (Uint8Array | null)[] | null): void {
  const { neo, offer } = turn.session;
  if (neo === null) return;
  const { to, ...answered } = takeStates(offer, neo, round, states, turn.at);
  hand(turn, neo, to, answered);
}
