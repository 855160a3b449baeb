/** What the library makes of neo: evidence of each of its lies, updates, and a log with its digests. */

import { concatBytes, toHex } from '../../src/base/bytes.ts';
import { seatOf } from '../../src/base/ids.ts';
import { nobody, playersFromBits } from '../../src/base/players.ts';
import { vectorDigest } from '../../src/crypto/commitment.ts';
import { hash } from '../../src/crypto/hash.ts';
import { type Evidence, prove, proveIllegal, proveProposal } from '../../src/protocol/evidence.ts';
import { protocolDigest, stateDigest } from '../../src/protocol/neo/digest.ts';
import { digest } from '../../src/protocol/neo/log-state.ts';
import { roundSeed, seedAfter, startSeed } from '../../src/protocol/neo/seeds.ts';
import { emptyUpdate, encodeUpdate, joinMessage, type Update } from '../../src/protocol/neo/update.ts';
import { type Packet, partHashOf } from '../../src/wire/packet.ts';
import { encodePlain } from '../../src/wire/plain.ts';
import { ROUND_INSTANCE, type Statement } from '../../src/wire/statement.ts';
import {
  Group,
  players as group,
  session as groupSession,
  late,
  leave,
  memberOf,
  parameters,
  sponsor,
} from '../protocol/neo/group.ts';
import { fixed, type Player } from './match.ts';
import { type Hands, hands } from './match-neo.ts';
import { filled, type Signer, sign } from './messages.ts';
import { commitments, commits, inputs, place, session, signers, vote } from './world.ts';

type Text = { readonly [name: string]: unknown };

const [a, b, c] = signers as [Signer, Signer, Signer];
const seats = playersFromBits;
const slots = { ...place, instance: ROUND_INSTANCE };
const confirm = (named: number, hashes: readonly Uint8Array[], index: number): Packet =>
  sign(a, {
    kind: 'confirm',
    ...slots,
    ...{ view: 1, index, slots: seats(0b111), named: seats(named), values: vectorDigest(hashes) },
  });
const change = (signer: Signer, other: Partial<Statement> = {}): Packet =>
  sign(signer, {
    kind: 'change',
    ...slots,
    ...{ view: 2, named: seats(0b111), votes: commitments, certified: [], claim: filled(0) },
    ...other,
  } as Statement);
const doubt = (claim: Uint8Array): Packet =>
  change(a, { instance: 1, named: nobody, votes: [], claim } as Partial<Statement>);
const state = hands.encodeState({ round: 4, last: [], members: [], sum: 5, drawn: [7, 8, 9] } as Hands);
const context = concatBytes(fixed('log digest'), fixed('epoch id'));

/** An opening of a hand, and a statement that names the state. */
function illegal(input: Uint8Array, named: Statement): Packet {
  const salt = fixed('salt', 16);
  return sign(a, named, { kind: 'reveal', ...place, input, salt });
}

function proposalOf(values: readonly Uint8Array[], changes: readonly Packet[]): Packet {
  const hashes = changes.map((packet) => partHashOf(session, packet, 0));
  return sign(c, {
    kind: 'propose',
    ...slots,
    view: 2,
    changes: hashes,
    named: seats((1 << values.length) - 1),
    values,
  });
}

/** One piece of evidence of each lie of neo, and of its variants. */
export function neoEvidence(): readonly (readonly [name: string, proof: Evidence | null])[] {
  const [key, keyOfC] = [a.publicKey, c.publicKey];
  const own = commits[0] as Packet;
  const other = [filled(2), ...commitments.slice(1)];
  const alone = { ...vote, named: seats(0b110), values: vectorDigest(commitments.slice(1)) } as Statement;
  const wrong = { ...vote, values: vectorDigest(other) } as Statement;
  const hold = sign(a, {
    kind: 'hold',
    ...place,
    index: 0,
    authors: seats(0b110),
    values: vectorDigest(commitments.slice(1)),
  });
  const changes = [change(a), change(b)];
  const hand = encodeUpdate({ ...emptyUpdate, input: encodePlain(-1) });
  const bound = { ...vote, state: hash('state', hash('state', state), context) } as Statement;
  const set: Statement = { kind: 'set', ...place, set: filled(1), state: hash('state', state) };
  const all = (...hashes: (readonly Uint8Array[])[]): readonly (readonly Uint8Array[])[] => hashes;
  return [
    ['a vote without its own commitment', prove(session, key, own, sign(a, alone))],
    ['a vote for another own commitment', prove(session, key, own, sign(a, wrong), all(other))],
    [
      'confirms of a hash and of none',
      prove(session, key, confirm(0b111, commitments, 0), confirm(0b110, commitments.slice(1), 1)),
    ],
    [
      'confirms of two hashes',
      prove(session, key, confirm(0b111, commitments, 0), confirm(0b111, other, 1), all(commitments, other)),
    ],
    ['a certificate that is forgotten', prove(session, key, confirm(0b111, commitments, 0), change(a))],
    [
      'a vote that is changed',
      prove(session, key, sign(a, vote), change(a, { votes: other } as Partial<Statement>)),
    ],
    ['an opening that is denied', prove(session, key, hold, doubt(filled(0)))],
    [
      'the opening of another commitment is claimed',
      prove(session, key, hold, doubt(filled(3)), all(commitments.slice(1))),
    ],
    ['a proposal that does not follow', proveProposal(session, keyOfC, proposalOf(other, changes), changes)],
    [
      'a proposal from one change twice',
      proveProposal(session, keyOfC, proposalOf(commitments, [changes[0], changes[0]] as Packet[]), changes),
    ],
    [
      'an illegal input of neo',
      proveIllegal(session, key, hands, [illegal(hand, bound)], concatBytes(context, state)),
    ],
    [
      'no update',
      proveIllegal(session, key, hands, [illegal(filled(0, 1), bound)], concatBytes(context, state)),
    ],
    [
      'an illegal input of lockstep',
      proveIllegal(session, key, hands, [illegal(encodePlain(7), set)], state),
    ],
  ];
}

/** The updates by name. */
export function updateTexts(): Text[] {
  const vote3 = sign(a, vote).bytes;
  const all: readonly (readonly [string, Update])[] = [
    ['nothing', emptyUpdate],
    ['an input', { ...emptyUpdate, input: encodePlain(1000) }],
    ['a report', { ...emptyUpdate, report: { lateness: 0x0102, lag: 0xfffe } }],
    ['leave', { ...emptyUpdate, operations: [leave] }],
    ['late, twice', { ...emptyUpdate, operations: [late(7, 15), late(0x01020304, 0)] }],
    [
      'accuse, illegal and an input',
      {
        report: { lateness: 1, lag: 0 },
        operations: [
          { type: 'accuse', evidence: filled(6, 3) },
          { type: 'illegal', round: 9, seat: seatOf(2), vote: vote3 },
        ],
        input: filled(7, 5),
      },
    ],
    ['sponsor', { ...emptyUpdate, operations: [sponsor(6)] }],
  ];
  return all.map(([name, update]) => {
    const types = update.operations.map(({ type }) => type);
    const { input, report } = update;
    return { name, bytes: toHex(encodeUpdate(update)), report, types, input: input && toHex(input) };
  });
}

/** The message of a newcomer, the seeds, and a log round by round: who comes, leaves and is silent. */
export function logTexts(): Text {
  const match = new Group(4);
  const says = (
    ...operations: Parameters<typeof sponsor>[0][]
  ): { says: Record<number, ReturnType<typeof sponsor>[]> } => ({
    says: Object.fromEntries(match.seats.map((seat) => [seat, operations.map((each) => sponsor(each))])),
  });
  const report = { lateness: 100, lag: 60 };
  match.play(says(6));
  match.play({ updates: Object.fromEntries(match.seats.map((seat) => [seat, { ...emptyUpdate, report }])) });
  match.play({ says: { 1: [late(2, 3)], 2: [late(2, 3)] }, illegal: [0] });
  match.play({ says: { 1: [leave] } });
  match.playOn(5, { missing: [3] });
  match.play({ voided: [2] });
  const openings = inputs.map((each, seat) => (seat === 1 ? null : each));
  const seed = seedAfter(startSeed(session), openings);
  const { publicKey, nonce, address } = memberOf(group[6] as Player, 6);
  const stateHash = fixed('digest of the game');
  return {
    session: toHex(groupSession),
    founders: group
      .slice(0, 4)
      .map(memberOf)
      .map((each) => ({ key: toHex(each.publicKey), nonce: toHex(each.nonce) })),
    terms: { alpha: parameters.alpha, m: parameters.silence, keepF: parameters.keepF, ...parameters.pace },
    join: {
      key: toHex(publicKey),
      nonce: toHex(nonce),
      address,
      message: toHex(joinMessage(groupSession, { publicKey, nonce, address })),
    },
    seeds: { start: toHex(startSeed(session)), after: toHex(seed), round9: toHex(roundSeed(seed, 9)) },
    gameDigest: toHex(stateHash),
    rounds: match.logs.map((log, round) => {
      const closed = match.closed[round - 1];
      return {
        ...(closed && {
          ...{
            members: closed.members,
            accepted: closed.accepted,
            voided: closed.voided,
            illegal: closed.illegal,
          },
          judged: toHex(closed.judged),
          updates: closed.updates.slice(0, 5).map((update) => update && toHex(encodeUpdate(update))),
        }),
        epoch: log.epoch,
        epochId: toHex(log.epochId),
        log: toHex(digest(log)),
        logDigest: toHex(protocolDigest({ log, seed })),
        state: toHex(stateDigest({ log, seed, stateHash })),
      };
    }),
  };
}
