/** Signed messages to test with, whatever statements they hold, and bytes that are almost messages. */

import * as fc from 'fast-check';
import { concatBytes } from '../../src/base/bytes.ts';
import { seatOf } from '../../src/base/ids.ts';
import { SIGNATURE_BYTES } from '../../src/crypto/signature.ts';
import { keyring } from '../../src/keyring/node.ts';
import type { Standing } from '../../src/wire/envelope.ts';
import {
  DATAGRAM_BYTES_MAX,
  HEADER_ROUNDS_MAX,
  INPUT_BYTES_MAX,
  ITEMS_MAX,
  PARTS_MAX,
  PLAYERS_MAX,
  ROUND_MAX,
  ROUNDS_HEADER_BYTES,
  UPDATE_BYTES_MAX,
} from '../../src/wire/limits.ts';
import {
  type Entry,
  elide,
  entriesOf,
  type Packet,
  signedMessage,
  signedPacket,
} from '../../src/wire/packet.ts';
import {
  headerBeside,
  NOTHING_HEARD,
  type RoundSets,
  type Rounds,
  type RoundsHeader,
} from '../../src/wire/rounds.ts';
import { type RoundsItem, roundsItemBytes } from '../../src/wire/rounds-item.ts';
import {
  type Certified,
  type Fields,
  type FieldType,
  type Statement,
  type StatementKind,
  statements,
} from '../../src/wire/statement.ts';

export const kinds: readonly StatementKind[] = Object.keys(statements) as StatementKind[];

/** So many bytes of one value. */
export function filled(value: number, length = 32): Uint8Array {
  return new Uint8Array(length).fill(value);
}

/** Any bytes of a length, or of up to a length. */
export function anyBytes(minLength: number, maxLength: number = minLength): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength, maxLength }).map((bytes) => new Uint8Array(bytes));
}

/** 32 bytes, often zeroes. */
const anyOptional: fc.Arbitrary<Uint8Array> = fc.oneof(anyBytes(32), fc.constant(filled(0)));

const anySlots: fc.Arbitrary<number[]> = fc.subarray([...Array(PLAYERS_MAX).keys()]);

const anyCertified: fc.Arbitrary<Certified[]> = anySlots.chain((slots) =>
  fc.tuple(
    ...slots.map((slot) =>
      fc.record({ slot: fc.constant(slot), view: fc.integer({ min: 0, max: 0xffff }), value: anyOptional }),
    ),
  ),
);

function anyInteger(max: number): fc.Arbitrary<number> {
  return fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max }), fc.constantFrom(max - 1, max));
}

/** Any value of a field; small integers often, so that keys meet. */
const anyFields: Readonly<Record<FieldType, fc.Arbitrary<Fields[string]>>> = {
  u8: anyInteger(0xff),
  u16: anyInteger(0xffff),
  u32: anyInteger(0xffffffff),
  digest: anyBytes(32),
  salt: anyBytes(16),
  input: fc.oneof(anyBytes(0, 24), anyBytes(INPUT_BYTES_MAX), anyBytes(UPDATE_BYTES_MAX)),
  seats: anyInteger(0xffff),
  digests: fc.array(anyBytes(32), { maxLength: PLAYERS_MAX }),
  certified: anyCertified,
  optional: anyOptional,
};

export function anyStatementOf(kind: StatementKind): fc.Arbitrary<Statement> {
  const { key, body } = statements[kind];
  const fields = Object.fromEntries([...key, ...body].map(([name, type]) => [name, anyFields[type]]));
  return fc.record(fields).map((values) => ({ kind, ...values }) as unknown as Statement);
}

export const anyStatement: fc.Arbitrary<Statement> = fc.oneof(...kinds.map(anyStatementOf));

function keyText(statement: Statement): string {
  const fields = statement as unknown as Fields;
  return [statement.kind, ...statements[statement.kind].key.map(([name]) => String(fields[name]))].join(' ');
}

/** 1 to PARTS_MAX statements with different keys. */
export const anyStatements: fc.Arbitrary<Statement[]> = fc.uniqueArray(anyStatement, {
  minLength: 1,
  maxLength: PARTS_MAX,
  selector: keyText,
});

export const anySeat: fc.Arbitrary<number> = fc.integer({ min: 0, max: PLAYERS_MAX - 1 });

/** A well-formed packet whose signature is any bytes; some of its statements may be elided. */
export const anyPacket: fc.Arbitrary<Packet> = fc
  .record({
    sender: anySeat,
    parts: anyStatements,
    signature: anyBytes(SIGNATURE_BYTES),
    session: anyBytes(32),
    keep: fc.option(fc.subarray([...Array(PARTS_MAX).keys()])),
  })
  .map(({ sender, parts, signature, session, keep }) => {
    const packet = signedPacket(seatOf(sender), entriesOf(parts), signature);
    return keep === null ? packet : elide(packet, session, keep);
  });

export const anyStanding: fc.Arbitrary<Standing> = fc.record({
  epoch: fc.integer({ min: 0, max: 0xffff }),
  round: fc.integer({ min: 0, max: 0xffffffff }),
  commits: fc.integer({ min: 0, max: 0xffff }),
  opens: fc.integer({ min: 0, max: 0xffff }),
  removes: fc.integer({ min: 0, max: 0xffff }),
  causes: fc.integer({ min: 0, max: 0xffff }),
}) as unknown as fc.Arbitrary<Standing>;

const anySet: fc.Arbitrary<number> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(0, 0b111) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 0xffff }) },
);

/** What somebody holds of a round; often what it holds of others. */
export const anySets: fc.Arbitrary<RoundSets> = fc.record({
  commits: anySet,
  votes: anySet,
  opens: anySet,
  decided: anySet,
  opened: anySet,
}) as unknown as fc.Arbitrary<RoundSets>;

export const anyHeader: fc.Arbitrary<RoundsHeader> = fc
  .record({
    sentAt: anyInteger(0xffffffff),
    echo: anyInteger(0xffffffff),
    held: anyInteger(0xffffffff),
    final: anyInteger(ROUND_MAX),
    rounds: fc.oneof(
      { weight: 4, arbitrary: fc.array(anySets, { maxLength: 6 }) },
      { weight: 1, arbitrary: fc.array(anySets, { maxLength: HEADER_ROUNDS_MAX }) },
    ),
  })
  .map(({ sentAt, echo, held, final, rounds }) => ({
    stamp: { sentAt, echo: held === NOTHING_HEARD ? 0 : echo, held },
    final: Math.min(final, ROUND_MAX - rounds.length),
    rounds: rounds.slice(0, 1 + rounds.findLastIndex((sets) => Object.values(sets).some(Boolean))),
  }));

const opaque = (type: 'packet' | 'accusation' | 'query' | 'answer'): fc.Arbitrary<RoundsItem> =>
  anyBytes(1, 40).map((bytes) => ({ type, bytes }));

export const anyRoundsItem: fc.Arbitrary<RoundsItem> = fc.oneof(
  opaque('packet'),
  opaque('accusation'),
  opaque('query'),
  opaque('answer'),
  fc.array(anyBytes(32), { minLength: 1, maxLength: PLAYERS_MAX }).map((digests): RoundsItem => {
    return { type: 'vector', digests };
  }),
  fc
    .record({
      transfer: anyInteger(0xffffffff),
      index: anyInteger(0xffff),
      count: anyInteger(0xffff),
      bytes: anyBytes(1, 40),
    })
    .map(({ transfer, index, count, bytes }): RoundsItem => {
      const last = Math.max(index, count, 1);
      return { type: 'chunk', transfer, index: Math.min(index, count, last - 1), count: last, bytes };
    }),
);

/** A datagram of neo: as many of the items, and of the rounds, as fit. */
export const anyRounds: fc.Arbitrary<Rounds> = fc
  .record({ header: anyHeader, items: fc.array(anyRoundsItem, { maxLength: ITEMS_MAX }) })
  .map(({ header, items }) => {
    let bytes = 0;
    const fitting = items.filter((item) => {
      const fits = ROUNDS_HEADER_BYTES + bytes + roundsItemBytes(item) <= DATAGRAM_BYTES_MAX;
      if (fits) bytes += roundsItemBytes(item);
      return fits;
    });
    return { header: headerBeside(header, bytes), items: fitting };
  });

/** What somebody made of good bytes: some changed, cut off, put in, doubled, or all new. */
export function damaged(good: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const change = fc.record({
    how: fc.constantFrom('flip', 'set', 'cut', 'drop', 'insert', 'double'),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    value: fc.oneof(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 255 })),
  });
  const changed = fc.tuple(good, fc.array(change, { maxLength: 4 })).map(([bytes, changes]) => {
    let result: Uint8Array = bytes.slice();
    for (const { how, at, value } of changes) {
      const place = Math.min(result.length - 1, Math.floor(at * result.length));
      if (place < 0) return result;
      const [before, after] = [result.slice(0, place), result.slice(place)];
      if (how === 'flip') result[place] = (result[place] as number) ^ (1 << (value & 7));
      else if (how === 'set') result[place] = value;
      else if (how === 'cut') result = before;
      else if (how === 'drop') result = concatBytes(before, after.slice(1 + (value & 3)));
      else if (how === 'insert') result = concatBytes(before, filled(value, 1 + (value & 3)), after);
      else result = concatBytes(before, after.slice(0, value), after);
    }
    return result;
  });
  return fc.oneof({ weight: 4, arbitrary: changed }, { weight: 1, arbitrary: anyBytes(0, 200) });
}

/** Who signs, and in which session. */
export interface Signer {
  readonly secretKey: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly session: Uint8Array;
  readonly seat: number;
}

export function signerOf(name: number, session: Uint8Array, seat = 0): Signer {
  const secretKey = filled(name);
  return { secretKey, publicKey: keyring.publicKey(secretKey), session, seat };
}

/** A packet of these entries as they are, also if no honest player would sign them. */
export function signEntries({ secretKey, session, seat }: Signer, entries: readonly Entry[]): Packet {
  const message = signedMessage(session, seatOf(seat), entries);
  return signedPacket(seatOf(seat), entries, keyring.sign(secretKey, message));
}

export function sign(signer: Signer, ...parts: readonly Statement[]): Packet {
  return signEntries(signer, entriesOf(parts));
}
