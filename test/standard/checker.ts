/**
 * An independent reading of the byte standard, written from src/wire/README.md alone: this file and the
 * others called checker-*.ts share no code with the library. Here: hashes, signatures, packets and
 * statements; whatever deviates is named. Numbers in comments are sections of that page.
 */

import { createHash, createPublicKey, verify } from 'node:crypto';

/** Every deviation from the layout and the signatures that this checker names. */
export const deviations = [
  'datagram-length',
  'version',
  'type',
  'truncated',
  'trailing',
  'agreement-length',
  'agreement-data',
  'players',
  'roster-order',
  'own-key',
  'own-nonce',
  'session-tag',
  'item-count',
  'item-type',
  'item-length',
  'sender',
  'count',
  'header-count',
  'header-flags',
  'header-repeats',
  'header-empty',
  'header-end',
  'stamp',
  'vector',
  'chunk',
  'tag',
  'input-length',
  'digest-count',
  'slot-order',
  'optional',
  'entry-order',
  'double-entry',
  'signature-rule',
  'signature',
  'magic',
  'packet-length',
  'senders',
  'packet-order',
  'no-lie',
  'elision',
  'update',
] as const;

export type Deviation = (typeof deviations)[number];

/** Thrown by readers at the first deviation. */
export class Deviates extends Error {
  readonly deviation: Deviation;

  constructor(deviation: Deviation) {
    super(deviation);
    this.deviation = deviation;
  }
}

export function must(holds: boolean, deviation: Deviation): void {
  if (!holds) throw new Deviates(deviation);
}

/** The deviation that a reading comes to, or null. Other errors are thrown on. */
export function deviationOf(read: () => unknown): Deviation | null {
  try {
    read();
    return null;
  } catch (error) {
    if (error instanceof Deviates) return error.deviation;
    throw error;
  }
}

// 1. Conventions

export const u8 = (value: number): Buffer => Buffer.of(value);
export const u16 = (value: number): Buffer => Buffer.of(value >> 8, value & 255);
export const u32 = (value: number): Buffer =>
  Buffer.of(value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255);
export const joined = (...chunks: readonly Uint8Array[]): Buffer => Buffer.concat(chunks);
export const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

export class Cursor {
  readonly bytes: Buffer;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes);
  }

  take(count: number): Buffer {
    must(this.at + count <= this.bytes.length, 'truncated');
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  /** A big-endian integer of so many bytes. */
  uint(size: 1 | 2 | 4): number {
    return this.take(size).readUIntBE(0, size);
  }

  end(): void {
    must(this.at === this.bytes.length, 'trailing');
  }
}

// 3. Hashes

/** P(tag): the tag's length, then the tag. */
export const prefix = (tag: string): Buffer => joined(u8(tag.length), Buffer.from(tag, 'ascii'));

export function H(name: string, ...chunks: readonly Uint8Array[]): Buffer {
  return createHash('sha256')
    .update(joined(prefix(`fairstep/${name}`), ...chunks))
    .digest();
}

// 4. Signatures

const p = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const littleEndian = (bytes: Uint8Array): bigint =>
  BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
const orderEight = [
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
].map((hex) => littleEndian(Buffer.from(hex, 'hex')));

function admissiblePoint(bytes: Uint8Array): boolean {
  const y = littleEndian(bytes) & (2n ** 255n - 1n);
  return y < p && ![0n, 1n, p - 1n, ...orderEight].includes(y);
}

/** `signature-rule` for what is refused before any curve arithmetic, `signature` for the equation. */
export function checkSignature(key: Uint8Array, message: Uint8Array, signature: Uint8Array): void {
  const bytes = Buffer.from(signature);
  const wellFormed = key.length === 32 && bytes.length === 64;
  must(wellFormed && littleEndian(bytes.subarray(32)) < L, 'signature-rule');
  must(admissiblePoint(key) && admissiblePoint(bytes.subarray(0, 32)), 'signature-rule');
  const x = Buffer.from(key).toString('base64url');
  let valid = false;
  try {
    valid = verify(
      null,
      message,
      createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }),
      bytes,
    );
  } catch {
    // Not a point of the curve.
  }
  must(valid, 'signature');
}

// 8, 9. Packets and statements

type Fields = readonly (readonly [name: string, type: string])[];

/** `epoch u16, round u32` as a list of names and types. */
const fields = (text: string): Fields =>
  text.split(', ').map((field) => field.split(' ') as [string, string]);

const place = 'epoch u16, round u32, instance u8, view u16';

/** By tag: kind, key fields, body fields. */
const statements: Readonly<Record<number, readonly [kind: string, key: Fields, body: Fields]>> = {
  1: ['commit', fields('epoch u16, round u32'), fields('commitment digest')],
  2: ['set', fields('epoch u16, round u32'), fields('set digest, state digest')],
  3: ['reveal', fields('epoch u16, round u32'), fields('input input, salt salt')],
  4: ['remove', fields('epoch u16'), fields('target u8, advanced u32')],
  5: ['wish', fields('epoch u16, index u32'), fields('target u8, round u32')],
  6: ['leave', fields('epoch u16'), fields('advanced u32')],
  7: ['vote', fields('epoch u16, round u32'), fields('named seats, values digest, state digest')],
  8: ['confirm', fields(`${place}, index u8`), fields('slots seats, named seats, values digest')],
  9: ['hold', fields('epoch u16, round u32, index u8'), fields('authors seats, values digest')],
  10: ['change', fields(place), fields('named seats, votes digests, certified certified, claim optional')],
  11: ['propose', fields(place), fields('changes digests, named seats, values digests')],
  12: ['prepare', fields(place), fields('proposal digest')],
};

/** One of the highest certificates that a view change reports. */
export interface CertifiedRead {
  readonly slot: number;
  readonly view: number;
  readonly value: Buffer;
}

export interface EntryRead {
  readonly kind: string;
  readonly elided: boolean;
  /** Tag and key fields. */
  readonly key: Buffer;
  /** After the key: body fields, or the part hash. */
  readonly rest: Buffer;
  readonly numbers: Readonly<Record<string, number>>;
  /** Byte fields; none of an elided entry. */
  readonly strings: Readonly<Record<string, Buffer>>;
  /** Fields that are lists; none of an elided entry. */
  readonly lists: Readonly<Record<string, readonly Buffer[] | readonly CertifiedRead[]>>;
}

/** The round of a statement key; 0 where it has none. */
export function roundOf({ kind, numbers }: EntryRead): number {
  const layout = Object.values(statements).find(([name]) => name === kind);
  return layout?.[1].some(([name]) => name === 'round') ? (numbers.round ?? 0) : 0;
}

export interface PacketRead {
  readonly sender: number;
  readonly entries: readonly EntryRead[];
  readonly signature: Buffer;
  readonly bytes: Buffer;
}

function readCertified(input: Cursor): readonly CertifiedRead[] {
  const count = input.uint(1);
  must(count <= 16, 'digest-count');
  const certified = Array.from({ length: count }, () => {
    return { slot: input.uint(1), view: input.uint(2), value: input.take(32) };
  });
  must(
    certified.every(({ slot }, i) => slot < 16 && (i === 0 || slot > (certified[i - 1]?.slot ?? 0))),
    'slot-order',
  );
  return certified;
}

function readOptional(input: Cursor): Buffer {
  const given = input.uint(1);
  must(given <= 1, 'optional');
  if (given === 0) return Buffer.alloc(32);
  const digest = input.take(32);
  must(
    digest.some((byte) => byte !== 0),
    'optional',
  );
  return digest;
}

function readField(input: Cursor, type: string): number | Buffer | EntryRead['lists'][string] {
  if (type === 'u8') return input.uint(1);
  if (type === 'u16' || type === 'seats') return input.uint(2);
  if (type === 'u32') return input.uint(4);
  if (type === 'digest') return input.take(32);
  if (type === 'salt') return input.take(16);
  if (type === 'certified') return readCertified(input);
  if (type === 'optional') return readOptional(input);
  if (type === 'digests') {
    const count = input.uint(1);
    must(count <= 16, 'digest-count');
    return Array.from({ length: count }, () => input.take(32));
  }
  const length = input.uint(2);
  must(length <= 800, 'input-length');
  return input.take(length);
}

function readEntry(input: Cursor): EntryRead {
  const start = input.at;
  const tag = input.uint(1);
  const elided = tag >= 128;
  const layout = statements[elided ? tag - 128 : tag];
  if (layout === undefined) throw new Deviates('tag');
  const [kind, keyFields, bodyFields] = layout;
  const numbers: Record<string, number> = {};
  const strings: Record<string, Buffer> = {};
  const lists: Record<string, EntryRead['lists'][string]> = {};
  const readFields = (layoutOf: Fields): void => {
    for (const [name, type] of layoutOf) {
      const value = readField(input, type);
      if (typeof value === 'number') numbers[name] = value;
      else if (Buffer.isBuffer(value)) strings[name] = value;
      else lists[name] = value;
    }
  };
  readFields(keyFields);
  const key = joined(u8(tag & 127), input.bytes.subarray(start + 1, input.at));
  const body = input.at;
  if (elided) input.take(32);
  else readFields(bodyFields);
  return { kind, elided, key, rest: input.bytes.subarray(body, input.at), numbers, strings, lists };
}

/** Reads a packet without its signature; one with equal keys only if `twice` allows it. */
export function readPacket(bytes: Uint8Array, twice = false): PacketRead {
  const input = new Cursor(bytes);
  const sender = input.uint(1);
  must(sender < 16, 'sender');
  const count = input.uint(1);
  must(count >= 1 && count <= 6, 'count');
  const entries = Array.from({ length: count }, () => readEntry(input));
  const signature = input.take(64);
  input.end();
  const orders = entries.slice(1).map(({ key }, i) => Buffer.compare((entries[i] as EntryRead).key, key));
  must(
    orders.every((order) => order <= 0),
    'entry-order',
  );
  must(twice || orders.every((order) => order < 0), 'double-entry');
  return { sender, entries, signature, bytes: input.bytes };
}

export function partHash(session: Uint8Array, sender: number, { elided, key, rest }: EntryRead): Buffer {
  return elided ? rest : H('part', u8(1), session, u8(sender), key, rest);
}

export function signedMessage(session: Uint8Array, { sender, entries }: PacketRead): Buffer {
  const list = entries.flatMap((entry) => [entry.key, partHash(session, sender, entry)]);
  return joined(prefix('fairstep/packet'), u8(1), session, u8(sender), u8(entries.length), ...list);
}

export function checkPacket(session: Uint8Array, key: Uint8Array, packet: PacketRead): void {
  checkSignature(key, signedMessage(session, packet), packet.signature);
}
