import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { compareBytes } from '../../../src/base/bytes.ts';
import { seatsOf } from '../../../src/base/players.ts';
import { keyring } from '../../../src/keyring/node.ts';
import { SPONSORED_MAX } from '../../../src/protocol/neo/joining.ts';
import { digest } from '../../../src/protocol/neo/log-state.ts';
import {
  decodeUpdate,
  emptyUpdate,
  encodeUpdate,
  joinMessage,
  type Operation,
} from '../../../src/protocol/neo/update.ts';
import { fixed, type Player } from '../../standard/match.ts';
import { filled } from '../../standard/messages.ts';
import {
  accusationOf,
  alpha,
  byAll,
  Group,
  late,
  leave,
  m,
  memberOf,
  players,
  session,
  sponsor,
} from './group.ts';

describe('joining', () => {
  it('takes q sponsors, not in one round, and gives a new seat alpha rounds later', () => {
    const group = new Group(4);
    expect(group.play(byAll([0], sponsor(9)))).toEqual([]);
    expect(group.play(byAll([0, 2], sponsor(9)))).toEqual([]);
    expect(group.play(byAll([3], sponsor(9)))).toEqual(['4 joined']);
    const { log } = group;
    expect(log.roster[4]).toEqual(memberOf(players[9] as Player, 9));
    expect([log.epoch, seatsOf(log.members), log.sponsored]).toEqual([1, [0, 1, 2, 3, 4], []]);
    expect(log.sinceRound[4]).toBe(3 + alpha);
    expect(seatsOf(group.membersOf(3 + alpha))).toEqual([0, 1, 2, 3, 4]);
    expect(seatsOf(group.membersOf(2 + alpha))).toEqual([0, 1, 2, 3]);
  });

  it('counts sponsors of the last 4m rounds who are still in', () => {
    for (const [pause, outcome] of [
      [4 * m - 1, ['4 joined']],
      [4 * m, []],
    ] as const) {
      const group = new Group(4);
      group.play(byAll([0, 1], sponsor(9)));
      group.playOn(pause - 1);
      expect(group.play(byAll([2], sponsor(9)))).toEqual(outcome);
    }
    const group = new Group(4);
    group.play(byAll([0, 1], sponsor(9)));
    expect(group.play(byAll([3], sponsor(9), accusationOf(1)))).toEqual(['1 evidence']);
    expect(group.log.sponsored.map(({ by }) => by.map(({ seat }) => seat))).toEqual([[0, 3]]);
  });

  it('asks for the signature of the joiner over session, key, nonce and address', () => {
    for (const wrong of [
      sponsor(9, { signer: 8 }),
      { ...sponsor(9), address: 'elsewhere:1' } as Operation,
      { ...sponsor(9), nonce: filled(1, 16) } as Operation,
      { ...sponsor(9), publicKey: filled(0) } as Operation,
    ]) {
      const group = new Group(4);
      expect(group.playOn(2, byAll([0, 1, 2, 3], wrong))).toEqual([]);
      expect(group.log.sponsored).toEqual([]);
    }
  });

  it('adds up no sponsors of different requests, and takes one request of a key', () => {
    const [one, two] = [sponsor(9), sponsor(9, { nonce: filled(2, 16) })];
    const group = new Group(4);
    expect(group.play({ says: { 0: [one], 1: [one], 2: [two], 3: [two] } })).toEqual([]);
    expect(group.play({ says: { 0: [two], 2: [one] } })).toEqual(['4 joined']);
    expect(group.log.sponsored).toEqual([]);
  });

  it('is for keys that never had a seat', () => {
    const group = new Group(4);
    group.play(byAll([3], leave));
    group.playOn(alpha, { missing: [3] });
    expect(group.playOn(2, byAll([0, 1, 2], sponsor(3), sponsor(0)))).toEqual([]);
    expect(group.log.sponsored).toEqual([]);
  });

  it('seats several in the order of their keys, in one epoch', () => {
    const group = new Group(4);
    const told = byAll([0, 1, 2], sponsor(12), sponsor(10), sponsor(11));
    expect(group.play(told)).toEqual(['4 joined', '5 joined', '6 joined']);
    expect(group.log.epoch).toBe(1);
    const keys = group.log.roster.slice(4).map(({ publicKey }) => publicKey);
    expect([...keys].sort(compareBytes)).toEqual(keys);
  });

  it('ends with the sixteenth seat', () => {
    const group = new Group(15);
    const told = byAll([...Array(15).keys()], sponsor(15), sponsorOfStranger());
    expect(group.play(told)).toEqual(['15 joined']);
    expect(group.log.roster).toHaveLength(16);
    group.playOn(alpha);
    expect(group.play(byAll([...Array(15).keys()], leave))).toHaveLength(15);
    expect(group.log.roster).toHaveLength(16);
  });

  function sponsorOfStranger(): Operation {
    const secretKey = fixed('a stranger');
    const member = { publicKey: keyring.publicKey(secretKey), nonce: filled(1, 16), address: 'far:1' };
    return { type: 'sponsor', ...member, signature: keyring.sign(secretKey, joinMessage(session, member)) };
  }

  it('goes with a removal in one epoch, by those who remain', () => {
    const group = new Group(4);
    const told = byAll([0, 1, 2, 3], sponsor(9), accusationOf(3));
    expect(group.play(told)).toEqual(['3 evidence', '4 joined']);
    expect([group.log.epoch, group.seats]).toEqual([1, [0, 1, 2, 4]]);
  });

  it('gives a streak of 0: the rounds before do not count, nor do reports on them', () => {
    const group = new Group(4);
    group.play(byAll([0, 1, 2], sponsor(9)));
    group.playOn(alpha - 1);
    expect(group.log.streaks).toEqual([0, 0, 0, 0, 0]);
    for (let i = 0; i < 2; i++) group.play(byAll([0, 1, 2, 3], late(alpha, 4)));
    expect(group.log.late).toEqual([]);
    expect(group.playOn(m - 1, { missing: [4] })).toEqual([]);
    expect(group.play({ missing: [4] })).toEqual(['4 silent']);
  });

  it('keeps nothing of the bytes that an update came in', () => {
    const bytes = Buffer.from(encodeUpdate({ ...emptyUpdate, operations: [sponsor(9)] }));
    const group = new Group(4);
    group.play({ updates: { 0: decodeUpdate(bytes) } });
    const before = digest(group.log);
    bytes.fill(0);
    expect(digest(group.log)).toEqual(before);
    expect(group.play(byAll([1, 2], sponsor(9)))).toEqual(['4 joined']);
  });

  it('keeps few requests of each sponsor, the newest', () => {
    const group = new Group(4);
    for (let i = 0; i < 3 * SPONSORED_MAX; i++) {
      group.play(byAll([0], sponsor(9, { nonce: filled(i, 16) })));
      const nonces = group.log.sponsored.map(({ nonce }) => nonce[0]).sort((a, b) => Number(a) - Number(b));
      const first = Math.max(0, i - SPONSORED_MAX + 1);
      expect(nonces).toEqual(Array.from({ length: i - first + 1 }, (_, at) => first + at));
    }
  });
});
