import { describe, expect, it } from 'vitest';
import { type Round, seatOf } from '../../../src/base/ids.ts';
import { playersFromBits, seatsOf } from '../../../src/base/players.ts';
import { emptyUpdate, type Operation } from '../../../src/protocol/neo/update.ts';
import { elide } from '../../../src/wire/packet.ts';
import type { Statement } from '../../../src/wire/statement.ts';
import { fixed } from '../../standard/match.ts';
import { filled, sign } from '../../standard/messages.ts';
import { accusationOf, alpha, byAll, Group, leave, m, session, signerOf, type Told } from './group.ts';

describe('a void opening', () => {
  it('removes its author where q slots are accepted and open', () => {
    const group = new Group(4);
    expect(group.play({ voided: [3] })).toEqual(['3 void']);
    expect(group.log.epoch).toBe(1);
    const outage = new Group(4);
    expect(outage.play({ voided: [2, 3] })).toEqual([]);
    expect(outage.play({ voided: [3], missing: [2] })).toEqual([]);
    expect(new Group(2).play({ voided: [1] })).toEqual([]);
  });

  it('takes with it all that the update says', () => {
    const group = new Group(4);
    const told = byAll([3], accusationOf(1));
    expect(group.play({ ...told, voided: [3], missing: [0] })).toEqual([]);
    const report = { lateness: 9, lag: 9 };
    group.play({
      voided: [3],
      missing: [0],
      updates: { 3: { ...emptyUpdate, report }, 2: { ...emptyUpdate, report } },
    });
    expect(group.log.reports).toEqual([null, null, { ...report, round: 2 }, null]);
  });

  it('no longer matters once its author is out', () => {
    const group = new Group(4);
    group.play({ voided: [3] });
    expect(group.playOn(alpha, { voided: [3] })).toEqual([]);
    expect(group.log.epoch).toBe(1);
  });
});

describe('an accusation', () => {
  it('removes whom its evidence convicts, once', () => {
    const group = new Group(4);
    expect(group.play(byAll([0, 1], accusationOf(2)))).toEqual(['2 evidence']);
    expect(group.play(byAll([0, 1], accusationOf(2)))).toEqual([]);
    expect([group.log.epoch, group.seats]).toEqual([1, [0, 1, 3]]);
  });

  it('by the accused, of itself or of others, counts in that round and never after', () => {
    const group = new Group(7);
    expect(group.play(byAll([2], accusationOf(2), accusationOf(3)))).toEqual(['2 evidence', '3 evidence']);
    expect(group.play(byAll([2, 3], accusationOf(4), leave))).toEqual([]);
  });

  it.each<[string, Operation]>([
    ['evidence of another session', accusationOf(2, filled(1))],
    ['evidence against somebody who is no player', accusationOf(9)],
    ['bytes that are no evidence', { type: 'accuse', evidence: filled(1, 200) }],
    ['no bytes', { type: 'accuse', evidence: new Uint8Array(0) }],
  ])('convicts nobody with %s', (_, operation) => {
    expect(new Group(4).play(byAll([0], operation))).toEqual([]);
  });

  it('exists only if its slot is accepted', () => {
    const group = new Group(4);
    expect(group.play({ ...byAll([0], accusationOf(2)), missing: [0] })).toEqual([]);
  });

  it('needs no quorum: two convicted at once leave four with two', () => {
    const group = new Group(4);
    const told = byAll([0], accusationOf(3), accusationOf(1));
    expect(group.play(told)).toEqual(['1 evidence', '3 evidence']);
    expect(group.log.epoch).toBe(1);
  });

  it('of everybody leaves the last one', () => {
    const group = new Group(2);
    expect(group.play(byAll([0, 1], accusationOf(0), accusationOf(1)))).toEqual(['0 evidence']);
    expect(group.seats).toEqual([1]);
    expect(group.playOn(2 * m, byAll([1], leave, accusationOf(1)))).toEqual([]);
  });
});

describe('an illegal input', () => {
  const judgedOn = (round: Round) => fixed(`state that round ${round} is judged on`);

  function voteOf(seat: number, round: Round, state = judgedOn(round), signer = signerOf(seat)): Uint8Array {
    const vote: Statement = {
      kind: 'vote',
      epoch: 0,
      round,
      named: playersFromBits(15),
      values: filled(1),
      state,
    };
    const commit: Statement = { kind: 'commit', epoch: 0, round: round + 1, commitment: filled(1) };
    return elide(sign(signer, commit, vote), session, [1]).bytes;
  }

  const accusing = (seat: number, round: Round, vote: Uint8Array): Told =>
    byAll([0], { type: 'illegal', round, seat: seatOf(seat), vote });

  function afterCheat(): Group {
    const group = new Group(4);
    group.playOn(2);
    expect(group.play({ illegal: [2] })).toEqual([]);
    group.playOn(2);
    return group;
  }

  it('removes its author, with its own vote on the state that it was judged on', () => {
    const group = afterCheat();
    expect(group.play(accusing(2, 3, voteOf(2, 3)))).toEqual(['2 illegal']);
    expect(group.log.broken).toEqual([]);
  });

  it.each<[string, Told]>([
    ['a vote on another state', accusing(2, 3, voteOf(2, 3, filled(9)))],
    ['a vote of another round', accusing(2, 3, voteOf(2, 4, judgedOn(3)))],
    ['a round in which it played fair', accusing(2, 4, voteOf(2, 4))],
    ['a seat that played fair', accusing(1, 3, voteOf(1, 3))],
    ['the vote of another', accusing(2, 3, voteOf(1, 3))],
    ['a vote signed by another', accusing(2, 3, voteOf(2, 3, judgedOn(3), signerOf(1, 2)))],
    ['a vote as another seat', accusing(2, 3, voteOf(2, 3, judgedOn(3), signerOf(2, 1)))],
    ['a packet without the vote', accusing(2, 3, elide(sign(signerOf(2), commitOf(3)), session, []).bytes)],
    ['bytes that are no packet', accusing(2, 3, filled(1, 90))],
    ['a seat that nobody has', accusing(9, 3, voteOf(9, 3))],
  ])('convicts nobody by %s', (_, told) => {
    expect(afterCheat().play(told)).toEqual([]);
  });

  function commitOf(round: Round): Statement {
    return { kind: 'commit', epoch: 0, round, commitment: filled(1) };
  }

  it('can be accused for R rounds, and is forgotten then', () => {
    const kept = m + 2 * alpha + 1;
    for (const [rounds, outcome] of [
      [kept, ['2 illegal']],
      [kept + 1, []],
    ] as const) {
      const group = new Group(4);
      group.play({ illegal: [2] });
      group.playOn(rounds - 1);
      expect(group.play(accusing(2, 1, voteOf(2, 1)))).toEqual(outcome);
    }
    const group = new Group(4);
    group.play({ illegal: [2] });
    group.playOn(kept);
    expect(group.log.broken).toEqual([]);
  });

  it('counts only of a slot that is accepted and open', () => {
    const group = new Group(4);
    group.play({ illegal: [2], missing: [2] });
    group.play({ illegal: [2, 3], voided: [2], missing: [0] });
    expect(group.log.broken.map(({ round, seats }) => [round, seatsOf(seats)])).toEqual([[2, [3]]]);
  });
});
