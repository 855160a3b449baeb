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
export const PARTS_MAX = 8;

/** Packets and proofs in one datagram. */
export const ITEMS_MAX = 32;

export const EPOCH_MAX = 0xffff;
export const ROUND_MAX = 0xffffffff;

/** Bytes of a bundle before its first item: version, type, session tag, standing. */
export const BUNDLE_HEADER_BYTES: number = 2 + SESSION_TAG_BYTES + 14;
/** Bytes in front of each item: its type and length. */
export const ITEM_HEADER_BYTES = 3;
/** Bytes of one packet or proof, so that it fits a bundle of its own. */
export const ITEM_BYTES_MAX: number = DATAGRAM_BYTES_MAX - BUNDLE_HEADER_BYTES - ITEM_HEADER_BYTES;

const SIGNATURE = 64;
const KEY = 32;
const openingPacket = 2 + (7 + 64) + (7 + 2 + INPUT_BYTES_MAX + SALT_BYTES) + SIGNATURE;
const commitPacket = 2 + (7 + 32) + SIGNATURE;
const elided = 2 + PARTS_MAX * (7 + 32) + SIGNATURE;
const elidedOpening = openingPacket - 64 + 32;
const hello =
  2 + KEY + NONCE_BYTES + 2 + AGREEMENT_BYTES_MAX + 1 + PLAYERS_MAX * (KEY + NONCE_BYTES) + SIGNATURE;

assert(hello <= DATAGRAM_BYTES_MAX, 'a hello of the largest roster fits one datagram');
assert(openingPacket <= ITEM_BYTES_MAX, 'an opening of the largest input fits one datagram');
assert(
  5 + 1 + SESSION_BYTES + KEY + 1 + (2 + commitPacket) + (2 + elidedOpening) <= ITEM_BYTES_MAX,
  'a proof of a bad opening fits one datagram',
);
assert(
  5 + SESSION_BYTES + KEY + 1 + 2 * (2 + elided) <= ITEM_BYTES_MAX,
  'a proof of two different statements fits one datagram',
);
assert(PLAYERS_MAX <= 16, 'a set of players fits the 16 bits it has on the wire');
