import { Buffer } from 'node:buffer';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareBytes, concatBytes, equalBytes, toHex } from '../../src/base/bytes.ts';
import { prng } from '../../src/base/prng.ts';
import {
  conflict,
  decodeEvidence,
  type Evidence,
  encodeEvidence,
  prove,
  type Verdict,
  verifyEvidence,
} from '../../src/protocol/evidence.ts';
import { type Entry, elide, type Packet } from '../../src/wire/packet.ts';
import {
  type Fields,
  type FieldType,
  type Statement,
  type StatementKind,
  statements,
} from '../../src/wire/statement.ts';
import { damaged, filled, kinds, type Signer, sign, signEntries } from '../standard/messages.ts';
import { commits, opens, place, reveals, session, set, signers } from '../standard/world.ts';

const [a, b] = signers as [Signer, Signer];
const commitOfA = commits[0] as Packet;

/** Evidence as a string of bytes, or null where the packets show no lie. */
function evidenceOf(signer: Signer, first: Packet, second?: Packet): Uint8Array | null {
  const evidence = prove(signer.session, signer.publicKey, first, second);
  return evidence === null ? null : encodeEvidence(evidence);
}

/** Evidence bytes of packets exactly as they are, whether or not they show anything. */
function assembled(signer: Signer, ...packets: readonly Packet[]): Uint8Array {
  const { publicKey, session: id } = signer;
  const head = [Uint8Array.of(0x46, 0x53, 0x45, 0x56, 1), id, publicKey, Uint8Array.of(packets.length)];
  const lengths = packets.map(({ bytes }) => Uint8Array.of(bytes.length >> 8, bytes.length & 255));
  return concatBytes(...head, ...packets.flatMap(({ bytes }, i) => [lengths[i] as Uint8Array, bytes]));
}

/** Both orders of two packets, put together by hand. */
function bothWays(signer: Signer, first: Packet, second: Packet): Uint8Array[] {
  return [assembled(signer, first, second), assembled(signer, second, first)];
}

/** One statement of a kind; `value` is in all fields of its body. */
function statementOf(kind: StatementKind, value: number): Statement {
  const { key, body } = statements[kind];
  const values: Readonly<Record<FieldType, Fields[string]>> = {
    u8: value,
    u16: value,
    u32: value,
    seats: value,
    digest: filled(value),
    optional: filled(value),
    salt: filled(value, 16),
    input: filled(value, 5),
    digests: [filled(value)],
    certified: [{ slot: value, view: value, value: filled(value) }],
  };
  const fields: Fields = Object.fromEntries(key.map(([name], i) => [name, i + 3]));
  for (const [name, type] of body) fields[name] = values[type];
  return { kind, ...fields } as unknown as Statement;
}

const wrongOpening = sign(a, set, { ...(reveals[0] as Statement), input: filled(4, 9) } as Statement);
const otherCommit = sign(a, { kind: 'commit', ...place, commitment: filled(2) });

function twiceOf(kind: StatementKind, value: number, other: number): Packet {
  const entries = [value, other].flatMap((each) => sign(a, statementOf(kind, each)).entries);
  return signEntries(a, entries);
}

/** One piece of evidence of each kind. */
const samples: Readonly<Record<string, Uint8Array>> = {
  inconsistency: evidenceOf(a, commitOfA, otherCommit) as Uint8Array,
  'bad-opening': evidenceOf(a, commitOfA, wrongOpening) as Uint8Array,
  'double-entry': evidenceOf(a, twiceOf('wish', 1, 2)) as Uint8Array,
};

describe('evidence that convicts', () => {
  const bodies = kinds.flatMap((kind) => statements[kind].body.map(([name]) => [kind, name] as const));

  it.each(bodies)('two of %s that differ in %s alone', (kind, name) => {
    const said = statementOf(kind, 1);
    const changed = { ...said, [name]: (statementOf(kind, 2) as unknown as Fields)[name] } as Statement;
    const { epoch, round } = said as unknown as { epoch: number; round: number };
    const inKey = statements[kind].key.some(([field]) => field === 'round');
    const verdict: Verdict = {
      guilty: a.publicKey,
      kind: 'inconsistency',
      statement: kind,
      session,
      epoch,
      round: inKey ? round : 0,
    };
    const packets = [sign(a, said), sign(a, changed)] as const;
    const evidence = evidenceOf(a, ...packets);
    expect(verifyEvidence(evidence as Uint8Array)).toEqual(verdict);
    expect(evidenceOf(a, packets[1], packets[0])).toEqual(evidence);
  });

  it.each<[string, Partial<Record<'input' | 'salt', Uint8Array>>]>([
    ['input', { input: filled(4, 9) }],
    ['length of the input', { input: new Uint8Array(0) }],
    ['salt', { salt: filled(4, 16) }],
  ])('an opening with another %s than was sealed', (_, change) => {
    const packet = sign(a, set, { ...(reveals[0] as Statement), ...change } as Statement);
    for (const evidence of [evidenceOf(a, commitOfA, packet), evidenceOf(a, packet, commitOfA)]) {
      expect(verifyEvidence(evidence as Uint8Array)).toEqual({
        guilty: a.publicKey,
        kind: 'bad-opening',
        statement: 'reveal',
        session,
        ...place,
      });
    }
  });

  it.each(kinds)('one packet that lists a key of %s twice, whatever it says', (kind) => {
    for (const other of [1, 2]) {
      const evidence = evidenceOf(a, twiceOf(kind, 1, other)) as Uint8Array;
      expect(verifyEvidence(evidence)).toMatchObject({
        guilty: a.publicKey,
        kind: 'double-entry',
        statement: kind,
      });
    }
  });

  it('reads back as it was, from any kind of byte array, and is left as it was', () => {
    for (const evidence of Object.values(samples)) {
      expect(encodeEvidence(decodeEvidence(evidence) as Evidence)).toEqual(evidence);
      const given = Buffer.concat([Buffer.from([1]), evidence, Buffer.from([2])]).subarray(1, -1);
      expect(verifyEvidence(given)).toEqual(verifyEvidence(evidence));
      expect(toHex(given)).toBe(toHex(evidence));
    }
  });
});

describe('evidence that was tampered with', () => {
  it.each(Object.entries(samples))('of %s convicts nobody after an edit of any byte', (_, evidence) => {
    expect(verifyEvidence(evidence)).not.toBeNull();
    for (let at = 0; at < evidence.length; at++) {
      const edited = evidence.slice();
      edited[at] = (edited[at] as number) ^ (1 << (at & 7));
      expect(verifyEvidence(edited), `byte ${at}`).toBeNull();
    }
  });

  it.each(Object.entries(samples))('of %s convicts nobody after edits with random masks', (_, evidence) => {
    const random = prng(0x5eed);
    for (let i = 0; i < 400; i++) {
      const at = random.below(evidence.length);
      const mask = 1 + random.below(255);
      const edited = evidence.slice();
      edited[at] = (edited[at] as number) ^ mask;
      expect(verifyEvidence(edited), `byte ${at} mask ${mask}`).toBeNull();
    }
  });

  it.each(Object.entries(samples))('of %s convicts nobody when cut or extended', (_, evidence) => {
    for (let length = 0; length < evidence.length; length++) {
      expect(verifyEvidence(evidence.subarray(0, length))).toBeNull();
      expect(verifyEvidence(evidence.subarray(length + 1))).toBeNull();
    }
    for (let byte = 0; byte < 256; byte++) {
      expect(verifyEvidence(concatBytes(evidence, Uint8Array.of(byte)))).toBeNull();
    }
    expect(verifyEvidence(concatBytes(evidence, evidence))).toBeNull();
  });

  it('convicts nobody with its packets swapped, doubled, left out or added', () => {
    for (const kind of ['inconsistency', 'bad-opening']) {
      const { packets } = decodeEvidence(samples[kind] as Uint8Array) as Evidence;
      const [first, second] = packets as [Packet, Packet];
      expect(equalBytes(assembled(a, first, second), samples[kind] as Uint8Array)).toBe(true);
      for (const wrong of [
        [second, first],
        [first, first],
        [second, second],
        [first],
        [second],
        [],
        [first, second, second],
      ]) {
        expect(verifyEvidence(assembled(a, ...wrong))).toBeNull();
      }
    }
  });

  it('never throws, whatever it is given', () => {
    const given = [
      null,
      undefined,
      0,
      '',
      'FSEV',
      {},
      [],
      [70, 83],
      new ArrayBuffer(300),
      new DataView(new ArrayBuffer(9)),
    ];
    for (const each of given) expect(verifyEvidence(each as unknown as Uint8Array)).toBeNull();
  });
});

describe('elision', () => {
  const extra: Statement[] = [
    { kind: 'wish', epoch: 0, index: 0, target: 1, round: 1 },
    { kind: 'leave', epoch: 0, advanced: 0 },
  ];
  const pairs: readonly (readonly [string, Packet, Packet | undefined])[] = [
    [
      'inconsistency',
      sign(a, statementOf('commit', 1), ...extra),
      sign(a, statementOf('commit', 2), extra[0] as Statement),
    ],
    ['bad-opening', sign(a, { kind: 'commit', ...place, commitment: filled(2) }, ...extra), opens[0]],
    [
      'double-entry',
      signEntries(a, [...twiceOf('wish', 1, 2).entries, ...sign(a, extra[1] as Statement).entries]),
      undefined,
    ],
  ];

  /** Every way to elide some entries. */
  function variants(packet: Packet): Packet[] {
    const all = [...packet.entries.keys()];
    return Array.from({ length: 2 ** all.length }, (_, bits) => {
      return elide(
        packet,
        session,
        all.filter((i) => (bits >> i) & 1),
      );
    });
  }

  /** Which statements are there, for people: `commit - -, wish -`. */
  function told(...packets: readonly Packet[]): string {
    return packets
      .map(({ entries }) => entries.map((each) => each.statement?.kind ?? '-').join(' '))
      .join(', ');
  }

  it.each(pairs)('has one form in evidence of %s: no more and no less of it convicts', (_, first, second) => {
    const evidence = evidenceOf(a, first, second) as Uint8Array;
    const { packets } = decodeEvidence(evidence) as Evidence;
    const ways = variants(first).flatMap((x): Packet[][] => {
      return second === undefined
        ? [[x]]
        : variants(second).flatMap((y) => [
            [x, y],
            [y, x],
          ]);
    });
    const convicting = ways.filter((way) => verifyEvidence(assembled(a, ...way)) !== null);
    expect(convicting.map((way) => told(...way))).toEqual([told(...packets)]);
    expect(toHex(assembled(a, ...(convicting[0] as Packet[])))).toBe(toHex(evidence));
  });
});

describe('packets that are no lie', () => {
  /** Neither the engine nor the judge finds anything between the two. */
  function innocent(first: Packet, second: Packet): void {
    expect(prove(session, a.publicKey, first, second)).toBeNull();
    for (const bytes of bothWays(a, first, second)) expect(verifyEvidence(bytes)).toBeNull();
  }

  it.each(kinds)('the same %s in two packets, however they are elided', (kind) => {
    const said = statementOf(kind, 1);
    const other = statementOf(kind === 'wish' ? 'leave' : 'wish', 1);
    const packets = [sign(a, said), sign(a, said, other)] as const;
    const [one, two] = packets;
    innocent(one, one);
    innocent(one, two);
    innocent(elide(one, session, []), two);
    innocent(one, elide(two, session, [kind === 'wish' ? 1 : 0]));
    innocent(elide(one, session, []), elide(two, session, []));
  });

  const keyFields = kinds.flatMap((kind) => statements[kind].key.map(([name]) => [kind, name] as const));

  it.each(keyFields)('%s of another %s', (kind, name) => {
    const other = { ...statementOf(kind, 2), [name]: 9 } as Statement;
    innocent(sign(a, statementOf(kind, 1)), sign(a, other));
  });

  it.each(kinds)('%s of two players, or of one player in two sessions', (kind) => {
    const [one, two] = [statementOf(kind, 1), statementOf(kind, 2)];
    innocent(sign(a, one), sign(b, two));
    innocent(sign(a, one), sign({ ...a, seat: 5 }, two));
    // The engine never compares these: each packet that it takes in has a valid signature of its player.
    for (const other of [sign({ ...a, session: filled(6) }, two), sign({ ...b, seat: a.seat }, two)]) {
      for (const bytes of bothWays(a, sign(a, one), other)) expect(verifyEvidence(bytes)).toBeNull();
      for (const bytes of bothWays(b, sign(a, one), other)) expect(verifyEvidence(bytes)).toBeNull();
    }
  });

  it('an opening of another round, epoch or player, and one that fits', () => {
    innocent(commitOfA, opens[0] as Packet);
    const opening = { ...(reveals[0] as Statement), input: filled(4, 9) };
    innocent(commitOfA, sign(a, { ...opening, round: 2 } as Statement));
    innocent(commitOfA, sign(a, { ...opening, epoch: 1 } as Statement));
    innocent(commitOfA, sign(b, opening as Statement));
    const elided = elide(sign(a, opening as Statement), session, []);
    for (const bytes of bothWays(a, commitOfA, elided)) expect(verifyEvidence(bytes)).toBeNull();
  });

  it('one packet without a key twice', () => {
    for (const kind of kinds) {
      const others = (['wish', 'leave', 'remove', 'set'] as const).filter((other) => other !== kind);
      const packet = sign(a, statementOf(kind, 1), ...others.map((other) => statementOf(other, 2)));
      expect(prove(session, a.publicKey, packet)).toBeNull();
      expect(verifyEvidence(assembled(a, packet))).toBeNull();
    }
  });
});

describe('a signature that fits everything', () => {
  it('convicts no key of small order', () => {
    const points = [`01${'00'.repeat(31)}`, '00'.repeat(32), `ec${'ff'.repeat(30)}7f`].map((hex) =>
      Buffer.from(hex, 'hex'),
    );
    for (const key of points) {
      for (const R of points) {
        const signature = concatBytes(R, filled(0));
        const forged = [1, 2].map((value): Packet => {
          const packet = sign(a, statementOf('wish', value));
          return { ...packet, bytes: concatBytes(packet.bytes.subarray(0, -64), signature) };
        }) as [Packet, Packet];
        const nobody = { ...a, publicKey: new Uint8Array(key) };
        for (const bytes of bothWays(nobody, ...forged)) expect(verifyEvidence(bytes)).toBeNull();
      }
    }
  });
});

describe('decodeEvidence', () => {
  it('refuses any bytes, or reads what encodes to the same bytes', () => {
    let read = 0;
    fc.assert(
      fc.property(damaged(fc.constantFrom(...Object.values(samples))), (bytes) => {
        const evidence = decodeEvidence(bytes);
        if (evidence === null) return true;
        read++;
        return equalBytes(encodeEvidence(evidence), bytes);
      }),
      { numRuns: 5000 },
    );
    expect(read).toBeGreaterThan(100);
  });

  it('finds the packets in byte order, and the lie that the engine found', () => {
    const evidence = decodeEvidence(samples['bad-opening'] as Uint8Array) as Evidence;
    const [first, second] = evidence.packets as [Packet, Packet];
    expect(compareBytes(first.bytes, second.bytes)).toBeLessThan(0);
    expect(conflict(session, first, second)).toEqual(evidence.conflict);
    const [i, j] = evidence.conflict.entries;
    const found = [first.entries[i], second.entries[j]].map((entry) => (entry as Entry).statement?.kind);
    expect(found.sort()).toEqual(['commit', 'reveal']);
  });
});
