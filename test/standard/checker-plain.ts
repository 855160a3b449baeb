/** Canonical plain data and the agreement, as sections 16 and 6 of src/wire/README.md have them. */

import { Cursor, Deviates, joined, must } from './checker.ts';

class PlainReader {
  readonly #in: Cursor;
  #containers = 0;

  constructor(bytes: Uint8Array) {
    this.#in = new Cursor(bytes);
  }

  #varint(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.#in.uint(1);
      must(shift < 63n && (byte !== 0 || shift === 0n), 'agreement-data');
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }

  #bytes(): Buffer {
    return this.#in.take(Number(this.#varint()));
  }

  #text(): string {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.#bytes());
    } catch {
      throw new Deviates('agreement-data');
    }
  }

  value(depth: number): unknown {
    const tag = this.#in.uint(1);
    if (tag === 0) return null;
    if (tag === 1 || tag === 2) return tag === 2;
    if (tag === 3) {
      const zigzag = this.#varint();
      const value = Number(zigzag & 1n ? -(zigzag + 1n) / 2n : zigzag / 2n);
      must(Number.isSafeInteger(value), 'agreement-data');
      return value;
    }
    if (tag === 4) return this.#text();
    must(tag <= 7 && ++this.#containers <= 2 ** 20, 'agreement-data');
    if (tag === 5) return this.#bytes();
    must(depth < 64, 'agreement-data');
    const count = Number(this.#varint());
    if (tag === 6) {
      const values: unknown[] = [];
      while (values.length < count) values.push(this.value(depth + 1));
      return values;
    }
    const entries: [string, unknown][] = [];
    while (entries.length < count) {
      const key = this.#text();
      const before = entries.at(-1)?.[0];
      const ascending = before === undefined || Buffer.compare(Buffer.from(before), Buffer.from(key)) < 0;
      must(ascending && key !== '__proto__', 'agreement-data');
      entries.push([key, this.value(depth + 1)]);
    }
    return Object.fromEntries(entries);
  }

  end(): void {
    this.#in.end();
  }
}

export function readPlain(bytes: Uint8Array): unknown {
  try {
    const reader = new PlainReader(bytes);
    const value = reader.value(0);
    reader.end();
    return value;
  } catch (error) {
    throw error instanceof Deviates ? new Deviates('agreement-data') : error;
  }
}

/** The five parts of an agreement: game id, game version, rules, protocol name, parameters. */
export function readAgreement(bytes: Uint8Array): readonly unknown[] {
  const agreed = readPlain(bytes);
  const kinds = Array.isArray(agreed) ? agreed.map((value) => typeof value) : [];
  const [id, version, , name] = kinds;
  must(kinds.length === 5 && id === 'string' && version === 'number' && name === 'string', 'agreement-data');
  return agreed as unknown[];
}

function varint(value: bigint): number[] {
  return value < 0x80n ? [Number(value)] : [Number(value & 0x7fn) | 0x80, ...varint(value >> 7n)];
}

const tagged = (tag: number, count: number, ...chunks: readonly Uint8Array[]): Buffer =>
  joined(Buffer.of(tag, ...varint(BigInt(count))), ...chunks);

/** The one encoding of a value. */
export function writePlain(value: unknown): Buffer {
  if (value === null || value === undefined) return Buffer.of(0);
  if (typeof value === 'boolean') return Buffer.of(value ? 2 : 1);
  if (typeof value === 'number') {
    return Buffer.of(3, ...varint(value < 0 ? -2n * BigInt(value) - 1n : 2n * BigInt(value)));
  }
  if (typeof value === 'string') {
    const text = Buffer.from(value, 'utf8');
    return tagged(4, text.length, text);
  }
  if (value instanceof Uint8Array) return tagged(5, value.length, value);
  if (Array.isArray(value)) return tagged(6, value.length, ...value.map(writePlain));
  const entries = Object.entries(value)
    .map(([key, each]) => [Buffer.from(key, 'utf8'), each] as const)
    .sort(([a], [b]) => Buffer.compare(a, b));
  const chunks = entries.flatMap(([key, each]) => [
    Buffer.of(...varint(BigInt(key.length))),
    key,
    writePlain(each),
  ]);
  return tagged(7, entries.length, ...chunks);
}
