/**
 * The link to each other player: what it lacks is sent until its standing says that it holds it. Own
 * packets leave at once, packets of others only when their own sender has had the time to deliver
 * them. Resends back off; a standing travels with every datagram and alone when nothing else does.
 */

import type { Seat } from '../base/ids.ts';
import { within } from '../base/players.ts';
import { earlier, type Micros, micros } from '../base/time.ts';
import type { Item, Standing } from '../wire/envelope.ts';
import { BUNDLE_HEADER_BYTES, DATAGRAM_BYTES_MAX, ITEM_HEADER_BYTES, ITEMS_MAX } from '../wire/limits.ts';
import type { Holding } from './round.ts';
import { lacks } from './standing.ts';

/** A standing waits this long for a packet to travel with: within a quarter of the round trip. */
const ACK_DELAY_MIN: Micros = micros(5);
const ACK_DELAY_MAX: Micros = micros(50);
/** Something is said at least this often, so that silence means something. */
const KEEPALIVE: Micros = micros(1000);
const RESEND_FIRST: Micros = micros(200);
const RESEND_MIN: Micros = micros(30);
const RESEND_MAX: Micros = micros(1000);
/** A player of whom nothing has been heard for this long is interrupted. */
const SILENCE: Micros = micros(3500);

/** A wish is sent this often; the game repeats it when it still stalls. */
const WISH_TRIES = 6;
const NEVER: Micros = Number.MAX_SAFE_INTEGER;

/** A holding on its way to one player. */
interface Pending {
  readonly holding: Holding;
  readonly dueAt: Micros;
  /** When it was sent first, and last. */
  readonly firstAt: Micros | null;
  readonly sentAt: Micros | null;
  readonly tries: number;
}

/** The link to one player. */
export interface Peer {
  readonly standing: Standing | null;
  readonly pending: readonly Pending[];
  readonly heardAt: Micros;
  readonly sentAt: Micros;
  /** When my standing must have left, or null. */
  readonly ackAt: Micros | null;
  /** Smoothed time from a first sending to its acknowledgement, and its spread; null while unknown. */
  readonly roundTrip: Micros | null;
  readonly spread: Micros;
  /** The shortest that was measured. */
  readonly shortest: Micros | null;
  readonly interrupted: boolean;
}

export interface Link {
  readonly me: Seat;
  /** By seat; null for myself and for those that are cut off. */
  readonly peers: readonly (Peer | null)[];
}

/** A datagram to be: its items and for whom. */
export interface Sending {
  readonly to: Seat;
  readonly items: readonly Item[];
}

/** A link of which nothing is known yet. */
function freshPeer(at: Micros): Peer {
  return {
    standing: null,
    pending: [],
    heardAt: at,
    sentAt: at,
    ackAt: null,
    roundTrip: null,
    spread: 0,
    shortest: null,
    interrupted: false,
  };
}

export function openLink(seats: number, me: Seat, at: Micros): Link {
  const fresh = freshPeer(at);
  return { me, peers: Array.from({ length: seats }, (_, seat) => (seat === me ? null : fresh)) };
}

/** The links with that to one player open again: it was removed and does not know it yet. */
export function openAgain(link: Link, seat: Seat, at: Micros): Link {
  const peers = link.peers.slice();
  peers[seat] = freshPeer(at);
  return { ...link, peers };
}

/** Time after which a packet that was not acknowledged is sent again. */
function resendAfter(peer: Peer): Micros {
  if (peer.roundTrip === null) return RESEND_FIRST;
  const wait = peer.roundTrip + 4 * peer.spread + ackDelay(peer);
  return Math.min(RESEND_MAX, Math.max(RESEND_MIN, wait));
}

function ackDelay(peer: Peer): Micros {
  return Math.min(ACK_DELAY_MAX, Math.max(ACK_DELAY_MIN, Math.round((peer.roundTrip ?? 0) / 4)));
}

/**
 * How long a holding is left to others to deliver: none if it is mine, else longer for seats further from its
 * author.
 */
function patience({ me, peers }: Link, peer: Peer, { author, kind }: Holding): Micros {
  if (author === me || kind === 'cause') return 0;
  const distance = (me - author + peers.length) % peers.length;
  return Math.round(resendAfter(peer) * (1 + distance / 4));
}

function pend(holding: Holding, dueAt: Micros): Pending {
  return { holding, dueAt, firstAt: null, sentAt: null, tries: 0 };
}

/** Of each player only the newest wish is worth sending. */
function replaces(holding: Holding, known: Holding): boolean {
  return holding.kind === 'wish' && known.kind === 'wish' && known.author === holding.author;
}

/** A new holding, for everyone who lacks it. */
export function offer(link: Link, at: Micros, holding: Holding): Link {
  const peers = link.peers.map((peer, seat) => {
    if (peer === null || (holding.author === seat && holding.kind !== 'cause')) return peer;
    if (!lacks(peer.standing, holding)) return peer;
    const pending = peer.pending.filter((known) => !replaces(holding, known.holding));
    pending.push(pend(holding, at + patience(link, peer, holding)));
    return { ...peer, pending };
  });
  return { ...link, peers };
}

function same(a: Holding, b: Holding): boolean {
  return a.item.bytes === b.item.bytes && a.kind === b.kind;
}

/**
 * The peer with exactly those holdings pending that it lacks. What is on its way keeps its schedule;
 * what it seemed to have and lacks after all may still be under way, so that waits for a resend. Of a
 * player that is new here, or in this epoch, nothing can be under way.
 */
function reconcile(link: Link, peer: Peer, seat: Seat, from: Micros, holdings: readonly Holding[]): Peer {
  const pending: Pending[] = [];
  for (const holding of holdings) {
    if (holding.author === seat && holding.kind !== 'cause') continue;
    if (!lacks(peer.standing, holding)) continue;
    pending.push(
      peer.pending.find((known) => same(known.holding, holding)) ??
        pend(holding, from + patience(link, peer, holding)),
    );
  }
  return { ...peer, pending };
}

/** All links after holdings have changed otherwise than by growing. */
export function reconcileAll(link: Link, at: Micros, holdings: readonly Holding[]): Link {
  const peers = link.peers.map((peer, seat) => {
    if (peer === null) return null;
    const from = peer.standing === null ? at : at + resendAfter(peer);
    return reconcile(link, peer, seat as Seat, from, holdings);
  });
  return { ...link, peers };
}

/**
 * How a standing goes on from another. What is not surely further is looked at as a whole, so a lie heals.
 */
function progress(a: Standing | null, b: Standing): 'further' | 'same' | 'back' {
  if (a === null || b.epoch !== a.epoch || b.round < a.round) return 'back';
  const kept = within(a.removes, b.removes) && within(a.causes, b.causes);
  if (b.round > a.round) return kept ? 'further' : 'back';
  if (!kept || !within(a.commits, b.commits) || !within(a.opens, b.opens)) return 'back';
  const same =
    a.commits === b.commits && a.opens === b.opens && a.removes === b.removes && a.causes === b.causes;
  return same ? 'same' : 'further';
}

/**
 * Round trip from what the new standing acknowledges. Of what was sent more than once it cannot be told
 * which sending was answered (Karn's rule; smoothing as in RFC 6298), unless the answer came too soon to be
 * one to the last.
 */
function measured(
  peer: Peer,
  standing: Standing,
  at: Micros,
): Pick<Peer, 'roundTrip' | 'shortest' | 'spread'> {
  let { roundTrip, shortest, spread } = peer;
  for (const { holding, firstAt, sentAt } of peer.pending) {
    if (firstAt === null || sentAt === null || lacks(standing, holding)) continue;
    const clear = firstAt === sentAt || shortest === null || at - sentAt < shortest / 2;
    if (!clear) continue;
    const sample = at - firstAt;
    shortest = Math.min(shortest ?? sample, sample);
    if (roundTrip === null) [roundTrip, spread] = [sample, Math.round(sample / 8)];
    else {
      spread = Math.round(spread + (Math.abs(sample - roundTrip) - spread) / 4);
      roundTrip = Math.round(roundTrip + (sample - roundTrip) / 8);
    }
  }
  return { roundTrip, shortest, spread };
}

/**
 * A datagram came from a player: its standing, and whether it carried anything that wants an answer.
 * A standing that holds less than the one before came late, or is of a player that was restarted or
 * asks for commitments again; or one of the two is forged, and the next genuine one sets it right.
 */
export function heard(
  link: Link,
  from: Seat,
  at: Micros,
  { standing, carried }: { readonly standing: Standing | null; readonly carried: boolean },
  holdings: () => readonly Holding[],
): Link {
  const before = link.peers[from];
  if (!before) return link;
  const ackAt = carried ? earlier(before.ackAt, at + ackDelay(before)) : before.ackAt;
  const peer: Peer = { ...before, heardAt: at, ackAt, interrupted: false };
  const peers = link.peers.slice();
  peers[from] = peer;
  const moved = standing === null ? 'same' : progress(before.standing, standing);
  if (standing === null || moved === 'same') return { ...link, peers };
  if (moved === 'further') {
    const pending = peer.pending.filter(({ holding }) => lacks(standing, holding));
    peers[from] = { ...peer, standing, pending, ...measured(before, standing, at) };
  } else {
    const arrived = before.standing?.epoch !== standing.epoch;
    const due = arrived ? at : at + resendAfter(peer);
    peers[from] = reconcile(link, { ...peer, standing }, from, due, holdings());
  }
  return { ...link, peers };
}

/** Splits items into as few datagrams as they fit, in order. */
function bundles(items: readonly Item[]): (readonly Item[])[] {
  const all: Item[][] = [];
  let room = 0;
  for (const item of items) {
    const need = ITEM_HEADER_BYTES + item.bytes.length;
    let current = all.at(-1);
    if (current === undefined || need > room || current.length === ITEMS_MAX) {
      current = [];
      all.push(current);
      room = DATAGRAM_BYTES_MAX - BUNDLE_HEADER_BYTES;
    }
    current.push(item);
    room -= need;
  }
  return all;
}

function flushPeer(peer: Peer, to: Seat, at: Micros, out: Sending[]): Peer {
  const after = resendAfter(peer);
  const anyDue = peer.pending.some(({ dueAt }) => dueAt <= at);
  const speak = (peer.ackAt !== null && peer.ackAt <= at) || peer.sentAt + KEEPALIVE <= at;
  if (!anyDue && !speak) return peer;
  const items: Item[] = [];
  const pending = peer.pending.map((entry): Pending => {
    const soon = entry.tries > 0 && entry.dueAt <= at + after / 4;
    if (entry.dueAt > at && !(anyDue && soon)) return entry;
    items.push(entry.holding.item);
    const tries = entry.tries + 1;
    const wait = Math.min(RESEND_MAX, after * 2 ** Math.min(entry.tries, 6));
    const spent = entry.holding.kind === 'wish' && tries === WISH_TRIES;
    return { ...entry, dueAt: spent ? NEVER : at + wait, firstAt: entry.firstAt ?? at, sentAt: at, tries };
  });
  const groups = items.length === 0 ? [[]] : bundles(items);
  for (const group of groups) out.push({ to, items: group });
  return { ...peer, pending, sentAt: at, ackAt: null };
}

/** What must leave now, and the links after it has left. */
export function flush(link: Link, at: Micros): readonly [Link, readonly Sending[]] {
  const out: Sending[] = [];
  const peers = link.peers.map((peer, seat) =>
    peer === null ? null : flushPeer(peer, seat as Seat, at, out),
  );
  return out.length === 0 ? [link, out] : [{ ...link, peers }, out];
}

/** Players that have just fallen silent, and the links that remember it. */
export function interruptions(link: Link, at: Micros): readonly [Link, readonly Seat[]] {
  if (!link.peers.some((peer) => peer !== null && !peer.interrupted && peer.heardAt + SILENCE <= at)) {
    return [link, []];
  }
  const silent: Seat[] = [];
  const peers = link.peers.map((peer, seat) => {
    if (peer === null || peer.interrupted || peer.heardAt + SILENCE > at) return peer;
    silent.push(seat as Seat);
    return { ...peer, interrupted: true };
  });
  return [{ ...link, peers }, silent];
}

/** When the links want to be looked at again; null for never. */
export function linkWakeAt(link: Link): Micros | null {
  let wake: Micros | null = null;
  for (const peer of link.peers) {
    if (peer === null) continue;
    wake = earlier(wake, peer.sentAt + KEEPALIVE);
    wake = earlier(wake, peer.ackAt);
    if (!peer.interrupted) wake = earlier(wake, peer.heardAt + SILENCE);
    for (const { dueAt } of peer.pending) wake = earlier(wake, dueAt);
  }
  return wake;
}

/** The links with a last word to everybody: who stops listening acknowledges first. */
export function answerAll(link: Link, at: Micros): Link {
  return { ...link, peers: link.peers.map((peer) => peer && { ...peer, ackAt: at }) };
}

/** The links without those to players that are gone for good. */
export function cutOff(link: Link, seats: readonly Seat[]): Link {
  return { ...link, peers: link.peers.map((peer, seat) => (seats.includes(seat as Seat) ? null : peer)) };
}
