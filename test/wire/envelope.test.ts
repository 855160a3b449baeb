import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, equalBytes, toHex } from '../../src/base/bytes.ts';
import { playersFromBits } from '../../src/base/players.ts';
import {
  BUNDLE,
  type Bundle,
  datagramType,
  decodeBundle,
  encodeBundle,
  HELLO,
  type Item,
  ROUNDS,
  type Standing,
  sessionTag,
} from '../../src/wire/envelope.ts';
import {
  BUNDLE_HEADER_BYTES,
  DATAGRAM_BYTES_MAX,
  ITEM_BYTES_MAX,
  ITEM_HEADER_BYTES,
  ITEMS_MAX,
} from '../../src/wire/limits.ts';
import { anyBytes, anyStanding, damaged, filled } from '../standard/messages.ts';

const session = Uint8Array.from({ length: 32 }, (_, i) => 0xa0 + i);

const standing: Standing = {
  epoch: 0x0102,
  round: 0x03040506,
  commits: playersFromBits(0x8001),
  opens: playersFromBits(2),
  removes: playersFromBits(4),
  causes: playersFromBits(0xffff),
};

function itemOf(length: number, type: Item['type'] = 'packet'): Item {
  return { type, bytes: filled(7, length) };
}

const anyItem: fc.Arbitrary<Item> = fc.record({
  type: fc.constantFrom<Item['type'][]>('packet', 'proof'),
  bytes: fc.oneof({ weight: 9, arbitrary: anyBytes(1, 30) }, { weight: 1, arbitrary: anyBytes(600) }),
});

const anyBundle: fc.Arbitrary<Bundle> = fc
  .record({ standing: anyStanding, items: fc.array(anyItem, { maxLength: ITEMS_MAX }) })
  .map(({ standing: stands, items }) => {
    let room = DATAGRAM_BYTES_MAX - BUNDLE_HEADER_BYTES;
    const fitting = items.filter(({ bytes }) => {
      const fits = ITEM_HEADER_BYTES + bytes.length <= room;
      if (fits) room -= ITEM_HEADER_BYTES + bytes.length;
      return fits;
    });
    return { standing: stands, items: fitting };
  });

describe('encodeBundle', () => {
  it('writes version, type, session tag, standing and items', () => {
    const items: Item[] = [itemOf(2), itemOf(1, 'proof')];
    const hex = '0102' + 'a0a1a2a3a4a5a6a7' + '0102' + '03040506' + '8001' + '0002' + '0004' + 'ffff';
    expect(toHex(encodeBundle(session, { standing, items }))).toBe(`${hex}0100020707${'02000107'}`);
    expect(encodeBundle(session, { standing, items: [] })).toHaveLength(BUNDLE_HEADER_BYTES);
  });

  it('is read back', () => {
    fc.assert(
      fc.property(anyBundle, (bundle) => {
        const datagram = encodeBundle(session, bundle);
        expect(datagramType(datagram)).toEqual({ ok: true, value: BUNDLE });
        expect(decodeBundle(session, datagram)).toEqual({ ok: true, value: bundle });
      }),
    );
  });

  it('asserts that it has ITEMS_MAX items at most and fits one datagram', () => {
    const items = (count: number): Item[] => Array.from({ length: count }, () => itemOf(1));
    expect(encodeBundle(session, { standing, items: items(ITEMS_MAX) })).toHaveLength(
      BUNDLE_HEADER_BYTES + 4 * ITEMS_MAX,
    );
    expect(() => encodeBundle(session, { standing, items: items(ITEMS_MAX + 1) })).toThrow('ITEMS_MAX');
    expect(encodeBundle(session, { standing, items: [itemOf(ITEM_BYTES_MAX)] })).toHaveLength(
      DATAGRAM_BYTES_MAX,
    );
    expect(() => encodeBundle(session, { standing, items: [itemOf(ITEM_BYTES_MAX + 1)] })).toThrow(
      'datagram',
    );
  });
});

describe('datagramType', () => {
  it('takes 2 to 1200 bytes', () => {
    const head = Uint8Array.of(1, BUNDLE);
    for (const length of [0, 1, 1201, 70_000]) {
      const datagram = new Uint8Array(length);
      datagram.set(head.subarray(0, length));
      expect(datagramType(datagram)).toEqual({ ok: false, refused: 'length' });
    }
    for (const length of [2, 1200]) {
      expect(datagramType(concatBytes(head, new Uint8Array(length - 2))).ok).toBe(true);
    }
  });

  it('knows one version and three types, and looks at the version first', () => {
    for (let byte = 0; byte < 256; byte++) {
      expect(datagramType(Uint8Array.of(byte, HELLO)).ok).toBe(byte === 1);
      expect(datagramType(Uint8Array.of(1, byte)).ok).toBe([HELLO, BUNDLE, ROUNDS].includes(byte));
      const refused = byte === 1 ? 'type' : 'version';
      expect(datagramType(Uint8Array.of(byte, 0))).toEqual({ ok: false, refused });
    }
  });
});

describe('decodeBundle', () => {
  it('refuses any bytes, or reads what encodes to the same bytes', () => {
    const good = anyBundle.map((bundle) => encodeBundle(session, bundle));
    fc.assert(
      fc.property(damaged(good), (bytes) => {
        const type = datagramType(bytes);
        if (!type.ok || type.value !== BUNDLE) return;
        const decoded = decodeBundle(session, bytes);
        if (decoded.ok) expect(equalBytes(encodeBundle(session, decoded.value), bytes)).toBe(true);
        else expect(['session', 'malformed']).toContain(decoded.refused);
      }),
      { numRuns: 5000 },
    );
  });

  it('refuses a datagram of another type, even if the rest is a bundle', () => {
    const datagram = encodeBundle(session, { standing, items: [] });
    for (const type of [0, HELLO, ROUNDS, 4]) {
      datagram[1] = type;
      expect(decodeBundle(session, datagram)).toEqual({ ok: false, refused: 'type' });
    }
  });

  it('never throws, whatever the bytes and the session', () => {
    fc.assert(
      fc.property(anyBytes(0, 1200), anyBytes(32), (bytes, id) => {
        expect(typeof decodeBundle(id, bytes).ok).toBe('boolean');
      }),
    );
  });

  it('refuses every truncation but those between two items', () => {
    const items = [itemOf(5), itemOf(9, 'proof'), itemOf(1)];
    const datagram = encodeBundle(session, { standing, items });
    const whole = [24, 24 + 8, 24 + 8 + 12, 24 + 8 + 12 + 4];
    expect(datagram).toHaveLength(whole[3] as number);
    for (let length = 0; length <= datagram.length; length++) {
      const decoded = decodeBundle(session, datagram.subarray(0, length));
      expect(decoded.ok).toBe(whole.includes(length));
      if (!decoded.ok)
        expect(decoded.refused).toBe(length < 2 ? 'type' : length < 10 ? 'session' : 'malformed');
    }
  });

  it('refuses one and two bytes too many, and whatever more is no item', () => {
    const datagram = encodeBundle(session, { standing, items: [itemOf(5)] });
    for (const more of [[1], [1, 0], [1, 0, 0], [1, 0, 1], [0, 0, 1, 9], [3, 0, 1, 9], [0x81, 0, 1, 9]]) {
      const longer = concatBytes(datagram, Uint8Array.from(more));
      expect(decodeBundle(session, longer)).toEqual({ ok: false, refused: 'malformed' });
    }
  });

  it('takes items of 1 to ITEM_BYTES_MAX bytes, and ITEMS_MAX of them', () => {
    const head = encodeBundle(session, { standing, items: [] });
    const withItem = (length: number): Uint8Array =>
      concatBytes(head, Uint8Array.of(1, length >> 8, length & 255), filled(1, length));
    for (const [length, ok] of [
      [0, false],
      [1, true],
      [ITEM_BYTES_MAX, true],
      [ITEM_BYTES_MAX + 1, false],
    ] as const) {
      expect(decodeBundle(session, withItem(length)).ok).toBe(ok);
    }
    const items = (count: number): Uint8Array =>
      concatBytes(head, ...Array.from({ length: count }, () => Uint8Array.of(2, 0, 1, 5)));
    expect(decodeBundle(session, items(ITEMS_MAX)).ok).toBe(true);
    expect(decodeBundle(session, items(ITEMS_MAX + 1)).ok).toBe(false);
  });

  it('refuses another session by its first eight bytes, and does not see the rest', () => {
    const datagram = encodeBundle(session, { standing, items: [] });
    for (let at = 0; at < 32; at++) {
      const changed = session.slice();
      changed[at] = 0;
      const decoded = decodeBundle(changed, datagram);
      expect(decoded.ok).toBe(at >= 8);
      if (!decoded.ok) expect(decoded.refused).toBe('session');
    }
    expect(toHex(sessionTag(session))).toBe('a0a1a2a3a4a5a6a7');
  });
});
