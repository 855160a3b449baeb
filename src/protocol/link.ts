/**
 * The link to each other player: what it lacks is sent until its standing says that it holds it. Own
 * packets leave at once, packets of others only when their own sender has had the time to deliver
 * them. Resends back off; a standing travels with every datagram and alone when nothing else does.
 */

import type { Seat } from '../base/ids.ts';
import { earlier, type Micros, micros } from '../base/time.ts';
import type { Item, Standing } from '../wire/envelope.ts';
import { BUNDLE_HEADER_BYTES, DATAGRAM_BYTES_MAX, ITEM_HEADER_BYTES, ITEMS_MAX } from '../wire/limits.ts';
import { type Holding, lacks } from './standing.ts';

/** A datagram's standing travels alone after this long, so that packets are not resent for nothing. */
const ACK_DELAY: Micros = micros(10);
/** Something is said at least this often, so that silence means something. */
const KEEPALIVE: Micros = micros(1000);
const RESEND_FIRST: Micros = micros(100);
const RESEND_MIN: Micros = micros(30);
const RESEND_MAX: Micros = micros(1000);
/** A player of whom nothing has been heard for this long is interrupted. */
const SILENCE: Micros = micros(3500);

/** A holding on its way to one player. */
interface Pending {
  readonly holding: Holding;
  readonly dueAt: Micros;
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
  /** Smoothed time from a first sending to its acknowledgement; null while unknown. */
  readonly roundTrip: Micros | null;
  readonly interrupted: boolean;
}

/** One link a seat; null for myself and for those that are cut off. */
export type Link = readonly (Peer | null)[];

/** A datagram to be: its items and for whom. */
export interface Sending {
  readonly to: Seat;
  readonly items: readonly Item[];
}

export function openLink(seats: number, me: Seat, at: Micros): Link {
  const fresh: Peer = {
    standing: null,
    pending: [],
    heardAt: at,
    sentAt: at,
    ackAt: null,
    roundTrip: null,
    interrupted: false,
  };
  return Array.from({ length: seats }, (_, seat) => (seat === me ? null : fresh));
}

/** Time after which a packet that was not acknowledged is sent again. */
function resendAfter(peer: Peer): Micros {
  if (peer.roundTrip === null) return RESEND_FIRST;
  return Math.min(RESEND_MAX, Math.max(RESEND_MIN, Math.round(1.5 * peer.roundTrip) + ACK_DELAY));
}

function pend(peer: Peer, me: Seat, at: Micros, holding: Holding): Pending {
  const own = holding.author === me || holding.kind === 'cause';
  return { holding, dueAt: own ? at : at + resendAfter(peer), sentAt: null, tries: 0 };
}

/** A new holding, for everyone who lacks it. */
export function offer(link: Link, me: Seat, at: Micros, holding: Holding): Link {
  return link.map((peer, seat) => {
    if (peer === null || (holding.author === seat && holding.kind !== 'cause')) return peer;
    if (!lacks(peer.standing, holding)) return peer;
    return { ...peer, pending: [...peer.pending, pend(peer, me, at, holding)] };
  });
}

function same(a: Holding, b: Holding): boolean {
  return a.item.bytes === b.item.bytes && a.kind === b.kind;
}

/** The peer with exactly those holdings pending that it lacks; what is on its way keeps its schedule. */
function reconcile(peer: Peer, seat: Seat, me: Seat, at: Micros, holdings: readonly Holding[]): Peer {
  const pending: Pending[] = [];
  for (const holding of holdings) {
    if (holding.author === seat && holding.kind !== 'cause') continue;
    if (!lacks(peer.standing, holding)) continue;
    pending.push(peer.pending.find((known) => same(known.holding, holding)) ?? pend(peer, me, at, holding));
  }
  return { ...peer, pending };
}

/** All links after holdings have changed otherwise than by growing. */
export function reconcileAll(link: Link, me: Seat, at: Micros, holdings: readonly Holding[]): Link {
  return link.map((peer, seat) => peer && reconcile(peer, seat as Seat, me, at, holdings));
}

function sameStanding(a: Standing | null, b: Standing): boolean {
  if (a === null || a.epoch !== b.epoch || a.round !== b.round) return false;
  return a.commits === b.commits && a.opens === b.opens && a.removes === b.removes && a.causes === b.causes;
}

/** Round trip from what the new standing acknowledges and what was sent once only (Karn's rule). */
function measured(peer: Peer, standing: Standing, at: Micros): Micros | null {
  let { roundTrip } = peer;
  for (const { holding, sentAt, tries } of peer.pending) {
    if (sentAt === null || tries !== 1 || lacks(standing, holding)) continue;
    const sample = at - sentAt;
    roundTrip = roundTrip === null ? sample : Math.round(roundTrip + (sample - roundTrip) / 8);
  }
  return roundTrip;
}

/** A datagram came from a player: its standing, and whether it carried anything that wants an answer. */
export function heard(
  link: Link,
  me: Seat,
  from: Seat,
  at: Micros,
  standing: Standing,
  carried: boolean,
  holdings: () => readonly Holding[],
): Link {
  const before = link[from];
  if (!before) return link;
  const ackAt = carried ? earlier(before.ackAt, at + ACK_DELAY) : before.ackAt;
  let peer: Peer = { ...before, heardAt: at, ackAt, interrupted: false };
  if (!sameStanding(before.standing, standing)) {
    peer = { ...peer, standing, roundTrip: measured(before, standing, at) };
    peer = reconcile(peer, from, me, at, holdings());
  }
  const next = link.slice();
  next[from] = peer;
  return next;
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
    const wait = Math.min(RESEND_MAX, after * 2 ** Math.min(entry.tries, 6));
    return { ...entry, dueAt: at + wait, sentAt: at, tries: entry.tries + 1 };
  });
  const groups = items.length === 0 ? [[]] : bundles(items);
  for (const group of groups) out.push({ to, items: group });
  return { ...peer, pending, sentAt: at, ackAt: null };
}

/** What must leave now, and the links after it has left. */
export function flush(link: Link, at: Micros): readonly [Link, readonly Sending[]] {
  const out: Sending[] = [];
  const next = link.map((peer, seat) => (peer === null ? null : flushPeer(peer, seat as Seat, at, out)));
  return out.length === 0 ? [link, out] : [next, out];
}

/** Players that have just fallen silent, and the links that remember it. */
export function interruptions(link: Link, at: Micros): readonly [Link, readonly Seat[]] {
  const silent: Seat[] = [];
  const next = link.map((peer, seat) => {
    if (peer === null || peer.interrupted || peer.heardAt + SILENCE > at) return peer;
    silent.push(seat as Seat);
    return { ...peer, interrupted: true };
  });
  return silent.length === 0 ? [link, silent] : [next, silent];
}

/** When the links want to be looked at again; null for never. */
export function linkWakeAt(link: Link): Micros | null {
  let wake: Micros | null = null;
  for (const peer of link) {
    if (peer === null) continue;
    wake = earlier(wake, peer.sentAt + KEEPALIVE);
    wake = earlier(wake, peer.ackAt);
    if (!peer.interrupted) wake = earlier(wake, peer.heardAt + SILENCE);
    for (const { dueAt } of peer.pending) wake = earlier(wake, dueAt);
  }
  return wake;
}

/** The links without those to players that are gone for good. */
export function cutOff(link: Link, seats: readonly Seat[]): Link {
  return link.map((peer, seat) => (seats.includes(seat as Seat) ? null : peer));
}
