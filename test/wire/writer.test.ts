import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../src/base/bytes.ts';
import { Reader } from '../../src/wire/reader.ts';
import { Writer } from '../../src/wire/writer.ts';

describe('Writer', () => {
  it('writes big-endian integers and bytes in order', () => {
    const writer = new Writer().u8(0xfe).u16(0x0102).u32(0x80000001).bytes(Uint8Array.of(7, 8));
    expect(writer.length).toBe(9);
    expect(toHex(writer.take())).toBe('fe0102800000010708');
  });

  it.each<['u8' | 'u16' | 'u32', number]>([
    ['u8', 0xff],
    ['u16', 0xffff],
    ['u32', 0xffffffff],
  ])('%s takes 0 and %d, and nothing beyond', (type, max) => {
    expect(new Writer()[type](0)[type](max).length).toBe(new Writer()[type](max).length * 2);
    for (const wrong of [-1, max + 1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => new Writer()[type](wrong)).toThrow(`${type} is within`);
    }
    expect(() => new Writer()[type](undefined as unknown as number)).toThrow(`${type} is within`);
  });

  it('grows from any capacity and gives away a copy', () => {
    for (const capacity of [0, 1, 3, 300]) {
      const writer = new Writer(capacity).bytes(new Uint8Array(200).fill(5)).u32(9);
      const taken = writer.take();
      expect(taken).toHaveLength(204);
      writer.u8(1);
      taken[0] = 6;
      expect(writer.take()[0]).toBe(5);
    }
  });

  it('is read back by a Reader', () => {
    const field = fc.oneof(
      fc.integer({ min: 0, max: 0xff }).map((value) => ['u8', value] as const),
      fc.integer({ min: 0, max: 0xffff }).map((value) => ['u16', value] as const),
      fc.integer({ min: 0, max: 0xffffffff }).map((value) => ['u32', value] as const),
    );
    fc.assert(
      fc.property(fc.array(field), fc.integer({ min: 0, max: 9 }), (fields, capacity) => {
        const writer = new Writer(capacity);
        for (const [type, value] of fields) writer[type](value);
        const reader = new Reader(writer.take());
        for (const [type, value] of fields) expect(reader[type]()).toBe(value);
        expect(reader.done).toBe(true);
      }),
    );
  });
});
