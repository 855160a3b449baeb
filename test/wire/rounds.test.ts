import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, equalBytes, toHex } from '../../src/base/bytes.ts';
import { nobody, playersFromBits } from '../../src/base/players.ts';
import { BUNDLE, datagramType, HELLO, ROUNDS } from '../../src/wire/envelope.ts';
import {
  DATAGRAM_BYTES_MAX,
  HEADER_ROUNDS_MAX,
  ITEMS_MAX,
  ROUND_MAX,
  ROUNDS_HEADER_BYTES,
} from '../../src/wire/limits.ts';
import {
  decodeRounds,
  encodeRounds,
  headerBeside,
  NOTHING_HEARD,
  type RoundSets,
  type RoundsHeader,
} from '../../src/wire/rounds.ts';
import { type RoundsItem, roundsItemBytes } from '../../src/wire/rounds-item.ts';
import { anyBytes, anyHeader, anyRounds, damaged, filled } from '../standard/messages.ts';

const session = Uint8Array.from({ length: 32 }, (_, i) => 0xa0 + i);

function sets(...[commits, votes, opens, decided, opened]: readonly number[]): RoundSets {
  return {
    commits: playersFromBits(commits ?? 0),
    votes: playersFromBits(votes ?? 0),
    opens: playersFromBits(opens ?? 0),
    decided: playersFromBits(decided ?? 0),
    opened: playersFromBits(opened ?? 0),
  };
}

function headerOf(...rounds: readonly RoundSets[]): RoundsHeader {
  return { stamp: { sentAt: 0x01020304, echo: 0x05060708, held: 9 }, final: 0x0a0b0c0d, rounds };
}

const query = (length: number): RoundsItem => ({ type: 'query', bytes: filled(7, length) });
const head = '0103' + 'a0a1a2a3a4a5a6a7' + '01020304' + '05060708' + '00000009' + '0a0b0c0d';

/** Refused, by its type or later, or the one encoding of what came out. */
function isCanonical(bytes: Uint8Array): boolean {
  if (!datagramType(bytes).ok) return true;
  const decoded = decodeRounds(session, bytes);
  return decoded.ok
    ? equalBytes(encodeRounds(session, decoded.value), bytes)
    : ['type', 'session', 'malformed'].includes(decoded.refused);
}

describe('encodeRounds', () => {
  it('writes version, type, session tag, clock stamp, final round, rounds and items', () => {
    const rounds = [sets(7, 7, 3, 1), sets(7, 7, 3, 1), sets(), sets(7, 4, 0, 0, 0x8000)];
    const listed = `04${'0f0007000700030001'}${'00'}${'0f0000000000000000'}${'1300070004'}8000`;
    const items: RoundsItem[] = [query(2), { type: 'vector', digests: [filled(1)] }];
    const bytes = encodeRounds(session, { header: headerOf(...rounds), items });
    expect(toHex(bytes)).toBe(`${head}${listed}${'0600020707'}03002101${'01'.repeat(32)}`);
    expect(encodeRounds(session, { header: headerOf(), items: [] })).toHaveLength(ROUNDS_HEADER_BYTES);
  });

  it.each<readonly [RoundsItem, string]>([
    [{ type: 'packet', bytes: filled(9, 1) }, '01000109'],
    [{ type: 'accusation', bytes: filled(9, 1) }, '04000109'],
    [{ type: 'query', bytes: filled(9, 1) }, '06000109'],
    [{ type: 'answer', bytes: filled(9, 1) }, '07000109'],
    [
      { type: 'chunk', transfer: 0x01020304, index: 0x0506, count: 0x0708, bytes: filled(9, 1) },
      '05000901020304' + '0506' + '0708' + '09',
    ],
    [{ type: 'vector', digests: [filled(2), filled(3)] }, `03004102${'02'.repeat(32)}${'03'.repeat(32)}`],
  ])('writes an item, and says how long it is: %o', (item, hex) => {
    const bytes = encodeRounds(session, { header: headerOf(), items: [item] });
    expect(toHex(bytes)).toBe(`${head}00${hex}`);
    expect(roundsItemBytes(item)).toBe(hex.length / 2);
  });

  it('is read back', () => {
    fc.assert(
      fc.property(anyRounds, (rounds) => {
        const datagram = encodeRounds(session, rounds);
        expect(datagramType(datagram)).toEqual({ ok: true, value: ROUNDS });
        expect(decodeRounds(session, datagram)).toEqual({ ok: true, value: rounds });
      }),
      { numRuns: 500 },
    );
  });

  it('asserts what it is given', () => {
    const encode = (header: RoundsHeader, ...items: readonly RoundsItem[]): Uint8Array =>
      encodeRounds(session, { header, items });
    const listed = (count: number): RoundSets[] => Array.from({ length: count }, () => sets(1));
    const items = (count: number): RoundsItem[] => Array.from({ length: count }, () => query(1));
    expect(encode(headerOf(...listed(HEADER_ROUNDS_MAX)))).toHaveLength(ROUNDS_HEADER_BYTES + 2 + 64);
    expect(() => encode(headerOf(sets()))).toThrow('something is held of the last');
    expect(() => encode(headerOf(sets(1), sets()))).toThrow('something is held of the last');
    expect(() => encode(headerOf(...listed(HEADER_ROUNDS_MAX + 1)))).toThrow('HEADER_ROUNDS_MAX');
    expect(() => encode({ ...headerOf(sets(1)), final: ROUND_MAX })).toThrow('ROUND_MAX');
    expect(encode(headerOf(), ...items(ITEMS_MAX))).toHaveLength(ROUNDS_HEADER_BYTES + 4 * ITEMS_MAX);
    expect(() => encode(headerOf(), ...items(ITEMS_MAX + 1))).toThrow('ITEMS_MAX');
    expect(() => encode(headerOf(), query(1000), query(200))).toThrow('fit one datagram');
    const heard = { ...headerOf().stamp, held: NOTHING_HEARD };
    expect(() => encode({ ...headerOf(), stamp: heard })).toThrow('echoes nothing');
    expect(encode({ ...headerOf(), stamp: { ...heard, echo: 0 } })).toHaveLength(ROUNDS_HEADER_BYTES);
    expect(() => encode(headerOf({ ...sets(1), votes: -1 as never }))).toThrow('u16');
    const wrong: readonly (readonly [RoundsItem, string])[] = [
      [query(0), 'query: 1 to 1100 bytes'],
      [query(1101), 'query: 1 to 1100 bytes'],
      [{ type: 'packet', bytes: filled(1, 1171) }, 'packet: 1 to 1170 bytes'],
      [{ type: 'vector', digests: [] }, 'PLAYERS_MAX'],
      [{ type: 'vector', digests: Array.from({ length: 17 }, () => filled(1)) }, 'PLAYERS_MAX'],
      [{ type: 'vector', digests: [filled(1, 31)] }, 'DIGEST_BYTES'],
      [{ type: 'chunk', transfer: 0, index: 1, count: 1, bytes: filled(1, 1) }, 'one of those'],
      [{ type: 'chunk', transfer: 0, index: 0, count: 1, bytes: filled(1, 1025) }, 'chunk: 1 to 1024 bytes'],
      [{ type: 'chunk', transfer: 0, index: 0, count: 1, bytes: filled(1, 0) }, 'chunk: 1 to 1024 bytes'],
    ];
    for (const [item, message] of wrong) expect(() => encode(headerOf(), item)).toThrow(message);
  });
});

describe('headerBeside', () => {
  it('keeps as many rounds as fit beside the items, and not one fewer', () => {
    fc.assert(
      fc.property(anyHeader, fc.integer({ min: 900, max: 1166 }), (header, bytes) => {
        const items = [{ type: 'packet' as const, bytes: filled(1, bytes) }];
        const beside = headerBeside(header, bytes + 3);
        const kept = beside.rounds.length;
        expect(beside).toEqual({ ...header, rounds: header.rounds.slice(0, kept) });
        expect(encodeRounds(session, { header: beside, items }).length).toBeLessThanOrEqual(
          DATAGRAM_BYTES_MAX,
        );
        if (kept === header.rounds.length) return;
        const next = header.rounds.findIndex((each, at) => at >= kept && Object.values(each).some(Boolean));
        const more = { ...header, rounds: header.rounds.slice(0, next + 1) };
        expect(() => encodeRounds(session, { header: more, items })).toThrow('fit one datagram');
      }),
    );
  });

  it('keeps HEADER_ROUNDS_MAX rounds at most, and the header as it is if all of it fits', () => {
    const long = headerOf(...Array.from({ length: HEADER_ROUNDS_MAX + 9 }, (_, i) => sets(i)));
    expect(headerBeside(long, 0).rounds).toEqual(long.rounds.slice(0, HEADER_ROUNDS_MAX));
    expect(headerBeside(headerOf(sets(1), sets(), sets()), 0).rounds).toEqual([sets(1)]);
    expect(headerBeside(headerOf(sets()), 0).rounds).toEqual([]);
    const short = headerOf(sets(1));
    expect(headerBeside(short, DATAGRAM_BYTES_MAX - ROUNDS_HEADER_BYTES - 3)).toBe(short);
    expect(headerBeside(short, DATAGRAM_BYTES_MAX - ROUNDS_HEADER_BYTES - 2).rounds).toEqual([]);
    expect(() => headerBeside(short, DATAGRAM_BYTES_MAX)).toThrow('fit one');
  });
});

describe('a header of the good case', () => {
  const all = 0xff;
  /** Eight players; the oldest round waits for one opening, the newest has just been opened. */
  const live = [
    sets(all, all, all, all, all & ~1),
    sets(all, all, all, all),
    sets(all, all, 0x0f),
    sets(all),
    sets(0x05),
  ];

  it('says what is held of five rounds in a few bytes', () => {
    const bytes = encodeRounds(session, { header: headerOf(...live), items: [] });
    expect(bytes).toHaveLength(ROUNDS_HEADER_BYTES + 27);
    const held = encodeRounds(session, { header: headerOf(live[1] as RoundSets), items: [] });
    expect(held).toHaveLength(ROUNDS_HEADER_BYTES + 9);
  });
});

describe('decodeRounds', () => {
  const sample: readonly RoundsItem[] = [
    query(5),
    { type: 'vector', digests: [filled(1), filled(2)] },
    { type: 'chunk', transfer: 1, index: 0, count: 2, bytes: filled(3, 4) },
    { type: 'packet', bytes: filled(4, 3) },
  ];
  const header = headerOf(sets(7, 7, 7, 7, 3), sets(), sets(7, 1));
  const datagram = encodeRounds(session, { header, items: sample });

  it('refuses any bytes, or reads what encodes to the same bytes', () => {
    const good = anyRounds.map((rounds) => encodeRounds(session, rounds));
    fc.assert(
      fc.property(damaged(good), (bytes) => isCanonical(bytes)),
      { numRuns: 5000 },
    );
  });

  it('never throws, whatever the bytes and the session', () => {
    const typed = anyBytes(0, 1198).map((bytes) => concatBytes(Uint8Array.of(1, ROUNDS), bytes));
    fc.assert(
      fc.property(fc.oneof(anyBytes(0, 1200), typed), anyBytes(32), (bytes, id) => {
        expect(typeof decodeRounds(id, bytes).ok).toBe('boolean');
      }),
    );
  });

  it('refuses a sample of which any bit was changed, or reads what encodes to the same bytes', () => {
    for (let bit = 0; bit < 8 * datagram.length; bit++) {
      const changed = datagram.slice();
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(isCanonical(changed), `bit ${bit}`).toBe(true);
      if (bit >= 8 && bit < 80) expect(decodeRounds(session, changed).ok, `bit ${bit}`).toBe(false);
    }
  });

  it('refuses every truncation but those between two items', () => {
    const ends = [datagram.length];
    for (const item of [...sample].reverse()) ends.unshift((ends[0] as number) - roundsItemBytes(item));
    expect(ends[0]).toBe(encodeRounds(session, { header, items: [] }).length);
    for (let length = 0; length <= datagram.length; length++) {
      const decoded = decodeRounds(session, datagram.subarray(0, length));
      expect(decoded.ok).toBe(ends.includes(length));
      if (decoded.ok) expect(isCanonical(datagram.subarray(0, length))).toBe(true);
      else expect(decoded.refused).toBe(length < 2 ? 'type' : length < 10 ? 'session' : 'malformed');
    }
  });

  it('refuses whatever more is no item', () => {
    for (const hex of ['01', '0100', '010000', '02000109', '00000109', '08000109', '81000109', '01000209']) {
      const longer = concatBytes(datagram, Uint8Array.from(Buffer.from(hex, 'hex')));
      expect(decodeRounds(session, longer)).toEqual({ ok: false, refused: 'malformed' });
    }
    const items = (count: number): Uint8Array =>
      concatBytes(
        datagram.subarray(0, 26),
        Uint8Array.of(0),
        ...Array(count).fill(Uint8Array.of(6, 0, 1, 5)),
      );
    expect(decodeRounds(session, items(ITEMS_MAX)).ok).toBe(true);
    expect(decodeRounds(session, items(ITEMS_MAX + 1)).ok).toBe(false);
  });

  it('refuses rounds that are not in their one form', () => {
    const decode = (hex: string): boolean =>
      decodeRounds(session, Uint8Array.from(Buffer.from(`${head}${hex}`, 'hex'))).ok;
    expect(decode('00')).toBe(true);
    expect(decode('0100')).toBe(false);
    expect(decode('01010001')).toBe(true);
    expect(decode('02000100' + '01')).toBe(true);
    expect(decode('0201000101' + '0000')).toBe(false);
    // A set that is as it was, at first and later; a flag without a meaning; too many rounds, and too few.
    for (const hex of [
      '01010000',
      '02010001010001',
      '0120',
      '01200001',
      '0180',
      `41010001${'00'.repeat(64)}`,
      '02010001',
    ])
      expect(decode(hex), hex).toBe(false);
    expect(decode(`40010001${'00'.repeat(63)}`)).toBe(true);
    for (let flags = 0; flags < 256; flags++) {
      const given = [0, 1, 2, 3, 4].filter((bit) => (flags >> bit) & 1).map(() => '0003');
      const byte = flags.toString(16).padStart(2, '0');
      expect(decode(`01${byte}${given.join('')}`), byte).toBe(flags > 0 && flags < 32);
    }
  });

  it('refuses rounds after the last, and an echo of nothing', () => {
    const changed = (at: number, hex: string, ...rest: number[]): boolean => {
      const bytes = concatBytes(datagram.subarray(0, 26), Uint8Array.from(rest));
      bytes.set(Buffer.from(hex, 'hex'), at);
      return decodeRounds(session, bytes).ok;
    };
    expect(changed(22, 'fffffffe', 1, 1, 0, 1)).toBe(true);
    expect(changed(22, 'fffffffe', 2, 1, 0, 1, 0)).toBe(false);
    expect(changed(22, 'ffffffff', 0)).toBe(true);
    expect(changed(22, 'ffffffff', 1, 1, 0, 1)).toBe(false);
    expect(changed(14, '00000000ffffffff', 0)).toBe(true);
    expect(changed(14, '00000001ffffffff', 0)).toBe(false);
    expect(changed(14, '00000001fffffffe', 0)).toBe(true);
  });

  it('refuses other types and other sessions', () => {
    for (const type of [0, HELLO, BUNDLE, 4]) {
      const changed = datagram.slice();
      changed[1] = type;
      expect(decodeRounds(session, changed)).toEqual({ ok: false, refused: 'type' });
    }
    for (let at = 0; at < 32; at++) {
      const other = session.slice();
      other[at] = 0;
      const decoded = decodeRounds(other, datagram);
      expect(decoded.ok).toBe(at >= 8);
      if (!decoded.ok) expect(decoded.refused).toBe('session');
    }
  });

  it('gives views of the datagram, and empty sets where nothing is held', () => {
    const decoded = decodeRounds(session, datagram);
    if (!decoded.ok) throw new Error(decoded.refused);
    const [first] = decoded.value.items;
    expect(first?.type === 'query' && first.bytes.buffer).toBe(datagram.buffer);
    expect(decoded.value.header.rounds[1]).toEqual(
      Object.fromEntries(['commits', 'votes', 'opens', 'decided', 'opened'].map((name) => [name, nobody])),
    );
  });
});
