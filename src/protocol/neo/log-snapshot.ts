/**
 * The state of the decided log as bytes, for a snapshot: canonical plain data. What reads back is well
 * formed and no more: whether it is the agreed one, its digest tells (log-state.ts).
 */

import { firstPlayers, type PlayerSet, within } from '../../base/players.ts';
import { DIGEST_BYTES } from '../../crypto/hash.ts';
import { PUBLIC_KEY_BYTES } from '../../crypto/signature.ts';
import { EPOCH_MAX, NONCE_BYTES, PLAYERS_MAX, ROUND_MAX } from '../../wire/limits.ts';
import { decodePlain, encodePlain } from '../../wire/plain.ts';
import type { LogState } from './log-state.ts';
import { REPORT_MAX } from './pace.ts';
import { isAddress } from './update.ts';

const HINT_LENGTH_MAX = 255;

/** Whether a value is of some shape. */
type Shape = (value: unknown) => boolean;

const natural =
  (max: number): Shape =>
  (value) =>
    typeof value === 'number' && value >= 0 && value <= max;
const bytes =
  (length: number): Shape =>
  (value) =>
    value instanceof Uint8Array && value.length === length;
const listOf =
  (shape: Shape): Shape =>
  (value) =>
    Array.isArray(value) && value.every(shape);
const orNull =
  (shape: Shape): Shape =>
  (value) =>
    value === null || shape(value);

/** An object with exactly these fields. */
function record(fields: Readonly<Record<string, Shape>>): Shape {
  const names = Object.entries(fields);
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    if (Object.keys(value).length !== names.length) return false;
    return names.every(([name, shape]) => Object.hasOwn(value, name) && shape(Reflect.get(value, name)));
  };
}

const round = natural(ROUND_MAX);
const seat = natural(PLAYERS_MAX - 1);
const seats = natural(firstPlayers(PLAYERS_MAX));
const member: Readonly<Record<string, Shape>> = {
  publicKey: bytes(PUBLIC_KEY_BYTES),
  nonce: bytes(NONCE_BYTES),
  address: (value) => typeof value === 'string' && isAddress(value),
};
/** An address of the first members is whatever the player who made the snapshot reaches them by. */
const isHint: Shape = (value) => typeof value === 'string' && value.length <= HINT_LENGTH_MAX;
const integer: Shape = natural(Number.MAX_SAFE_INTEGER);
const pace: Shape = record({
  round: integer,
  arrival: integer,
  from: integer,
  opensAt: integer,
  calm: integer,
});
const log: Shape = record({
  round,
  epoch: natural(EPOCH_MAX),
  epochId: bytes(DIGEST_BYTES),
  roster: listOf(record({ ...member, address: isHint })),
  members: seats,
  sinceRound: listOf(integer),
  streaks: listOf(round),
  broken: listOf(record({ round, seats, judged: bytes(DIGEST_BYTES) })),
  late: listOf(record({ round, seat, by: seats })),
  sponsored: listOf(record({ ...member, by: listOf(record({ seat, round })) })),
  firstLiars: seat,
  reports: listOf(orNull(record({ lateness: natural(REPORT_MAX), lag: natural(REPORT_MAX), round }))),
  pace,
});

/** True when the lists by seat have a place for each seat, and the sets none for others. */
function fits(state: LogState): boolean {
  const { broken, late, members, reports, roster, sinceRound, sponsored, streaks } = state;
  const count = roster.length;
  const known = (set: PlayerSet): boolean => within(set, firstPlayers(count));
  return (
    count >= 1 &&
    count <= PLAYERS_MAX &&
    [sinceRound, streaks, reports].every((list) => list.length === count) &&
    known(members) &&
    broken.every((each) => known(each.seats)) &&
    late.every((each) => each.seat < count && known(each.by)) &&
    sponsored.every(({ by }) => by.every((each) => each.seat < count))
  );
}

/** The one byte string of a state, addresses included. */
export function encodeLog(state: LogState): Uint8Array {
  return encodePlain(state, 'log');
}

/** The state of bytes of anyone, or null. Never throws. */
export function decodeLog(encoded: Uint8Array): LogState | null {
  const decoded = decodePlain(encoded);
  if (!decoded.ok || !log(decoded.value)) return null;
  const state = decoded.value as unknown as LogState;
  return fits(state) ? state : null;
}
