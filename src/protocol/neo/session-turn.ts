/**
 * The state of a neo session: the greeting, the machine, the links, the clock; and a change of it on its way.
 * What changes it is in session.ts, and in newcomers.ts where it concerns players who come later.
 */

import type { Round, Seat } from '../../base/ids.ts';
import { nobody } from '../../base/players.ts';
import type { Micros } from '../../base/time.ts';
import { encodeRounds, headerBeside, type RoundSets } from '../../wire/rounds.ts';
import { type RoundsItem, roundsItemBytes } from '../../wire/rounds-item.ts';
import type { SessionEffect, Step } from '../effect.ts';
import type { Running, SessionSetup } from '../engine.ts';
import { beginGreeting, type Greeting, type GreetingEffect } from '../greeting.ts';
import { type Arrival, beginArrival } from './arrival.ts';
import { isSlow } from './ballot.ts';
import { type Clock, firstClock, keep, sessionTime, stamp } from './clock.ts';
import { listed } from './holdings.ts';
import { type Happening, type Inquiries, noInquiries, stepInquiries } from './inquiry.ts';
import { invitedSetup, trustOf } from './invited.ts';
import { firstLateness, type Lateness } from './lateness.ts';
import { keepLinks, type Link, openLink, tellAll } from './link.ts';
import { type NeoEvent, reachedBy, stepNeo } from './neo.ts';
import { noOffer, type Offer } from './offer.ts';
import type { NeoOptions } from './options.ts';
import type { NeoRecord } from './record.ts';
import type { Restored } from './recovery.ts';
import { introduced } from './seating.ts';
import { membersOf, type Neo, type Now, playersOf } from './state.ts';
import type { NeoEffect } from './turn.ts';

export interface NeoSession extends Running {
  readonly options: NeoOptions;
  readonly greeting: Greeting;
  readonly neo: Neo | null;
  readonly link: Link;
  readonly clock: Clock;
  readonly lateness: Lateness;
  readonly inquiries: Inquiries;
  /** What I hand over to newcomers. */
  readonly offer: Offer;
  /** Set until this player, who comes to a match that runs, has its snapshot. */
  readonly arrival: Arrival | null;
  /** Since when enough members have been heard without a break; null while they are not. */
  readonly connectedAt: Micros | null;
  /** When the newest round became final, or a stall was last reported. */
  readonly movedAt: Micros;
  /** Final rounds in which equal votes alone did not decide. */
  readonly slowRounds: number;
  /** The time of the newest event, and when time alone brings the machine something. */
  readonly at: Micros;
  readonly dueAt: Micros | null;
  /** Statements of the log, to be signed and sent again at the start. */
  readonly unsaid: Restored['unsaid'];
}

/** A new session, or one that goes on from its log. */
export function createNeoSession(
  setup: SessionSetup,
  options: NeoOptions,
  at: Micros,
  restored: Restored | null,
): NeoSession {
  const neo = restored?.neo ?? null;
  const invited = invitedSetup(setup, restored?.invited ?? null);
  const me = neo?.setup.me ?? (invited ?? setup).me;
  const trust = invited === null ? null : trustOf(invited, options);
  return {
    setup: invited === null ? setup : { ...invited, me },
    options,
    greeting: beginGreeting(setup, at, invited === null ? (restored?.nonces ?? null) : []),
    neo,
    link: openLink(me, neo === null ? nobody : playersOf(neo), at),
    clock: firstClock(setup.keys.length, me, at, neo === null ? 0 : reachedBy(neo)),
    lateness: firstLateness(),
    inquiries: noInquiries,
    offer: noOffer,
    arrival: trust === null || neo !== null ? null : beginArrival(trust, !!restored?.invited, at),
    connectedAt: null,
    movedAt: at,
    slowRounds: 0,
    at,
    dueAt: at,
    unsaid: restored?.unsaid ?? [],
  };
}

/** The moment as the machine sees it. */
export function nowOf({ at, clock, connectedAt }: Pick<NeoSession, 'at' | 'clock' | 'connectedAt'>): Now {
  return { at, time: sessionTime(clock, at), connectedAt: connectedAt ?? at };
}

/** One change of the session on its way. */
export class Turn {
  session: NeoSession;
  readonly effects: SessionEffect<NeoRecord>[] = [];

  constructor(session: NeoSession) {
    this.session = session;
  }

  get at(): Micros {
    return this.session.at;
  }

  set(change: Partial<NeoSession>): void {
    this.session = { ...this.session, ...change };
  }

  greet([greeting, effects]: Step<Greeting, GreetingEffect>): void {
    this.set({ greeting });
    this.effects.push(...effects);
  }

  /** Passes an event to the machine; what it wants everybody to see goes to the links. */
  drive(event: NeoEvent): void {
    const { neo } = this.session;
    if (neo === null) return;
    const [next, effects] = stepNeo(neo, nowOf(this.session), event);
    this.set({ neo: next });
    for (const effect of effects) this.take(effect);
    if (next.final !== neo.final) {
      this.countSlow(next, neo.final);
      this.introduce();
      const link = keepLinks(this.session.link, playersOf(next), this.at);
      this.set({ link, movedAt: this.at, clock: keep(this.session.clock, membersOf(next)) });
    }
  }

  /** Takes down whom the final log has let in; done again after a restart, when nobody remembers it. */
  introduce(): void {
    const { clock, link, neo, setup } = this.session;
    if (neo === null) return;
    const { effects, seating } = introduced({ clock, link, neo, setup });
    this.set(seating);
    this.effects.push(...effects);
    if (seating.setup.me !== setup.me) this.set({ dueAt: this.at });
  }

  /** Counts the slow ones among the rounds that are final now and were not before. */
  countSlow(neo: Neo, before: Round): void {
    const slow = neo.rounds.filter((each) => each.round > before && each.round <= neo.final && isSlow(each));
    this.set({ slowRounds: this.session.slowRounds + slow.length });
  }

  take(effect: NeoEffect): void {
    if (effect.type === 'notify' && effect.notice.type === 'desync') {
      compare(this, { type: 'desync', round: effect.notice.round });
    }
    if (effect.type !== 'retell') this.effects.push(effect);
    else this.set({ link: tellAll(this.session.link, { type: 'packet', bytes: effect.packet }) });
  }
}

/** Comparing states with others: all that concerns it, and what leaves for it. */
export function compare(turn: Turn, happening: Happening): void {
  const { inquiries, neo } = turn.session;
  if (neo === null) return;
  const [next, { effects, sendings }] = stepInquiries(inquiries, turn.at, neo.final, happening);
  turn.set({ inquiries: next });
  turn.effects.push(...effects);
  for (const { item, to } of sendings)
    if (turn.session.link.peers[to]) send(turn, neo, to, [item], listed(neo));
}

/** A datagram leaves. */
export function send(
  turn: Turn,
  { final, setup }: Neo,
  to: Seat,
  items: readonly RoundsItem[],
  rounds: readonly RoundSets[],
): void {
  const header = { stamp: stamp(turn.session.clock, to, turn.at), final, rounds };
  const bytes = items.reduce((sum, item) => sum + roundsItemBytes(item), 0);
  const datagram = encodeRounds(setup.session, { header: headerBeside(header, bytes), items });
  turn.effects.push({ type: 'send', to, datagram });
}
