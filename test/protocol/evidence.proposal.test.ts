/** Proposals that do not follow from the view changes that they name. */

import { describe, expect, it } from 'vitest';
import { concatBytes, toHex } from '../../src/base/bytes.ts';
import { nobody, type PlayerSet, playersFromBits } from '../../src/base/players.ts';
import {
  decodeEvidence,
  type Evidence,
  encodeEvidence,
  type Hashes,
  proveProposal,
  verifyEvidence,
} from '../../src/protocol/evidence.ts';
import { type Packet, partHashOf, signedPacket } from '../../src/wire/packet.ts';
import type { Certified, Change, Statement } from '../../src/wire/statement.ts';
import { deviationOf } from '../standard/checker.ts';
import { readEvidence } from '../standard/checker-evidence.ts';
import { filled, type Signer, sign } from '../standard/messages.ts';
import { place, session, signers } from '../standard/world.ts';
import {
  a,
  assembled,
  certified,
  change,
  commitTo,
  convicts,
  convictsNobody,
  NONE,
  of1,
  of2,
  own,
  seats,
} from './lies.ts';

const [, b, c] = signers as [Signer, Signer, Signer];

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

  it('needs no signature but that of the leader', () => {
    const { entries, sender } = sign(a, propose(agreed, seats(0), [own]));
    const forged = signedPacket(sender, entries, filled(1, 64));
    const bytes = encodeEvidence(proveProposal(session, a.publicKey, forged, agreed) as Evidence);
    expect(decodeEvidence(bytes)?.conflict.kind).toBe('bad-proposal');
    convictsNobody(bytes);
    const unsigned = agreed.map((packet) => signedPacket(packet.sender, packet.entries, filled(1, 64)));
    const wrong = sign(a, propose(agreed, seats(0), [own]));
    const proved = proveProposal(session, a.publicKey, wrong, unsigned) as Evidence;
    convicts(encodeEvidence(proved), 'bad-proposal', 'propose');
  });
});
