import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex } from '../../src/base/bytes.ts';
import { decodePlain, encodePlain, type PlainRefusal } from '../../src/wire/plain.ts';
import { PLAIN_BYTES_MAX, PLAIN_CONTAINERS_MAX } from '../../src/wire/plain-format.ts';
import { plainData } from './plain-values.ts';

function decodeHex(hex: string): ReturnType<typeof decodePlain> {
  return decodePlain(fromHex(hex) as Uint8Array);
}

/** Either refused, or exactly what encodePlain writes for the value. */
function acceptsOnlyCanonical(bytes: Uint8Array): boolean {
  const decoded = decodePlain(bytes);
  if (decoded.ok) expect(encodePlain(decoded.value)).toStrictEqual(new Uint8Array(bytes));
  return decoded.ok;
}

describe('decodePlain refuses, by name', () => {
  it.each<[PlainRefusal, string, string]>([
    ['truncated', '', 'nothing'],
    ['truncated', '03', 'an integer without bytes'],
    ['truncated', '0380', 'a varint that goes on'],
    ['truncated', '0405616263', 'a string shorter than announced'],
    ['truncated', '05ffffffff0f', 'four gigabytes announced'],
    ['truncated', '05ffffffffffffffffff7f', 'a length beyond any'],
    ['truncated', '060200', 'an array that lacks a value'],
    ['truncated', '06ffffff7f00', 'an array announced far too long'],
    ['truncated', '0701016103', 'a key whose value is cut'],
    ['truncated', '070101', 'a key cut'],
    ['trailing', '0000', 'a byte left over'],
    ['trailing', '060000', 'a byte left over behind an array'],
    ['tag', '08', 'no such tag'],
    ['tag', 'ff', 'no such tag'],
    ['tag', '060109', 'no such tag within'],
    ['integer', '038000', '0 in two bytes'],
    ['integer', '03fe8000', '63 in three bytes'],
    ['integer', '03808080808080808020', '2^53'],
    ['integer', '03ffffffffffffff1f', '-2^53'],
    ['integer', '0380808080808080808001', '2^62'],
    ['integer', '03ffffffffffffffffffffffff7f', 'an endless integer'],
    ['integer', '048000', 'a length in two bytes'],
    ['integer', '06818000' + '00', 'a count in three bytes'],
    ['utf8', '0401ff', 'no UTF-8'],
    ['utf8', '0402c080', 'an overlong NUL'],
    ['utf8', '0403eda080', 'a surrogate'],
    ['utf8', '0404f4908080', 'beyond U+10FFFF'],
    ['utf8', '0402e282', 'a sequence cut'],
    ['utf8', '070101ff00', 'a key that is no UTF-8'],
    ['key-order', '0702' + '016200' + '016100', 'b before a'],
    ['key-order', '0702' + '016100' + '016100', 'a twice'],
    ['key-order', '0702' + '02616200' + '016100', 'ab before a'],
    ['key-order', '0702' + '04f0908080' + '00' + '03efbfbf' + '00', 'U+10000 before U+FFFF'],
    ['key', '0701095f5f70726f746f5f5f00', '__proto__'],
    ['depth', `${'0601'.repeat(64)}0600`, '65 arrays'],
    ['depth', `${'07010161'.repeat(64)}0700`, '65 objects'],
  ])('%s: %s (%s)', (refused, hex) => {
    expect(decodeHex(hex)).toEqual({ ok: false, refused });
  });

  it('limit: too many bytes, or too many arrays', () => {
    expect(decodePlain(new Uint8Array(PLAIN_BYTES_MAX + 1))).toEqual({ ok: false, refused: 'limit' });
    const many = new Uint8Array(1 + 4 + 2 * PLAIN_CONTAINERS_MAX);
    // An array of PLAIN_CONTAINERS_MAX empty ones, 2^20: one container too many.
    many.set([6, 0x80, 0x80, 0x40]);
    for (let i = 0; i < PLAIN_CONTAINERS_MAX; i++) many[4 + 2 * i] = 6;
    expect(decodePlain(many.subarray(0, many.length - 1))).toEqual({ ok: false, refused: 'limit' });
  });
});

describe('decodePlain accepts', () => {
  it('64 levels', () => {
    expect(decodeHex(`${'0601'.repeat(63)}0600`).ok).toBe(true);
  });

  it('a byte order mark as a character like any other', () => {
    expect(decodeHex('0403efbbbf')).toEqual({ ok: true, value: '\ufeff' });
  });

  it('keys with a meaning elsewhere, as own properties of a usual object', () => {
    const value = { constructor: 1, toString: 2, hasOwnProperty: 3, length: 4, '0': 5 };
    const decoded = decodePlain(encodePlain(value));
    expect(decoded).toStrictEqual({ ok: true, value });
    expect(Object.getPrototypeOf(decoded.ok && decoded.value)).toBe(Object.prototype);
  });

  it('a Buffer, and shares no memory with it', () => {
    const bytes = Buffer.from(encodePlain({ raw: Uint8Array.of(1, 2, 3) }));
    const decoded = decodePlain(bytes);
    bytes.fill(0xff);
    expect(decoded).toStrictEqual({ ok: true, value: { raw: Uint8Array.of(1, 2, 3) } });
  });

  it('a view into a larger buffer', () => {
    const around = new Uint8Array(64);
    const bytes = encodePlain(['text', -5]);
    around.set(bytes, 7);
    expect(decodePlain(around.subarray(7, 7 + bytes.length))).toEqual({ ok: true, value: ['text', -5] });
  });
});

describe('decodePlain on any bytes', () => {
  it('refuses, or is given exactly what encodePlain writes: random bytes', () => {
    const byte = fc.oneof(fc.integer({ min: 0, max: 8 }), fc.integer({ min: 0, max: 255 }));
    const bytes = fc.array(byte, { maxLength: 24 }).map((values) => Uint8Array.from(values));
    fc.assert(
      fc.property(bytes, (random) => void acceptsOnlyCanonical(random)),
      { numRuns: 20_000 },
    );
  });

  it('refuses, or is given exactly what encodePlain writes: edits of encodings', () => {
    let accepted = 0;
    let refused = 0;
    const edit = fc.record({
      at: fc.nat(),
      byte: fc.integer({ min: 0, max: 255 }),
      kind: fc.nat({ max: 2 }),
    });
    fc.assert(
      fc.property(plainData, fc.array(edit, { minLength: 1, maxLength: 3 }), (value, edits) => {
        const bytes = [...encodePlain(value)];
        for (const { at, byte, kind } of edits) {
          const place = at % (bytes.length + 1);
          if (kind === 0) bytes[place] = byte;
          else bytes.splice(place, kind === 1 ? 1 : 0, ...(kind === 1 ? [] : [byte]));
        }
        if (acceptsOnlyCanonical(Uint8Array.from(bytes))) accepted++;
        else refused++;
      }),
      { numRuns: 5000 },
    );
    // The edits are worth something only if both ends are met.
    expect(accepted).toBeGreaterThan(100);
    expect(refused).toBeGreaterThan(100);
  });

  it('refuses every beginning of an encoding', () => {
    fc.assert(
      fc.property(plainData, (value) => {
        const bytes = encodePlain(value);
        for (let end = 0; end < bytes.length; end++)
          expect(decodePlain(bytes.subarray(0, end)).ok).toBe(false);
      }),
    );
  });
});
