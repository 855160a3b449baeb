/** The lies of neo between two statements, what is nearly one, and the judges that must agree about both. */

import { expect } from 'vitest';
import { concatBytes } from '../../src/base/bytes.ts';
import { nobody, type PlayerSet, playersFromBits } from '../../src/base/players.ts';
import { vectorDigest } from '../../src/crypto/commitment.ts';
import { type EvidenceKind, type Hashes, verifyEvidence } from '../../src/protocol/evidence.ts';
import type { Packet } from '../../src/wire/packet.ts';
import type { Certified, Change, Statement } from '../../src/wire/statement.ts';
import { deviationOf } from '../standard/checker.ts';
import { readEvidence } from '../standard/checker-evidence.ts';
import { filled, type Signer } from '../standard/messages.ts';
import { commitments, place, reveals, session, signers } from '../standard/world.ts';

/** The liar. */
export const a: Signer = signers[0] as Signer;
export const NONE: Uint8Array = filled(0);
/** Its commitment, and those of seats 1 and 2. */
export const own: Uint8Array = commitments[0] as Uint8Array;
export const of1: Uint8Array = commitments[1] as Uint8Array;
export const of2: Uint8Array = commitments[2] as Uint8Array;
export const seats = (...list: readonly number[]): PlayerSet =>
  playersFromBits(list.reduce((bits, seat) => bits | (1 << seat), 0));
export const inRound: { readonly epoch: number; readonly round: number; readonly instance: number } = {
  ...place,
  instance: 255,
};

export const commitTo = (commitment: Uint8Array, round = 1): Statement => ({
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

export function change(view: number, said: Partial<Change> = {}): Change {
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

export const certified = (slot: number, view: number, value: Uint8Array = of1): Certified => ({
  slot,
  view,
  value,
});

function hold(authors: PlayerSet, hashes: Hashes, index = 0): Statement {
  return { kind: 'hold', ...place, index, authors, values: vectorDigest(hashes) };
}

export interface Case {
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

export const cases: readonly Case[] = [
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
export const known: readonly Hashes[] = [
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
export function convicts(bytes: Uint8Array, kind: EvidenceKind, statement: string): void {
  const verdict = verdictOf(kind, statement);
  expect(verifyEvidence(bytes)).toEqual(verdict);
  const read = readEvidence(bytes);
  expect({
    ...read,
    guilty: new Uint8Array(read.guilty),
    session: new Uint8Array(read.session),
  }).toEqual(verdict);
}

export function convictsNobody(bytes: Uint8Array): void {
  expect(verifyEvidence(bytes)).toBeNull();
  expect(deviationOf(() => readEvidence(bytes))).not.toBeNull();
}

const u32 = (value: number): Uint8Array => Uint8Array.of(0, 0, value >> 8, value & 255);

/** Evidence put together by hand. */
export function assembled(
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

export const listOf = (hashes: Hashes): readonly [number, Uint8Array] => [1, concatBytes(...hashes)];
