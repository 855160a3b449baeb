import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, toHex } from '../../../src/base/bytes.ts';
import { type Seat, seatOf } from '../../../src/base/ids.ts';
import {
  ADDRESS_BYTES_MAX,
  CHECKED_MAX,
  choose,
  decodeUpdate,
  emptyUpdate,
  encodeUpdate,
  isAddress,
  joinMessage,
  OPERATIONS_MAX,
  type Operation,
  pack,
  type Update,
} from '../../../src/protocol/neo/update.ts';
import { INPUT_BYTES_MAX, UPDATE_BYTES_MAX } from '../../../src/wire/limits.ts';
import { anyBytes, filled } from '../../standard/messages.ts';

const none = new Uint8Array(0);
const seat = (index: number): Seat => seatOf(index);
const late = (round: number, index = 1): Operation => ({ type: 'late', round, seat: seat(index) });
const accuse = (length: number): Operation => ({ type: 'accuse', evidence: filled(5, length) });
const sponsor = (value: number): Operation => ({
  type: 'sponsor',
  publicKey: filled(value),
  nonce: filled(value, 16),
  address: '127.0.0.1:7001',
  signature: filled(value, 64),
});

const anySeat = fc.integer({ min: 0, max: 15 }).map(seat);
const anyRound = fc.integer({ min: 0, max: 0xffffffff });
const anyAddress = fc
  .array(fc.integer({ min: 0x21, max: 0x7e }), { minLength: 1, maxLength: ADDRESS_BYTES_MAX })
  .map((codes) => String.fromCharCode(...codes));
const anyOperation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ type: fc.constant('accuse' as const), evidence: anyBytes(0, 90) }),
  fc.record({ type: fc.constant('illegal' as const), round: anyRound, seat: anySeat, vote: anyBytes(0, 90) }),
  fc.record({ type: fc.constant('late' as const), round: anyRound, seat: anySeat }),
  fc.constant<Operation>({ type: 'leave' }),
  fc.record({
    type: fc.constant('sponsor' as const),
    publicKey: anyBytes(32),
    nonce: anyBytes(16),
    address: anyAddress,
    signature: anyBytes(64),
  }),
);
const anyReport = fc.option(
  fc.record({ lateness: fc.integer({ min: 0, max: 0xffff }), lag: fc.integer({ min: 0, max: 0xffff }) }),
);
/** Whatever fits, as the packing chooses it. */
const anyUpdate: fc.Arbitrary<Update> = fc
  .tuple(anyReport, fc.array(anyOperation, { maxLength: 40 }), anyBytes(0, INPUT_BYTES_MAX))
  .map(([report, operations, input]) => choose(report, operations, input));

describe('the bytes of an update', () => {
  it('are none for the empty one', () => {
    expect(encodeUpdate(emptyUpdate)).toEqual(none);
    expect(decodeUpdate(none)).toEqual(emptyUpdate);
    expect(pack(null, [], none)).toEqual(none);
  });

  it('are as the table says', () => {
    const update: Update = {
      report: { lateness: 0x0102, lag: 0x0304 },
      operations: [
        { type: 'accuse', evidence: filled(0xee, 2) },
        { type: 'illegal', round: 7, seat: seat(3), vote: filled(0xaa, 1) },
        late(0x01020304, 15),
        { type: 'leave' },
        {
          type: 'sponsor',
          publicKey: filled(1),
          nonce: filled(2, 16),
          address: 'a:1',
          signature: filled(3, 64),
        },
      ],
      input: filled(9, 2),
    };
    const expected = [
      '85',
      '01020304',
      '010002eeee',
      '0200000007030001aa',
      '03010203040f',
      '04',
      `05${'01'.repeat(32)}${'02'.repeat(16)}03613a31${'03'.repeat(64)}`,
      '0909',
    ];
    expect(toHex(encodeUpdate(update))).toBe(expected.join(''));
    expect(decodeUpdate(encodeUpdate(update))).toEqual(update);
  });

  it('read back to the same update', () => {
    fc.assert(
      fc.property(anyUpdate, (update) => {
        const bytes = encodeUpdate(update);
        expect(bytes.length).toBeLessThanOrEqual(UPDATE_BYTES_MAX);
        expect(decodeUpdate(bytes)).toEqual(update);
      }),
    );
  });

  it('have one form: any bytes are refused, or are what their update encodes to', () => {
    let read = 0;
    const edited = fc
      .tuple(anyUpdate, fc.nat(), fc.integer({ min: 0, max: 255 }))
      .map(([update, at, value]) => {
        const bytes = encodeUpdate(update);
        if (bytes.length > 0) bytes[at % bytes.length] = value;
        return bytes;
      });
    fc.assert(
      fc.property(fc.oneof(anyBytes(0, 900), edited), (bytes) => {
        const update = decodeUpdate(bytes);
        if (update === null) return;
        read++;
        expect(toHex(encodeUpdate(update))).toBe(toHex(bytes));
      }),
      { numRuns: 2000 },
    );
    expect(read).toBeGreaterThan(100);
  });

  const sample = encodeUpdate({ report: null, operations: [sponsor(1)], input: null });
  const repeated = (operation: Operation, count: number): Uint8Array => {
    const one = encodeUpdate({ report: null, operations: [operation], input: null }).subarray(1);
    return concatBytes(Uint8Array.of(count), ...Array.from({ length: count }, () => one));
  };

  it.each<[string, Uint8Array]>([
    ['a head alone that says nothing', Uint8Array.of(0)],
    ['a report that is cut short', Uint8Array.of(0x80, 0, 1, 0)],
    ['an unknown operation', Uint8Array.of(1, 6)],
    ['operation 0', Uint8Array.of(1, 0)],
    ['fewer operations than announced', Uint8Array.of(2, 4)],
    ['evidence that is cut short', Uint8Array.of(1, 1, 0, 3, 1, 1)],
    ['a seat that is none', Uint8Array.of(1, 3, 0, 0, 0, 1, 16)],
    ['an address with a space', sample.map((byte, at) => (at === 51 ? 0x20 : byte))],
    ['an address with a byte that is not ASCII', sample.map((byte, at) => (at === 51 ? 0x80 : byte))],
    ['an empty address', concatBytes(sample.subarray(0, 50), Uint8Array.of(0), filled(1, 64))],
    [
      'an address that is too long',
      concatBytes(sample.subarray(0, 50), Uint8Array.of(65), filled(0x61, 65), filled(1, 64)),
    ],
    ['a longer input than the longest', concatBytes(Uint8Array.of(0), filled(1, INPUT_BYTES_MAX + 1))],
    ['more operations than allowed', repeated({ type: 'leave' }, OPERATIONS_MAX + 1)],
    ['more signatures than allowed', repeated(accuse(1), CHECKED_MAX + 1)],
    ['more bytes than allowed', concatBytes(repeated(accuse(600), 1), filled(1, 197))],
  ])('refuse %s', (_, bytes) => {
    expect(decodeUpdate(bytes)).toBeNull();
  });

  it('take all that the limits allow', () => {
    expect(decodeUpdate(repeated({ type: 'leave' }, OPERATIONS_MAX))?.operations).toHaveLength(
      OPERATIONS_MAX,
    );
    expect(decodeUpdate(repeated(accuse(1), CHECKED_MAX))?.operations).toHaveLength(CHECKED_MAX);
    expect(decodeUpdate(concatBytes(repeated(accuse(600), 1), filled(1, 196)))?.input).toHaveLength(196);
    const longest = concatBytes(Uint8Array.of(0), filled(1, INPUT_BYTES_MAX));
    expect(decodeUpdate(longest)?.input).toHaveLength(INPUT_BYTES_MAX);
    expect(decodeUpdate(sample)?.operations).toEqual([sponsor(1)]);
  });

  it.each<[string, Update]>([
    ['an empty input', { ...emptyUpdate, input: none }],
    ['too long an input', { ...emptyUpdate, input: filled(1, INPUT_BYTES_MAX + 1) }],
    [
      'too many operations',
      { ...emptyUpdate, operations: Array(OPERATIONS_MAX + 1).fill({ type: 'leave' }) },
    ],
    ['too many signatures', { ...emptyUpdate, operations: Array(CHECKED_MAX + 1).fill(accuse(1)) }],
    ['too many bytes', { ...emptyUpdate, operations: [accuse(UPDATE_BYTES_MAX)] }],
    ['a lateness that is no u16', { ...emptyUpdate, report: { lateness: 0x10000, lag: 0 } }],
    ['a seat that is none', { ...emptyUpdate, operations: [late(1, 16)] }],
    [
      'a short key',
      { ...emptyUpdate, operations: [{ ...sponsor(1), publicKey: filled(1, 31) } as Operation] },
    ],
    ['no address', { ...emptyUpdate, operations: [{ ...sponsor(1), address: '' } as Operation] }],
  ])('are not made of %s, which is our own mistake', (_, update) => {
    expect(() => encodeUpdate(update)).toThrow(/broken rule/);
  });
});

describe('packing an update', () => {
  const report = { lateness: 1, lag: 2 };

  it('takes the first operations that fit beside the input', () => {
    const operations = [sponsor(1), late(1), sponsor(2), sponsor(3), late(2)];
    const update = choose(report, operations, filled(1, INPUT_BYTES_MAX));
    expect(update.operations).toEqual(operations.filter((_, index) => index !== 3));
    expect(update.input).toHaveLength(INPUT_BYTES_MAX);
    expect(decodeUpdate(pack(report, operations, filled(1, INPUT_BYTES_MAX)))).toEqual(update);
  });

  it('lets an accusation go before the own input, but only if the two do not fit together', () => {
    const input = filled(1, INPUT_BYTES_MAX);
    const room = UPDATE_BYTES_MAX - 1 - 4 - 3;
    expect(choose(report, [accuse(room - INPUT_BYTES_MAX)], input).input).toEqual(input);
    const accused = choose(report, [late(1), accuse(room - INPUT_BYTES_MAX), late(2)], input);
    expect(accused).toEqual({
      report,
      operations: [late(1), accuse(room - INPUT_BYTES_MAX), late(2)],
      input: null,
    });
    expect(choose(report, [accuse(room)], input).operations).toHaveLength(1);
  });

  it('leaves out an accusation that would not fit alone, and keeps the input', () => {
    const input = filled(1, 10);
    const update = choose(report, [accuse(UPDATE_BYTES_MAX - 7), late(1)], input);
    expect(update).toEqual({ report, operations: [late(1)], input });
  });

  it('lets no other operation take the place of the input', () => {
    const many = Array.from({ length: 30 }, (_, i) => late(i));
    const update = choose(report, [...many, sponsor(1), sponsor(2)], filled(1, INPUT_BYTES_MAX));
    expect(update.input).toHaveLength(INPUT_BYTES_MAX);
    expect(update.operations).toEqual(many);
  });

  it('keeps to the limits on operations and signatures', () => {
    const update = choose(null, [...Array(5).fill(accuse(9)), ...Array(50).fill(late(1))], none);
    expect(update.operations).toHaveLength(OPERATIONS_MAX);
    expect(update.operations.filter(({ type }) => type === 'accuse')).toHaveLength(CHECKED_MAX);
    expect(update.input).toBeNull();
  });
});

describe('the request to join', () => {
  const member = { publicKey: filled(1), nonce: filled(2, 16), address: 'a:1' };

  it('differs with the session and with everything in it', () => {
    const messages = [
      joinMessage(filled(7), member),
      joinMessage(filled(8), member),
      joinMessage(filled(7), { ...member, publicKey: filled(3) }),
      joinMessage(filled(7), { ...member, nonce: filled(3, 16) }),
      joinMessage(filled(7), { ...member, address: 'a:2' }),
    ];
    expect(new Set(messages.map(toHex)).size).toBe(messages.length);
  });

  it('knows an address by its looks', () => {
    expect(['127.0.0.1:7001', '[::1]:7', 'x', 'x'.repeat(64)].every(isAddress)).toBe(true);
    expect(['', 'a b', 'é', 'x'.repeat(65), 'a\n'].some(isAddress)).toBe(false);
  });
});
