/**
 * The links to the other players. What I have just said leaves at once, to everybody; what somebody still
 * lacks, by its own account, is sent again when a round trip has passed, with growing pauses: my packets
 * first, those of others by players in turn, so that not everybody relays the same.
 */

import type { Round, Seat } from '../../base/ids.ts';
import { has, type PlayerSet } from '../../base/players.ts';
import { earlier, type Micros, micros } from '../../base/time.ts';
import { DATAGRAM_BYTES_MAX, ITEMS_MAX, PLAYERS_MAX, ROUNDS_HEADER_BYTES } from '../../wire/limits.ts';
import type { RoundSets, RoundsHeader } from '../../wire/rounds.ts';
import { type RoundsItem, roundsItemBytes } from '../../wire/rounds-item.ts';
import { lacking, lacksAnything, nothingHeld, setsOf } from './holdings.ts';
import type { Neo } from './state.ts';

/** A header waits this long for a packet to travel with. */
const ACK_DELAY: Micros = micros(20);
/** Something is said at least this often, so that silence means something. */
export const KEEPALIVE: Micros = micros(500);
const RESEND_FIRST: Micros = micros(200);
const RESEND_MIN: Micros = micros(30);
const RESEND_MAX: Micros = micros(1000);
/** A player of whom nothing has been heard for this long is interrupted. */
const SILENCE: Micros = micros(3500);
/** Datagrams for one player in one sending again: more would only crowd out what is new. */
const BURST_MAX = 2;

/** Bytes for items beside a header that lists a good number of rounds. */
const ITEMS_ROOM: number = DATAGRAM_BYTES_MAX - ROUNDS_HEADER_BYTES - 64;

/** When a round was last sent to somebody. */
interface Sent {
  readonly round: Round;
  readonly at: Micros;
  readonly tries: number;
  /** Sent again at once, because its own words say what it lacks; that is done once a round. */
  readonly rush: 'no' | 'now' | 'done';
}

export interface Peer {
  readonly final: Round;
  readonly rounds: readonly RoundSets[];
  readonly sent: readonly Sent[];
  readonly heardAt: Micros;
  readonly sentAt: Micros;
  /** When my header must have left, or null. */
  readonly ackAt: Micros | null;
  /** When the next sending again is to be looked at; null for not at all. */
  readonly lookAt: Micros | null;
  readonly interrupted: boolean;
}

export interface Link {
  readonly me: Seat;
  /** By seat; null for myself and for those who are no players. */
  readonly peers: readonly (Peer | null)[];
  /** What I have said since the last sending. */
  readonly fresh: readonly RoundsItem[];
}

/** A datagram to be. */
export interface Sending {
  readonly to: Seat;
  readonly items: readonly RoundsItem[];
}

function freshPeer(at: Micros): Peer {
  return {
    final: 0,
    rounds: [],
    sent: [],
    heardAt: at,
    sentAt: at,
    ackAt: null,
    lookAt: at + RESEND_FIRST,
    interrupted: false,
  };
}

export function openLink(me: Seat, players: PlayerSet, at: Micros): Link {
  const peers = Array.from({ length: PLAYERS_MAX }, (_, seat) =>
    seat !== me && has(players, seat as Seat) ? freshPeer(at) : null,
  );
  return { me, peers, fresh: [] };
}

/** The links, with my header due for everybody: what I hold has changed altogether. */
export function speakSoon(link: Link, at: Micros): Link {
  return { ...link, peers: link.peers.map((peer) => peer && { ...peer, ackAt: at }) };
}

/** The links with exactly those players: newcomers are added, who is gone is cut off. */
export function keepLinks(link: Link, players: PlayerSet, at: Micros): Link {
  const peers = link.peers.map((peer, seat) => {
    if (seat === link.me || !has(players, seat as Seat)) return null;
    return peer ?? freshPeer(at);
  });
  return peers.some((peer, seat) => peer !== link.peers[seat]) ? { ...link, peers } : link;
}

/** Something to leave at once, for everybody. */
export function tellAll(link: Link, item: RoundsItem): Link {
  return { ...link, fresh: [...link.fresh, item] };
}

/**
 * A datagram came from a player. Its header counts whatever the one before said: one that was forged, or
 * came late, costs a resend, and the next genuine one sets it right.
 */
export function heard(
  link: Link,
  from: Seat,
  at: Micros,
  { final, rounds }: RoundsHeader,
  carried: boolean,
): Link {
  const before = link.peers[from];
  if (!before) return link;
  const ackAt = carried ? earlier(before.ackAt, at + ACK_DELAY) : before.ackAt;
  const peer: Peer = {
    ...before,
    final,
    rounds,
    sent: before.sent.filter(({ round }) => round > final),
    heardAt: at,
    ackAt,
    interrupted: false,
  };
  const peers = link.peers.slice();
  peers[from] = peer;
  return { ...link, peers };
}

function unsent(round: Round, at: Micros): Sent {
  return { round, at, tries: 0, rush: 'no' };
}

/** What a player lacks of a round is sent again at once, the first time that this is asked for. */
export function rush(link: Link, to: Seat, round: Round, at: Micros): Link {
  const peer = link.peers[to];
  if (!peer || round <= peer.final) return link;
  const before = peer.sent.find((each) => each.round === round) ?? unsent(round, at);
  if (before.rush !== 'no') return link;
  const others = peer.sent.filter((each) => each.round !== round);
  const peers = link.peers.slice();
  peers[to] = { ...peer, sent: [...others, { ...before, rush: 'now' }], lookAt: at };
  return { ...link, peers };
}

/** When to send again: after what an answer takes, the pause before a header travels alone, and some more. */
function resendAfter(answer: Micros | null, tries: number): Micros {
  const first =
    answer === null ? RESEND_FIRST : Math.max(RESEND_MIN, Math.round(answer * 1.25) + ACK_DELAY + micros(10));
  return Math.min(RESEND_MAX, first * 2 ** Math.min(tries, 6));
}

/** What a player holds of a round, as far as it has said. */
export function heldBy(peer: Peer, round: Round): RoundSets {
  return peer.rounds[round - peer.final - 1] ?? nothingHeld;
}

/** From this try on everybody relays what is lacking. */
const ALL_RELAY = 2;

/** How many tries it takes until I relay what this author should have sent: the seats after it go first. */
function turnOf(me: Seat, author: Seat, seats: number): number {
  return author === me ? 0 : Math.min(ALL_RELAY, ((me - author + seats) % seats) - 1);
}

/** What is due for a player, and the player after it has left; `assist` lists rounds it cannot decide. */
interface Due {
  readonly peer: Peer;
  readonly items: readonly RoundsItem[];
  readonly assist: readonly Round[];
}

function lookAfter(link: Link, neo: Neo, peer: Peer, at: Micros, answer: Micros | null): Due {
  const items: RoundsItem[] = [];
  const sent: Sent[] = [];
  const assist: Round[] = [];
  let bytes = 0;
  let lookAt: Micros | null = null;
  for (const round of neo.rounds) {
    if (round.round <= peer.final) continue;
    if (round.round > peer.final + neo.setup.log.alpha) break;
    const theirs = heldBy(peer, round.round);
    if (!lacksAnything(round, setsOf(round), theirs)) continue;
    const before = peer.sent.find((each) => each.round === round.round) ?? unsent(round.round, at);
    const dueAt = before.rush === 'now' ? at : before.at + resendAfter(answer, before.tries);
    const crowded = bytes > BURST_MAX * ITEMS_ROOM;
    if (dueAt > at || crowded) {
      sent.push(before);
      lookAt = earlier(lookAt, crowded ? at + RESEND_MIN : dueAt);
      continue;
    }
    for (const { author, item } of lacking(round, theirs, true)) {
      if (turnOf(link.me, author, round.environment.seats) > before.tries) continue;
      items.push(item);
      bytes += roundsItemBytes(item);
    }
    const tries = before.tries + 1;
    if ((setsOf(round).decided & ~theirs.decided) !== 0) assist.push(round.round);
    sent.push({ round: round.round, at, tries, rush: before.rush === 'now' ? 'done' : before.rush });
    lookAt = earlier(lookAt, at + resendAfter(answer, tries));
  }
  return { peer: { ...peer, sent, lookAt: lookAt ?? at + RESEND_MAX }, items, assist };
}

/** Splits items into as few datagrams as they fit, in order. */
function bundles(items: readonly RoundsItem[]): (readonly RoundsItem[])[] {
  const all: RoundsItem[][] = [];
  let room = 0;
  for (const item of items) {
    const need = roundsItemBytes(item);
    let current = all.at(-1);
    if (current === undefined || need > room || current.length === ITEMS_MAX) {
      current = [];
      all.push(current);
      room = ITEMS_ROOM;
    }
    current.push(item);
    room -= need;
  }
  return all;
}

/** What leaves now, and the links after it has left. */
export interface Flushed {
  readonly link: Link;
  readonly sendings: readonly Sending[];
  /** Rounds that somebody cannot decide although I have. */
  readonly assist: readonly Round[];
}

export function flush(
  link: Link,
  neo: Neo,
  at: Micros,
  answerWithin: (seat: Seat) => Micros | null,
): Flushed {
  const due = linkWakeAt(link);
  if (link.fresh.length === 0 && (due === null || due > at)) return { link, sendings: [], assist: [] };
  const sendings: Sending[] = [];
  const assist = new Set<Round>();
  const peers = link.peers.map((peer, index) => {
    if (peer === null) return null;
    const seat = index as Seat;
    let next = peer;
    let items: readonly RoundsItem[] = link.fresh;
    if (peer.lookAt !== null && peer.lookAt <= at) {
      const again = lookAfter(link, neo, peer, at, answerWithin(seat));
      next = again.peer;
      items = [...items, ...again.items];
      for (const round of again.assist) assist.add(round);
    }
    const speak = (peer.ackAt !== null && peer.ackAt <= at) || peer.sentAt + KEEPALIVE <= at;
    if (items.length === 0 && !speak) return next;
    const groups = items.length === 0 ? [[]] : bundles(items);
    for (const group of groups) sendings.push({ to: seat, items: group });
    const lookAt = earlier(next.lookAt, at + resendAfter(answerWithin(seat), 0));
    return { ...next, sentAt: at, ackAt: null, lookAt };
  });
  return { link: { ...link, peers, fresh: [] }, sendings, assist: [...assist] };
}

/** Players that have just fallen silent, and the links that remember it. */
export function interruptions(link: Link, at: Micros): readonly [Link, readonly Seat[]] {
  const isSilent = (peer: Peer | null): boolean =>
    peer !== null && !peer.interrupted && peer.heardAt + SILENCE <= at;
  if (!link.peers.some(isSilent)) return [link, []];
  const silent = link.peers.flatMap((peer, seat) => (isSilent(peer) ? [seat as Seat] : []));
  const peers = link.peers.map((peer) => (peer && isSilent(peer) ? { ...peer, interrupted: true } : peer));
  return [{ ...link, peers }, silent];
}

/** When the links want to be looked at again; null for never. */
export function linkWakeAt({ peers }: Link): Micros | null {
  let wake: Micros | null = null;
  for (const peer of peers) {
    if (peer === null) continue;
    wake = earlier(wake, peer.sentAt + KEEPALIVE);
    wake = earlier(wake, peer.ackAt);
    wake = earlier(wake, peer.lookAt);
    if (!peer.interrupted) wake = earlier(wake, peer.heardAt + SILENCE);
  }
  return wake;
}
