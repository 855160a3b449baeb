/** Floors 1 and 2: hashes, packets, datagrams and plain data; and how many bytes everything has. */

import { seatOf } from '../src/base/ids.ts';
import { hash } from '../src/crypto/hash.ts';
import { encodeEvidence, prove } from '../src/protocol/evidence.ts';
import { BUNDLE_HEADER_BYTES, ITEM_HEADER_BYTES } from '../src/wire/limits.ts';
import { decodePacket, entriesOf, type Packet, signedMessage, signedPacket } from '../src/wire/packet.ts';
import { decodePlain, encodePlain, type Plain } from '../src/wire/plain.ts';
import type { Statement } from '../src/wire/statement.ts';
import type { Work } from './measure.ts';

const session = new Uint8Array(32).fill(1);
const digest = new Uint8Array(32).fill(2);
const signature = new Uint8Array(64).fill(3);
const salt = new Uint8Array(16).fill(4);
const seat = seatOf(0);

function packet(...statements: readonly Statement[]): Packet {
  return signedPacket(seat, entriesOf(statements), signature);
}

function commitOf(mark: number): Statement {
  return { kind: 'commit', epoch: 0, round: 1, commitment: new Uint8Array(32).fill(mark) };
}

function openingOf(bytes: number): readonly Statement[] {
  const input = new Uint8Array(bytes);
  return [
    { kind: 'set', epoch: 0, round: 1, set: digest, state: digest },
    { kind: 'reveal', epoch: 0, round: 1, input, salt },
  ];
}

/** Plain data of about two kilobytes, as a small game has it. */
export const state2k: Plain = {
  round: 1234,
  players: Array.from({ length: 8 }, (_, index) => ({
    name: `player ${index}`,
    at: [index * 1000, 2000 - index],
    speed: [index, -index],
    health: 100 - index,
    things: Array.from({ length: 24 }, (_unused, thing) => thing * 37 + index),
  })),
  map: Array.from({ length: 32 }, (_, row) => 'x'.repeat(27 - (row % 3)) + row),
};

export const reference: Work = {
  name: 'SHA-256 of 64 bytes (@noble/hashes)',
  times: 100,
  run: () => {
    for (let i = 0; i < 100; i++) hash('part', digest, digest.subarray(0, 17));
  },
};

export function wireWorks(): readonly Work[] {
  const commit = [commitOf(2)];
  const opening = openingOf(8);
  const [committed, opened] = [packet(...commit), packet(...opening)];
  const entries = entriesOf(opening);
  const encoded = encodePlain(state2k);
  const often = (run: () => unknown) => (): void => {
    for (let i = 0; i < 100; i++) run();
  };
  return [
    {
      name: 'COMMIT packet: encode and decode',
      budget: 2,
      times: 100,
      run: often(() => decodePacket(packet(...commit).bytes)),
    },
    {
      name: 'opening packet: encode and decode',
      budget: 2,
      times: 100,
      run: often(() => decodePacket(packet(...opening).bytes)),
    },
    { name: 'COMMIT packet: decode', times: 100, run: often(() => decodePacket(committed.bytes)) },
    { name: 'opening packet: decode', times: 100, run: often(() => decodePacket(opened.bytes)) },
    {
      name: 'opening packet: what is signed',
      times: 100,
      run: often(() => signedMessage(session, seat, entries)),
    },
    { name: `plain data of ${encoded.length} bytes: encode`, run: () => encodePlain(state2k) },
    { name: `plain data of ${encoded.length} bytes: decode`, run: () => decodePlain(encoded) },
    { name: `plain data of ${encoded.length} bytes: digest`, run: () => hash('state', encodePlain(state2k)) },
  ];
}

/** Bytes by name; the same on every machine. */
export function sizes(): readonly (readonly [name: string, bytes: number])[] {
  const bundle = (content: number): number => BUNDLE_HEADER_BYTES + ITEM_HEADER_BYTES + content;
  const commit = packet(commitOf(2)).bytes.length;
  const opening = packet(...openingOf(0)).bytes.length;
  const key = new Uint8Array(32).fill(5);
  const lie = prove(session, key, packet(commitOf(2)), packet(commitOf(3)));
  const bad = prove(session, key, packet(commitOf(2)), packet(...openingOf(8)));
  const only = (statement: Statement): number => packet(statement).bytes.length;
  return [
    ['COMMIT packet', commit],
    ['opening packet, without its input', opening],
    ['REMOVE packet', only({ kind: 'remove', epoch: 0, target: 1, advanced: 1 })],
    ['WISH packet', only({ kind: 'wish', epoch: 0, index: 0, target: 1, round: 1 })],
    ['LEAVE packet', only({ kind: 'leave', epoch: 0, advanced: 1 })],
    ['bundle with nothing', BUNDLE_HEADER_BYTES],
    ['bundle with a COMMIT', bundle(commit)],
    ['bundle with an opening, without its input', bundle(opening)],
    ['a round to one peer in two bundles, without the input', bundle(commit) + bundle(opening)],
    ['evidence of two commitments', lie === null ? 0 : encodeEvidence(lie).length],
    ['evidence of a bad opening, input of 8 bytes', bad === null ? 0 : encodeEvidence(bad).length],
  ];
}
