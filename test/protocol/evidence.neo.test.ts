/** The lies of neo: each convicts, what is nearly one does not, and judge and checker say the same. */

import { describe, expect, it } from 'vitest';
import { compareBytes, concatBytes, toHex } from '../../src/base/bytes.ts';
import { seatOf } from '../../src/base/ids.ts';
import { nobody, type PlayerSet, playersFromBits } from '../../src/base/players.ts';
import { vectorDigest } from '../../src/crypto/commitment.ts';
import {
  conflict,
  decodeEvidence,
  type Evidence,
  type EvidenceKind,
  encodeEvidence,
  type Hashes,
  prove,
  proveProposal,
  verifyEvidence,
} from '../../src/protocol/evidence.ts';
import { elide, encodePacket, entriesOf, type Packet, partHashOf } from '../../src/wire/packet.ts';
import type { Certified, Change, Statement } from '../../src/wire/statement.ts';
import { deviationOf } from '../standard/checker.ts';
import { readEvidence } from '../standard/checker-evidence.ts';
import { filled, type Signer, sign } from '../standard/messages.ts';
import { commitments, place, reveals, session, signers } from '../standard/world.ts';

const [a, b, c] = signers as [Signer, Signer, Signer];
const NONE = filled(0);
const own = commitments[0] as Uint8Array;
const [, of1, of2] = commitments as [Uint8Array, Uint8Array, Uint8Array];
const seats = (...list: readonly number[]): PlayerSet =>
  playersFromBits(list.reduce((bits, seat) => bits | (1 << seat), 0));
const inRound = { ...place, instance: 255 };

const commitTo = (commitment: Uint8Array, round = 1): Statement => ({
  kind: 'commit',
  epoch: 0,
  round,
  commitment,
});

function vote(named: PlayerSet, hashes: Hashes, round = 1): Statement {
  return { kind: 'vote', epoch: 0, round, named, values: vectorDigest(hashes), state: filled(1) };
}

interface Confirmed {
  readonly index?: number;
  readonly view?: number;
  readonly instance?: number;
}

function confirm(slots: PlayerSet, named: PlayerSet, hashes: Hashes, where: Confirmed = {}): Statement {
  const { index = 0, view = 1, instance = 255 } = where;
  const values = vectorDigest(hashes);
  return { kind: 'confirm', ...place, instance, view, index, slots, named, values };
}

function change(view: number, said: Partial<Change> = {}): Change {
  return {
    kind: 'change',
    ...inRound,
    view,
    named: nobody,
    votes: [],
    certified: [],
    claim: NONE,
    ...said,
  };
}

const certified = (slot: number, view: number, value: Uint8Array = of1): Certified => ({ slot, view, value });

function hold(authors: PlayerSet, hashes: Hashes, index = 0): Statement {
  return { kind: 'hold', ...place, index, authors, values: vectorDigest(hashes) };
}

interface Case {
  readonly name: string;
  readonly kind: EvidenceKind;
  readonly statement: string;
  readonly lie: readonly [Statement, Statement];
  /** The hashes without which it does not show. */
  readonly hashes?: readonly Hashes[];
  /** What is nearly a lie; none of it convicts whatever hashes are known. */
  readonly innocent: readonly (readonly [Statement, Statement])[];
}

const wrongReveal = { ...(reveals[0] as Statement), salt: filled(9, 16) } as Statement;

const cases: readonly Case[] = [
  {
    name: 'an opening of another commitment',
    kind: 'bad-opening',
    statement: 'reveal',
    lie: [commitTo(own), wrongReveal],
    innocent: [
      [commitTo(own), reveals[0] as Statement],
      [commitTo(own, 2), wrongReveal],
    ],
  },
  {
    name: 'a vote that lacks its signer',
    kind: 'vote-against-own-commitment',
    statement: 'vote',
    lie: [commitTo(own), vote(seats(1, 2), [of1, of2])],
    innocent: [
      [commitTo(own), vote(seats(0), [own])],
      [commitTo(own, 2), vote(seats(1, 2), [of1, of2])],
    ],
  },
  {
    name: 'a vote for another commitment of its signer',
    kind: 'vote-against-own-commitment',
    statement: 'vote',
    lie: [commitTo(own), vote(seats(0, 1, 2), [filled(7), of1, of2])],
    hashes: [[filled(7), of1, of2]],
    innocent: [
      [commitTo(own), vote(seats(0, 1, 2), [own, filled(7), of2])],
      [commitTo(own), vote(seats(0, 1), [filled(7), of1], 2)],
    ],
  },
  {
    name: 'two confirms, of a hash and of "-"',
    kind: 'confirm-conflict',
    statement: 'confirm',
    lie: [confirm(seats(0, 1), seats(0, 1), [own, of1]), confirm(seats(1, 2), seats(2), [of2], { index: 1 })],
    innocent: [
      [confirm(seats(0, 1), seats(1), [of1]), confirm(seats(1, 2), seats(1, 2), [of1, of2], { index: 1 })],
      [confirm(seats(0), seats(0), [own]), confirm(seats(1), nobody, [], { index: 1 })],
      [confirm(seats(0), seats(0), [own]), confirm(seats(0), nobody, [], { index: 1, view: 2 })],
      [confirm(seats(0), seats(0), [own]), confirm(seats(0), nobody, [], { instance: 0, index: 1 })],
    ],
  },
  {
    name: 'two confirms of two hashes',
    kind: 'confirm-conflict',
    statement: 'confirm',
    lie: [
      confirm(seats(0, 1), seats(0, 1), [own, of1]),
      confirm(seats(1, 2), seats(1, 2), [filled(7), of2], { index: 1 }),
    ],
    hashes: [
      [own, of1],
      [filled(7), of2],
    ],
    innocent: [
      [
        confirm(seats(0, 1), seats(0, 1), [own, of1]),
        confirm(seats(1, 2), seats(1, 2), [of1, of2], { index: 1 }),
      ],
      [
        confirm(seats(0, 1), seats(0, 1), [own, of1]),
        confirm(seats(1, 2), seats(1, 2), [filled(7), of2], { index: 1, view: 2 }),
      ],
    ],
  },
  {
    name: 'a view change without what was confirmed',
    kind: 'forgotten-certificate',
    statement: 'change',
    lie: [confirm(seats(1), seats(1), [of1]), change(2, { certified: [certified(0, 9)] })],
    innocent: [
      [confirm(seats(1), seats(1), [of1]), change(2, { certified: [certified(1, 1)] })],
      [confirm(seats(1), seats(1), [of1]), change(1)],
      [confirm(nobody, nobody, []), change(2)],
      [confirm(seats(1), seats(1), [of1]), change(2, { instance: 1, claim: of1 })],
    ],
  },
  {
    name: 'a view change with an older certificate than was confirmed',
    kind: 'forgotten-certificate',
    statement: 'change',
    lie: [
      confirm(seats(0, 1), nobody, [], { view: 2 }),
      change(4, { certified: [certified(0, 3), certified(1, 1)] }),
    ],
    innocent: [
      [
        confirm(seats(0, 1), nobody, [], { view: 2 }),
        change(4, { certified: [certified(0, 3), certified(1, 2)] }),
      ],
      [confirm(seats(0, 1), nobody, [], { view: 2 }), change(2, { certified: [certified(0, 1)] })],
    ],
  },
  {
    name: 'a forgotten certificate of an opening',
    kind: 'forgotten-certificate',
    statement: 'change',
    lie: [
      confirm(seats(2), seats(2), [of2], { instance: 2 }),
      change(2, { instance: 2, claim: of2, certified: [certified(2, 0)] }),
    ],
    innocent: [
      [
        confirm(seats(2), seats(2), [of2], { instance: 2 }),
        change(2, { instance: 2, claim: of2, certified: [certified(2, 1)] }),
      ],
    ],
  },
  {
    name: 'a view change that names others than the vote',
    kind: 'changed-vote',
    statement: 'change',
    lie: [vote(seats(0, 1), [own, of1]), change(1, { named: seats(0, 2), votes: [own, of1] })],
    innocent: [
      [vote(seats(0, 1), [own, of1]), change(1, { named: seats(0, 1), votes: [own, of1] })],
      [vote(seats(0, 1), [own, of1]), change(1, { instance: 1, claim: of1 })],
      [vote(seats(0, 1), [own, of1], 2), change(1, { named: seats(0, 2), votes: [own, of1] })],
    ],
  },
  {
    name: 'a view change with another hash than the vote',
    kind: 'changed-vote',
    statement: 'change',
    lie: [vote(seats(0, 1), [own, of1]), change(1, { named: seats(0, 1), votes: [own, of2] })],
    innocent: [[vote(seats(0, 1), [own, of1]), change(3, { named: seats(0, 1), votes: [own, of1] })]],
  },
  {
    name: 'a denied opening',
    kind: 'denied-opening',
    statement: 'change',
    lie: [hold(seats(1, 2), [of1, of2], 2), change(1, { instance: 1 })],
    innocent: [
      [hold(seats(1, 2), [of1, of2]), change(1, { instance: 1, claim: of1 })],
      [hold(seats(1, 2), [of1, of2]), change(1, { instance: 0 })],
      [hold(seats(1, 2), [of1, of2]), change(1, { instance: 17 })],
      [hold(seats(1, 2), [of1, of2]), change(1, { instance: 33 })],
      [hold(seats(1, 2), [of1, of2]), change(1)],
      [hold(seats(1), [of1]), change(1, { instance: 1, round: 2 })],
    ],
  },
  {
    name: 'an opening of another commitment than was held',
    kind: 'denied-opening',
    statement: 'change',
    lie: [hold(seats(1, 2), [of1, of2]), change(1, { instance: 2, claim: of1 })],
    hashes: [[of1, of2]],
    innocent: [[hold(seats(1, 2), [of1, of2]), change(1, { instance: 2, claim: of2 })]],
  },
];

/** Everything that anybody could know, so that ignorance is no reason for an acquittal. */
const known: readonly Hashes[] = [
  [],
  [own],
  [of1],
  [of2],
  [own, of1],
  [own, of2],
  [of1, of2],
  [filled(7), of1],
  [filled(7), of2],
  [own, of1, of2],
  [own, filled(7), of2],
  [filled(7), of1, of2],
];

function verdictOf(kind: EvidenceKind, statement: string): object {
  return { guilty: a.publicKey, kind, statement, session, ...place };
}

/** Judge and checker find the same verdict. */
function convicts(bytes: Uint8Array, kind: EvidenceKind, statement: string): void {
  const verdict = verdictOf(kind, statement);
  expect(verifyEvidence(bytes)).toEqual(verdict);
  const read = readEvidence(bytes);
  expect({
    ...read,
    guilty: new Uint8Array(read.guilty),
    session: new Uint8Array(read.session),
  }).toEqual(verdict);
}

function convictsNobody(bytes: Uint8Array): void {
  expect(verifyEvidence(bytes)).toBeNull();
  expect(deviationOf(() => readEvidence(bytes))).not.toBeNull();
}

const u32 = (value: number): Uint8Array => Uint8Array.of(0, 0, value >> 8, value & 255);

/** Evidence put together by hand. */
function assembled(
  packets: readonly Packet[],
  supplements: readonly (readonly [number, Uint8Array])[],
): Uint8Array {
  return concatBytes(
    Uint8Array.of(0x46, 0x53, 0x45, 0x56, 1),
    session,
    a.publicKey,
    Uint8Array.of(packets.length),
    ...packets.flatMap(({ bytes }) => [Uint8Array.of(bytes.length >> 8, bytes.length & 255), bytes]),
    ...supplements.flatMap(([type, bytes]) => [Uint8Array.of(type), u32(bytes.length), bytes]),
  );
}

const listOf = (hashes: Hashes): readonly [number, Uint8Array] => [1, concatBytes(...hashes)];

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

describe('a bad proposal', () => {
  const says = (said: Partial<Change>): Change =>
    change(1, { named: seats(0, 1), votes: [own, of1], ...said });
  const packetsOf = (...list: readonly (readonly [Signer, Change])[]): readonly Packet[] =>
    list.map(([signer, statement]) => sign(signer, statement));
  const hashOf = (packet: Packet): Uint8Array => partHashOf(session, packet, 0);

  function propose(changes: readonly Packet[], named: PlayerSet, values: Hashes, instance = 255): Statement {
    return { kind: 'propose', ...place, instance, view: 1, changes: changes.map(hashOf), named, values };
  }

  interface Proposed {
    readonly name: string;
    readonly changes: readonly Packet[];
    readonly good: readonly [PlayerSet, Hashes];
    readonly bad: readonly (readonly [PlayerSet, Hashes])[];
    readonly instance?: number;
  }

  const agreed = packetsOf([a, says({})], [b, says({})]);
  const apart = packetsOf(
    [b, says({ votes: [own, filled(7)] })],
    [c, says({})],
    [a, says({ named: seats(0), votes: [own] })],
  );
  const reported = packetsOf(
    [b, says({ certified: [certified(0, 2, of2), certified(1, 0, filled(7))] })],
    [c, says({ certified: [certified(0, 3, NONE), certified(2, 0, of2)] })],
  );
  const tied = packetsOf(
    [b, says({ certified: [certified(2, 1, filled(8))] })],
    [c, says({ certified: [certified(2, 1, filled(7))] })],
  );
  const opening = (claim: Uint8Array, list: readonly Certified[] = []): Change =>
    change(1, { instance: 2, claim, certified: list });

  const proposals: readonly Proposed[] = [
    {
      name: 'of what more than half voted for',
      changes: agreed,
      good: [seats(0, 1), [own, of1]],
      bad: [
        [seats(0), [own]],
        [seats(0, 1), [own, of2]],
        [seats(0, 1, 2), [own, of1, of2]],
        [seats(0, 1), [own]],
        [seats(0, 1), [own, of1, of2]],
        [seats(0, 1, 2), [own, of1, NONE]],
        [seats(0, 1, 15), [own, of1, of2]],
      ],
    },
    {
      name: 'of votes that no half agrees on',
      changes: apart,
      good: [seats(0), [own]],
      bad: [[seats(0, 1), [own, of1]]],
    },
    {
      name: 'of the highest certificates',
      changes: reported,
      good: [seats(1, 2), [filled(7), of2]],
      bad: [
        [seats(0, 1, 2), [of2, filled(7), of2]],
        [seats(0, 1, 2), [own, filled(7), of2]],
        [seats(1, 2), [of1, of2]],
      ],
    },
    {
      name: 'of two certificates of one view',
      changes: tied,
      good: [seats(0, 1, 2), [own, of1, filled(7)]],
      bad: [[seats(0, 1, 2), [own, of1, filled(8)]]],
    },
    {
      name: 'of an opening that somebody holds',
      changes: packetsOf([a, opening(NONE)], [b, opening(of2)]),
      instance: 2,
      good: [seats(2), [of2]],
      bad: [
        [nobody, []],
        [seats(2), [of1]],
        [seats(1, 2), [of1, of2]],
      ],
    },
    {
      name: 'of an opening that is certified void',
      changes: packetsOf([a, opening(NONE, [certified(2, 1, NONE)])], [b, opening(of2)]),
      instance: 2,
      good: [nobody, []],
      bad: [[seats(2), [of2]]],
    },
  ];

  it.each(proposals)('$name', ({ changes, good, bad, instance = 255 }) => {
    const others = packetsOf([a, says({ view: 7 })], [c, change(9)]);
    const right = sign(a, propose(changes, ...good, instance));
    expect(proveProposal(session, a.publicKey, right, [...others, ...changes])).toBeNull();
    const given = changes.map((packet): [number, Uint8Array] => {
      const { statement: _, ...entry } = packet.entries[0] as { bytes: Uint8Array; statement: Statement };
      return [2, concatBytes(Uint8Array.of(packet.sender), entry.bytes)];
    });
    convictsNobody(assembled([right], given));
    for (const values of bad) {
      const wrong = sign(a, propose(changes, ...values, instance), commitTo(own));
      const evidence = proveProposal(session, a.publicKey, wrong, [
        ...others,
        ...changes.toReversed(),
      ]) as Evidence;
      const bytes = encodeEvidence(evidence);
      convicts(bytes, 'bad-proposal', 'propose');
      expect(toHex(bytes)).toBe(toHex(assembled(evidence.packets, given)));
      expect(proveProposal(session, a.publicKey, wrong, changes.slice(1))).toBeNull();
      convictsNobody(assembled(evidence.packets, given.toReversed()));
      convictsNobody(assembled(evidence.packets, given.slice(1)));
      convictsNobody(assembled(evidence.packets, [...given, given[0] as [number, Uint8Array]]));
      convictsNobody(assembled([wrong], given));
    }
  });

  it('is one that names view changes of elsewhere, or two of one member', () => {
    const good = [seats(0, 1), [own, of1]] as const;
    const strange: Readonly<Record<string, readonly Packet[]>> = {
      view: packetsOf([a, says({})], [b, says({ view: 2 })]),
      round: packetsOf([a, says({})], [b, says({ round: 2 })]),
      epoch: packetsOf([a, says({})], [b, says({ epoch: 1 })]),
      instance: packetsOf([a, says({})], [b, says({ instance: 1 })]),
      member: packetsOf([b, says({})], [b, says({ certified: [certified(0, 0, own)] })]),
      twice: packetsOf([b, says({})], [b, says({})]),
    };
    for (const [name, changes] of Object.entries(strange)) {
      const evidence = proveProposal(session, a.publicKey, sign(a, propose(changes, ...good)), changes);
      expect(evidence, name).not.toBeNull();
      convicts(encodeEvidence(evidence as Evidence), 'bad-proposal', 'propose');
    }
  });

  it('is none that names nothing, something unknown, or an instance that there is not', () => {
    for (const [changes, instance] of [
      [[], 255],
      [[sign(a, commitTo(own))], 255],
      [packetsOf([a, says({ instance: 16 })], [b, says({ instance: 16 })]), 16],
      [packetsOf([a, says({ instance: 34 })], [b, says({ instance: 34 })]), 34],
    ] as const) {
      const packet = sign(a, propose(changes, seats(2), [of1], instance));
      expect(proveProposal(session, a.publicKey, packet, changes)).toBeNull();
      convictsNobody(assembled([packet], []));
    }
  });

  it('convicts nobody after an edit of any byte, and fits what evidence may have', () => {
    const wrong = sign(a, propose(agreed, seats(0), [own]));
    const bytes = encodeEvidence(proveProposal(session, a.publicKey, wrong, agreed) as Evidence);
    for (let at = 0; at < bytes.length; at++) {
      const edited = bytes.slice();
      edited[at] = (edited[at] as number) ^ (1 << (at & 7));
      expect(verifyEvidence(edited), `byte ${at}`).toBeNull();
      expect(
        deviationOf(() => readEvidence(edited)),
        `byte ${at}`,
      ).not.toBeNull();
    }
    const full = change(1, {
      named: playersFromBits(0xffff),
      votes: Array.from({ length: 16 }, (_, i) => filled(i + 1)),
      certified: Array.from({ length: 16 }, (_, slot) => certified(slot, 0)),
    });
    const many = Array.from({ length: 16 }, (_, seat) => sign({ ...a, seat }, full));
    const largest = (count: number): Packet => sign(a, propose(many.slice(0, count), nobody, []));
    const fits = proveProposal(session, a.publicKey, largest(11), many) as Evidence;
    convicts(encodeEvidence(fits), 'bad-proposal', 'propose');
    expect(proveProposal(session, a.publicKey, largest(16), many)).toBeNull();
  });

  it('needs no signature but the leader’s, and that one', () => {
    const wrong = sign(a, propose(agreed, seats(0), [own]));
    const unsigned = { ...wrong, bytes: encodePacket(seatOf(0), wrong.entries, filled(1, 64)) };
    const evidence = proveProposal(session, a.publicKey, unsigned, agreed) as Evidence;
    expect(decodeEvidence(encodeEvidence(evidence))).toBeNull();
    const nobodys = { ...evidence, packets: [unsigned] };
    expect(decodeEvidence(encodeEvidence(nobodys))?.conflict.kind).toBe('bad-proposal');
    convictsNobody(encodeEvidence(nobodys));
  });
});

describe('hashes in a list', () => {
  it('count only as many as the statement names', () => {
    const [x, y] = [commitTo(own), vote(seats(0, 1, 2), [filled(7), of1])];
    expect(prove(session, a.publicKey, sign(a, x), sign(a, y), [[filled(7), of1]])).toBeNull();
    expect(entriesOf([x, y])).toHaveLength(2);
  });
});
