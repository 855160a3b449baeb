import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../src/base/bytes.ts';
import { isValidSignature } from '../../src/crypto/signature.ts';
import { verifyEvidence } from '../../src/protocol/evidence.ts';
import { datagramType, decodeBundle } from '../../src/wire/envelope.ts';
import { decodeHello, sealHello } from '../../src/wire/hello.ts';
import { decodePacket, sealPacket } from '../../src/wire/packet.ts';
import { decodeRounds } from '../../src/wire/rounds.ts';
import vectors from '../vectors/packets.json' with { type: 'json' };
import { checkPacket, deviationOf, readPacket, signedMessage } from './checker.ts';
import { readBundle, readHello, readRounds, sessionId, typeOf, vectorDigest } from './checker-datagram.ts';
import {
  commitment,
  draw,
  firstRoundSeed,
  type IsIllegal,
  nextSeed,
  readEvidence,
  sessionSeed,
  setDigest,
} from './checker-evidence.ts';
import { handsRead } from './checker-game.ts';
import {
  firstLog,
  foldRound,
  logDigest,
  logHash,
  roundSeed,
  seedAfter,
  startSeed,
  stateDigest,
} from './checker-log.ts';
import { readAgreement } from './checker-plain.ts';
import { joinMessage, readUpdate } from './checker-update.ts';
import { makeVectors } from './make-vectors.ts';
import { hands } from './match-neo.ts';

const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');
const session = bytes(vectors.session);
const keys = vectors.players.map(({ publicKey }) => bytes(publicKey));

/** By the game of the watched matches. */
const isIllegal: IsIllegal = ({ state, seat, input, neo }) => {
  let played: Buffer | null = null;
  const broken = deviationOf(() => {
    played = neo ? readUpdate(input).input : input;
  });
  return broken !== null || (played !== null && handsRead.isIllegal(state, seat, played));
};

/** Every byte string within a value in hexadecimal. */
function inHex(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return value.toString('hex');
  if (Array.isArray(value)) return value.map(inHex);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, inHex(each)]));
}

describe('the vectors', () => {
  it('are the bytes that the library makes today; `vitest run -u` writes them anew', async () => {
    const made = `${JSON.stringify(makeVectors(), null, 2)}\n`;
    await expect(made).toMatchFileSnapshot(join(import.meta.dirname, '../vectors/packets.json'));
  });
});

describe('the checker reads of the vectors', () => {
  it('the hellos, the agreement and the session that they make', () => {
    const hellos = vectors.hellos.map((hex) => readHello(bytes(hex)));
    expect(hellos.map(({ key }) => key)).toEqual(keys);
    const nonces = vectors.players.map(({ nonce }) => bytes(nonce));
    for (const hello of hellos) {
      expect(hello).toMatchObject({ agreement: bytes(vectors.agreement), roster: keys, nonces });
      expect(sessionId(hello.agreement, hello.roster, hello.nonces)).toEqual(session);
    }
    const parts = ['standard', 7, { lives: 3, map: 'hill' }, 'lockstep', { stallMs: 500 }];
    expect(readAgreement(bytes(vectors.agreement))).toEqual(parts);
  });

  it.each(vectors.packets)('packet: $name', (vector) => {
    const packet = readPacket(bytes(vector.bytes));
    expect(packet.sender).toBe(vector.sender);
    const statements = packet.entries.map(({ elided, kind, numbers, strings, lists }) => {
      return elided ? null : { kind, ...numbers, ...(inHex({ ...strings, ...lists }) as object) };
    });
    expect(statements).toEqual(vector.statements);
    expect(signedMessage(session, packet).toString('hex')).toBe(vector.signed);
    checkPacket(session, keys[packet.sender] as Buffer, packet);
  });

  it('the commitments, their set, the seeds and the random numbers', () => {
    const openings = vectors.openings.map(({ seat, salt, input }) => ({
      seat,
      salt: bytes(salt),
      input: bytes(input),
    }));
    const slot = { session, epoch: 0, round: 1 };
    const commitments = openings.map((opening) => commitment(slot, opening));
    expect(commitments.map((each) => each.toString('hex'))).toEqual(
      vectors.openings.map((each) => each.commitment),
    );
    expect(setDigest(slot, commitments).toString('hex')).toBe(vectors.set);
    expect(vectorDigest(commitments).toString('hex')).toBe(vectors.vector);
    const { draws, ...seeds } = vectors.seeds;
    const first = firstRoundSeed(session);
    const computed = { session: sessionSeed(session), round1: first, round2: nextSeed(first, openings) };
    expect(Object.entries(computed).map(([name, seed]) => [name, seed.toString('hex')])).toEqual(
      Object.entries(seeds),
    );
    for (const { seed, bounds, drawn } of draws) expect(draw(bytes(seed), bounds)).toEqual(drawn);
  });

  it.each(vectors.bundles)('bundle: $name', (vector) => {
    const { epoch, round, sets, items } = readBundle(session, bytes(vector.bytes));
    expect([epoch, round, ...sets]).toEqual(Object.values(vector.standing));
    const read = items.map(({ type, content }) => ({
      type: type === 1 ? 'packet' : 'proof',
      bytes: content.toString('hex'),
    }));
    expect(read).toEqual(vector.items);
  });

  it.each(vectors.rounds)('rounds: $name', (vector) => {
    const { items, ...header } = readRounds(session, bytes(vector.bytes));
    expect(header).toEqual(vector.header);
    const types = ['', 'packet', '', 'vector', 'accusation', 'chunk', 'query', 'answer'];
    const read = items.map(({ type, content, digests, chunk }) => {
      const fields = digests ? { digests } : (chunk ?? { bytes: content });
      return inHex({ type: types[type], ...fields });
    });
    expect(read).toEqual(vector.items);
  });

  it.each(vectors.updates)('update: $name', ({ bytes: hex, report, types, input }) => {
    const read = readUpdate(bytes(hex));
    expect({
      ...read,
      operations: read.operations.map(({ type }) => type),
      input: inHex(read.input),
    }).toEqual({
      ...{ report, operations: types, input },
    });
  });

  it('the log round by round, its seeds and the message of a newcomer', () => {
    const { founders, gameDigest, join, rounds, seeds, terms: given } = vectors.log;
    const terms = { ...given, session: bytes(vectors.log.session), arrival: 30_000 };
    const start = firstLog(
      terms,
      founders.map(({ key }) => bytes(key)),
      founders.map(({ nonce }) => bytes(nonce)),
    );
    let log = { ...start, pace: { ...start.pace, round: 50_000 } };
    const seed = bytes(seeds.after);
    for (const [round, each] of rounds.entries()) {
      if (each.updates !== undefined) {
        const { accepted = 0, illegal = 0, members = 0, voided = 0 } = each;
        const updates = each.updates.map((update) => (update === null ? null : readUpdate(bytes(update))));
        log = foldRound(terms, log, {
          round,
          accepted,
          illegal,
          members,
          voided,
          judged: bytes(each.judged ?? ''),
          updates,
        });
      }
      const read = {
        ...{ epoch: log.epoch, epochId: log.epochId, log: logHash(log), logDigest: logDigest(log, seed) },
        state: stateDigest(bytes(gameDigest), log, seed),
      };
      expect(inHex(read)).toEqual({
        ...{
          epoch: each.epoch,
          epochId: each.epochId,
          log: each.log,
          logDigest: each.logDigest,
          state: each.state,
        },
      });
    }
    const opened = vectors.openings.map(({ seat, salt, input }) => ({
      seat,
      salt: bytes(salt),
      input: bytes(input),
    }));
    expect(
      seedAfter(
        startSeed(session),
        opened.filter(({ seat }) => seat !== 1),
      ),
    ).toEqual(seed);
    expect(inHex([startSeed(session), roundSeed(seed, 9)])).toEqual([seeds.start, seeds.round9]);
    const { key, nonce, address, message } = join;
    expect(inHex(joinMessage(terms.session, { key: bytes(key), nonce: bytes(nonce), address }))).toBe(
      message,
    );
  });

  it.each(vectors.evidence)('evidence: $name', ({ bytes: hex, name: _, ...verdict }) => {
    const { guilty, session: proved, ...read } = readEvidence(bytes(hex), isIllegal);
    expect({ guilty: guilty.toString('hex'), ...read }).toEqual(verdict);
    expect(proved).toEqual(session);
  });

  it.each(vectors.refused)('$as that is refused for $checker', ({ as, bytes: hex, checker }) => {
    const readers: Record<string, () => unknown> = {
      packet: () => readPacket(bytes(hex)),
      datagram: () => typeOf(bytes(hex)),
      bundle: () => readBundle(session, bytes(hex)),
      rounds: () => readRounds(session, bytes(hex)),
      hello: () => readHello(bytes(hex)),
      evidence: () => readEvidence(bytes(hex)),
    };
    expect(deviationOf(readers[as] as () => unknown)).toBe(checker);
  });
});

describe('the library reads of the vectors', () => {
  const array = (hex: string): Uint8Array => fromHex(hex) as Uint8Array;

  it('hellos and packets with valid signatures', () => {
    for (const hex of vectors.hellos) {
      const decoded = decodeHello(array(hex));
      if (!decoded.ok) throw new Error(decoded.refused);
      const sealed = sealHello(decoded.value);
      expect(isValidSignature(sealed.publicKey, sealed.message, sealed.signature)).toBe(true);
    }
    for (const vector of vectors.packets) {
      const decoded = decodePacket(array(vector.bytes));
      if (!decoded.ok) throw new Error(decoded.refused);
      const { publicKey, message, signature } = sealPacket(
        decoded.value,
        session,
        keys[vector.sender] as Buffer,
      );
      expect(toHex(message)).toBe(vector.signed);
      expect(isValidSignature(publicKey, message, signature)).toBe(true);
    }
  });

  it.each(vectors.evidence)('evidence: $name', ({ bytes: hex, name: _, guilty, ...verdict }) => {
    const read = verifyEvidence(array(hex), { game: hands });
    expect(read).toMatchObject(verdict);
    expect(toHex(read?.guilty ?? new Uint8Array(0))).toBe(guilty);
  });

  it.each(vectors.refused)('$as that is refused for $checker', ({ as, bytes: hex, library }) => {
    const refused = (result: { ok: boolean; refused?: string }): string | undefined => result.refused;
    const readers: Record<string, () => unknown> = {
      packet: () => refused(decodePacket(array(hex))),
      datagram: () => refused(datagramType(array(hex))),
      bundle: () => refused(decodeBundle(new Uint8Array(session), array(hex))),
      rounds: () => refused(decodeRounds(new Uint8Array(session), array(hex))),
      hello: () => refused(decodeHello(array(hex))),
      evidence: () => (verifyEvidence(array(hex)) === null ? 'nobody' : 'somebody'),
    };
    expect(readers[as]?.()).toBe(library);
  });
});
