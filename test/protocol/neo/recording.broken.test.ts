import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, toHex } from '../../../src/base/bytes.ts';
import { defineGame } from '../../../src/client/game.ts';
import { keyring } from '../../../src/keyring/node.ts';
import { verifyEvidence } from '../../../src/protocol/evidence.ts';
import { encodeAgreement } from '../../../src/protocol/handshake.ts';
import {
  encodeRecording,
  type RecordingVerdict,
  verifyRecording,
} from '../../../src/protocol/neo/recording.ts';
import { type RecordedRound, recordingEnd } from '../../../src/protocol/neo/recording-format.ts';
import { encodePacket, entriesOf, signedMessage } from '../../../src/wire/packet.ts';
import { sum } from '../../sim/games.ts';
import { people } from '../table.ts';
import {
  breaks,
  broken,
  head,
  judge,
  NONE,
  one,
  parameters,
  say,
  session,
  split,
  still,
  Told,
  verify,
} from './recorded.ts';

const key = (seat: number): string => toHex(head.keys[seat] as Uint8Array);

describe('what is wrong about a recording', () => {
  it('is a signature: the packet is named, and nobody blamed', () => {
    const bytes = one.votes().map((packet) => new Uint8Array(packet.bytes));
    (bytes[2] as Uint8Array)[20] = 1 ^ ((bytes[2] as Uint8Array)[20] as number);
    const verdict = judge([one.recorded(one.votes(), { packets: bytes })]);
    breaks(verdict, 1, 'signature');
    expect(broken(verdict).packet).toBe(2);
  });

  it('is a packet that is none, or of nobody', () => {
    const [first] = one.votes().map(({ bytes }) => bytes) as [Uint8Array];
    breaks(judge([one.recorded([], { packets: [first.slice(1)] })]), 1, 'packet');
    breaks(
      judge([one.recorded([], { packets: [concatBytes(Uint8Array.of(9), first.slice(1))] })]),
      1,
      'sender',
    );
  });

  it('is who votes twice: its two signatures convict it', () => {
    const packets = [...split.slice(0, 3), say(3, one.vote()), say(3, one.vote({ 0: null }))];
    const verdict = broken(judge([one.recorded(packets)]));
    expect(verdict).toMatchObject({ round: 1, reason: 'decision' });
    expect(toHex(verdict.blame as Uint8Array)).toBe(key(3));
    const found = verifyEvidence(verdict.evidence as Uint8Array);
    expect(found).toMatchObject({ kind: 'inconsistency', statement: 'vote', round: 1 });
    expect(toHex(found?.guilty as Uint8Array)).toBe(key(3));
  });

  it('is who lists a statement twice in one packet', () => {
    const entries = [...entriesOf([one.vote()]), ...entriesOf([one.vote({ 0: null })])];
    const secret = people(4).secrets[1] as Uint8Array;
    const signature = keyring.sign(secret, signedMessage(session, 1 as never, entries));
    const packets = [encodePacket(1 as never, entries, signature)];
    const verdict = broken(judge([one.recorded([], { packets })]));
    expect(verdict).toMatchObject({ reason: 'packet', packet: 0 });
    expect(toHex(verdict.blame as Uint8Array)).toBe(key(1));
    expect(verifyEvidence(verdict.evidence as Uint8Array)?.kind).toBe('double-entry');
  });

  it('may be nothing although somebody has lied', () => {
    const packets = [...one.votes(), say(3, one.vote({ 0: null }))];
    const verdict = judge([one.recorded(packets)]);
    expect(verdict.ok).toBe(true);
    expect(verdict.lies.map(({ kind, publicKey }) => [kind, toHex(publicKey)])).toEqual([
      ['inconsistency', key(3)],
    ]);
  });

  it('is a state that the game does not come to', () => {
    breaks(judge([one.recorded(one.votes(), { stateHash: still.stateHash({ x: 1 }) })]), 1, 'state');
  });

  it('is a state that q players do not name, but not one that fewer do not', () => {
    const state = NONE.map(() => 9);
    const naming = (...seats: readonly number[]): RecordedRound =>
      one.recorded([0, 1, 2, 3].map((seat) => say(seat, one.vote({}, seats.includes(seat) ? state : NONE))));
    breaks(judge([naming(0, 1, 2)]), 0, 'digest');
    expect(judge([naming(0, 1)]).ok).toBe(true);
  });

  it('is a game that throws', () => {
    const definition = { id: 'still', version: 1, init: () => ({ x: 0 }) };
    const bytes = encodeRecording({ ...head, finals: [one.recorded()] });
    const fails = defineGame({
      ...definition,
      step: () => {
        throw new Error('no such piece');
      },
    });
    const verdict = broken(verifyRecording(fails, bytes, { verify }));
    expect(verdict).toMatchObject({ round: 1, reason: 'threw', detail: 'no such piece' });
    const begins = defineGame({
      ...definition,
      init: () => {
        throw new Error('no such map');
      },
      step: (state) => state,
    });
    expect(verifyRecording(begins, bytes, { verify })).toMatchObject({
      ok: false,
      round: 0,
      reason: 'threw',
    });
  });

  it('is another game', () => {
    const bytes = encodeRecording({ ...head, finals: [] });
    expect(verifyRecording(sum, bytes)).toMatchObject({ ok: false, round: 0, reason: 'game' });
    const newer = { ...still, version: 2 };
    expect(verifyRecording(newer, bytes)).toMatchObject({ ok: false, reason: 'game' });
    expect(verifyRecording({ ...still, rules: 'night' }, bytes)).toMatchObject({ ok: false, reason: 'game' });
  });

  it('is an agreement that is none of neo, or under which there is no match', () => {
    const game = { id: 'still', version: 1, rules: null };
    const agreed = (change: object): RecordingVerdict =>
      judge([], {
        agreement: encodeAgreement({
          game,
          protocol: { name: 'neo', parameters: { ...parameters, ...change } },
        }),
      });
    expect(agreed({}).ok).toBe(true);
    breaks(
      judge([], { agreement: encodeAgreement({ game, protocol: { name: 'lockstep', parameters: 1 } }) }),
      0,
      'agreement',
    );
    breaks(judge([], { agreement: Uint8Array.of(9) }), 0, 'agreement');
    breaks(agreed({ silentRounds: 2 }), 0, 'agreement');
    breaks(agreed({ roundMs: 0 }), 0, 'agreement');
    breaks(agreed({ arrivalMs: 11 }), 0, 'agreement');
    breaks(agreed({ keepF: 1 }), 0, 'agreement');
    breaks(agreed({ more: 1 }), 0, 'agreement');
    breaks(
      agreed({ arrivalMaxMs: 0xffffffff, roundMs: 1, arrivalMs: 5, silentRounds: 0xffffffff }),
      0,
      'agreement',
    );
  });

  it('is another session, as the signatures know', () => {
    breaks(judge([one.recorded()], { nonces: head.nonces.toReversed() }), 1, 'signature');
  });

  it('is a round that is missing, or out of order', () => {
    breaks(judge([new Told(2).recorded()]), 1, 'order');
    breaks(judge([one.recorded(), one.recorded()]), 2, 'order');
    breaks(judge([one.recorded(), new Told(3).recorded()]), 2, 'order');
  });

  it('is an end too early or too late', () => {
    const whole = encodeRecording({ ...head, finals: [one.recorded()] });
    const end = recordingEnd(1);
    const cut = verifyRecording(still, whole.slice(0, -end.length), { verify });
    breaks(cut, 2, 'format');
    expect(cut.rounds).toHaveLength(1);
    breaks(verifyRecording(still, concatBytes(whole, Uint8Array.of(0)), { verify }), 2, 'format');
    breaks(
      verifyRecording(still, concatBytes(whole.slice(0, -end.length), recordingEnd(2)), { verify }),
      2,
      'format',
    );
    breaks(verifyRecording(still, new Uint8Array(0)), 0, 'format');
    breaks(verifyRecording(still, end), 0, 'format');
  });

  it('is never more than a verdict, whatever the bytes', () => {
    const bytes = encodeRecording({ ...head, finals: [one.recorded(), new Told(2).recorded()] });
    const truth = verifyRecording(still, bytes, { verify });
    const edit = fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }));
    fc.assert(
      fc.property(edit, ([at, by]) => {
        const verdict = verifyRecording(
          still,
          bytes.map((byte, i) => (i === at ? byte ^ by : byte)),
          { verify },
        );
        expect(verdict.ok).toBe(false);
        expect(truth.rounds.slice(0, verdict.rounds.length)).toEqual(verdict.rounds);
      }),
      { numRuns: 600 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (junk, behind) => {
        const given = behind ? concatBytes(bytes.slice(0, bytes.length - junk.length), junk) : junk;
        expect(typeof verifyRecording(still, given, { verify }).ok).toBe('boolean');
      }),
    );
  });
});
