/**
 * Players who come to a match that runs, at both ends of it: a newcomer asks for a snapshot and starts from
 * it, and a member hands one over.
 */

import type { Round, Seat } from '../../base/ids.ts';
import { has } from '../../base/players.ts';
import { earlier, type Micros } from '../../base/time.ts';
import { encodeRounds, NOTHING_HEARD } from '../../wire/rounds.ts';
import type { ChunkItem, OpaqueItem } from '../../wire/rounds-item.ts';
import type { Newcomer } from '../engine.ts';
import { type Arrival, askDue, hearMember, judgeArrival, NOWHERE, takeChunk } from './arrival.ts';
import { firstClock, keep } from './clock.ts';
import { listed } from './holdings.ts';
import type { Attachment } from './inquiry.ts';
import { machineSetup } from './invited.ts';
import { openLink, speakSoon } from './link.ts';
import { reachedBy } from './neo.ts';
import { type Answered, takePartsQuery, takeStates } from './offer.ts';
import { type NeoSession, send, type Turn } from './session-turn.ts';
import { neoAfter, type Snapshot } from './snapshot.ts';
import { membersOf, type Neo, pastOf, playersOf } from './state.ts';
import { decodePartsQuery, encodePartsQuery } from './transfer.ts';

/** Writes down that I was invited, and with which nonce, before anybody sees it; or tells the seat I have. */
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
  turn.introduce();
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
