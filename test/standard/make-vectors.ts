/**
 * What the library makes of fixed keys, nonces, salts and inputs: the vectors of test/vectors/packets.json.
 * All bytes are hexadecimal.
 */

import { concatBytes, toHex } from '../../src/base/bytes.ts';
import { seatOf } from '../../src/base/ids.ts';
import { type PlayerSet, playersFromBits } from '../../src/base/players.ts';
import { commit, vectorDigest } from '../../src/crypto/commitment.ts';
import { hash } from '../../src/crypto/hash.ts';
import { type Evidence, encodeEvidence, prove, verifyEvidence } from '../../src/protocol/evidence.ts';
import { firstSeed } from '../../src/protocol/lockstep-state.ts';
import { randomFrom } from '../../src/protocol/random.ts';
import { encodeBundle, type Item } from '../../src/wire/envelope.ts';
import { ROUND_MAX, UPDATE_BYTES_MAX } from '../../src/wire/limits.ts';
import { elide, encodePacket, entriesOf, type Packet, signedMessage } from '../../src/wire/packet.ts';
import { encodeRounds, NOTHING_HEARD, type RoundSets, type RoundsHeader } from '../../src/wire/rounds.ts';
import type { RoundsItem } from '../../src/wire/rounds-item.ts';
import { ROUND_INSTANCE, type Statement } from '../../src/wire/statement.ts';
import { logTexts, neoEvidence, updateTexts } from './make-vectors-neo.ts';
import { agreement, fixed } from './match.ts';
import { hands } from './match-neo.ts';
import { filled, type Signer, sign, signEntries } from './messages.ts';
import {
  bundleOf,
  commitments,
  commits,
  edited,
  evidence,
  helloOf,
  inputs,
  itemOf,
  nonces,
  opens,
  otherCommit,
  place,
  players,
  remove,
  reveals,
  roundsOf,
  session,
  set,
  signers,
  still,
  vote,
  wish,
} from './world.ts';

type Text = { readonly [name: string]: unknown };

const [a, b] = signers as [Signer, Signer];
const leave: Statement = { kind: 'leave', epoch: 0xffff, advanced: 0xffffffff };
const seats = (bits: number): PlayerSet => playersFromBits(bits);
const slots = { epoch: 3, round: 0x01020304, instance: ROUND_INSTANCE, view: 0x0506 };
const opening = { ...slots, instance: 2 };
const many16 = Array.from({ length: 16 }, (_, seat) => fixed(`hash ${seat}`));
const commitOf0 = { kind: 'commit', ...place, commitment: commitments[0] as Uint8Array } as const;
/** What leaves together where rounds follow one another quickly. */
const wave: readonly Statement[] = [commitOf0, vote, reveals[0] as Statement];

/** Statements of neo, alone or together. */
const neoPackets: readonly (readonly [name: string, ...parts: Statement[]])[] = [
  ['VOTE', vote],
  ['VOTE for nobody', { ...vote, named: seats(0), values: vectorDigest([]), state: filled(0) } as Statement],
  [
    'CONFIRM',
    { kind: 'confirm', ...slots, index: 7, slots: seats(0b111), named: seats(0b101), values: filled(3) },
  ],
  ['HOLD', { kind: 'hold', ...place, index: 1, authors: seats(0xffff), values: vectorDigest(commitments) }],
  [
    'CHANGE of a round',
    {
      kind: 'change',
      ...slots,
      named: seats(0b110),
      votes: commitments.slice(1),
      certified: [
        { slot: 0, view: 0, value: filled(0) },
        { slot: 2, view: 0x0102, value: commitments[2] as Uint8Array },
      ],
      claim: filled(0),
    },
  ],
  [
    'CHANGE of an opening, with a claim',
    { kind: 'change', ...opening, named: seats(0), votes: [], certified: [], claim: filled(4) },
  ],
  [
    'the largest CHANGE of a round',
    {
      kind: 'change',
      ...slots,
      named: seats(0xffff),
      votes: many16,
      certified: many16.map((value, slot) => ({ slot, view: 0xffff, value })),
      claim: filled(0),
    },
  ],
  [
    'PROPOSE',
    { kind: 'propose', ...slots, changes: many16.slice(0, 3), named: seats(0b10), values: [filled(2)] },
  ],
  [
    'the largest PROPOSE',
    { kind: 'propose', ...slots, changes: many16, named: seats(0xffff), values: many16 },
  ],
  ['PREPARE', { kind: 'prepare', ...opening, proposal: filled(5) }],
  ['COMMIT, VOTE and REVEAL', ...wave],
];

const largest: Statement = {
  kind: 'reveal',
  epoch: 0,
  round: 0xffffffff,
  input: filled(0xab, UPDATE_BYTES_MAX),
  salt: filled(0xcd, 16),
};

/** Every byte string within a value in hexadecimal. */
function readable(value: unknown): unknown {
  if (value instanceof Uint8Array) return toHex(value);
  if (Array.isArray(value)) return value.map(readable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, readable(each)]));
}

function packetText(name: string, packet: Packet): Text {
  const { bytes, entries, sender } = packet;
  return {
    name,
    sender,
    bytes: toHex(bytes),
    signed: toHex(signedMessage(session, sender, entries)),
    statements: entries.map(({ statement }) => statement && readable(statement)),
  };
}

function packetTexts(): Text[] {
  const many = sign(
    a,
    ...[0, 1].map((index) => wish(index, 1)),
    remove(2, 7),
    leave,
    ...[set, reveals[0] as Statement],
  );
  return [
    packetText('COMMIT', commits[0] as Packet),
    packetText('OPEN', opens[1] as Packet),
    packetText('REMOVE', sign(b, remove(2, 1))),
    packetText('WISH', sign(b, wish(0, 2))),
    packetText('WISH taken back', sign(b, wish(1, 255))),
    packetText('LEAVE', sign(a, leave)),
    packetText('no input', sign(a, { ...(reveals[0] as Statement), input: new Uint8Array(0) } as Statement)),
    packetText('the largest input, the last round', sign(a, largest)),
    packetText('the most statements', many),
    packetText('the same, all but two elided', elide(many, session, [1, 4])),
    packetText('the same, all elided', elide(many, session, [])),
    ...neoPackets.map(([name, ...parts]) => packetText(name, sign(b, ...parts))),
    packetText('COMMIT, VOTE and REVEAL, the REVEAL alone', elide(sign(a, ...wave), session, [1])),
  ];
}

function evidenceTexts(): Text[] {
  const wrong = sign(a, set, { ...(reveals[0] as Statement), input: filled(4, 9) } as Statement);
  const twice = signEntries(a, [...(commits[0] as Packet).entries, ...otherCommit.entries]);
  const removals = [sign(b, remove(0, 3)), sign(b, remove(2, 3))] as [Packet, Packet];
  const all: (readonly [string, Evidence | null])[] = [
    ['two commitments of a round', prove(session, a.publicKey, commits[0] as Packet, otherCommit)],
    ['two removals of an epoch', prove(session, b.publicKey, ...removals)],
    ['an opening of another commitment', prove(session, a.publicKey, commits[0] as Packet, wrong)],
    ['one key twice in a packet', prove(session, a.publicKey, twice)],
    ...neoEvidence(),
  ];
  return all.map(([name, proof]) => {
    const bytes = encodeEvidence(proof as Evidence);
    const verdict = verifyEvidence(bytes, { game: hands });
    if (verdict === null) throw new Error(`${name} convicts nobody`);
    const { epoch, guilty, kind, round, statement } = verdict;
    return { name, bytes: toHex(bytes), guilty: toHex(guilty), kind, statement, epoch, round };
  });
}

/** Bytes that are refused: what they are read as, and what library and checker call the reason. */
function refusedTexts(): Text[] {
  const commitOfA = (commits[0] as Packet).bytes;
  const twice = encodePacket(
    seatOf(0),
    [...entriesOf([wish(0, 1)]), ...entriesOf([wish(0, 2)])],
    filled(1, 64),
  );
  const backwards = encodePacket(
    seatOf(0),
    [...entriesOf([wish(1, 1)]), ...entriesOf([wish(0, 1)])],
    filled(1, 64),
  );
  const changeOfB = sign(b, (neoPackets[4] as [string, Statement])[1]).bytes;
  const tooLong = sign(a, { ...largest, input: filled(0, 801) } as Statement);
  const refused: [string, Uint8Array, string, string][] = [
    ['packet', commitOfA.subarray(0, -1), 'malformed', 'truncated'],
    ['packet', concatBytes(commitOfA, filled(0, 1)), 'malformed', 'trailing'],
    ['packet', edited(commitOfA, 0, 16), 'malformed', 'sender'],
    ['packet', edited(commitOfA, 1, 0), 'malformed', 'count'],
    ['packet', edited(commitOfA, 2, 13), 'malformed', 'tag'],
    ['packet', tooLong.bytes, 'malformed', 'input-length'],
    ['packet', edited(changeOfB, 14, 17), 'malformed', 'digest-count'],
    ['packet', edited(changeOfB, 15 + 64, 17), 'malformed', 'digest-count'],
    ['packet', edited(changeOfB, 16 + 64, 16), 'malformed', 'slot-order'],
    ['packet', edited(changeOfB, 16 + 64, 2), 'malformed', 'slot-order'],
    ['packet', edited(changeOfB, -65, 2), 'malformed', 'optional'],
    ['packet', backwards, 'malformed', 'entry-order'],
    ['packet', twice, 'double-entry', 'double-entry'],
    ['datagram', filled(1, 1), 'length', 'datagram-length'],
    ['datagram', edited(bundleOf(), 0, 2), 'version', 'version'],
    ['datagram', edited(bundleOf(), 1, 4), 'type', 'type'],
    ['bundle', edited(bundleOf(), 9, 0), 'session', 'session-tag'],
    ['bundle', edited(itemOf(commitOfA), 24, 3), 'malformed', 'item-type'],
    ['bundle', concatBytes(bundleOf(), Uint8Array.of(1, 0, 0)), 'malformed', 'item-length'],
    ['bundle', roundsOf(), 'type', 'type'],
    ['rounds', bundleOf(), 'type', 'type'],
    ['rounds', edited(roundsOf(), 9, 0), 'session', 'session-tag'],
    ['rounds', edited(roundsOf(), 17, 1), 'malformed', 'stamp'],
    ['rounds', edited(roundsOf(), -1, 65), 'malformed', 'header-count'],
    ['rounds', edited(edited(roundsOf(), -1, 1), -2, 1), 'malformed', 'truncated'],
    ['rounds', roundsWith(32), 'malformed', 'header-flags'],
    ['rounds', roundsWith(1, 0, 0), 'malformed', 'header-repeats'],
    ['rounds', roundsWith(0), 'malformed', 'header-empty'],
    ['rounds', concatBytes(roundsOf(), Uint8Array.of(2, 0, 1, 0)), 'malformed', 'item-type'],
    ['rounds', concatBytes(roundsOf(), Uint8Array.of(6, 0, 0)), 'malformed', 'item-length'],
    ['rounds', concatBytes(roundsOf(), Uint8Array.of(3, 0, 1, 0)), 'malformed', 'vector'],
    ['rounds', concatBytes(roundsOf(), Uint8Array.of(5, 0, 8), filled(0, 8)), 'malformed', 'chunk'],
    ['hello', helloOf(0, { agreement: filled(0, 316) }), 'malformed', 'agreement-length'],
    ['hello', concatBytes(helloOf(0), filled(0, 1)), 'malformed', 'trailing'],
    ['evidence', edited(evidence, 5, 0), 'nobody', 'signature'],
    ['evidence', edited(evidence, -1, 0xff), 'nobody', 'signature-rule'],
    ['evidence', edited(evidence, 0, 0), 'nobody', 'magic'],
  ];
  return refused.map(([as, bytes, library, checker]) => ({ as, bytes: toHex(bytes), library, checker }));
}

function bundleTexts(): Text[] {
  const standing = {
    epoch: 2,
    round: 0x01020304,
    commits: playersFromBits(0b101),
    opens: playersFromBits(0b010),
    removes: playersFromBits(0x8000),
    causes: playersFromBits(0xffff),
  };
  const items: Item[] = [
    { type: 'packet', bytes: (commits[0] as Packet).bytes },
    { type: 'proof', bytes: evidence },
  ];
  return [
    {
      name: 'standing alone',
      bytes: toHex(encodeBundle(session, { standing: still, items: [] })),
      standing: still,
    },
    { name: 'packet and proof', bytes: toHex(encodeBundle(session, { standing, items })), standing },
  ].map((text, i) => ({
    ...text,
    items: i === 0 ? [] : items.map(({ type, bytes }) => ({ type, bytes: toHex(bytes) })),
  }));
}

/** A datagram of neo with one round in its header, of which these bytes tell. */
function roundsWith(...bytes: readonly number[]): Uint8Array {
  return concatBytes(edited(roundsOf(), -1, 1), Uint8Array.from(bytes));
}

const setsOf = (...[commits, votes, opens, decided, opened]: readonly number[]): RoundSets => ({
  commits: seats(commits ?? 0),
  votes: seats(votes ?? 0),
  opens: seats(opens ?? 0),
  decided: seats(decided ?? 0),
  opened: seats(opened ?? 0),
});

/** As many rounds as a header may list, each as unlike the one before as can be. */
const restless: readonly RoundSets[] = Array.from({ length: 64 }, (_, i) =>
  setsOf(...Array<number>(5).fill(i % 2 === 0 ? 0xffff : 0x5555)),
);

function roundsTexts(): Text[] {
  const quiet: RoundsHeader = { stamp: { sentAt: 0, echo: 0, held: NOTHING_HEARD }, final: 0, rounds: [] };
  const stamp = { sentAt: 0x01020304, echo: 0xfffefdfc, held: 0x0a0b };
  const good = [0b111, 0b111, 0b111, 0b111, 0b111];
  const rounds = [good, good.slice(0, 4), good.slice(0, 2), [0b111, 0b001], [0b010]].map((bits) =>
    setsOf(...bits),
  );
  const items: RoundsItem[] = [
    { type: 'packet', bytes: sign(b, vote).bytes },
    { type: 'vector', digests: commitments },
    { type: 'accusation', bytes: evidence },
    { type: 'chunk', transfer: 0x01020304, index: 5, count: 6, bytes: filled(7, 3) },
    { type: 'query', bytes: filled(8, 2) },
    { type: 'answer', bytes: filled(9, 1) },
  ];
  const all: readonly (readonly [name: string, header: RoundsHeader, items: readonly RoundsItem[]])[] = [
    ['nothing heard, nothing final', quiet, []],
    ['five rounds in flight', { stamp, final: 41, rounds }, [items[0] as RoundsItem]],
    ['every item', { stamp, final: 41, rounds: [] }, items],
    ['rounds without anything in between', { stamp, final: 0, rounds: [setsOf(), setsOf(), setsOf(1)] }, []],
    ['the most rounds, up to the last', { stamp, final: ROUND_MAX - 64, rounds: restless }, []],
    [
      'the largest part',
      quiet,
      [{ type: 'chunk', transfer: 1, index: 0, count: 0xffff, bytes: filled(1, 1024) }],
    ],
    ['the largest answer', quiet, [{ type: 'answer', bytes: filled(1, 1100) }]],
    ['the largest accusation', quiet, [{ type: 'accusation', bytes: filled(1, 1170) }]],
  ];
  return all.map(([name, header, each]) => {
    const bytes = encodeRounds(session, { header, items: each });
    return { name, bytes: toHex(bytes), header, items: readable(each) };
  });
}

function seedTexts(): Text {
  const first = hash('seed', firstSeed(session));
  const openings = inputs.flatMap(({ input, salt }) => [salt, hash('seed', input)]);
  const bounds = [6, 100, 2 ** 31 + 1, 2 ** 32];
  return {
    session: toHex(firstSeed(session)),
    round1: toHex(first),
    round2: toHex(hash('seed', first, ...openings)),
    draws: ['a', 'b'].map((name) => {
      const random = randomFrom(fixed(name));
      return { seed: toHex(fixed(name)), bounds, drawn: bounds.map((bound) => random(bound)) };
    }),
  };
}

/** All vectors, as they stand in test/vectors/packets.json. */
export function makeVectors(): Text {
  return {
    source:
      'Made by test/standard/make-vectors.ts from fixed secrets; read by src and by the checker beside it.',
    players: players.map(({ publicKey, secretKey }, seat) => {
      return {
        secretKey: toHex(secretKey),
        publicKey: toHex(publicKey),
        nonce: toHex(nonces[seat] as Uint8Array),
      };
    }),
    agreement: toHex(agreement),
    session: toHex(session),
    hellos: players.map((_, seat) => toHex(helloOf(seat))),
    openings: inputs.map(({ input, salt }, seat) => {
      const commitment = commit({ session, ...place, author: seatOf(seat) }, salt, input);
      return { ...place, seat, input: toHex(input), salt: toHex(salt), commitment: toHex(commitment) };
    }),
    set: toHex((set as Extract<Statement, { kind: 'set' }>).set),
    seeds: seedTexts(),
    packets: packetTexts(),
    vector: toHex(vectorDigest(commitments)),
    bundles: bundleTexts(),
    rounds: roundsTexts(),
    updates: updateTexts(),
    log: logTexts(),
    evidence: evidenceTexts(),
    refused: refusedTexts(),
  };
}
