/** Every maximum of the byte standard, and the assertions that they fit one another and one datagram. */

import { assert } from '../base/assert.ts';

/** First byte of every datagram and of everything that is signed. */
export const PROTOCOL_VERSION = 1;

/** Bytes of the largest datagram: passes every path of today's Internet unfragmented. */
export const DATAGRAM_BYTES_MAX = 1200;

export const PLAYERS_MIN = 2;
export const PLAYERS_MAX = 16;

/** Bytes of one encoded input. */
export const INPUT_BYTES_MAX = 512;
/** Bytes of what a REVEAL opens: an input, or an update (protocol/neo/update.ts) with an input in it. */
export const UPDATE_BYTES_MAX = 800;
export const SALT_BYTES = 16;
export const NONCE_BYTES = 16;

/** Bytes of the encoded agreement: game, rules, protocol and its parameters. */
export const AGREEMENT_BYTES_MAX = 315;

/** Bytes of a session id that every datagram carries; signatures cover the whole id. */
export const SESSION_TAG_BYTES = 8;
export const SESSION_BYTES = 32;

/** Statements under one signature. */
export const PARTS_MAX = 6;

/** Items of one datagram. */
export const ITEMS_MAX = 32;

export const EPOCH_MAX = 0xffff;
export const ROUND_MAX = 0xffffffff;

/** Bytes of a bundle before its first item: version, type, session tag, standing. */
export const BUNDLE_HEADER_BYTES: number = 2 + SESSION_TAG_BYTES + 14;
/** Bytes in front of each item: its type and length. */
export const ITEM_HEADER_BYTES = 3;
/** Bytes of one packet or proof, so that it fits a bundle of its own. */
export const ITEM_BYTES_MAX: number = DATAGRAM_BYTES_MAX - BUNDLE_HEADER_BYTES - ITEM_HEADER_BYTES;

/** Rounds that a rounds datagram tells of in its header. */
export const HEADER_ROUNDS_MAX = 64;
/** Bytes of a rounds datagram before the first round of its header: ..., clock stamp, final, count. */
export const ROUNDS_HEADER_BYTES: number = 2 + SESSION_TAG_BYTES + 12 + 4 + 1;
/** Bytes of one round of that header: flags, and five sets at most. */
export const ROUND_SETS_BYTES_MAX: number = 1 + 5 * 2;
/** Bytes of one item of a rounds datagram, so that it fits one whose header tells of no round. */
export const ROUNDS_ITEM_BYTES_MAX: number = DATAGRAM_BYTES_MAX - ROUNDS_HEADER_BYTES - ITEM_HEADER_BYTES;
/** Bytes of one part of something larger. */
export const CHUNK_BYTES_MAX = 1024;
/** Bytes of a query or of an answer. */
export const QUERY_BYTES_MAX = 1100;

const SIGNATURE = 64;
const KEY = 32;
const HASH = 32;
/** The longest statement key: tag, epoch, round, instance, view, index. */
const STATEMENT_KEY = 1 + 2 + 4 + 1 + 2 + 1;
const EVIDENCE_HEADER = 4 + 1 + SESSION_BYTES + KEY + 1;

const commit = 7 + HASH;
const reveal = 7 + 2 + UPDATE_BYTES_MAX + SALT_BYTES;
const vote = 7 + 2 + 2 * HASH;
const packet = (...statements: readonly number[]): number =>
  2 + statements.reduce((sum, bytes) => sum + bytes, 0) + SIGNATURE;
const hello =
  2 + KEY + NONCE_BYTES + 2 + AGREEMENT_BYTES_MAX + 1 + PLAYERS_MAX * (KEY + NONCE_BYTES) + SIGNATURE;

assert(hello <= DATAGRAM_BYTES_MAX, 'a hello of the largest roster fits one datagram');
assert(packet(7 + 2 * HASH, reveal) <= ITEM_BYTES_MAX, 'an OPEN of the largest opening fits one datagram');
assert(INPUT_BYTES_MAX <= UPDATE_BYTES_MAX, 'the largest input can be opened');
assert(
  EVIDENCE_HEADER + (2 + packet(commit)) + (2 + packet(7 + HASH, reveal)) <= ITEM_BYTES_MAX,
  'a proof that an OPEN does not fit its COMMIT fits one datagram, even if it opens more than an input',
);
assert(
  EVIDENCE_HEADER + 2 * (2 + packet(PARTS_MAX * (STATEMENT_KEY + HASH))) <=
    Math.min(ITEM_BYTES_MAX, ROUNDS_ITEM_BYTES_MAX),
  'a proof of two different statements fits one datagram of either type',
);

/** A view change of a round: the most votes and certificates, and no claim. */
const change = 10 + 2 + (1 + PLAYERS_MAX * HASH) + (1 + PLAYERS_MAX * (3 + HASH)) + 1;
/** A proposal from view changes of everybody. */
const propose = 10 + (1 + PLAYERS_MAX * HASH) + 2 + (1 + PLAYERS_MAX * HASH);
/** Whether an item leaves room for so many rounds of the header, however much there is to say of them. */
const leavesRoom = (item: number, rounds: number): boolean =>
  item + rounds * ROUND_SETS_BYTES_MAX <= ROUNDS_ITEM_BYTES_MAX;

assert(leavesRoom(packet(commit, vote, reveal), 15), 'the largest opening goes with COMMIT and VOTE');
assert(leavesRoom(packet(change), 1), 'the largest view change fits one datagram');
assert(leavesRoom(packet(propose), 6), 'the largest proposal fits one datagram');
assert(leavesRoom(1 + PLAYERS_MAX * HASH, HEADER_ROUNDS_MAX - 5), 'the hashes of a vote fit one datagram');
assert(leavesRoom(8 + CHUNK_BYTES_MAX, 12), 'a chunk fits one datagram');
assert(leavesRoom(QUERY_BYTES_MAX, 6), 'a query fits one datagram, and so does an answer');
assert(PLAYERS_MAX <= 16, 'a set of players fits the 16 bits it has on the wire');
