/** The log of neo is what the page says: any rounds, folded by the library and by the checker beside it. */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../src/base/bytes.ts';
import { micros } from '../../src/base/time.ts';
import { hash } from '../../src/crypto/hash.ts';
import { encodeAgreement } from '../../src/protocol/handshake.ts';
import { stateDigest as stateDigestOf } from '../../src/protocol/neo/digest.ts';
import { digest, type LogState } from '../../src/protocol/neo/log-state.ts';
import { alphaOf, limitsOf, type NeoParameters } from '../../src/protocol/neo/options.ts';
import {
  roundSeed as roundSeedOf,
  seedAfter as seedAfterOf,
  startSeed as startSeedOf,
} from '../../src/protocol/neo/seeds.ts';
import {
  decodeUpdate,
  emptyUpdate,
  encodeUpdate,
  joinMessage as joinMessageOf,
  type Operation,
  type Update,
} from '../../src/protocol/neo/update.ts';
import { quorum } from '../../src/protocol/quorum.ts';
import {
  accusationOf,
  Group,
  late,
  leave,
  m,
  memberOf,
  players,
  session,
  setOf,
  signerOf,
  sponsor,
  type Told,
} from '../protocol/neo/group.ts';
import { deviationOf } from './checker.ts';
import {
  type ClosedRead,
  firstLog,
  foldRound,
  logHash,
  roundSeed,
  seedAfter,
  startSeed,
  stateDigest,
} from './checker-log.ts';
import { joinMessage, quorumOf, readUpdate, type Terms, termsOf } from './checker-update.ts';
import { fixed, type Player } from './match.ts';
import { anyBytes, damaged, filled, sign } from './messages.ts';

const someone = fc.integer({ min: 0, max: 6 });

/** The vote of a seat that names what the group's round was judged on, or something else. */
function accuseIllegal(round: number, seat: number, good: boolean): Operation {
  const state = good ? fixed(`state that round ${round} is judged on`) : filled(9);
  const vote = sign(signerOf(seat), {
    kind: 'vote',
    ...{ epoch: 0, round, named: setOf([seat]), values: filled(3), state },
  }).bytes;
  return { type: 'illegal', round, seat: seat as never, vote };
}

const anyOperation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.nat(40), someone).map(([round, seat]) => late(round, seat)) },
  { weight: 1, arbitrary: fc.constant(leave) },
  { weight: 1, arbitrary: someone.map((seat) => accusationOf(seat)) },
  { weight: 1, arbitrary: someone.map((seat) => accusationOf(seat, filled(5))) },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.nat(12), someone, fc.boolean()).map((each) => accuseIllegal(...each)),
  },
  { weight: 3, arbitrary: fc.integer({ min: 5, max: 12 }).map((seat) => sponsor(seat)) },
  { weight: 1, arbitrary: fc.integer({ min: 5, max: 12 }).map((seat) => sponsor(seat, { signer: 0 })) },
);
const anyReport = fc.option(
  fc.record({ lateness: fc.oneof(fc.nat(300), fc.nat(0xffff)), lag: fc.oneof(fc.constant(0), fc.nat(200)) }),
);
const anyUpdate: fc.Arbitrary<Update> = fc.record({
  report: anyReport,
  operations: fc.array(anyOperation, { maxLength: 2 }),
  input: fc.option(anyBytes(1, 20)),
});
const anyTold: fc.Arbitrary<Told> = fc.record({
  missing: fc.oneof(fc.constant([5]), fc.constant([]), fc.array(someone, { maxLength: 4 })),
  voided: fc.oneof(
    { weight: 9, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(someone, { maxLength: 1 }) },
  ),
  illegal: fc.array(someone, { maxLength: 1 }),
  updates: fc.dictionary(someone.map(String), anyUpdate, { maxKeys: 5 }),
});

const terms: Terms = {
  session: Buffer.from(session),
  ...{
    alpha: 3,
    m,
    keepF: false,
    roundMin: 20_000,
    roundMax: 200_000,
    arrivalMin: 10_000,
    arrivalMax: 90_000,
  },
  arrival: 30_000,
};

/** Folds every round of a group as the page says; the hashes of the logs. */
function reread(group: Group, keepF = false): string[] {
  const people = players.slice(0, (group.logs[0] as LogState).roster.length).map(memberOf);
  const [keys, nonces] = [people.map(({ publicKey }) => publicKey), people.map(({ nonce }) => nonce)];
  const first = firstLog({ ...terms, keepF }, keys.map(Buffer.from), nonces.map(Buffer.from));
  let log = { ...first, pace: { ...first.pace, round: 50_000 } };
  return [
    toHex(logHash(log)),
    ...group.closed.map((closed) => {
      const updates = closed.updates.map((update) => update && readUpdate(encodeUpdate(update)));
      log = foldRound({ ...terms, keepF }, log, { ...closed, updates } as unknown as ClosedRead);
      return toHex(logHash(log));
    }),
  ];
}

describe('the log', () => {
  it('of any rounds has the digests of the page', () => {
    fc.assert(
      fc.property(fc.array(anyTold, { maxLength: 24 }), fc.boolean(), (told, keepF) => {
        const group = new Group(6, { keepF });
        for (const each of told) group.play(each);
        expect(reread(group, keepF)).toEqual(group.logs.map((log) => toHex(digest(log))));
      }),
      { numRuns: 80 },
    );
  });

  it('of members that come and go, are late, silent, accused and slow has them', () => {
    const group = new Group(6);
    const everybody = (...operations: Operation[]): Told => ({
      updates: Object.fromEntries(group.seats.map((seat) => [seat, { ...emptyUpdate, operations }])),
    });
    const happened: string[] = [];
    happened.push(...group.play(everybody(sponsor(7), sponsor(8))));
    happened.push(...group.playOn(m + 1, { missing: [5] }));
    for (let i = 0; i < 2 * m; i++) happened.push(...group.play(everybody(late(group.log.round, 4))));
    happened.push(...group.play({ illegal: [2] }));
    happened.push(...group.play(everybody(accuseIllegal(group.log.round, 2, true))));
    happened.push(...group.play({ voided: [3] }));
    for (const lag of [80, 0, 0, 0, 90, 0]) {
      const updates = Object.fromEntries(
        group.seats.map((seat) => [seat, { ...emptyUpdate, report: { lag, lateness: lag } }]),
      );
      happened.push(...group.playOn(4, { updates }));
    }
    const quiet = Object.fromEntries(
      group.seats.map((seat) => [seat, { ...emptyUpdate, report: { lag: 0, lateness: 0 } }]),
    );
    happened.push(...group.playOn(70, { updates: quiet }));
    happened.push(...group.play(everybody(accusationOf(0))));
    const reasons = ['6 joined', '7 joined', '5 silent', '4 late', '2 illegal', '3 void', '0 evidence'];
    expect(happened.sort()).toEqual(reasons.sort());
    expect(new Set(group.logs.map(({ pace }) => pace.round)).size).toBeGreaterThan(2);
    expect(reread(group)).toEqual(group.logs.map((log) => toHex(digest(log))));
  });

  it('makes the state digests, with the seeds', () => {
    const openings = [0, 1, 3].map((seat) => ({
      seat,
      salt: fixed(`salt ${seat}`, 16),
      input: fixed(`input ${seat}`, seat),
    }));
    const seed = seedAfter(startSeed(session), openings);
    const bySeat = [0, 1, 2, 3].map((seat) => openings.find((each) => each.seat === seat) ?? null);
    expect(toHex(seed)).toBe(toHex(seedAfterOf(startSeedOf(session), bySeat)));
    expect(toHex(roundSeed(seed, 0x01020304))).toBe(toHex(roundSeedOf(seed, 0x01020304)));
    const group = new Group(4);
    const stateHash = hash('state', filled(1));
    const people = players.slice(0, 4).map(memberOf);
    const log = firstLog(
      terms,
      people.map(({ publicKey }) => Buffer.from(publicKey)),
      people.map(({ nonce }) => Buffer.from(nonce)),
    );
    const paced = { ...log, pace: { ...log.pace, round: 50_000 } };
    expect(toHex(stateDigest(stateHash, paced, seed))).toBe(
      toHex(stateDigestOf({ log: group.log, seed: new Uint8Array(seed), stateHash })),
    );
  });
});

describe('quorums, parameters and the message of a newcomer', () => {
  it('are those of the page', () => {
    for (let n = 1; n <= 16; n++) {
      for (let least = 0; least <= 5; least++) {
        const { change, ...others } = quorum(n, least);
        expect(quorumOf(n, least)).toEqual(others);
        expect(change).toBe(others.n - others.k);
      }
    }
    const parameters: NeoParameters = {
      ...{
        roundMs: 40,
        roundMaxMs: 170,
        arrivalMs: 90,
        arrivalMinMs: 30,
        arrivalMaxMs: 250,
        silentRounds: 99,
      },
      ...{ window: 4, openMs: 3000, lateMs: 1500, stallMs: 5000, keepF: true },
    };
    const agreement = encodeAgreement({
      game: { id: 'standard', version: 7, rules: null },
      protocol: { name: 'neo', parameters: { ...parameters } },
    });
    const { roundMin, roundMax, arrivalMin, arrivalMax, arrival, alpha, ...others } = termsOf(
      terms.session,
      agreement,
    );
    expect({ roundMin, roundMax, arrivalMin, arrivalMax }).toEqual(limitsOf(parameters));
    expect([alpha, arrival]).toEqual([alphaOf(parameters), micros(90)]);
    expect(others).toEqual({ session: terms.session, m: 99, keepF: true });
    const { publicKey, nonce, address } = memberOf(players[3] as Player, 3);
    const message = joinMessage(session, { key: Buffer.from(publicKey), nonce: Buffer.from(nonce), address });
    expect(toHex(message)).toBe(toHex(joinMessageOf(session, { publicKey, nonce, address })));
  });
});

describe('an update', () => {
  it('reads as it was written, and in no other bytes', () => {
    fc.assert(
      fc.property(anyUpdate, (update) => {
        const bytes = encodeUpdate(update);
        const { report, operations, input } = readUpdate(bytes);
        expect([report, input && toHex(input)]).toEqual([update.report, update.input && toHex(update.input)]);
        expect(operations.map(({ type }) => type)).toEqual(update.operations.map(({ type }) => type));
      }),
    );
  });

  it('is read by library and checker alike, however damaged', () => {
    fc.assert(
      fc.property(damaged(anyUpdate.map(encodeUpdate)), (bytes) => {
        const read = deviationOf(() => readUpdate(bytes));
        expect(decodeUpdate(bytes) === null ? 'update' : null).toBe(read);
      }),
      { numRuns: 1000 },
    );
  });
});
