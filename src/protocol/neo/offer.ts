/**
 * What a member keeps to hand snapshots over: one of them, made when somebody asks and used for all who ask
 * while it is young enough, and what everybody has had of it. A peer gets no more than a few times its size,
 * and not more often than a link can bear, whatever it asks.
 */

import type { Round, Seat } from '../../base/ids.ts';
import { type Micros, micros } from '../../base/time.ts';
import { PLAYERS_MAX } from '../../wire/limits.ts';
import type { ChunkItem } from '../../wire/rounds-item.ts';
import type { BySeat } from '../round.ts';
import { makeSnapshot, newestSnapshot, stepsOf } from './snapshot.ts';
import type { Neo } from './state.ts';
import { chunksOf, PARTS_ASKED, type PartsQuery } from './transfer.ts';
import { put } from './turn.ts';

/** Questions of one peer are answered at most this often. */
const ANSWER_EVERY: Micros = micros(10);
/** A snapshot is tried to be made at most this often: it is much work, and it may come to nothing. */
const MAKE_EVERY: Micros = micros(100);
/** So many times a peer may have all parts of a snapshot. */
const TIMES_MAX = 4;

interface Served {
  readonly round: Round;
  readonly at: Micros;
  /** Parts of the snapshot after `round` that were sent. */
  readonly parts: number;
}

export interface Offer {
  readonly made: { readonly round: Round; readonly bytes: Uint8Array } | null;
  /** When one was last tried to be made; null for never. */
  readonly madeAt: Micros | null;
  /** Who waits for the game's states after which round. */
  readonly waiting: { readonly round: Round; readonly to: Seat; readonly query: PartsQuery } | null;
  readonly served: BySeat<Served>;
}

export const noOffer: Offer = {
  made: null,
  madeAt: null,
  waiting: null,
  served: new Array<null>(PLAYERS_MAX).fill(null),
};

/** An answer to a question: parts of the snapshot, or states that the game is asked for first. */
export interface Answered {
  readonly offer: Offer;
  readonly chunks: readonly ChunkItem[];
  readonly states: { readonly round: Round; readonly count: number } | null;
}

/** True while whoever gets this snapshot now can still be told of all rounds after it. */
function isYoung({ final, roundsFrom, setup }: Neo, round: Round): boolean {
  return round + 1 >= Math.max(roundsFrom, final - setup.log.silence - setup.log.alpha);
}

/** The parts that a peer gets of the snapshot that is made. */
function serve(offer: Offer, to: Seat, query: PartsQuery, at: Micros): Answered {
  const { made, served } = offer;
  if (made === null) return { offer, chunks: [], states: null };
  const before = served[to]?.round === made.round ? (served[to]?.parts ?? 0) : 0;
  const chunks = chunksOf(made.round, made.bytes, query);
  const most = TIMES_MAX * (chunks[0]?.count ?? 0) + PARTS_ASKED;
  if (before + chunks.length > most) return { offer, chunks: [], states: null };
  const next = put(served, to, { round: made.round, at, parts: before + chunks.length });
  return { offer: { ...offer, served: next }, chunks, states: null };
}

/** Takes a question of a peer. */
export function takePartsQuery(offer: Offer, neo: Neo, to: Seat, query: PartsQuery, at: Micros): Answered {
  const nothing: Answered = { offer, chunks: [], states: null };
  const { made, madeAt, served } = offer;
  const before = served[to]?.at;
  if (before !== undefined && before + ANSWER_EVERY > at) return nothing;
  if (made !== null && isYoung(neo, made.round)) return serve(offer, to, query, at);
  if (madeAt !== null && madeAt + MAKE_EVERY > at) return nothing;
  const round = newestSnapshot(neo);
  if (round === null) return { ...nothing, offer: { ...offer, madeAt: at } };
  const waiting = { round, to, query: { ...query, round } };
  return {
    ...nothing,
    offer: { ...offer, madeAt: at, waiting },
    states: { round, count: stepsOf(round, neo.setup.log.alpha) },
  };
}

/** The game's states have come: the snapshot is made, and who has asked for it gets its parts. */
export function takeStates(
  offer: Offer,
  neo: Neo,
  round: Round,
  states: readonly (Uint8Array | null)[] | null,
  at: Micros,
): Answered & { readonly to: Seat | null } {
  const { waiting } = offer;
  const idle = { ...offer, waiting: null };
  const bytes = states && waiting?.round === round ? makeSnapshot(neo, round, states) : null;
  if (bytes === null || waiting === null) return { offer: idle, chunks: [], states: null, to: null };
  return { ...serve({ ...idle, made: { round, bytes } }, waiting.to, waiting.query, at), to: waiting.to };
}
