/**
 * Comparing states with other players, at both ends: questions of others are answered from the states that
 * are kept here, and others are asked, and asked again, until it is known where their state differs.
 * All of it is outside of signatures and decides nothing; how much a player can ask for is bounded.
 */

import type { Round, Seat } from '../../base/ids.ts';
import { earlier, type Micros, micros } from '../../base/time.ts';
import type { ChunkItem, OpaqueItem, VectorItem } from '../../wire/rounds-item.ts';
import type { SessionEffect } from '../effect.ts';
import { answerAbout, type Side, stateOf } from './subtree.ts';
import {
  beginInquiry,
  type Inquiry,
  isComplete,
  isOver,
  openQuestions,
  rowsOf,
  takeAnswer,
} from './subtree-inquiry.ts';
import { type Answer, decodeQuery, encodeAnswer, type Query } from './subtree-item.ts';

/** What comes beside packets, outside of signatures. */
export type Attachment = VectorItem | OpaqueItem | ChunkItem;

/** A question is asked again after this long, and none any more after that long without an answer. */
const AGAIN: Micros = micros(250);
const PATIENCE: Micros = micros(8000);
/** States of my own choice that are kept, and those that others have asked for. */
const KEPT_MAX = 3;
/** Questions that wait for a state to be shown. */
const WAITING_MAX = 16;
/** Other rounds that are tried when the other has not the state of the one that was asked for. */
const RESTARTS_MAX = 3;
/** Bytes of states that a player can have looked through in a second, and what a question costs at least. */
const WORK_MAX = 4 << 20;
const WORK_MIN = 1 << 16;
const WORK_WINDOW: Micros = micros(1000);

interface Kept {
  readonly round: Round;
  readonly bytes: Uint8Array;
  /** I want it: somebody's state differs, or I am asking. */
  readonly own: boolean;
}

interface Asking {
  readonly player: Seat;
  /** What was wanted; the inquiry may have come to be about another round. */
  readonly wanted: Round;
  readonly round: Round;
  /** Null until my own state is shown. */
  readonly inquiry: Inquiry | null;
  /** When each of the open questions was asked. */
  readonly askedAt: ReadonlyMap<number, Micros>;
  readonly restarts: number;
  readonly giveUpAt: Micros;
}

export interface Inquiries {
  readonly kept: readonly Kept[];
  readonly asking: readonly Asking[];
  readonly waiting: readonly { readonly from: Seat; readonly query: Query }[];
  /** By seat what it has had looked through since when. */
  readonly work: ReadonlyMap<Seat, { readonly since: Micros; readonly bytes: number }>;
}

export const noInquiries: Inquiries = { kept: [], asking: [], waiting: [], work: new Map() };

/** What concerns inquiries. */
export type Happening =
  /** Somebody's state differs after this round: mine is kept, for it may be asked about. */
  | { readonly type: 'desync'; readonly round: Round }
  | { readonly type: 'inquire'; readonly round: Round; readonly player: Seat }
  | { readonly type: 'state'; readonly round: Round; readonly bytes: Uint8Array | null }
  | { readonly type: 'item'; readonly from: Seat; readonly item: OpaqueItem }
  | { readonly type: 'tick' };

export interface Outgoing {
  readonly effects: readonly Extract<SessionEffect<never>, { type: 'state-wanted' | 'compared' }>[];
  readonly sendings: readonly { readonly to: Seat; readonly item: OpaqueItem }[];
}

/** What was decoded of the bytes that are kept. */
const decoded = new WeakMap<Uint8Array, { readonly state: Side }>();

function decodedOf(bytes: Uint8Array): Side {
  const known = decoded.get(bytes) ?? { state: stateOf(bytes) };
  decoded.set(bytes, known);
  return known.state;
}

/** One change of the inquiries on its way. */
class Turn {
  inquiries: Inquiries;
  readonly at: Micros;
  /** The newest round that is final here. */
  readonly final: Round;
  readonly effects: Outgoing['effects'][number][] = [];
  readonly sendings: Outgoing['sendings'][number][] = [];

  constructor(inquiries: Inquiries, at: Micros, final: Round) {
    this.inquiries = inquiries;
    this.at = at;
    this.final = final;
  }

  set(change: Partial<Inquiries>): void {
    this.inquiries = { ...this.inquiries, ...change };
  }

  keptAt(round: Round): Uint8Array | null {
    return this.inquiries.kept.find((each) => each.round === round)?.bytes ?? null;
  }

  want(round: Round): void {
    this.effects.push({ type: 'state-wanted', round });
  }

  answer(to: Seat, id: number, answer: Answer): void {
    const bytes = encodeAnswer(id, answer) ?? encodeAnswer(id, { type: 'opaque' });
    if (bytes !== null) this.sendings.push({ to, item: { type: 'answer', bytes } });
  }

  change(asking: Asking): void {
    const others = this.inquiries.asking.filter(({ player }) => player !== asking.player);
    this.set({ asking: [...others, asking] });
  }
}

/** Takes down a state that was shown; of too many the oldest of its kind goes. */
function keep(turn: Turn, kept: Kept): void {
  const others = turn.inquiries.kept.filter(({ round }) => round !== kept.round);
  const alike = others.filter(({ own }) => own === kept.own);
  const gone = alike.length < KEPT_MAX ? null : alike[0];
  turn.set({ kept: [...others.filter((each) => each !== gone), kept] });
}

/** True while a player has not asked for more than it may in this second. */
function mayAsk(turn: Turn, from: Seat, bytes: number): boolean {
  const before = turn.inquiries.work.get(from);
  const fresh = before === undefined || turn.at - before.since >= WORK_WINDOW;
  const since = fresh ? turn.at : before.since;
  const used = fresh ? 0 : before.bytes;
  const cost = WORK_MIN + bytes;
  if (used > 0 && used + cost > WORK_MAX) return false;
  turn.set({ work: new Map(turn.inquiries.work).set(from, { since, bytes: used + cost }) });
  return true;
}

/** The rounds of which I could show a state: those that are kept, and the newest. */
function shownRounds({ final, inquiries }: Turn): readonly Round[] {
  return [...new Set([...inquiries.kept.map(({ round }) => round), final])];
}

function takeQuery(turn: Turn, from: Seat, bytes: Uint8Array): void {
  const query = decodeQuery(bytes);
  if (query === null) return;
  const state = turn.keptAt(query.round);
  if (!mayAsk(turn, from, state?.length ?? 0)) return;
  if (state !== null) return turn.answer(from, query.id, answerAbout(decodedOf(state), query));
  if (query.round > turn.final)
    return turn.answer(from, query.id, { type: 'unknown', rounds: shownRounds(turn) });
  turn.set({ waiting: [...turn.inquiries.waiting, { from, query }].slice(-WAITING_MAX) });
  turn.want(query.round);
}

/** Answers who has waited for a state to be shown. */
function answerWaiting(turn: Turn, round: Round, bytes: Uint8Array | null): void {
  const { waiting } = turn.inquiries;
  turn.set({ waiting: waiting.filter(({ query }) => query.round !== round) });
  for (const { from, query } of waiting) {
    if (query.round !== round) continue;
    const none: Answer = { type: 'unknown', rounds: shownRounds(turn) };
    turn.answer(from, query.id, bytes === null ? none : answerAbout(decodedOf(bytes), query));
  }
}

function begin(turn: Turn, asking: Omit<Asking, 'inquiry' | 'askedAt' | 'giveUpAt'>): void {
  const giveUpAt = turn.at + PATIENCE;
  turn.change({ ...asking, inquiry: null, askedAt: new Map(), giveUpAt });
  const bytes = turn.keptAt(asking.round);
  if (bytes === null) turn.want(asking.round);
  else takeOwnState(turn, asking.round, bytes);
}

/** My own state has been shown: whoever waits for it can be asked now, or about another round. */
function takeOwnState(turn: Turn, round: Round, bytes: Uint8Array | null): void {
  for (const asking of turn.inquiries.asking) {
    if (asking.round !== round || asking.inquiry !== null) continue;
    if (bytes !== null) turn.change({ ...asking, inquiry: beginInquiry(round, bytes) });
    else restart(turn, asking, [turn.final]);
  }
}

/** Asks about the newest of those rounds instead, if that is another one. */
function restart(turn: Turn, asking: Asking, rounds: readonly Round[]): void {
  const possible = rounds.filter((round) => round <= turn.final && round !== asking.round);
  if (possible.length === 0 || asking.restarts === RESTARTS_MAX) return end(turn, asking, 'unknown');
  const { player, restarts, wanted } = asking;
  begin(turn, { player, wanted, round: Math.max(...possible), restarts: restarts + 1 });
}

type Failure = Exclude<Inquiry['failed'], null> | 'silent';

/** Tells what came of an inquiry. */
function end(turn: Turn, asking: Asking, failed: Failure | null): void {
  const { inquiry, player, round, wanted } = asking;
  turn.set({ asking: turn.inquiries.asking.filter((each) => each.player !== player) });
  const rows = inquiry === null ? [] : rowsOf(inquiry);
  const complete = failed === null && inquiry !== null && isComplete(inquiry);
  turn.effects.push({ type: 'compared', player, wanted, round, rows, complete, failed });
}

function takeOwnAnswer(turn: Turn, from: Seat, bytes: Uint8Array): void {
  const asking = turn.inquiries.asking.find(({ player }) => player === from);
  if (!asking?.inquiry) return;
  const inquiry = takeAnswer(asking.inquiry, bytes);
  if (inquiry === asking.inquiry) return;
  const next = { ...asking, inquiry, giveUpAt: turn.at + PATIENCE };
  if (inquiry.failed === 'unknown') restart(turn, next, inquiry.rounds);
  else if (isOver(inquiry)) end(turn, next, inquiry.failed);
  else turn.change(next);
}

/** Asks what has to be asked now, and gives up on who does not answer. */
function ask(turn: Turn, asking: Asking): void {
  const { askedAt, giveUpAt, inquiry, player } = asking;
  if (giveUpAt <= turn.at) return end(turn, asking, 'silent');
  if (inquiry === null) return;
  if (isOver(inquiry)) return end(turn, asking, inquiry.failed);
  const asked = new Map<number, Micros>();
  for (const { bytes, id } of openQuestions(inquiry)) {
    const before = askedAt.get(id);
    const due = before === undefined || before + AGAIN <= turn.at;
    asked.set(id, due ? turn.at : before);
    if (due) turn.sendings.push({ to: player, item: { type: 'query', bytes } });
  }
  turn.change({ ...asking, askedAt: asked });
}

/** The only door of the inquiries; `final` is the newest round that is final here. */
export function stepInquiries(
  inquiries: Inquiries,
  at: Micros,
  final: Round,
  happening: Happening,
): readonly [Inquiries, Outgoing] {
  const turn = new Turn(inquiries, at, final);
  if (happening.type === 'desync') turn.want(happening.round);
  else if (happening.type === 'inquire') {
    const { player, round } = happening;
    begin(turn, { player, wanted: round, round, restarts: 0 });
  } else if (happening.type === 'state') {
    const { bytes, round } = happening;
    const own = !inquiries.waiting.some(({ query }) => query.round === round);
    if (bytes !== null) keep(turn, { round, bytes, own });
    answerWaiting(turn, round, bytes);
    takeOwnState(turn, round, bytes);
  } else if (happening.type === 'item') {
    const { from, item } = happening;
    if (item.type === 'query') takeQuery(turn, from, item.bytes);
    else if (item.type === 'answer') takeOwnAnswer(turn, from, item.bytes);
  }
  for (const asking of turn.inquiries.asking) ask(turn, asking);
  return [turn.inquiries, { effects: turn.effects, sendings: turn.sendings }];
}

/** When an inquiry wants to be looked at again; null for never. */
export function inquiriesWakeAt({ asking }: Inquiries): Micros | null {
  let wake: Micros | null = null;
  for (const { askedAt, giveUpAt } of asking) {
    wake = earlier(wake, giveUpAt);
    for (const at of askedAt.values()) wake = earlier(wake, at + AGAIN);
  }
  return wake;
}
