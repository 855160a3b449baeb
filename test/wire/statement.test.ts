import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { equalBytes } from '../../src/base/bytes.ts';
import { EPOCH_MAX, INPUT_BYTES_MAX, PLAYERS_MAX, ROUND_MAX } from '../../src/wire/limits.ts';
import { Reader } from '../../src/wire/reader.ts';
import {
  type Fields,
  NO_TARGET,
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

  it('has a target for no player that is no seat', () => {
    expect(NO_TARGET).toBeGreaterThanOrEqual(PLAYERS_MAX);
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

  it('refuse an input above its limit, even if its bytes are there', () => {
    for (const [length, done] of [
      [0, true],
      [INPUT_BYTES_MAX, true],
      [INPUT_BYTES_MAX + 1, false],
      [0xffff, false],
    ] as const) {
      const reader = new Reader(new Writer().u16(length).bytes(filled(1, length)).take());
      readFields(reader, [['input', 'input']], {});
      expect(reader.done).toBe(done);
      expect(reader.failed).toBe(!done);
    }
  });
});
