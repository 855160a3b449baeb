/**
 * What the library makes of fixed keys, nonces, salts and inputs: the vectors of test/vectors/packets.json.
 * All bytes are hexadecimal.
 */

import { concatBytes, toHex } from '../../src/base/bytes.ts';
import { seatOf } from '../../src/base/ids.ts';
import { playersFromBits } from '../../src/base/players.ts';
import { commit } from '../../src/crypto/commitment.ts';
import { hash } from '../../src/crypto/hash.ts';
import { type Evidence, encodeEvidence, prove, verifyEvidence } from '../../src/protocol/evidence.ts';
import { firstSeed } from '../../src/protocol/lockstep-state.ts';
import { randomFrom } from '../../src/protocol/random.ts';
import { encodeBundle, type Item } from '../../src/wire/envelope.ts';
import { elide, encodePacket, entriesOf, type Packet, signedMessage } from '../../src/wire/packet.ts';
import type { Statement } from '../../src/wire/statement.ts';
import { agreement, fixed } from './match.ts';
import { filled, type Signer, sign, signEntries } from './messages.ts';
import {
  bundleOf,
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
  session,
  set,
  signers,
  still,
  wish,
} from './world.ts';

type Text = { readonly [name: string]: unknown };

const [a, b] = signers as [Signer, Signer];
const leave: Statement = { kind: 'leave', epoch: 0xffff, advanced: 0xffffffff };
const largest: Statement = {
  kind: 'reveal',
  epoch: 0,
  round: 0xffffffff,
  input: filled(0xab, 512),
  salt: filled(0xcd, 16),
};

/** Every byte string of a value in hexadecimal. */
function readable(value: Statement): Text {
  const pairs = Object.entries(value).map(([name, field]) => [
    name,
    field instanceof Uint8Array ? toHex(field) : field,
  ]);
  return Object.fromEntries(pairs);
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
    ...[0, 1, 2, 3].map((index) => wish(index, 1)),
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
    packetText('the same, all but two elided', elide(many, session, [1, 6])),
    packetText('the same, all elided', elide(many, session, [])),
  ];
}

function evidenceTexts(): Text[] {
  const wrong = sign(a, set, { ...(reveals[0] as Statement), input: filled(4, 9) } as Statement);
  const twice = signEntries(a, [...(commits[0] as Packet).entries, ...otherCommit.entries]);
  const removals = [sign(b, remove(0, 3)), sign(b, remove(2, 3))] as [Packet, Packet];
  const all: [string, Evidence | null][] = [
    ['two commitments of a round', prove(session, a.publicKey, commits[0] as Packet, otherCommit)],
    ['two removals of an epoch', prove(session, b.publicKey, ...removals)],
    ['an opening of another commitment', prove(session, a.publicKey, commits[0] as Packet, wrong)],
    ['one key twice in a packet', prove(session, a.publicKey, twice)],
  ];
  return all.map(([name, proof]) => {
    const bytes = encodeEvidence(proof as Evidence);
    const verdict = verifyEvidence(bytes);
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
  const tooLong = sign(a, { ...largest, input: filled(0, 513) } as Statement);
  const refused: [string, Uint8Array, string, string][] = [
    ['packet', commitOfA.subarray(0, -1), 'malformed', 'truncated'],
    ['packet', concatBytes(commitOfA, filled(0, 1)), 'malformed', 'trailing'],
    ['packet', edited(commitOfA, 0, 16), 'malformed', 'sender'],
    ['packet', edited(commitOfA, 1, 0), 'malformed', 'count'],
    ['packet', edited(commitOfA, 2, 7), 'malformed', 'tag'],
    ['packet', tooLong.bytes, 'malformed', 'input-length'],
    ['packet', backwards, 'malformed', 'entry-order'],
    ['packet', twice, 'double-entry', 'double-entry'],
    ['datagram', filled(1, 1), 'length', 'datagram-length'],
    ['datagram', edited(bundleOf(), 0, 2), 'version', 'version'],
    ['datagram', edited(bundleOf(), 1, 3), 'type', 'type'],
    ['bundle', edited(bundleOf(), 9, 0), 'session', 'session-tag'],
    ['bundle', edited(itemOf(commitOfA), 24, 3), 'malformed', 'item-type'],
    ['bundle', concatBytes(bundleOf(), Uint8Array.of(1, 0, 0)), 'malformed', 'item-length'],
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
    bundles: bundleTexts(),
    evidence: evidenceTexts(),
    refused: refusedTexts(),
  };
}
