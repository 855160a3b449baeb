import { describe, expect, it } from 'vitest';
import { toHex } from '../../../src/base/bytes.ts';
import { keyring } from '../../../src/keyring/node.ts';
import { decodeNeoRecord, type NeoRecord } from '../../../src/protocol/neo/record.ts';
import {
  encodeRecording,
  Recorder,
  type RecordingVerdict,
  recordingOf,
  verifyRecording,
} from '../../../src/protocol/neo/recording.ts';
import type { RecordedRound } from '../../../src/protocol/neo/recording-format.ts';
import { encodeUpdate } from '../../../src/protocol/neo/update.ts';
import { Simulation } from '../../../src/sim/simulation.ts';
import { sum } from '../../sim/games.ts';
import { setOf } from './group.ts';
import {
  breaks,
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

describe('a recording by hand', () => {
  it('holds when F equal votes decide every slot', () => {
    const verdict = judge([one.recorded()]);
    expect(verdict).toMatchObject({
      ok: true,
      members: [0, 1, 2, 3],
      changes: [],
      lies: [],
      attested: -1,
      rounds: [{ round: 1, epoch: 0, members: [0, 1, 2, 3], illegal: [], voided: [], unshown: [] }],
    });
    expect(verdict.players.map(toHex)).toEqual(head.keys.map(toHex));
    expect(toHex(verdict.session as Uint8Array)).toBe(toHex(session));
    expect(judge([])).toMatchObject({ ok: true, rounds: [] });
  });

  it('checks every signature by the strict rule unless told of another way', () => {
    const bytes = encodeRecording({ ...head, finals: [one.recorded()] });
    expect(verifyRecording(still, bytes).ok).toBe(true);
  });

  it('does not hold while a slot has fewer than F equal votes', () => {
    breaks(judge([one.recorded(split)]), 1, 'decision');
    breaks(judge([one.recorded(one.votes().slice(1))]), 1, 'decision');
  });

  it('holds by q confirms of the view in which q votes are a certificate', () => {
    const confirms = [0, 1, 3].map((seat) => say(seat, one.confirm([0, 1], 0)));
    const verdict = judge([one.recorded([...split, ...confirms])]);
    expect(verdict).toMatchObject({ ok: true, rounds: [{ unshown: [] }] });
    breaks(judge([one.recorded([...split, ...confirms.slice(1)])]), 1, 'decision');
    breaks(judge([one.recorded([...split, confirms[0], confirms[1], confirms[1]] as never)]), 1, 'decision');
  });

  it('holds by q confirms of a later view, and is shown with proposal and prepares', () => {
    // The leader of view 1 of round 1 is seat 2.
    const proposal = say(2, one.propose(1));
    const prepares = [0, 1, 3].map((seat) => say(seat, one.prepare(1, proposal)));
    const confirms = [0, 1, 3].map((seat) => say(seat, one.confirm([0, 1, 2, 3], 1)));
    const packets = [...split, ...confirms];
    const unshown = (...more: readonly { bytes: Uint8Array }[]): unknown =>
      judge([one.recorded([...packets, ...more] as never)]).rounds[0]?.unshown;
    expect(unshown(proposal, ...prepares)).toEqual([]);
    expect(unshown()).toEqual([0]);
    expect(unshown(proposal, ...prepares.slice(1))).toEqual([0]);
    const usurped = say(3, one.propose(1));
    expect(unshown(usurped, ...[0, 1, 2].map((seat) => say(seat, one.prepare(1, usurped))))).toEqual([0]);
    const other = say(2, one.propose(1, one.hashes.with(0, NONE)));
    expect(unshown(other, ...[0, 1, 3].map((seat) => say(seat, one.prepare(1, other))))).toEqual([0]);
  });

  it('needs the hashes behind a vote that names something else', () => {
    const odd = one.vote({ 0: NONE.map(() => 7) });
    const packets = [...one.votes({ 3: odd }), ...[0, 1, 2].map((seat) => say(seat, one.confirm([0], 0)))];
    const vectors = [
      one.hashes.with(
        0,
        NONE.map(() => 7),
      ),
    ];
    expect(judge([one.recorded(packets, { vectors })]).ok).toBe(true);
    breaks(judge([one.recorded(packets)]), 1, 'decision');
  });

  it('holds with a slot that nobody received in time', () => {
    const none = [0, 1, 2, 3].map((seat) => say(seat, one.vote({ 1: null })));
    const decided = one.hashes.with(1, NONE);
    const openings = one.recorded().openings.with(1, null);
    expect(judge([one.recorded(none, { decided, openings })]).ok).toBe(true);
    breaks(judge([one.recorded(none)]), 1, 'decision');
    breaks(judge([one.recorded(none, { decided })]), 1, 'opening');
    breaks(judge([one.recorded(one.votes(), { decided, openings })]), 1, 'decision');
  });

  it('counts no vote of another round or epoch', () => {
    const later = new Told(2);
    const packets = [...one.votes().slice(1), say(0, { ...later.vote(), values: one.vote().values })];
    breaks(judge([one.recorded(packets)]), 1, 'decision');
    breaks(
      judge([one.recorded([...one.votes().slice(1), say(0, { ...one.vote(), epoch: 1 })])]),
      1,
      'decision',
    );
  });

  it.each<[string, Partial<RecordedRound>]>([
    ['missing', { openings: one.recorded().openings.with(2, null) }],
    [
      'of another commitment',
      { openings: one.recorded().openings.with(2, { input: NONE, salt: one.salt(2) }) },
    ],
    [
      'with another salt',
      { openings: one.recorded().openings.with(2, { input: NONE.slice(0, 0), salt: one.salt(1) }) },
    ],
    ['of nobody', { openings: [...one.recorded().openings, { input: NONE, salt: one.salt(2) }] }],
  ])('breaks on an opening that is %s', (_, change) => {
    breaks(judge([one.recorded(one.votes(), change)]), 1, 'opening');
  });

  it('needs q confirms of a view to believe that an opening is void', () => {
    const confirms = [0, 1, 3].map((seat) => say(seat, one.confirmVoid(2)));
    const openings = one.recorded().openings.with(2, null);
    const change = { voided: setOf([2]), openings };
    const verdict = judge([one.recorded([...one.votes(), ...confirms], change)]);
    expect(verdict).toMatchObject({
      ok: true,
      rounds: [{ voided: [2], unshown: [2] }],
      changes: [{ round: 1, player: 2, status: 'void' }],
    });
    breaks(judge([one.recorded([...one.votes(), ...confirms.slice(1)], change)]), 1, 'void');
    breaks(judge([one.recorded(one.votes(), change)]), 1, 'void');
    breaks(judge([one.recorded([...one.votes(), ...confirms])]), 1, 'void');
    const atOnce = [0, 1, 3].map((seat) => say(seat, one.confirmVoid(2, 0)));
    breaks(judge([one.recorded([...one.votes(), ...atOnce], change)]), 1, 'void');
  });

  it('judges inputs by the rules of the game', () => {
    const told = new Told(1, {
      1: encodeUpdate({ report: null, operations: [], input: still.encodeInput(13) }),
      2: encodeUpdate({ report: null, operations: [], input: still.encodeInput(12) }),
      3: Uint8Array.of(0),
    });
    expect(judge([told.recorded()])).toMatchObject({ ok: true, rounds: [{ illegal: [1, 3] }] });
  });

  it('derives the members anew: who has left counts for nothing', () => {
    const leave = encodeUpdate({ report: null, operations: [{ type: 'leave' }], input: null });
    const gone = (told: Told): RecordedRound =>
      told.recorded(told.votes(), { openings: told.recorded().openings.with(3, null) });
    const rounds = [new Told(1, { 3: leave }).recorded(), gone(new Told(2)), gone(new Told(3))];
    const fourth = new Told(4, {}, 1, [0, 1, 2]);
    const verdict = judge([...rounds, fourth.recorded()]);
    expect(verdict).toMatchObject({
      ok: true,
      members: [0, 1, 2],
      changes: [{ round: 1, player: 3, status: 'left' }],
    });
    expect(verdict.rounds.map(({ epoch, members }) => [epoch, members.length])).toEqual([
      [0, 4],
      [0, 4],
      [0, 4],
      [1, 3],
    ]);
    breaks(judge([...rounds, new Told(4).recorded()]), 4, 'sender');
    breaks(judge([...rounds, new Told(4, {}, 0, [0, 1, 2]).recorded()]), 4, 'decision');
    breaks(judge([...rounds.slice(0, 1), new Told(2).recorded()]), 2, 'opening');
  });
});

describe('the records of a log', () => {
  const begin: readonly NeoRecord[] = [
    {
      type: 'hello',
      publicKey: head.keys[0] as Uint8Array,
      nonce: head.nonces[0] as Uint8Array,
      agreement: head.agreement,
    },
    { type: 'session', keys: head.keys, nonces: head.nonces },
  ];
  const final = (told: Told): NeoRecord => ({
    type: 'final',
    final: { ...told.recorded(), illegal: setOf([]), judged: NONE },
  });

  it('become a recording as they are written, of the newest match alone', () => {
    const records = [...begin, final(one)];
    const expected = encodeRecording({ ...head, finals: [one.recorded()] });
    expect(toHex(recordingOf(records))).toBe(toHex(expected));
    expect(toHex(recordingOf([...begin, final(one), { type: 'end', reason: 'left' }, ...records]))).toBe(
      toHex(expected),
    );
    const recorder = new Recorder();
    expect(recorder.bytes()).toBe(null);
    for (const record of begin) recorder.take(record);
    expect(toHex(recorder.bytes() as Uint8Array)).toBe(toHex(encodeRecording({ ...head, finals: [] })));
    recorder.take(final(one));
    expect(toHex(recorder.bytes() as Uint8Array)).toBe(toHex(expected));
  });

  it('that hold no match are our own mistake', () => {
    expect(() => recordingOf([])).toThrow('hold no match');
  });
});

describe('the log of a player', () => {
  /** A match with everything but luck in it; what it comes to by the records of each player. */
  function played(options: object): { verdicts: RecordingVerdict[]; hashes: string[] } {
    const simulation = new Simulation(sum, {
      rounds: 40,
      seed: 3,
      keyring,
      protocol: {
        name: 'neo',
        parameters: {
          ...parameters,
          arrivalMs: 60,
          arrivalMinMs: 20,
          arrivalMaxMs: 100,
          silentRounds: 16,
          window: 12,
        },
      },
      input: ({ random }) => random(100),
      ...options,
    });
    const result = simulation.run();
    expect(result.violations).toEqual([]);
    const verdicts = simulation.players.map(({ records }) =>
      verifyRecording(sum, recordingOf(records.map(decodeNeoRecord)), { verify }),
    );
    return { verdicts, hashes: result.players.map(({ stateHash }) => stateHash) };
  }

  it.each<[string, object]>([
    ['all goes well', { players: 4 }],
    ['datagrams are lost', { players: 5, network: { delayMs: 20, loss: 0.15 } }],
    ['a player dies', { players: 5, faults: [{ atMs: 700, type: 'crash', player: 2, downMs: 1e6 }] }],
    [
      'a player dies and comes back',
      { players: 4, faults: [{ atMs: 700, type: 'crash', player: 1, downMs: 300 }] },
    ],
    ['two play', { players: 2, network: { delayMs: 20, loss: 0.05 } }],
  ])('proves every final round when %s', (name, options) => {
    const { verdicts } = played(options);
    const [longest] = verdicts.toSorted((a, b) => b.rounds.length - a.rounds.length) as [RecordingVerdict];
    expect(longest.rounds.length).toBeGreaterThanOrEqual(40);
    for (const verdict of verdicts) {
      expect(verdict.ok ? '' : `${verdict.round} ${verdict.reason} ${verdict.detail}`).toBe('');
      expect(verdict.lies).toEqual([]);
      expect(verdict.attested).toBe(verdict.rounds.length - 12);
      const digests = verdict.rounds.map(({ stateHash }) => toHex(stateHash));
      expect(digests).toEqual(
        longest.rounds.slice(0, digests.length).map(({ stateHash }) => toHex(stateHash)),
      );
    }
    if (name === 'a player dies') expect(longest.changes).toMatchObject([{ player: 2 }]);
    else if (!('faults' in options)) expect(longest.changes).toEqual([]);
  });
});
