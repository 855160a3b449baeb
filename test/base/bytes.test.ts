import { Buffer } from 'node:buffer';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareBytes, concatBytes, equalBytes, fromHex, toHex } from '../../src/base/bytes.ts';

/** Short byte strings of few values, so that equal ones and prefixes are common. */
const few = fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 4 }).map((bytes) => Uint8Array.from(bytes));
const any = fc.uint8Array({ maxLength: 40 });
const bytes = fc.oneof(few, any);

describe('equalBytes', () => {
  it('compares as text of the bytes does', () => {
    fc.assert(fc.property(bytes, bytes, (a, b) => equalBytes(a, b) === (toHex(a) === toHex(b))));
    fc.assert(fc.property(bytes, (a) => equalBytes(a, a) && equalBytes(a, a.slice())));
  });

  it('sees a difference in any one place', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 40 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (a, at, mask) => {
          const b = a.slice();
          b[at % a.length] = (b[at % a.length] as number) ^ mask;
          expect(equalBytes(a, b)).toBe(false);
          expect(equalBytes(a, a.slice(1))).toBe(false);
        },
      ),
    );
  });
});

describe('compareBytes', () => {
  it('orders as memcmp does, with a prefix first', () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(a, b));
        expect(Math.sign(compareBytes(b, a))).toBe(-Buffer.compare(a, b) + 0);
        expect(compareBytes(a, b) === 0).toBe(equalBytes(a, b));
      }),
    );
    expect(compareBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2, 0))).toBeLessThan(0);
    expect(compareBytes(Uint8Array.of(0x80), Uint8Array.of(0x7f, 0xff))).toBeGreaterThan(0);
  });
});

describe('concatBytes', () => {
  it('joins any number of parts into memory of its own', () => {
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 5 }), (parts) => {
        const joined = concatBytes(...parts);
        expect(toHex(joined)).toBe(parts.map(toHex).join(''));
        const before = parts.map(toHex);
        joined.fill(9);
        expect(parts.map(toHex)).toEqual(before);
      }),
    );
    expect(concatBytes()).toHaveLength(0);
  });
});

describe('hexadecimal', () => {
  it('is two lower-case digits a byte, and is read back in either case', () => {
    fc.assert(
      fc.property(any, (a) => {
        const text = toHex(a);
        expect(text).toBe(Buffer.from(a).toString('hex'));
        expect(fromHex(text)).toEqual(a);
        expect(fromHex(text.toUpperCase())).toEqual(a);
      }),
    );
  });

  it.each(['0', 'abc', 'xx', '0x', ' 00', '00 ', '0 ', '-1', '+1', '1e5', '0g', '\n00', '00\n'])(
    'refuses %j',
    (text) => {
      expect(fromHex(text)).toBeNull();
    },
  );
});
