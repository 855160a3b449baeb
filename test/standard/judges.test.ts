/** The engine that finds a lie, the judge that nobody can bribe, and the checker: they must agree. */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { equalBytes, toHex } from '../../src/base/bytes.ts';
import { seatOf } from '../../src/base/ids.ts';
import { playersFromBits } from '../../src/base/players.ts';
import { prng } from '../../src/base/prng.ts';
import { commit } from '../../src/crypto/commitment.ts';
import { encodeEvidence, prove, verifyEvidence } from '../../src/protocol/evidence.ts';
import { shapeOf } from '../../src/protocol/judge.ts';
import { decodeBundle, encodeBundle } from '../../src/wire/envelope.ts';
import { ITEM_BYTES_MAX, PARTS_MAX } from '../../src/wire/limits.ts';
import { decodePacket, type Entry, entriesOf, type Packet } from '../../src/wire/packet.ts';
import { type LockstepStatement, type Statement, statements } from '../../src/wire/statement.ts';
import { deviationOf } from './checker.ts';
import { readEvidence } from './checker-evidence.ts';
import { Match, matchOfFour } from './match.ts';
import { damaged, filled, type Signer, sign, signEntries, signerOf } from './messages.ts';
import { evidence as sample } from './world.ts';

const session = filled(0x5e);
const liar = signerOf(7, session, 3);

/** Statements of few keys and few bodies, so that any two packets meet in several places. */
const few: fc.Arbitrary<Statement> = fc
  .record({
    kind: fc.constantFrom<(LockstepStatement['kind'] | 'hold' | 'prepare')[]>(
      'commit',
      'commit',
      'reveal',
      'reveal',
      'set',
      'remove',
      'wish',
      'leave',
      'hold',
      'prepare',
    ),
    epoch: fc.constantFrom(0, 1),
    round: fc.constantFrom(1, 2),
    value: fc.constantFrom(1, 2),
    input: fc.constantFrom(0, 3, 3, 512),
  })
  .map(({ kind, epoch, round, value, input }): Statement => {
    const salt = filled(value, 16);
    const move = filled(value, input);
    const slot = { session, epoch, round, author: seatOf(liar.seat) };
    // Half of all commitments are to an input that is revealed somewhere.
    const commitment = value === 1 ? commit(slot, salt, filled(1, 3)) : filled(value);
    if (kind === 'commit') return { kind, epoch, round, commitment };
    if (kind === 'set') return { kind, epoch, round, set: filled(value), state: filled(0) };
    if (kind === 'reveal') return { kind, epoch, round, input: move, salt };
    if (kind === 'remove') return { kind, epoch, target: value, advanced: 0 };
    if (kind === 'wish') return { kind, epoch, index: round, target: value, round };
    if (kind === 'hold')
      return { kind, epoch, round, index: value, authors: playersFromBits(input), values: filled(7) };
    if (kind === 'prepare')
      return { kind, epoch, round, instance: 255, view: value, proposal: filled(input & 3) };
    return { kind, epoch, advanced: value };
  });

const keyOf = (statement: Statement): string => toHex((entriesOf([statement])[0] as Entry).key);
const fewStatements = fc.uniqueArray(few, { minLength: 1, maxLength: PARTS_MAX, selector: keyOf });

/** Whether two packets show a lie, as one would say it without thinking of how it is found. */
function shows(a: readonly Statement[], b: readonly Statement[]): boolean {
  const bytes = (statement: Statement): string =>
    toHex((entriesOf([statement])[0] as Entry & { bytes: Uint8Array }).bytes);
  const different = a.some((x) => b.some((y) => keyOf(x) === keyOf(y) && bytes(x) !== bytes(y)));
  const fits = (x: Statement, y: Statement): boolean => {
    if (x.kind !== 'commit' || y.kind !== 'reveal' || x.epoch !== y.epoch || x.round !== y.round) return true;
    const { epoch, round } = x;
    return equalBytes(
      x.commitment,
      commit({ session, epoch, round, author: seatOf(liar.seat) }, y.salt, y.input),
    );
  };
  return different || a.some((x) => b.some((y) => !fits(x, y) || !fits(y, x)));
}

/** What the engine makes of the packets is what judge and checker read of it. */
function allAgree(signer: Signer, a: Packet, b?: Packet): boolean {
  const proof = prove(signer.session, signer.publicKey, a, b);
  if (proof === null) return false;
  const { epoch, kind, round, statement } = proof.conflict;
  const bytes = encodeEvidence(proof);
  const verdict = { guilty: signer.publicKey, kind, statement, session: signer.session, epoch, round };
  expect(verifyEvidence(bytes)).toEqual(verdict);
  const read = readEvidence(bytes);
  const plain = { ...read, guilty: new Uint8Array(read.guilty), session: new Uint8Array(read.session) };
  expect(plain).toEqual(verdict);
  return true;
}

describe('engine, judge and checker', () => {
  it('agree about any two packets of any statements, and so would a child', () => {
    const found = new Map<string, number>();
    fc.assert(
      fc.property(fewStatements, fewStatements, (x, y) => {
        const [a, b] = [sign(liar, ...x), sign(liar, ...y)];
        expect(allAgree(liar, a, b)).toBe(shows(x, y));
        expect(allAgree(liar, b, a)).toBe(shows(x, y));
        const kind = prove(session, liar.publicKey, a, b)?.conflict.kind ?? 'none';
        found.set(kind, (found.get(kind) ?? 0) + 1);
      }),
      { numRuns: 400 },
    );
    for (const kind of ['none', 'inconsistency', 'bad-opening']) expect(found.get(kind)).toBeGreaterThan(5);
  });

  it('agree about any packet that lists a key twice and fits a datagram', () => {
    const twice = fc.tuple(few, few, fc.uniqueArray(few, { maxLength: PARTS_MAX - 2, selector: keyOf }));
    let proved = 0;
    fc.assert(
      fc.property(twice, fc.boolean(), ([one, other, more], same) => {
        const second = same ? one : { ...other, ...keyFields(one), kind: one.kind };
        if (second.kind !== other.kind && !same) return;
        const rest = more.filter((each) => keyOf(each) !== keyOf(one));
        const entries = [one, second as Statement, ...rest].flatMap((each) => entriesOf([each]));
        entries.sort((x, y) => (toHex(x.key) < toHex(y.key) ? -1 : toHex(x.key) > toHex(y.key) ? 1 : 0));
        const packet = signEntries(liar, entries);
        if (packet.bytes.length > ITEM_BYTES_MAX) return;
        expect(decodePacket(packet.bytes)).toEqual({ ok: false, refused: 'double-entry' });
        expect(allAgree(liar, packet)).toBe(true);
        proved++;
      }),
      { numRuns: 600 },
    );
    expect(proved).toBeGreaterThan(100);
  });

  it('agree about evidence that somebody has edited: it convicts nobody', () => {
    fc.assert(
      fc.property(damaged(fc.constant(sample)), (bytes) => {
        const convicts = verifyEvidence(bytes) !== null;
        expect(deviationOf(() => readEvidence(bytes)) === null).toBe(convicts);
        expect(convicts).toBe(equalBytes(bytes, sample));
      }),
      { numRuns: 1500 },
    );
  });
});

/** The key fields of a statement alone. */
function keyFields(statement: Statement): Partial<Statement> {
  const names = statements[statement.kind].key.map(([name]) => name);
  return Object.fromEntries(Object.entries(statement).filter(([name]) => names.includes(name)));
}

describe('what the engine proves', () => {
  const place = { epoch: 0, round: 1 };
  const open = (input: Uint8Array, set = filled(1)): Packet => {
    const reveal: Statement = { kind: 'reveal', ...place, input, salt: filled(0, 16) };
    return sign(liar, { kind: 'set', ...place, set, state: filled(0) }, reveal);
  };
  const reveal = (value: number): Entry => {
    return entriesOf([
      { kind: 'reveal', ...place, input: filled(value, 512), salt: filled(0, 16) },
    ])[0] as Entry;
  };
  const leave: Statement = { kind: 'leave', epoch: 0, advanced: 0 };
  const twice = [reveal(1), reveal(2)];
  const largest: readonly (readonly [string, Packet, Packet | undefined])[] = [
    ['two sets', open(filled(1, 512)), open(filled(2, 512), filled(2))],
    ['two openings', open(filled(1, 512)), open(filled(2, 512))],
    ['a bad opening', sign(liar, { kind: 'commit', ...place, commitment: filled(0) }), open(filled(1, 512))],
    ['one opening twice', signEntries(liar, twice), undefined],
    ['one opening twice, and more', signEntries(liar, [...twice, ...entriesOf([leave])]), undefined],
  ];

  it.each(largest)('fits one item of a datagram, so that it can be passed on: %s', (_, a, b) => {
    for (const packet of [a, b]) {
      if (packet === undefined) continue;
      expect(packet.bytes.length).toBeLessThanOrEqual(ITEM_BYTES_MAX);
      if (b !== undefined) expect(shapeOf(packet)).not.toBeNull();
    }
    expect(allAgree(liar, a, b)).toBe(true);
    const proof = prove(session, liar.publicKey, a, b);
    expect(encodeEvidence(proof as NonNullable<typeof proof>).length).toBeLessThanOrEqual(ITEM_BYTES_MAX);
  });

  it('is passed on by everybody who is sent the largest lie', () => {
    const match = new Match(3, 6);
    match.cheat = (sent) => {
      const began = match.seats[2]?.began;
      if (sent.from !== 2 || began === undefined || began === null || match.round(2) !== 3) return sent;
      const bundle = decodeBundle(began.session, sent.bytes);
      if (!bundle.ok) return sent;
      const { publicKey, secretKey } = match.players[2] as Match['players'][number];
      const lies = signEntries({ publicKey, secretKey, session: began.session, seat: 2 }, [
        reveal(1),
        reveal(2),
      ]);
      const items = [{ type: 'packet', bytes: lies.bytes }] as const;
      return { ...sent, bytes: encodeBundle(began.session, { ...bundle.value, items }) };
    };
    match.runUntil(() => [0, 1].every((seat) => match.epoch(seat) === 1), 'the removal of the liar');
    match.runUntil(() => [0, 1].every((seat) => match.round(seat) === 7), 'all rounds');
  });
});

describe('the packets of honest players', () => {
  const match = matchOfFour();
  const id = match.seats[0]?.began?.session as Uint8Array;
  const bySeat = match.players.map((_, seat) => {
    const texts = match.sent.flatMap(({ bytes }): string[] => {
      const bundle = bytes[1] === 2 ? decodeBundle(id, bytes) : null;
      return bundle?.ok ? bundle.value.items.map((item) => toHex(item.bytes)) : [];
    });
    return [...new Set(texts)].flatMap((hex): Packet[] => {
      const packet = decodePacket(new Uint8Array(Buffer.from(hex, 'hex')));
      return packet.ok && packet.value.sender === seat ? [packet.value] : [];
    });
  });

  it('never convict anybody, whichever two are put together', () => {
    const judged = prng(11);
    let pairs = 0;
    for (const [seat, packets] of bySeat.entries()) {
      const { publicKey } = match.players[seat] as Match['players'][number];
      for (const a of packets) {
        expect(prove(id, publicKey, a)).toBeNull();
        for (const b of packets) {
          pairs++;
          expect(prove(id, publicKey, a, b)).toBeNull();
          if (judged.below(20) !== 0) continue;
          const [first, second] = Buffer.compare(a.bytes, b.bytes) < 0 ? [a, b] : [b, a];
          const head = encodeEvidence({ session: id, publicKey, packets: [first, second] } as never);
          expect(verifyEvidence(head)).toBeNull();
          expect(deviationOf(() => readEvidence(head))).not.toBeNull();
        }
      }
    }
    expect(pairs).toBeGreaterThan(5000);
  });
});
