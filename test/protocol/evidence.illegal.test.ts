/** Illegal inputs: judged by the game, in the state that the mover's own signature names. */

import { describe, expect, it } from 'vitest';
import { concatBytes, toHex } from '../../src/base/bytes.ts';
import { seatOf } from '../../src/base/ids.ts';
import { playersFromBits } from '../../src/base/players.ts';
import { defineGame } from '../../src/client/game.ts';
import { hash } from '../../src/crypto/hash.ts';
import {
  ANY_EVIDENCE_BYTES_MAX,
  decodeEvidence,
  type Evidence,
  encodeEvidence,
  needsGame,
  proveIllegal,
  verifyEvidence,
} from '../../src/protocol/evidence.ts';
import { decodeUpdate, emptyUpdate, encodeUpdate } from '../../src/protocol/neo/update.ts';
import { elide, type Packet, signedPacket } from '../../src/wire/packet.ts';
import type { Statement } from '../../src/wire/statement.ts';
import { deviationOf } from '../standard/checker.ts';
import { type IsIllegal, readEvidence } from '../standard/checker-evidence.ts';
import { filled, type Signer, sign } from '../standard/messages.ts';
import { place, session, signers } from '../standard/world.ts';

const [a, b] = signers as [Signer, Signer];

/** Each player may take up to what is left for it; 13 brings the rules themselves down. */
const game = defineGame<{ left: number[] }, number>({
  id: 'pile',
  version: 1,
  init: ({ players }) => ({ left: Array.from({ length: players }, () => 5) }),
  step: (state) => state,
  legal: ({ left }, player, input) => {
    if (input === 13) throw new Error('unlucky');
    return Number.isInteger(input) && input <= (left[player] ?? 0);
  },
});
const lawless = defineGame<unknown, unknown>({
  id: 'any',
  version: 1,
  init: () => 0,
  step: (state) => state,
});

const state = { left: [3, 5, 5] };
const bytesOfState = game.encodeState(state);
const context = concatBytes(filled(0x10), filled(0x20));
const ofNeo = concatBytes(context, bytesOfState);

const reveal = (input: Uint8Array, round = 1): Statement => {
  return { kind: 'reveal', epoch: 0, round, input, salt: filled(1, 16) };
};
const vote = (digest: Uint8Array, round = 1): Statement => {
  return { kind: 'vote', epoch: 0, round, named: playersFromBits(1), values: filled(1), state: digest };
};
const set = (digest: Uint8Array): Statement => ({ kind: 'set', ...place, set: filled(1), state: digest });
const update = (input: Uint8Array | null): Uint8Array => encodeUpdate({ ...emptyUpdate, input });
const move = (value: number): Uint8Array => game.encodeInput(value);

const digestOfNeo = hash('state', game.stateHash(state), context);
const named = vote(digestOfNeo);
const namedBySet = set(game.stateHash(state));

/** The same judgement for the checker, by the same game. */
const isIllegal: IsIllegal = ({ state: encoded, seat, input, neo }) => {
  const decoded = game.decodeState(new Uint8Array(encoded));
  const opened = neo ? decodeUpdate(new Uint8Array(input)) : { input: new Uint8Array(input) };
  if (!decoded.ok) return false;
  if (opened === null) return true;
  if (opened.input === null || opened.input.length === 0) return false;
  const given = game.decodeInput(opened.input);
  try {
    return !given.ok || game.legal?.(decoded.state, seat, given.input) === false;
  } catch {
    return true;
  }
};

const proved = (packets: readonly [Packet, Packet?], given: Uint8Array = ofNeo): Evidence | null =>
  proveIllegal(session, a.publicKey, game, packets, given);

function convicts(evidence: Evidence | null): Uint8Array {
  const bytes = encodeEvidence(evidence as Evidence);
  const verdict = { guilty: a.publicKey, kind: 'illegal-input', statement: 'reveal', session, ...place };
  expect(verifyEvidence(bytes, { game })).toEqual(verdict);
  const read = readEvidence(bytes, isIllegal);
  expect({ ...read, guilty: new Uint8Array(read.guilty), session: new Uint8Array(read.session) }).toEqual(
    verdict,
  );
  return bytes;
}

describe('an illegal input', () => {
  const wrong: readonly (readonly [string, Uint8Array])[] = [
    ['that the rules refuse', update(move(4))],
    ['on which the rules break', update(move(13))],
    ['that does not decode', update(filled(0xff, 3))],
    ['within no update', filled(0xff, 9)],
    ['beside a report', encodeUpdate({ ...emptyUpdate, report: { lateness: 1, lag: 2 }, input: move(9) })],
  ];

  it.each(wrong)('of neo, %s, convicts from two packets or from one', (_, input) => {
    const [opening, voting] = [sign(a, reveal(input)), sign(a, named)];
    const bytes = convicts(proved([opening, voting]));
    expect(toHex(convicts(proved([voting, opening])))).toBe(toHex(bytes));
    const together = sign(a, reveal(input), named, { kind: 'leave', epoch: 0, advanced: 0 });
    expect(proved([together])?.packets[0]?.entries.map((entry) => entry.statement?.kind)).toEqual([
      'reveal',
      undefined,
      'vote',
    ]);
    convicts(proved([together]));
    convicts(proved([together, together]));
  });

  it.each([
    ['that the rules refuse', move(4)],
    ['that does not decode', filled(0xff, 3)],
    ['that is too long', filled(0, 600)],
  ])('of lockstep, %s, convicts from its OPEN', (_, input) => {
    const evidence = proved([sign(a, namedBySet, reveal(input))], bytesOfState);
    expect(evidence?.packets).toHaveLength(1);
    convicts(evidence);
  });

  it('is none if it is legal, empty, or the game has no rules', () => {
    for (const input of [
      update(move(3)),
      update(move(0)),
      update(null),
      encodeUpdate({ ...emptyUpdate, report: { lateness: 0, lag: 0 } }),
    ]) {
      expect(proved([sign(a, reveal(input)), sign(a, named)])).toBeNull();
    }
    expect(proved([sign(a, namedBySet, reveal(move(3)))], bytesOfState)).toBeNull();
    expect(proved([sign(a, namedBySet, reveal(new Uint8Array(0)))], bytesOfState)).toBeNull();
    const packets = [sign(a, reveal(update(move(4)))), sign(a, named)] as const;
    expect(proveIllegal(session, a.publicKey, lawless, packets, ofNeo)).toBeNull();
    const bytes = encodeEvidence(proved(packets) as Evidence);
    expect(verifyEvidence(bytes, { game: lawless })).toBeNull();
  });

  it('is judged for the seat of its signer', () => {
    const other = [reveal(update(move(4))), named].map((each) => sign(b, each)) as [Packet, Packet];
    expect(proveIllegal(session, b.publicKey, game, other, ofNeo)).toBeNull();
  });

  it('needs the state that the signer itself has named for that round', () => {
    const opening = sign(a, reveal(update(move(4))));
    const later = game.encodeState({ left: [2, 5, 5] });
    expect(proved([opening, sign(a, named)], concatBytes(context, later))).toBeNull();
    expect(proved([opening, sign(a, named)], concatBytes(filled(0, 64), bytesOfState))).toBeNull();
    expect(proved([opening, sign(a, named)], bytesOfState)).toBeNull();
    expect(proved([opening, sign(a, named)], new Uint8Array(0))).toBeNull();
    expect(proved([opening, sign(a, vote(digestOfNeo, 2))])).toBeNull();
    expect(proved([opening, sign(a, { ...named, epoch: 1 } as Statement)])).toBeNull();
    expect(proved([opening, sign(b, named)])).toBeNull();
    expect(proved([opening, sign(a, vote(filled(0)))])).toBeNull();
    expect(proved([opening, elide(sign(a, named), session, [])])).toBeNull();
    expect(proved([opening])).toBeNull();
    expect(proved([opening, sign(a, vote(game.stateHash(state)))], bytesOfState)).toBeNull();
    expect(proved([opening, sign(a, set(digestOfNeo))])).toBeNull();
  });

  it('convicts nobody if the state is none of the game', () => {
    const strange = concatBytes(context, filled(0xff, 5));
    const digest = hash('state', hash('state', filled(0xff, 5)), context);
    expect(proved([sign(a, reveal(update(move(4)))), sign(a, vote(digest))], strange)).toBeNull();
  });
});

describe('evidence of an illegal input', () => {
  const bytes = encodeEvidence(proved([sign(a, reveal(update(move(4)))), sign(a, named)]) as Evidence);

  it('convicts nobody without the game, and says that it needs it', () => {
    expect(verifyEvidence(bytes)).toBeNull();
    expect(decodeEvidence(bytes)).toBeNull();
    expect(needsGame(bytes)).toBe(true);
    expect(deviationOf(() => readEvidence(bytes))).toBe('no-lie');
    expect(toHex(encodeEvidence(decodeEvidence(bytes, { game }) as Evidence))).toBe(toHex(bytes));
  });

  it('convicts nobody after an edit of any byte, or cut, or extended', () => {
    for (let at = 0; at < bytes.length; at++) {
      const edited = bytes.slice();
      edited[at] = (edited[at] as number) ^ (1 << (at & 7));
      expect(verifyEvidence(edited, { game }), `byte ${at}`).toBeNull();
      expect(needsGame(edited), `byte ${at}`).toBe(false);
      expect(
        deviationOf(() => readEvidence(edited, isIllegal)),
        `byte ${at}`,
      ).not.toBeNull();
      expect(verifyEvidence(bytes.subarray(0, at), { game })).toBeNull();
    }
    const state3 = bytes.subarray(bytes.length - 5 - ofNeo.length);
    expect(state3[0]).toBe(3);
    for (const more of [filled(0, 1), state3, Uint8Array.of(1, 0, 0, 0, 0)]) {
      expect(verifyEvidence(concatBytes(bytes, more), { game })).toBeNull();
      expect(deviationOf(() => readEvidence(concatBytes(bytes, more), isIllegal))).not.toBeNull();
    }
  });

  it('asks the game nothing before the signatures are checked', () => {
    const { entries, sender } = sign(a, reveal(update(move(4))), named);
    const forged = signedPacket(seatOf(sender), entries, filled(1, 64));
    const forgery = encodeEvidence(proved([forged]) as Evidence);
    let asked = 0;
    const curious = { ...game, legal: () => ++asked < 0, decodeState: () => ({ ok: asked++ < 0 }) as never };
    expect(verifyEvidence(forgery, { game: curious })).toBeNull();
    expect(needsGame(forgery)).toBe(false);
    expect(asked).toBe(0);
    expect(verifyEvidence(bytes, { game: curious })).toBeNull();
    expect(asked).toBe(1);
  });

  it('has room for the largest state', () => {
    const large = { left: Array.from({ length: 20_000 }, () => 1) };
    const digest = hash('state', game.stateHash(large), context);
    const given = concatBytes(context, game.encodeState(large));
    const evidence = proved([sign(a, reveal(update(move(4))), vote(digest))], given);
    expect(convicts(evidence).length).toBeGreaterThan(40_000);
    expect(verifyEvidence(new Uint8Array(ANY_EVIDENCE_BYTES_MAX + 1), { game })).toBeNull();
  });
});
