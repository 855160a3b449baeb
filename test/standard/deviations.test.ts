/** Each check of the checker is shown to fail: one altered message for each deviation that it names. */

import { describe, expect, it } from 'vitest';
import { compareBytes, concatBytes } from '../../src/base/bytes.ts';
import { seatOf } from '../../src/base/ids.ts';
import { nobody } from '../../src/base/players.ts';
import { keyring } from '../../src/keyring/node.ts';
import { type Evidence, encodeEvidence, prove } from '../../src/protocol/evidence.ts';
import { encodeBundle, type Standing } from '../../src/wire/envelope.ts';
import { type Entry, elide, encodePacket, entriesOf, type Packet } from '../../src/wire/packet.ts';
import type { Statement } from '../../src/wire/statement.ts';
import { deviationOf, deviations } from './checker.ts';
import { readRounds } from './checker-datagram.ts';
import { readEvidence } from './checker-evidence.ts';
import { matchDeviations, Watcher } from './checker-match.ts';
import { meetingDeviations } from './checker-meeting.ts';
import { readAgreement, readPlain } from './checker-plain.ts';
import { readUpdate } from './checker-update.ts';
import { agreement } from './match.ts';
import { filled, type Signer, sign } from './messages.ts';
import {
  bundleOf,
  commits,
  edited,
  evidence,
  helloOf,
  inputs,
  itemOf,
  keys,
  nonces,
  opens,
  otherCommit,
  place,
  remove,
  reveals,
  roundsOf,
  seen,
  session,
  set,
  signers,
  still,
  vote,
  watcherOf,
  wish,
} from './world.ts';
import { badUpdates } from './world-neo.ts';

const [a, b, c] = signers as [Signer, Signer, Signer];
const [commitOfA, commitOfB] = commits as [Packet, Packet];

/** Evidence of two packets as they are. */
function evidenceOf(...packets: readonly Uint8Array[]): Uint8Array {
  const lengths = packets.flatMap((bytes) => [Uint8Array.of(bytes.length >> 8, bytes.length & 255), bytes]);
  return concatBytes(evidence.subarray(0, 69), Uint8Array.of(packets.length), ...lengths);
}

const bad = (datagram: Uint8Array, from = 0, watcher = watcherOf()): readonly string[] =>
  watcher.take(from, datagram);
const badEvidence = (bytes: Uint8Array): string[] => [deviationOf(() => readEvidence(bytes)) ?? 'none'];
const badAgreement = (hex: string): string[] => [
  deviationOf(() => readAgreement(Buffer.from(hex, 'hex'))) ?? 'none',
];
const badPacket = (entries: readonly Entry[]): readonly string[] =>
  bad(itemOf(encodePacket(seatOf(0), entries, filled(9, 64))));
const entry = (statement: Statement): Entry => entriesOf([statement])[0] as Entry;
const badRounds = (datagram: Uint8Array): string[] => [
  deviationOf(() => readRounds(session, datagram)) ?? 'none',
];
/** A datagram of neo whose items are these bytes. */
const withContent = (...items: readonly (readonly number[])[]): Uint8Array =>
  concatBytes(roundsOf(), ...items.map((item) => Uint8Array.from(item)));
/** A datagram of neo with this final round and these bytes after it. */
const withHeader = (final: number, ...rest: readonly number[]): Uint8Array => {
  const last = Uint8Array.of(final >>> 24, final >>> 16, final >>> 8, final);
  return concatBytes(roundsOf().subarray(0, 22), last, Uint8Array.from(rest));
};
/** An entry of these bytes, whatever they are. */
const raw = (bytes: readonly number[]): Entry => {
  const key = Uint8Array.from(bytes.slice(0, 10));
  return { key, bytes: Uint8Array.from(bytes), statement: proposal };
};
const proposal: Statement = {
  kind: 'propose',
  ...{ epoch: 0, round: 1, instance: 255, view: 1 },
  ...{ changes: [filled(1)], named: nobody, values: [] },
};
/** Keys of a proposal and of a view change that come after it. */
const head: readonly number[] = [11, 0, 0, 0, 0, 0, 1, 255, 0, 2];
const change: readonly number[] = [10, 0, 0, 0, 0, 0, 1, 255, 0, 2];
const sorted = (...packets: readonly Uint8Array[]): readonly Uint8Array[] => [...packets].sort(compareBytes);

/** Ways to provoke each deviation. */
const cases: Readonly<Record<string, readonly (() => readonly string[])[]>> = {
  'datagram-length': [() => bad(Uint8Array.of(1)), () => bad(concatBytes(bundleOf(), filled(0, 1177)))],
  version: [
    () => bad(edited(bundleOf(), 0, 2)),
    () => bad(edited(helloOf(0), 0, 0)),
    () => badEvidence(edited(evidence, 4, 2)),
  ],
  type: [
    () => bad(edited(bundleOf(), 1, 3)),
    () => bad(edited(bundleOf(), 1, 4)),
    () => bad(edited(helloOf(0), 1, 0)),
    () => bad(roundsOf()),
    () => badRounds(bundleOf()),
    () => badRounds(edited(roundsOf(), 1, 4)),
  ],
  truncated: [
    () => bad(bundleOf().subarray(0, 23)),
    () => bad(helloOf(0).subarray(0, -1)),
    () => bad(itemOf(commitOfA.bytes.subarray(0, -1))),
    () => badRounds(roundsOf().subarray(0, 26)),
    () => badRounds(roundsOf([], [seen(1)]).subarray(0, 29)),
    () => badRounds(roundsOf([{ type: 'query', bytes: filled(1, 2) }]).subarray(0, -1)),
    () => badEvidence(evidence.subarray(0, -1)),
  ],
  trailing: [
    () => bad(concatBytes(helloOf(0), filled(0, 1))),
    () => bad(itemOf(concatBytes(commitOfA.bytes, filled(0, 1)))),
    () => badEvidence(concatBytes(evidence, filled(0, 1))),
  ],
  'agreement-length': [() => bad(helloOf(0, { agreement: filled(0, 316) }))],
  'agreement-data': [
    () => bad(helloOf(0, { agreement: agreement.subarray(0, -1) })),
    () => bad(helloOf(0, { agreement: concatBytes(agreement, filled(0, 1)) })),
    () => bad(helloOf(0, { agreement: new Uint8Array(0) })),
    () => badAgreement('0604' + '0400' + '0300' + '00' + '0400'),
    () => badAgreement('0605' + '0300' + '0300' + '00' + '0400' + '00'),
    () => badAgreement('0605' + '0400' + '038000' + '00' + '0400' + '00'),
    () => badAgreement('0605' + '0400' + '0380808080808080a001' + '00' + '0400' + '00'),
    () => badAgreement('0605' + '0401ff' + '0300' + '00' + '0400' + '00'),
    () => badAgreement('0605' + '0400' + '0300' + '08' + '0400' + '00'),
    () => badAgreement('0605' + '0400' + '0300' + '0702' + '016200' + '016100' + '0400' + '00'),
    () => badAgreement('0605' + '0400' + '0300' + '0702' + '016100' + '016100' + '0400' + '00'),
    () => badAgreement(`0605040003000701${'09'}${Buffer.from('__proto__').toString('hex')}00040000`),
    () => badAgreement('0605' + '0400' + '0300' + '06ffffffff7f' + '0400' + '00'),
    () => [deviationOf(() => readPlain(Buffer.from(`${'0601'.repeat(64)}0600`, 'hex'))) ?? 'none'],
  ],
  players: [
    () => bad(helloOf(0, { roster: keys.slice(0, 1), nonces: nonces.slice(0, 1) })),
    () => bad(edited(helloOf(0), 2 + 32 + 16 + 2 + agreement.length, 17)),
  ],
  'roster-order': [
    () => bad(helloOf(0, { roster: [...keys].reverse() })),
    () => bad(helloOf(0, { roster: [keys[0], keys[0], keys[1]] as Uint8Array[] })),
  ],
  'own-key': [() => bad(helloOf(0, { roster: keys.slice(1), nonces: nonces.slice(1) }))],
  'own-nonce': [() => bad(helloOf(0, { nonce: filled(7, 16) }))],
  'session-tag': [
    () => bad(edited(bundleOf(), 2, 0)),
    () => bad(edited(bundleOf(), 9, 0)),
    () => badRounds(edited(roundsOf(), 2, 0)),
    () => badRounds(edited(roundsOf(), 9, 0)),
  ],
  'item-count': [
    () => bad(concatBytes(bundleOf(), ...Array.from({ length: 33 }, () => Uint8Array.of(1, 0, 1, 0)))),
    () => badRounds(withContent(...Array.from({ length: 33 }, () => [1, 0, 1, 0]))),
  ],
  'item-type': [
    () => bad(edited(bundleOf(commitOfA), 24, 0)),
    () => bad(edited(bundleOf(commitOfA), 24, 3)),
    ...[0, 2, 8, 0x81].map((type) => () => badRounds(withContent([type, 0, 1, 0]))),
  ],
  'item-length': [
    () => bad(concatBytes(bundleOf(), Uint8Array.of(1, 0, 0))),
    () => bad(concatBytes(bundleOf(), Uint8Array.of(1, 4, 0x96), filled(0, 1173))),
    ...[1, 3, 4, 5, 6, 7].map((type) => () => badRounds(withContent([type, 0, 0]))),
    () => badRounds(withContent([6, 4, 0x4d, ...filled(0, 1101)])),
    () => badRounds(withContent([7, 4, 0x4d, ...filled(0, 1101)])),
    () => badRounds(withContent([5, 4, 9, ...filled(0, 1033)])),
    () => badRounds(withContent([3, 2, 2, ...filled(0, 514)])),
    () => badRounds(withContent([1, 4, 0x93, ...filled(0, 1170)])),
    () => badRounds(withContent([4, 4, 0x93, ...filled(0, 1170)])),
  ],
  'header-count': [() => badRounds(withHeader(0, 65, 1, 0, 1, ...Array(64).fill(0)))],
  'header-end': [
    () => badRounds(withHeader(0xffffffff, 1, 1, 0, 1)),
    () => badRounds(withHeader(0xfffffffe, 2, 1, 0, 1, 0)),
  ],
  'header-flags': [
    () => badRounds(withHeader(0, 1, 32)),
    () => badRounds(withHeader(0, 2, 0, 0x80)),
    () => badRounds(withHeader(0, 1, 0x21, 0, 1)),
  ],
  'header-empty': [
    () => badRounds(withHeader(0, 1, 0)),
    () => badRounds(withHeader(0, 2, 1, 0, 1, 1, 0, 0)),
    () => badRounds(withHeader(7, 64, ...Array(64).fill(0))),
  ],
  'header-repeats': [
    () => badRounds(withHeader(0, 1, 1, 0, 0)),
    () => badRounds(withHeader(0, 1, 31, 0, 1, 0, 1, 0, 1, 0, 1, 0, 0)),
    () => badRounds(withHeader(0, 2, 2, 0, 7, 2, 0, 7)),
  ],
  stamp: [() => badRounds(edited(roundsOf(), 17, 1)), () => badRounds(edited(roundsOf(), 14, 1))],
  vector: [
    () => badRounds(withContent([3, 0, 1, 0])),
    () => badRounds(withContent([3, 0, 33, 0, ...filled(7)])),
    () => badRounds(withContent([3, 0, 33, 2, ...filled(7)])),
    () => badRounds(withContent([3, 0, 32, 1, ...filled(7, 31)])),
    () => badRounds(withContent([3, 0, 34, 1, ...filled(7, 33)])),
    () => badRounds(withContent([3, 2, 1, 17, ...filled(7, 512)])),
  ],
  chunk: [
    () => badRounds(withContent([5, 0, 8, ...filled(0, 6), 0, 1])),
    () => badRounds(withContent([5, 0, 9, ...filled(0, 6), 0, 0, 1])),
    () => badRounds(withContent([5, 0, 9, ...filled(0, 4), 0, 3, 0, 3, 1])),
  ],
  sender: [() => bad(itemOf(edited(commitOfA.bytes, 0, 16)))],
  count: [
    () => bad(itemOf(edited(commitOfA.bytes, 1, 0))),
    () => badPacket(Array.from({ length: 7 }, (_, index) => entry(wish(index, 1)))),
    () => badEvidence(edited(evidence, 69, 0)),
    () => badEvidence(edited(evidence, 69, 3)),
  ],
  tag: [0, 13, 0x80, 0x8d, 0xff].map((tag) => () => bad(itemOf(edited(commitOfA.bytes, 2, tag)))),
  'input-length': [
    () => badPacket([entry({ ...(reveals[0] as Statement), input: filled(0, 801) } as Statement)]),
  ],
  'digest-count': [
    () => badPacket([entry(proposal), raw([...head, 17, ...filled(0, 17 * 32 + 3)])]),
    () => badPacket([raw([...head, 0, 0, 0, 17, ...filled(0, 17 * 32)])]),
    () => badPacket([raw([...change, 0, 0, 17, ...filled(0, 17 * 32 + 2)])]),
    () => badPacket([raw([...change, 0, 0, 0, 17, ...filled(0, 17 * 35), 0])]),
  ],
  'slot-order': [
    () => badPacket([raw([...change, 0, 0, 0, 1, 16, ...filled(0, 34), 0])]),
    () => badPacket([raw([...change, 0, 0, 0, 2, 3, ...filled(0, 34), 3, ...filled(0, 34), 0])]),
    () => badPacket([raw([...change, 0, 0, 0, 2, 3, ...filled(0, 34), 2, ...filled(0, 34), 0])]),
  ],
  optional: [
    () => badPacket([raw([...change, 0, 0, 0, 0, 2])]),
    () => badPacket([raw([...change, 0, 0, 0, 0, 2, ...filled(7)])]),
    () => badPacket([raw([...change, 0, 0, 0, 0, 1, ...filled(0)])]),
  ],
  'entry-order': [() => badPacket([entry(wish(1, 1)), entry(wish(0, 1))])],
  'double-entry': [() => badPacket([entry(wish(1, 1)), entry(wish(1, 1))])],
  'signature-rule': [
    () => bad(itemOf(edited(commitOfA.bytes, -1, 0x10 | 0x80))),
    () =>
      bad(itemOf(concatBytes(commitOfA.bytes.subarray(0, -64), filled(0, 32), filled(1, 31), filled(0, 1)))),
    () => badEvidence(concatBytes(evidence.subarray(0, 37), filled(0), evidence.subarray(69))),
  ],
  signature: [
    () => bad(itemOf(edited(commitOfA.bytes, 0, 1))),
    () => bad(itemOf(edited(commitOfA.bytes, -40, 1))),
    () => bad(edited(helloOf(0), 34, 0)),
    () => badEvidence(edited(evidence, 5, 0)),
    () => badEvidence(concatBytes(evidence.subarray(0, 37), b.publicKey, evidence.subarray(69))),
  ],
  magic: [() => badEvidence(edited(evidence, 0, 0x66)), () => badEvidence(edited(evidence, 3, 0))],
  'packet-length': [() => badEvidence(edited(evidence, 70, 5)), () => badEvidence(evidenceOf(filled(0, 0)))],
  senders: [() => badEvidence(evidenceOf(commitOfA.bytes, commitOfB.bytes))],
  'packet-order': [
    () => badEvidence(evidenceOf(...[...sorted(commitOfA.bytes, otherCommit.bytes)].reverse())),
    () => badEvidence(evidenceOf(commitOfA.bytes, commitOfA.bytes)),
  ],
  'no-lie': [
    () => badEvidence(evidenceOf(commitOfA.bytes)),
    () => badEvidence(evidenceOf(...sorted(commitOfA.bytes, sign(a, wish(0, 1)).bytes))),
    () => badEvidence(evidenceOf(...sorted(commitOfA.bytes, (opens[0] as Packet).bytes))),
  ],
  elision: [
    () => badEvidence(evidenceOf(...sorted(elide(commitOfA, session, []).bytes, otherCommit.bytes))),
    () => {
      const more = sign(a, wish(0, 1), { kind: 'commit', ...place, commitment: filled(3) });
      return badEvidence(evidenceOf(...sorted(more.bytes, otherCommit.bytes)));
    },
  ],
  update: badUpdates.map((bytes) => () => [deviationOf(() => readUpdate(bytes)) ?? 'none']),
  address: [() => bad(helloOf(1), 0)],
  'other-match': [
    () => bad(helloOf(0, { agreement: Uint8Array.from(Buffer.from('06050400030000040000', 'hex')) })),
    () => bad(helloOf(0, { roster: keys.slice(0, 2), nonces: nonces.slice(0, 2) })),
  ],
  'unheard-nonce': [
    () => bad(helloOf(0, { nonces: [nonces[0] as Uint8Array, filled(1, 16), filled(0, 16)] })),
  ],
  'no-session': [() => new Watcher().take(0, bundleOf())],
  standing: [
    { epoch: 1 },
    { round: 2 },
    { commits: 2 },
    { opens: 2 },
    { removes: 2 },
    { causes: 2 },
    { commits: 0x8000 },
  ].map((change) => () => {
    return bad(encodeBundle(session, { standing: { ...still, ...change } as Standing, items: [] }));
  }),
  seat: [() => bad(bundleOf(sign({ ...a, seat: 3 }, wish(0, 1))))],
  shape: [
    () => bad(bundleOf(sign(a, set))),
    () => bad(bundleOf(sign(a, reveals[0] as Statement))),
    () => bad(bundleOf(sign(a, proposal))),
    () => bad(bundleOf(sign(a, vote))),
    () => bad(bundleOf(sign(a, { kind: 'commit', ...place, commitment: filled(1) }, vote))),
    () => bad(bundleOf(sign(a, wish(0, 1), wish(1, 1)))),
    () => bad(bundleOf(elide(commitOfA, session, []))),
    () => bad(bundleOf(sign(a, set, { ...(reveals[0] as Statement), round: 2 } as Statement))),
  ],
  epoch: [() => bad(bundleOf(sign(a, { ...wish(0, 1), epoch: 1 } as Statement)))],
  'not-a-member': [
    () => {
      const watcher = watcherOf(sign(a, remove(2)), sign(b, remove(2)));
      return watcher.take(2, bundleOf(sign(c, { kind: 'leave', epoch: 1, advanced: 0 })));
    },
  ],
  contradiction: [
    () => bad(bundleOf(otherCommit), 0, watcherOf(commitOfA)),
    () => bad(bundleOf(sign(a, wish(0, 1))), 0, watcherOf(sign(a, wish(0, 2)))),
    () => bad(bundleOf(sign(a, remove(1))), 0, watcherOf(sign(a, remove(2)))),
  ],
  'after-remove': [() => bad(bundleOf(sign(a, wish(0, 1))), 0, watcherOf(sign(a, remove(2))))],
  'after-leave': [
    () => bad(bundleOf(commitOfA), 0, watcherOf(sign(a, { kind: 'leave', epoch: 0, advanced: 0 }))),
  ],
  opening: [
    () => {
      const packet = sign(a, set, { ...(reveals[0] as Statement), input: filled(4, 9) } as Statement);
      return bad(bundleOf(packet), 0, watcherOf(...commits));
    },
  ],
  'early-set': [() => bad(bundleOf(opens[0] as Packet), 0, watcherOf(commitOfA, commitOfB))],
  'wrong-set': [
    () => {
      const packet = sign(a, { ...set, set: filled(5) } as Statement, reveals[0] as Statement);
      return bad(bundleOf(packet), 0, watcherOf(...commits));
    },
  ],
  target: [0, 3, 33, 255]
    .map((target) => () => bad(bundleOf(sign(a, remove(target)))))
    .concat([() => bad(bundleOf(sign(a, wish(0, 0)))), () => bad(bundleOf(sign(a, wish(0, 3))))]),
  'wish-index': [
    () => bad(bundleOf(sign(a, wish(1, 1)))),
    () => bad(bundleOf(sign(a, wish(2, 1))), 0, watcherOf(sign(a, wish(0, 1)))),
  ],
  'wish-round': [0, 2].map((round) => () => bad(bundleOf(sign(a, { ...wish(0, 1), round } as Statement)))),
  advanced: [
    () => bad(bundleOf(sign(a, remove(2, 1))), 0, watcherOf(...commits, ...opens.slice(0, 2))),
    () => bad(bundleOf(sign(a, { kind: 'leave', epoch: 0, advanced: 1 })), 0, watcherOf(...commits)),
  ],
  accusation: [
    () => {
      const elsewhere = { ...a, session: filled(6) };
      const lies = [1, 2].map((value) =>
        sign(elsewhere, { kind: 'commit', ...place, commitment: filled(value) }),
      );
      const proof = prove(filled(6), a.publicKey, lies[0] as Packet, lies[1] as Packet);
      return bad(itemOf(encodeEvidence(proof as Evidence), 'proof'));
    },
    () => {
      const stranger: Signer = {
        secretKey: filled(8),
        publicKey: keyring.publicKey(filled(8)),
        session,
        seat: 0,
      };
      const lies = [1, 2].map((value) =>
        sign(stranger, { kind: 'commit', ...place, commitment: filled(value) }),
      );
      const proof = prove(session, stranger.publicKey, lies[0] as Packet, lies[1] as Packet);
      return bad(itemOf(encodeEvidence(proof as Evidence), 'proof'));
    },
  ],
};

describe('the checker', () => {
  it('is shown to name every deviation that it knows', () => {
    expect(Object.keys(cases).sort()).toEqual(
      [...deviations, ...meetingDeviations, ...matchDeviations].sort(),
    );
  });

  it.each(Object.entries(cases))('names %s', (name, provoke) => {
    for (const each of provoke) expect(each()).toEqual([name]);
  });

  it('finds nothing in what honest players send, to the end of the round', () => {
    const watcher = watcherOf(...commits, ...opens);
    expect(
      watcher.take(0, bundleOf(sign(a, wish(0, 1)), sign(a, wish(1, 255)), sign(a, remove(2, 1)))),
    ).toEqual([]);
    expect(watcher.outcomes().map(({ round, inputs: played }) => [round, played])).toEqual([
      [1, inputs.map(({ input }) => Buffer.from(input))],
    ]);
    expect(watcher.take(1, itemOf(evidence, 'proof'))).toEqual([]);
    expect([...watcher.convicted]).toEqual([0]);
  });
});
