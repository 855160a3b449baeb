import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Reader } from '../../src/wire/reader.ts';

describe('Reader', () => {
  it('reads big-endian integers up to their largest, and bytes', () => {
    const bytes = Uint8Array.of(0xfe, 0x01, 0x02, 0xff, 0xff, 0x80, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 7, 8);
    const reader = new Reader(bytes);
    expect(reader.u8()).toBe(0xfe);
    expect(reader.u16()).toBe(0x0102);
    expect(reader.u16()).toBe(0xffff);
    expect(reader.u32()).toBe(0x80000001);
    expect(reader.u32()).toBe(0xffffffff);
    expect(reader.offset).toBe(13);
    expect(reader.left).toBe(2);
    expect(reader.done).toBe(false);
    expect([...reader.bytes(2)]).toEqual([7, 8]);
    expect(reader.done).toBe(true);
    expect([...reader.since(11)]).toEqual([0xff, 0xff, 7, 8]);
  });

  it('shows the bytes where they are, without a copy', () => {
    const bytes = Uint8Array.of(1, 2, 3);
    const view = new Reader(bytes).bytes(3);
    bytes[1] = 9;
    expect([...view]).toEqual([1, 9, 3]);
  });

  it.each<[string, number, (reader: Reader) => unknown, unknown]>([
    ['u8', 0, (reader) => reader.u8(), 0],
    ['u16', 1, (reader) => reader.u16(), 0],
    ['u32', 3, (reader) => reader.u32(), 0],
    ['bytes', 4, (reader) => reader.bytes(5).length, 0],
  ])('%s past the end gives nothing, fails, and stays failed', (_, length, read, nothing) => {
    const reader = new Reader(new Uint8Array(length).fill(0xff));
    expect(read(reader)).toBe(nothing);
    expect(reader.failed).toBe(true);
    expect(reader.offset).toBe(0);
    expect(reader.u8()).toBe(0);
    expect(reader.bytes(0)).toHaveLength(0);
    expect(reader.done).toBe(false);
  });

  it('is never done once it was told to fail', () => {
    const reader = new Reader(new Uint8Array(0));
    expect(reader.done).toBe(true);
    reader.fail();
    expect(reader.failed).toBe(true);
    expect(reader.done).toBe(false);
  });

  it('is done exactly when what was asked for is what there is', () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 12 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 0, max: 40 }), (asked, length) => {
        const reader = new Reader(new Uint8Array(length).fill(1));
        for (const size of asked) {
          if (size === 1) reader.u8();
          else if (size === 2) reader.u16();
          else if (size === 4) reader.u32();
          else reader.bytes(size);
        }
        const total = asked.reduce((sum, size) => sum + size, 0);
        expect(reader.done).toBe(total === length);
        expect(reader.failed).toBe(total > length);
      }),
    );
  });
});
