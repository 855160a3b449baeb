import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, equalBytes } from '../../src/base/bytes.ts';
import {
  EPOCH_MAX,
  INPUT_BYTES_MAX,
  PLAYERS_MAX,
  ROUND_MAX,
  UPDATE_BYTES_MAX,
} from '../../src/wire/limits.ts';
import { Reader } from '../../src/wire/reader.ts';
import {
  type Field,
  type Fields,
  NO_TARGET,
  ROUND_INSTANCE,
  readFields,
  statementKind,
  statements,
  writeFields,
} from '../../src/wire/statement.ts';
import { Writer } from '../../src/wire/writer.ts';
import { anyStatementOf, filled, kinds } from '../standard/messages.ts';

describe('the table of statements', () => {
  it('has tags that differ and leave the bit for elision free', () => {
    const tags = kinds.map((kind) => statements[kind].tag);
    expect(new Set(tags).size).toBe(kinds.length);
    for (const tag of tags) expect(tag > 0 && tag < 0x80).toBe(true);
  });

  it('knows the kind of each tag, and of no other byte', () => {
    for (const kind of kinds) expect(statementKind(statements[kind].tag)).toBe(kind);
    const tags = kinds.map((kind) => statements[kind].tag);
    for (let byte = 0; byte < 256; byte++) {
      if (!tags.includes(byte)) expect(statementKind(byte)).toBeNull();
    }
  });

  it('begins every key with the epoch, and names no field twice', () => {
    for (const kind of kinds) {
      const { key, body } = statements[kind];
      expect(key[0]).toEqual(['epoch', 'u16']);
      const names = [...key, ...body].map(([name]) => name);
      expect(new Set(names).size).toBe(names.length);
      expect(names).not.toContain('kind');
    }
  });

  it('has keys of fixed length, so that different keys never begin one another', () => {
    for (const kind of kinds) {
      for (const [, type] of statements[kind].key) expect(['u8', 'u16', 'u32']).toContain(type);
    }
  });

  it('has a target for no player, and an instance for all slots, that are no seats', () => {
    expect(NO_TARGET).toBeGreaterThanOrEqual(PLAYERS_MAX);
    expect(ROUND_INSTANCE).toBeGreaterThanOrEqual(PLAYERS_MAX);
  });
});

describe('fields', () => {
  it.each(kinds)('of %s are read back as they were written', (kind) => {
    const { key, body } = statements[kind];
    const fields = [...key, ...body];
    fc.assert(
      fc.property(anyStatementOf(kind), (statement) => {
        const writer = new Writer();
        writeFields(writer, fields, statement as unknown as Fields);
        const reader = new Reader(writer.take());
        const read: Fields = {};
        readFields(reader, fields, read);
        expect(reader.done).toBe(true);
        expect({ kind, ...read }).toEqual(statement);
        const again = new Writer();
        writeFields(again, fields, read);
        expect(equalBytes(again.take(), writer.take())).toBe(true);
      }),
    );
  });

  it('hold the largest epoch and round', () => {
    const writer = new Writer();
    writeFields(writer, statements.commit.key, { epoch: EPOCH_MAX, round: ROUND_MAX });
    expect(writer.take()).toEqual(filled(0xff, 6));
    for (const wrong of [
      { epoch: EPOCH_MAX + 1, round: 0 },
      { epoch: 0, round: ROUND_MAX + 1 },
    ]) {
      expect(() => writeFields(new Writer(), statements.commit.key, wrong)).toThrow('broken rule');
    }
  });

  const reads = (type: Field[1], bytes: Uint8Array): boolean => {
    const reader = new Reader(bytes);
    readFields(reader, [['field', type]], {});
    return reader.done;
  };

  it('hold any set of seats', () => {
    for (let bits = 0; bits <= 0xffff; bits++) {
      const read: Fields = {};
      readFields(new Reader(Uint8Array.of(bits >> 8, bits & 255)), [['named', 'seats']], read);
      if (read.named !== bits) throw new Error(`${bits} is read as ${read.named}`);
    }
    for (const wrong of [-1, 0x10000]) {
      expect(() => writeFields(new Writer(), [['named', 'seats']], { named: wrong })).toThrow('broken rule');
    }
  });

  it('hold PLAYERS_MAX digests at most, each of 32 bytes', () => {
    const layout: Field[] = [['digests', 'digests']];
    for (let count = 0; count <= 255; count++) {
      const bytes = concatBytes(Uint8Array.of(count), filled(1, 32 * count));
      expect(reads('digests', bytes)).toBe(count <= PLAYERS_MAX);
      expect(reads('digests', bytes.subarray(0, -1))).toBe(false);
    }
    const digests = Array.from({ length: PLAYERS_MAX + 1 }, () => filled(1));
    expect(() => writeFields(new Writer(), layout, { digests })).toThrow('a player');
    expect(() => writeFields(new Writer(), layout, { digests: [filled(1, 31)] })).toThrow('DIGEST_BYTES');
  });

  it('hold certificates of seats in strictly ascending order only', () => {
    const layout: Field[] = [['certified', 'certified']];
    const orders: readonly (readonly [slots: number[], ok: boolean])[] = [
      [[], true],
      [[15], true],
      [[0, 1, 15], true],
      [[...Array(16).keys()], true],
      [[16], false],
      [[255], false],
      [[0, 16], false],
      [[1, 1], false],
      [[2, 1], false],
      [[0, 2, 1], false],
      [[...Array(17).keys()], false],
    ];
    for (const [slots, ok] of orders) {
      const chunks = slots.map((slot) => concatBytes(Uint8Array.of(slot, 0xff, 0xff), filled(0)));
      expect(reads('certified', concatBytes(Uint8Array.of(slots.length), ...chunks)), `${slots}`).toBe(ok);
      const certified = slots.map((slot) => ({ slot, view: 0xffff, value: filled(0) }));
      const write = (): Writer => {
        const writer = new Writer();
        writeFields(writer, layout, { certified });
        return writer;
      };
      if (ok) expect(reads('certified', write().take())).toBe(true);
      else expect(write).toThrow('ascending');
    }
  });

  it('have one form for a digest that is missing', () => {
    const layout: Field[] = [['claim', 'optional']];
    const written = (claim: Uint8Array): Uint8Array => {
      const writer = new Writer();
      writeFields(writer, layout, { claim });
      return writer.take();
    };
    expect(written(filled(0))).toEqual(Uint8Array.of(0));
    expect(written(filled(2))).toEqual(concatBytes(Uint8Array.of(1), filled(2)));
    expect(() => written(filled(0, 31))).toThrow('DIGEST_BYTES');
    for (let given = 0; given <= 255; given++) {
      expect(reads('optional', Uint8Array.of(given))).toBe(given === 0);
      expect(reads('optional', concatBytes(Uint8Array.of(given), filled(2)))).toBe(given === 1);
      expect(reads('optional', concatBytes(Uint8Array.of(given), filled(0)))).toBe(false);
    }
  });

  it('refuse an input above its limit, even if its bytes are there', () => {
    for (const [length, done] of [
      [0, true],
      [INPUT_BYTES_MAX, true],
      [UPDATE_BYTES_MAX, true],
      [UPDATE_BYTES_MAX + 1, false],
      [0xffff, false],
    ] as const) {
      const reader = new Reader(new Writer().u16(length).bytes(filled(1, length)).take());
      readFields(reader, [['input', 'input']], {});
      expect(reader.done).toBe(done);
      expect(reader.failed).toBe(!done);
    }
  });
});
