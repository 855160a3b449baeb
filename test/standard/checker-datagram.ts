/** Datagrams and the session id, as sections 5 to 7 of src/wire/README.md have them. */

import { Cursor, checkSignature, H, joined, must, prefix, same, u8, u16 } from './checker.ts';

// 5, 6. Datagrams, HELLO, session id

function readHead(input: Cursor): number {
  must(input.bytes.length >= 2 && input.bytes.length <= 1200, 'datagram-length');
  must(input.uint(1) === 1, 'version');
  const type = input.uint(1);
  must(type >= 1 && type <= 3, 'type');
  return type;
}

/** 1 HELLO, 2 BUNDLE, 3 ROUNDS. */
export function typeOf(datagram: Uint8Array): number {
  return readHead(new Cursor(datagram));
}

export interface HelloRead {
  readonly key: Buffer;
  readonly nonce: Buffer;
  readonly agreement: Buffer;
  readonly roster: readonly Buffer[];
  readonly nonces: readonly Buffer[];
}

/** Reads a hello, and checks it with its signature. */
export function readHello(datagram: Uint8Array): HelloRead {
  const input = new Cursor(datagram);
  must(readHead(input) === 1, 'type');
  const [key, nonce] = [input.take(32), input.take(16)];
  const agreementLength = input.uint(2);
  must(agreementLength <= 315, 'agreement-length');
  const agreement = input.take(agreementLength);
  const n = input.uint(1);
  must(n >= 2 && n <= 16, 'players');
  const roster = Array.from({ length: n }, () => input.take(32));
  must(
    roster.every((each, i) => i === 0 || Buffer.compare(roster[i - 1] as Buffer, each) < 0),
    'roster-order',
  );
  const nonces = Array.from({ length: n }, () => input.take(16));
  const unsigned = input.bytes.subarray(0, input.at);
  const signature = input.take(64);
  input.end();
  checkSignature(key, joined(prefix('fairstep/hello'), unsigned), signature);
  const seat = roster.findIndex((each) => same(each, key));
  must(seat >= 0, 'own-key');
  must(same(nonces[seat] as Buffer, nonce), 'own-nonce');
  return { key, nonce, agreement, roster, nonces };
}

export function sessionId(
  agreement: Uint8Array,
  roster: readonly Uint8Array[],
  nonces: readonly Uint8Array[],
): Buffer {
  const members = roster.flatMap((key, seat) => [key, nonces[seat] as Uint8Array]);
  return H('session', u8(1), u16(agreement.length), u8(roster.length), agreement, ...members);
}

// 7. BUNDLE

export interface BundleRead {
  readonly epoch: number;
  readonly round: number;
  /** Sets of seats: commits, opens, removes, causes. */
  readonly sets: readonly number[];
  readonly items: readonly { readonly type: number; readonly content: Buffer }[];
}

export function readBundle(session: Uint8Array, datagram: Uint8Array): BundleRead {
  const input = new Cursor(datagram);
  must(readHead(input) === 2, 'type');
  must(same(input.take(8), session.subarray(0, 8)), 'session-tag');
  const [epoch, round] = [input.uint(2), input.uint(4)];
  const sets = Array.from({ length: 4 }, () => input.uint(2));
  const items: { type: number; content: Buffer }[] = [];
  while (input.at < input.bytes.length) {
    must(items.length < 32, 'item-count');
    const type = input.uint(1);
    must(type === 1 || type === 2, 'item-type');
    const length = input.uint(2);
    must(length >= 1 && length <= 1173, 'item-length');
    items.push({ type, content: input.take(length) });
  }
  return { epoch, round, sets, items };
}

// 7. ROUNDS

const setNames = ['commits', 'votes', 'opens', 'decided', 'opened'] as const;

/** Sets of seats, of one round. */
export type SetsRead = Readonly<Record<(typeof setNames)[number], number>>;

/** An item by its number; its content, and what that reads as. */
export interface RoundsItemRead {
  readonly type: number;
  readonly content: Buffer;
  /** Of a vector. */
  readonly digests?: readonly Buffer[];
  /** Of a chunk. */
  readonly chunk?: {
    readonly transfer: number;
    readonly index: number;
    readonly count: number;
    readonly bytes: Buffer;
  };
}

export interface RoundsRead {
  readonly stamp: { readonly sentAt: number; readonly echo: number; readonly held: number };
  readonly final: number;
  readonly rounds: readonly SetsRead[];
  readonly items: readonly RoundsItemRead[];
}

function readSets(input: Cursor, before: SetsRead): SetsRead {
  const flags = input.uint(1);
  must(flags < 32, 'header-flags');
  const sets = { ...before };
  for (const [bit, name] of setNames.entries()) {
    if (((flags >> bit) & 1) === 0) continue;
    sets[name] = input.uint(2);
    must(sets[name] !== before[name], 'header-repeats');
  }
  return sets;
}

/** The longest content of each type of item. */
const longest: Readonly<Record<number, number>> = { 1: 1170, 3: 513, 4: 1170, 5: 1032, 6: 1100, 7: 1100 };

function readRoundsItem(input: Cursor): RoundsItemRead {
  const type = input.uint(1);
  must(longest[type] !== undefined, 'item-type');
  const length = input.uint(2);
  must(length >= 1 && length <= (longest[type] ?? 0), 'item-length');
  const content = input.take(length);
  const inner = new Cursor(content);
  if (type === 3) {
    const count = inner.uint(1);
    must(count >= 1 && count <= 16 && length === 1 + 32 * count, 'vector');
    return { type, content, digests: Array.from({ length: count }, () => inner.take(32)) };
  }
  if (type === 5) {
    must(length >= 9, 'chunk');
    const [transfer, index, count] = [inner.uint(4), inner.uint(2), inner.uint(2)];
    must(index < count, 'chunk');
    return { type, content, chunk: { transfer, index, count, bytes: inner.take(length - 8) } };
  }
  return { type, content };
}

export function readRounds(session: Uint8Array, datagram: Uint8Array): RoundsRead {
  const input = new Cursor(datagram);
  must(readHead(input) === 3, 'type');
  must(same(input.take(8), session.subarray(0, 8)), 'session-tag');
  const stamp = { sentAt: input.uint(4), echo: input.uint(4), held: input.uint(4) };
  must(stamp.held !== 0xffffffff || stamp.echo === 0, 'stamp');
  const [final, count] = [input.uint(4), input.uint(1)];
  must(count <= 64, 'header-count');
  must(final + count <= 0xffffffff, 'header-end');
  let sets: SetsRead = { commits: 0, votes: 0, opens: 0, decided: 0, opened: 0 };
  const rounds: SetsRead[] = [];
  for (let i = 0; i < count; i++) {
    sets = readSets(input, sets);
    rounds.push(sets);
  }
  must(count === 0 || Object.values(sets).some((set) => set !== 0), 'header-empty');
  const items: RoundsItemRead[] = [];
  while (input.at < input.bytes.length) {
    must(items.length < 32, 'item-count');
    items.push(readRoundsItem(input));
  }
  return { stamp, final, rounds, items };
}

// 10. Commitments

/** The digest of the hashes that a statement names. */
export const vectorDigest = (digests: readonly Uint8Array[]): Buffer =>
  H('vector', u8(digests.length), ...digests);
