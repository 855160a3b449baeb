/**
 * A newcomer on its way into a match that runs: it asks the members of its invitation in turn for a
 * snapshot, keeps the parts that come from the one it asks, and checks the whole (snapshot.ts). Nobody
 * answers before the log has given it a seat. It says nothing itself until it has the snapshot: its first
 * votes would have to stand on rounds that it does not know. There is time for that: it is a member only
 * alpha rounds after it has its seat, and silence removes nobody for more than alpha rounds after that.
 */

import { concatBytes } from '../../base/bytes.ts';
import { type Round, type Seat, seatOf } from '../../base/ids.ts';
import { add, has, minus, nobody, type PlayerSet, seatsOf } from '../../base/players.ts';
import { type Micros, micros } from '../../base/time.ts';
import { CHUNK_BYTES_MAX, PLAYERS_MAX } from '../../wire/limits.ts';
import type { ChunkItem } from '../../wire/rounds-item.ts';
import { type Snapshot, type Trust, verifySnapshot } from './snapshot.ts';
import { PARTS_ASKED, PARTS_MAX, type PartsQuery } from './transfer.ts';

/** The seat of who has none yet: in no set of players. */
export const NOWHERE: Seat = seatOf(PLAYERS_MAX);

/** A question is asked again after this long, then more slowly. */
const ASK_AGAIN: Micros = micros(150);
const ASK_SLOWEST: Micros = micros(600);
/** So many questions without an answer until another member is asked. */
const TRIES_MAX = 3;
/** A member has this long to hand all over, more for a larger snapshot, and twice that the next time. */
const PATIENCE: Micros = micros(1000);
const PARTS_PATIENCE = 200;
const PATIENCE_MAX: Micros = micros(16_000);

export interface Arrival {
  readonly trust: Trust;
  /** My log says already that I was invited. */
  readonly isLogged: boolean;
  /** Who is being asked. */
  readonly source: Seat;
  /** Of the snapshot that the source hands over; null before its first part. */
  readonly transfer: { readonly round: Round; readonly parts: readonly (Uint8Array | null)[] } | null;
  /** The newest question, and when it is asked (again). */
  readonly asked: PartsQuery | null;
  readonly askAt: Micros;
  /** Questions since the last part that was new. */
  readonly tries: number;
  /** Since when the source is being asked, and how long it has. */
  readonly since: Micros;
  readonly patience: Micros;
  /** Somebody has spoken to me since the source was chosen. */
  readonly isHeard: boolean;
  /** Whose snapshots were wrong: they are asked no more while there are others. */
  readonly wrong: PlayerSet;
}

export function beginArrival(trust: Trust, isLogged: boolean, at: Micros): Arrival {
  const source = seatsOf(trust.invitation.members)[0] ?? NOWHERE;
  return {
    trust,
    isLogged,
    source,
    transfer: null,
    asked: null,
    askAt: at,
    tries: 0,
    since: at,
    patience: PATIENCE,
    isHeard: false,
    wrong: nobody,
  };
}

/** The next member to ask, and nothing of what the one before has sent. */
function askAnother(before: Arrival, wrong: PlayerSet, askAt: Micros): Arrival {
  const { members } = before.trust.invitation;
  const left = minus(members, wrong);
  const all = seatsOf(left === nobody ? members : left);
  const later = all.find((seat) => seat > before.source);
  const patience = later === undefined ? Math.min(PATIENCE_MAX, 2 * before.patience) : before.patience;
  return {
    ...before,
    source: later ?? all[0] ?? NOWHERE,
    transfer: null,
    asked: null,
    askAt,
    tries: 0,
    since: askAt,
    patience,
    isHeard: false,
    wrong: left === nobody ? nobody : wrong,
  };
}

/** The parts that are missing next. */
function nextQuery({ transfer }: Arrival): PartsQuery {
  if (transfer === null) return { round: 0, from: 0, wanted: 0xffffffff };
  const { parts, round } = transfer;
  const from = Math.max(0, parts.indexOf(null));
  let wanted = 0;
  for (let bit = 0; bit < PARTS_ASKED; bit++) if (parts[from + bit] === null) wanted |= 1 << bit;
  return { round, from, wanted: wanted >>> 0 };
}

/** True when the source has had all the time that it gets. */
function isSlow({ patience, since, transfer }: Arrival, at: Micros): boolean {
  return since + patience * (1 + (transfer?.parts.length ?? 0) / PARTS_PATIENCE) < at;
}

export interface Asking {
  readonly arrival: Arrival;
  readonly to: Seat;
  readonly query: PartsQuery;
}

/** The question that is due, or null. */
export function askDue(before: Arrival, at: Micros): Asking | null {
  if (before.askAt > at) return null;
  const arrival =
    before.tries >= TRIES_MAX || isSlow(before, at) ? askAnother(before, before.wrong, at) : before;
  const query = nextQuery(arrival);
  const pause = Math.min(ASK_SLOWEST, ASK_AGAIN * 2 ** arrival.tries);
  const next = { ...arrival, asked: query, askAt: at + pause, tries: arrival.tries + 1 };
  return { arrival: next, to: arrival.source, query };
}

/** A member that says anything to me knows my seat: it is the one to ask, and now. */
export function hearMember(before: Arrival, from: Seat, at: Micros): Arrival {
  const { asked, askAt, isHeard, source, transfer, wrong } = before;
  if (asked === null || transfer !== null || isHeard || has(wrong, from)) return before;
  const next = source === from ? before : { ...before, source: from, since: at, tries: 0 };
  return { ...next, isHeard: true, askAt: Math.min(askAt, at) };
}

/** True for a part that can be one of that snapshot. */
function isPart({ bytes, count, index }: ChunkItem): boolean {
  if (count > PARTS_MAX) return false;
  return index === count - 1 ? bytes.length >= 1 : bytes.length === CHUNK_BYTES_MAX;
}

/** True when all that was asked for last has come. */
function isAnswered({ asked, transfer }: Arrival): boolean {
  if (asked === null || transfer === null) return false;
  for (let bit = 0; bit < PARTS_ASKED; bit++) {
    if (((asked.wanted >>> bit) & 1) === 1 && transfer.parts[asked.from + bit] === null) return false;
  }
  return true;
}

/** Keeps a part, if it comes from who is asked. One of a newer snapshot means that the old one is gone. */
export function takeChunk(before: Arrival, from: Seat, chunk: ChunkItem, at: Micros): Arrival {
  const { asked, source, transfer } = before;
  if (from !== source || asked === null || !isPart(chunk)) return before;
  const { bytes, count, index, transfer: round } = chunk;
  const isNew = transfer === null || round > transfer.round;
  if (!isNew && (round !== transfer.round || count !== transfer.parts.length)) return before;
  const parts = isNew ? new Array<Uint8Array | null>(count).fill(null) : transfer.parts.slice();
  if (parts[index] !== null) return before;
  parts[index] = bytes.slice();
  const next = { ...before, transfer: { round, parts }, tries: 0 };
  return isAnswered(next) ? { ...next, askAt: at } : next;
}

/** What a complete snapshot comes to: it is there, or its source is wrong and another one is asked. */
export type Judged =
  | { readonly snapshot: Snapshot; readonly bytes: Uint8Array }
  | { readonly snapshot: null; readonly arrival: Arrival };

/** Judges the snapshot once all of its parts are there; null before. */
export function judgeArrival(arrival: Arrival, at: Micros): Judged | null {
  const { source, transfer, trust, wrong } = arrival;
  if (transfer === null) return null;
  const parts = transfer.parts.filter((part) => part !== null);
  if (parts.length < transfer.parts.length) return null;
  const bytes = concatBytes(...parts);
  const verified = verifySnapshot(bytes, trust);
  if (verified.ok && verified.value.round === transfer.round) return { snapshot: verified.value, bytes };
  const askAt = has(wrong, source) ? at + ASK_SLOWEST : at;
  return { snapshot: null, arrival: askAnother(arrival, add(wrong, source), askAt) };
}
