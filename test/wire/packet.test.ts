import { Buffer } from 'node:buffer';
import * as fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { compareBytes, concatBytes, equalBytes, toHex } from '../../src/base/bytes.ts';
import { seatOf } from '../../src/base/ids.ts';
import { PARTS_MAX, PLAYERS_MAX } from '../../src/wire/limits.ts';
import {
  decodeAnyPacket,
  decodePacket,
  doubleEntry,
  type Entry,
  elide,
  encodePacket,
  entriesOf,
  type Packet,
  sealPacket,
  signedMessage,
  signedPacket,
  statementOf,
} from '../../src/wire/packet.ts';
import {
  type Certified,
  type Fields,
  type FieldType,
  type Statement,
  statements,
} from '../../src/wire/statement.ts';
import {
  anyBytes,
  anyPacket,
  anyStatementOf,
  anyStatements,
  damaged,
  filled,
  kinds,
} from '../standard/messages.ts';

const signature = filled(0xee, 64);
const session = filled(0x5e);

const commit: Statement = { kind: 'commit', epoch: 2, round: 3, commitment: filled(0xc0) };
const reveal: Statement = { kind: 'reveal', epoch: 2, round: 3, input: filled(1, 5), salt: filled(2, 16) };
const wish: Statement = { kind: 'wish', epoch: 2, index: 4, target: 1, round: 9 };

function packetOf(...parts: readonly Statement[]): Packet {
  return signedPacket(seatOf(6), entriesOf(parts), signature);
}

function entry(statement: Statement): Entry {
  return entriesOf([statement])[0] as Entry;
}

describe('encodePacket', () => {
  it('writes sender, count, entries and signature', () => {
    const first = `01${'0002'}${'00000003'}${'c0'.repeat(32)}`;
    const second = '05' + '0002' + '00000004' + '01' + '00000009';
    const hex = `0602${first}${second}${'ee'.repeat(64)}`;
    expect(toHex(packetOf(wish, commit).bytes)).toBe(hex);
  });

  it('is read back, whatever the statements', () => {
    fc.assert(
      fc.property(anyStatements, fc.integer({ min: 0, max: PLAYERS_MAX - 1 }), (parts, sender) => {
        const packet = signedPacket(seatOf(sender), entriesOf(parts), signature);
        const decoded = decodePacket(packet.bytes);
        expect(decoded).toEqual({ ok: true, value: packet });
      }),
    );
  });

  it('orders the statements by their keys', () => {
    fc.assert(
      fc.property(anyStatements, (parts) => {
        const entries = entriesOf(parts);
        expect(entriesOf([...parts].reverse())).toEqual(entries);
        for (const [i, { key }] of entries.slice(1).entries()) {
          expect(compareBytes((entries[i] as Entry).key, key)).toBeLessThan(0);
        }
      }),
    );
  });

  it('asserts that there are 1 to PARTS_MAX statements, with one key each', () => {
    const wishes = (count: number): Statement[] =>
      Array.from({ length: count }, (_, index) => ({ kind: 'wish', epoch: 0, index, target: 0, round: 1 }));
    expect(entriesOf(wishes(PARTS_MAX))).toHaveLength(PARTS_MAX);
    expect(() => entriesOf([])).toThrow('PARTS_MAX');
    expect(() => entriesOf(wishes(PARTS_MAX + 1))).toThrow('PARTS_MAX');
    expect(() => entriesOf([commit, commit])).toThrow('one entry a key');
  });
});

/** Refused, or the one encoding of what came out. Never an exception. */
function isCanonical(bytes: Uint8Array): boolean {
  const decoded = decodePacket(bytes);
  if (!decoded.ok) return ['malformed', 'double-entry'].includes(decoded.refused);
  const { sender, entries, signature: signed } = decoded.value;
  return equalBytes(encodePacket(sender, entries, signed), bytes) && equalBytes(decoded.value.bytes, bytes);
}

describe('decodePacket', () => {
  it('refuses any bytes, or reads what encodes to the same bytes', () => {
    const good = anyPacket.map(({ bytes }) => bytes);
    fc.assert(
      fc.property(damaged(good), (bytes) => isCanonical(bytes)),
      { numRuns: 5000 },
    );
  });

  it('is as strict about packets that list one key twice', () => {
    const twice = fc.tuple(anyStatements, anyBytes(64)).map(([parts, signed]) => {
      const entries = parts.flatMap((part) => [entry(part), entry(part)]).slice(0, PARTS_MAX);
      return encodePacket(
        seatOf(1),
        entries.sort((a, b) => compareBytes(a.key, b.key)),
        signed,
      );
    });
    fc.assert(
      fc.property(damaged(twice), (bytes) => {
        const decoded = decodeAnyPacket(bytes);
        if (decoded === null) return decodePacket(bytes).ok === false;
        const { sender, entries, signature: signed } = decoded;
        expect(decodePacket(bytes).ok).toBe(doubleEntry(decoded) === null);
        return equalBytes(encodePacket(sender, entries, signed), bytes);
      }),
      { numRuns: 2000 },
    );
  });

  it('refuses every truncation and any byte too many', () => {
    fc.assert(
      fc.property(anyPacket, ({ bytes }) => {
        for (let length = 0; length < bytes.length; length++) {
          expect(decodePacket(bytes.subarray(0, length))).toEqual({ ok: false, refused: 'malformed' });
        }
        for (const byte of [0, 1, 0xff]) {
          expect(decodePacket(concatBytes(bytes, Uint8Array.of(byte))).ok).toBe(false);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('takes seats 0 to 15, and 1 to PARTS_MAX statements', () => {
    const { bytes } = packetOf(commit);
    for (let sender = 0; sender < 256; sender++) {
      const changed = Uint8Array.from(bytes);
      changed[0] = sender;
      expect(decodePacket(changed).ok).toBe(sender < PLAYERS_MAX);
    }
    const wishes = Array.from({ length: PARTS_MAX + 1 }, (_, index) =>
      entry({ ...wish, index } as Statement),
    );
    for (let count = 0; count <= PARTS_MAX + 1; count++) {
      const encoded = encodePacket(seatOf(0), wishes.slice(0, count), signature);
      expect(decodePacket(encoded).ok).toBe(count >= 1 && count <= PARTS_MAX);
    }
  });

  it('knows the tags of the table, with and without the bit for elision, and no others', () => {
    const tags = kinds.map((kind) => statements[kind].tag);
    for (let tag = 0; tag < 256; tag++) {
      // Long enough for any entry, so that only the tag decides whether some length reads.
      const read = Array.from({ length: 560 }, (_, length) =>
        decodePacket(concatBytes(Uint8Array.of(0, 1, tag), new Uint8Array(length), signature)),
      );
      expect(read.some(({ ok }) => ok)).toBe(tags.includes(tag & 0x7f));
    }
  });

  it('takes an input of 800 bytes and refuses one of 801', () => {
    const { bytes } = packetOf({ ...reveal, input: filled(3, 800) } as Statement);
    expect(decodePacket(bytes).ok).toBe(true);
    const longer = concatBytes(
      bytes.subarray(0, 9),
      Uint8Array.of(3, 33),
      bytes.subarray(11, 12),
      bytes.subarray(11),
    );
    expect(longer).toHaveLength(bytes.length + 1);
    expect(decodePacket(longer)).toEqual({ ok: false, refused: 'malformed' });
  });

  it('refuses entries out of order, and names one key twice, also if elided', () => {
    const entries = entriesOf([commit, wish]) as [Entry, Entry];
    expect(decodePacket(encodePacket(seatOf(0), [entries[1], entries[0]], signature))).toEqual({
      ok: false,
      refused: 'malformed',
    });
    const hidden: Entry = { key: entries[0].key, hash: filled(9), statement: null };
    for (const second of [entries[0], entry({ ...commit, commitment: filled(7) } as Statement), hidden]) {
      const bytes = encodePacket(seatOf(0), [entries[0], second], signature);
      expect(decodePacket(bytes)).toEqual({ ok: false, refused: 'double-entry' });
      expect(doubleEntry(decodeAnyPacket(bytes) as Packet)).toBe(0);
    }
  });

  it('changes nothing in what it reads, also if that is a Buffer', () => {
    const { bytes } = elide(packetOf(commit, wish), session, []);
    for (const given of [bytes.slice(), Buffer.from(bytes)]) {
      expect(decodePacket(given).ok).toBe(true);
      expect(toHex(given)).toBe(toHex(bytes));
    }
  });
});

describe('elide', () => {
  it('leaves out what is not kept, and the signed message as it is', () => {
    const subset = fc.subarray([...Array(PARTS_MAX).keys()]);
    fc.assert(
      fc.property(anyStatements, subset, subset, (parts, keep, keepLess) => {
        const packet = signedPacket(seatOf(3), entriesOf(parts), signature);
        const message = signedMessage(session, seatOf(3), packet.entries);
        const once = elide(packet, session, keep);
        const twice = elide(once, session, keepLess);
        for (const elided of [once, twice]) {
          expect(decodePacket(elided.bytes)).toEqual({ ok: true, value: elided });
          expect(signedMessage(session, seatOf(3), elided.entries)).toEqual(message);
        }
        const kept = (elided: Packet): number[] =>
          elided.entries.flatMap(({ statement }, i) => (statement === null ? [] : [i]));
        const existing = [...packet.entries.keys()];
        expect(kept(once)).toEqual(existing.filter((i) => keep.includes(i)));
        expect(kept(twice)).toEqual(existing.filter((i) => keep.includes(i) && keepLess.includes(i)));
      }),
    );
  });

  it('hides a statement from those who look for it', () => {
    const packet = packetOf(commit, wish);
    expect(statementOf(packet, 'wish')).toEqual(wish);
    expect(statementOf(elide(packet, session, [0]), 'wish')).toBeNull();
    expect(statementOf(packet, 'reveal')).toBeNull();
  });
});

/** The same but for a bit of the last byte. */
function otherBytes(value: Uint8Array): Uint8Array {
  if (value.length === 0) return Uint8Array.of(0);
  const changed = value.slice();
  changed[changed.length - 1] = (changed[changed.length - 1] as number) ^ 1;
  return changed;
}

/** Another value of the same type. */
function other(type: FieldType, value: Fields[string]): Fields[string] {
  if (typeof value === 'number') return value === 0 ? 1 : value - 1;
  if (value instanceof Uint8Array) return otherBytes(value);
  if (type === 'digests') {
    const [first, ...rest] = value as readonly Uint8Array[];
    return first === undefined ? [filled(1)] : [otherBytes(first), ...rest];
  }
  const [first, ...rest] = value as readonly Certified[];
  return first === undefined
    ? [{ slot: 15, view: 0, value: filled(0) }]
    : [{ ...first, value: otherBytes(first.value) }, ...rest];
}

const fields = kinds.flatMap((kind) =>
  [...statements[kind].key, ...statements[kind].body].map(([name, type]) => [kind, name, type] as const),
);

describe('the signed message', () => {
  afterEach(() => {
    vi.doUnmock('../../src/wire/limits.ts');
    vi.resetModules();
  });

  it.each(fields)('covers %s.%s', (kind, name, type) => {
    fc.assert(
      fc.property(anyStatementOf(kind), (statement) => {
        const values = statement as unknown as Fields;
        const changed = { ...statement, [name]: other(type, values[name] as Fields[string]) } as Statement;
        const message = (each: Statement): Uint8Array => signedMessage(session, seatOf(1), entriesOf([each]));
        expect(message(changed)).not.toEqual(message(statement));
      }),
    );
  });

  it.each(kinds)('covers the session and the sender of %s, in the part hash too', (kind) => {
    fc.assert(
      fc.property(anyStatementOf(kind), fc.nat(31), (statement, at) => {
        const entries = entriesOf([statement]);
        const otherSession = session.slice();
        otherSession[at] = 0;
        const message = signedMessage(session, seatOf(1), entries);
        for (const changed of [
          signedMessage(otherSession, seatOf(1), entries),
          signedMessage(session, seatOf(2), entries),
        ]) {
          expect(changed.slice(-32)).not.toEqual(message.slice(-32));
          expect(changed.slice(0, -32)).not.toEqual(message.slice(0, -32));
        }
      }),
      { numRuns: 20 },
    );
  });

  it('covers the version, in the part hash too', async () => {
    const message = signedMessage(session, seatOf(1), entriesOf([commit]));
    vi.doMock('../../src/wire/limits.ts', async (original) => ({
      ...(await original<typeof import('../../src/wire/limits.ts')>()),
      PROTOCOL_VERSION: 2,
    }));
    vi.resetModules();
    const next = await import('../../src/wire/packet.ts');
    const changed = next.signedMessage(session, seatOf(1), next.entriesOf([commit]));
    expect(changed).toHaveLength(message.length);
    expect(changed.slice(-32)).not.toEqual(message.slice(-32));
    expect(changed.slice(0, -32)).not.toEqual(message.slice(0, -32));
  });

  it('covers which statements there are, and how many', () => {
    const message = (...parts: Statement[]): string =>
      toHex(signedMessage(session, seatOf(1), entriesOf(parts)));
    const all = [
      message(commit),
      message(reveal),
      message(wish),
      message(commit, wish),
      message(commit, reveal, wish),
    ];
    expect(new Set(all).size).toBe(all.length);
  });

  it('is the same only for the same statements of the same player in the same session', () => {
    const whole = fc.record({ parts: anyStatements, seat: fc.nat(2), at: fc.nat(2) });
    fc.assert(
      fc.property(whole, whole, (a, b) => {
        const [x, y] = [a, b].map(({ parts, seat, at }) => {
          const entries = entriesOf(parts);
          const text = toHex(signedMessage(filled(at), seatOf(seat), entries));
          return { text, said: `${seat} ${at} ${toHex(encodePacket(seatOf(0), entries, signature))}` };
        }) as [{ text: string; said: string }, { text: string; said: string }];
        expect(x.text === y.text).toBe(x.said === y.said);
      }),
    );
  });

  it('is what the seal of a packet says must be signed', () => {
    const packet = packetOf(commit, wish);
    expect(sealPacket(packet, session, filled(4))).toEqual({
      publicKey: filled(4),
      message: signedMessage(session, packet.sender, packet.entries),
      signature,
      value: packet,
    });
  });
});
