/** What the final log says of players that were not there before: where they are reached, and my own seat. */

import { equalBytes } from '../../base/bytes.ts';
import type { Round, Seat } from '../../base/ids.ts';
import type { SessionEffect } from '../effect.ts';
import type { SessionSetup } from '../engine.ts';
import { NOWHERE } from './arrival.ts';
import type { Clock } from './clock.ts';
import type { Link } from './link.ts';
import { seatOfKey } from './snapshot.ts';
import { type Neo, pastOf } from './state.ts';

/** The parts of a session that know of seats. */
export interface Seating {
  readonly setup: SessionSetup;
  readonly neo: Neo;
  readonly link: Link;
  readonly clock: Clock;
}

export interface Seated {
  readonly seating: Seating;
  readonly effects: readonly Extract<SessionEffect<never>, { type: 'address' | 'seated' }>[];
}

/** Takes down who is new in the roster, and my own seat if I had none. */
export function introduced(before: Seating): Seated {
  const { neo, setup } = before;
  const { log } = pastOf(neo, neo.final);
  const own = setup.newcomer?.publicKey ?? null;
  const effects: Seated['effects'][number][] = [];
  for (const [index, { address, publicKey }] of log.roster.entries()) {
    if (index < setup.keys.length || (own !== null && equalBytes(publicKey, own))) continue;
    effects.push({ type: 'address', seat: index as Seat, address });
  }
  const grown = log.roster.length > setup.keys.length;
  const keys = grown ? log.roster.map(({ publicKey }) => publicKey) : setup.keys;
  const seating = grown ? { ...before, setup: { ...setup, keys } } : before;
  const seat = own !== null && setup.me === NOWHERE ? seatOfKey(log, own) : null;
  if (seat === null) return { seating, effects };
  effects.push({ type: 'seated', seat });
  return { seating: seatedAt(seating, seat), effects };
}

function seatedAt({ clock, link, neo, setup }: Seating, me: Seat): Seating {
  return {
    setup: { ...setup, me },
    neo: { ...neo, setup: { ...neo.setup, me } },
    link: { ...link, me, peers: link.peers.map((peer, seat) => (seat === me ? null : peer)) },
    clock: { ...clock, me },
  };
}

/** True for a round before those that this player has a seat in: it is not gone, it has yet to begin. */
export function isYetToPlay(neo: Neo, round: Round): boolean {
  const { me } = neo.setup;
  if (me === NOWHERE) return true;
  return (pastOf(neo, neo.final).log.sinceRound[me] ?? 0) > round;
}
