/** The lies of neo: each convicts, what is nearly one does not, and judge and checker say the same. */

import { describe, expect, it } from 'vitest';
import { compareBytes, toHex } from '../../src/base/bytes.ts';
import { vectorDigest } from '../../src/crypto/commitment.ts';
import {
  conflict,
  type Evidence,
  encodeEvidence,
  prove,
  verifyEvidence,
} from '../../src/protocol/evidence.ts';
import { elide, type Packet } from '../../src/wire/packet.ts';
import type { Statement } from '../../src/wire/statement.ts';
import { deviationOf } from '../standard/checker.ts';
import { readEvidence } from '../standard/checker-evidence.ts';
import { filled, type Signer, sign } from '../standard/messages.ts';
import { place, session, signers } from '../standard/world.ts';
import {
  a,
  assembled,
  cases,
  commitTo,
  convicts,
  convictsNobody,
  inRound,
  known,
  listOf,
  of1,
  of2,
  own,
  seats,
} from './lies.ts';

const b = signers[1] as Signer;

describe.each(cases)('$name', ({ kind, statement, lie: [x, y], hashes = [], innocent }) => {
  const evidence = prove(session, a.publicKey, sign(a, x), sign(a, y), known) as Evidence;
  const bytes = encodeEvidence(evidence);

  it('convicts from two packets, in whatever order and company', () => {
    convicts(bytes, kind, statement);
    const swapped = prove(session, a.publicKey, sign(a, y), sign(a, x), known) as Evidence;
    expect(toHex(encodeEvidence(swapped))).toBe(toHex(bytes));
    const more: Statement = { kind: 'prepare', ...inRound, view: 5, proposal: filled(1) };
    const company = prove(session, a.publicKey, sign(a, x, more), sign(a, y), known) as Evidence;
    convicts(encodeEvidence(company), kind, statement);
    const entries = company.packets.flatMap((packet) => packet.entries);
    expect(entries.filter((entry) => entry.statement !== null)).toHaveLength(2);
    expect(entries.find((entry) => entry.key[0] === 12)?.statement).toBeNull();
  });

  it('convicts from one packet', () => {
    const packet = sign(a, x, y);
    const found = prove(session, a.publicKey, packet, undefined, known) as Evidence;
    expect(found.packets).toHaveLength(1);
    convicts(encodeEvidence(found), kind, statement);
    expect(conflict(session, packet, packet, known)).toEqual(found.conflict);
  });

  it('needs these hashes, no more and no less', () => {
    const [first, second] = evidence.packets as [Packet, Packet];
    expect(conflict(session, first, second, known)).toEqual(evidence.conflict);
    const given = (evidence.supplements ?? []).map(({ bytes: list }) => [1, list] as const);
    const sorted = (lists: readonly (readonly [number, Uint8Array])[]): string[] =>
      lists.map(([, list]) => toHex(list)).sort();
    expect(sorted(given)).toEqual(sorted(hashes.map(listOf)));
    expect(toHex(assembled([first, second], given))).toBe(toHex(bytes));
    if (given.length > 0) {
      expect(conflict(session, first, second, [])).toBeNull();
      convictsNobody(assembled([first, second], given.slice(1)));
      convictsNobody(assembled([first, second], [[1, filled(7)], ...given.slice(1)]));
    }
    if (given.length > 1) convictsNobody(assembled([first, second], given.toReversed()));
    convictsNobody(assembled([first, second], [...given, listOf([of1, of2])]));
    convictsNobody(assembled([first, second], [...given, [3, of1]]));
    convictsNobody(assembled([second, first], given));
    convictsNobody(assembled([first], given));
    const fuller = sign(a, x, commitTo(own, 9));
    const other = fuller.entries[0]?.statement?.kind === x.kind ? 0 : 1;
    const pair = [fuller, sign(a, y)].sort((p, q) => compareBytes(p.bytes, q.bytes));
    expect(fuller.entries[other]?.statement).not.toBeNull();
    convictsNobody(assembled(pair, given));
  });

  it('is no lie of two players, two sessions or two rounds', () => {
    expect(prove(session, a.publicKey, sign(a, x), sign({ ...b, session }, y), known)).toBeNull();
    const elsewhere = sign({ ...a, session: filled(6) }, y);
    const pair = [elide(sign(a, x), session, [0]), elsewhere].sort((p, q) => compareBytes(p.bytes, q.bytes));
    const given = (evidence.supplements ?? []).map(({ bytes: list }) => [1, list] as const);
    convictsNobody(assembled(pair, given));
    const later = { ...y, round: 7 } as Statement;
    expect(prove(session, a.publicKey, sign(a, x), sign(a, later), known)).toBeNull();
    const nextEpoch = { ...y, epoch: 1 } as Statement;
    expect(prove(session, a.publicKey, sign(a, x), sign(a, nextEpoch), known)).toBeNull();
  });

  it('is not what it nearly is', () => {
    for (const [one, other] of innocent) {
      const pair = [sign(a, one), sign(a, other)].sort((p, q) => compareBytes(p.bytes, q.bytes));
      const [first, second] = pair as [Packet, Packet];
      expect(prove(session, a.publicKey, first, second, known)).toBeNull();
      expect(prove(session, a.publicKey, second, first, known)).toBeNull();
      expect(prove(session, a.publicKey, sign(a, one, other), undefined, known)).toBeNull();
      convictsNobody(assembled(pair, []));
      convictsNobody(assembled([sign(a, one, other)], []));
      for (const list of known) convictsNobody(assembled(pair, [listOf(list)]));
    }
  });

  it('convicts nobody after an edit of any byte', () => {
    for (let at = 0; at < bytes.length; at++) {
      const edited = bytes.slice();
      edited[at] = (edited[at] as number) ^ (1 << (at & 7));
      expect(verifyEvidence(edited), `byte ${at}`).toBeNull();
      expect(
        deviationOf(() => readEvidence(edited)),
        `byte ${at}`,
      ).not.toBeNull();
    }
  });
});

describe('hashes in a list', () => {
  it('count only as many as the statement names', () => {
    const vote: Statement = {
      kind: 'vote',
      ...place,
      named: seats(0, 1, 2),
      values: vectorDigest([filled(7), of1]),
      state: filled(1),
    };
    const packets = [sign(a, commitTo(own)), sign(a, vote)] as const;
    expect(prove(session, a.publicKey, ...packets, [[filled(7), of1]])).toBeNull();
  });
});
