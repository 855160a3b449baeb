/** What a session's machine wants its game to know, as events. */

import { seatsOf } from '../base/players.ts';
import type { Effect, Notice } from '../protocol/effect.ts';
import type { Comparisons } from './comparisons.ts';
import type { Listeners, SessionEvents } from './events.ts';

type Told<State, Input> = Listeners<SessionEvents<State, Input>>;

/** Tells of a player, of states that differ, or of a stall. */
export function tellNotice<State, Input>(
  listeners: Told<State, Input>,
  notice: Notice,
  comparisons: Comparisons,
): void {
  if (notice.type === 'player') {
    const { player, status } = notice;
    listeners.tell('player', { player, status });
  } else if (notice.type === 'desync') {
    const { round } = notice;
    const players = seatsOf(notice.players);
    listeners.tell('desync', { round, players, diff: () => comparisons.differences(players, round) });
  } else {
    const { round, waitingFor, reason } = notice;
    listeners.tell('stall', { round, waitingFor: seatsOf(waitingFor), reason });
  }
}

/** Tells of a lie that is proved. */
export function tellEvidence<State, Input>(
  listeners: Told<State, Input>,
  { evidence, kind, player }: Extract<Effect, { type: 'evidence' }>,
): void {
  listeners.tell('cheat', { kind, player, evidence });
}
