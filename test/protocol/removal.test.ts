import { describe, expect, it } from 'vitest';
import { firstPlayers } from '../../src/base/players.ts';
import { verifyEvidence } from '../../src/protocol/evidence.ts';
import {
  type Cause,
  epochEnd,
  noRemoval,
  type Removal,
  removers,
  withCause,
} from '../../src/protocol/removal.ts';
import { statementOf } from '../../src/wire/packet.ts';
import { NO_TARGET, type Remove, type Wish } from '../../src/wire/statement.ts';
import { Hall } from './hall.ts';
import { first, Machine, machines, mingle, move, noState, packet, people } from './table.ts';

const three = people(3);
const four = people(4);
const everybody = firstPlayers(4);

function remove(seat: number, target: number, advanced = 0, of = four) {
  return packet(of, seat, { kind: 'remove', epoch: 0, target, advanced } satisfies Remove);
}

function wish(seat: number, index: number, target: number, { round = 1, of = four } = {}) {
  return packet(of, seat, { kind: 'wish', epoch: 0, index, target, round } satisfies Wish);
}

/** A removal with those REMOVEs held, by signer. */
function holding(removes: Readonly<Record<number, [target: number, advanced: number]>>): Removal {
  const none = noRemoval(4, [null, null, null, null]);
  const list = none.removes.map((_, seat) => {
    const signed = removes[seat];
    return signed ? remove(seat, ...signed) : null;
  });
  return { ...none, removes: list };
}

describe('the end of an epoch', () => {
  it('needs the REMOVE of all others, all of one player', () => {
    expect(epochEnd(holding({}), everybody)).toBeNull();
    expect(epochEnd(holding({ 0: [3, 4], 1: [3, 4] }), everybody)).toBeNull();
    expect(epochEnd(holding({ 0: [3, 4], 1: [3, 4], 2: [1, 4] }), everybody)).toBeNull();
    expect(epochEnd(holding({ 0: [3, 4], 1: [3, 4], 2: [3, 4] }), everybody)).toEqual({
      target: 3,
      after: 4,
    });
  });

  it('is after the highest round that one of them has advanced, whatever the removed one says', () => {
    expect(epochEnd(holding({ 0: [3, 4], 1: [3, 5], 2: [3, 4] }), everybody)).toEqual({
      target: 3,
      after: 5,
    });
    const said = holding({ 0: [3, 4], 1: [3, 4], 2: [3, 4], 3: [0, 5] });
    expect(epochEnd(said, everybody)).toEqual({ target: 3, after: 4 });
  });

  it('among the members alone', () => {
    const members = firstPlayers(3);
    expect(epochEnd(holding({ 0: [2, 1], 1: [2, 1] }), members)).toEqual({ target: 2, after: 1 });
    expect(removers(holding({ 0: [2, 1], 3: [2, 1] }), members, 2 as never)).toBe(0b001);
  });
});

describe('causes', () => {
  const item = { type: 'packet', bytes: noState } as const;
  const cause = (reason: 'guilty' | 'left'): Cause => ({ reason, after: 0, item });
  const none = noRemoval(2, [null, null]);

  it('the first stays, but guilt outweighs having left', () => {
    const left = withCause(none, 1 as never, cause('left'));
    expect(left.causes[1]?.reason).toBe('left');
    expect(withCause(left, 1 as never, cause('left'))).toBe(left);
    const guilty = withCause(left, 1 as never, cause('guilty'));
    expect(guilty.causes[1]?.reason).toBe('guilty');
    for (const reason of ['left', 'guilty'] as const)
      expect(withCause(guilty, 1 as never, cause(reason))).toBe(guilty);
  });

  it('a LEAVE removes its signer once what it has advanced is advanced here', () => {
    const [p, q, x] = machines(three) as [Machine, Machine, Machine];
    for (const each of [p, q, x]) each.play(`${each.seat}`);
    mingle([p, q, x], (from, to, each) => from === 0 && to !== 2 && statementOf(each, 'reveal') !== null);
    expect([p.state.round, q.state.round, x.state.round]).toEqual([2, 1, 2]);
    x.take({ type: 'leave' });
    expect(x.said('leave')).toEqual([{ kind: 'leave', epoch: 0, advanced: 1 }]);
    q.hear(x.signed.at(-1) as never);
    expect(q.said('remove'), 'q has not advanced what x has').toEqual([]);
    q.hear(...p.signed);
    expect(q.state.round).toBe(2);
    expect(q.said('remove')).toEqual([{ kind: 'remove', epoch: 0, target: 2, advanced: 1 }]);
  });

  it('a leaver signs nothing for rounds any more, but what it has opened is played', () => {
    const all = machines(three);
    const [p, q, x] = all as [Machine, Machine, Machine];
    for (const each of all) each.play(`${each.seat}`);
    mingle(all, (from, to, each) => from === 0 && to === 2 && statementOf(each, 'reveal') !== null);
    x.take({ type: 'leave' });
    mingle([p, q, x]);
    expect(p.state).toMatchObject({ epoch: 1, round: 2 });
    expect(q.state).toMatchObject({ epoch: 1, round: 2 });
    expect(p.all('advance')[0]?.outcome.inputs.every((input) => input !== null)).toBe(true);
    expect(x.said('commit').length).toBe(1);
    expect(x.state.over).toBe('left');
  });

  it('a leaver plays no round by itself that its LEAVE does not speak of; others may play it anew', () => {
    const all = machines(three);
    const [p, q, x] = all as [Machine, Machine, Machine];
    for (const each of all) each.play(`${each.seat}`);
    mingle(all, (_from, to, each) => to === 2 && statementOf(each, 'reveal') !== null);
    expect(x.said('reveal').length).toBe(1);
    x.take({ type: 'leave' });
    expect(x.said('leave')).toEqual([{ kind: 'leave', epoch: 0, advanced: 0 }]);
    x.hear(...p.signed, ...q.signed);
    expect(x.state.round).toBe(1);
  });
});

describe('"on a stall only after all others but X have announced that wish"', () => {
  it.each([[[1]], [[2]], [[]]])('not when only players %j and I have', (seats) => {
    const machine = new Machine(four, 0).play('a').wish(3);
    machine.hear(...seats.map((seat) => wish(seat, 0, 3)));
    expect(machine.said('remove')).toEqual([]);
  });

  it('not when I have not, though all others have', () => {
    const machine = new Machine(four, 0).play('a').hear(wish(1, 0, 3), wish(2, 0, 3));
    expect(machine.said('remove')).toEqual([]);
    expect(machine.wish(3).said('remove')).toEqual([{ kind: 'remove', epoch: 0, target: 3, advanced: 0 }]);
  });

  it('not when one of them wishes another away, nor by the wish of the one that is meant', () => {
    const machine = new Machine(four, 0)
      .play('a')
      .wish(3)
      .hear(wish(1, 0, 3), wish(2, 0, 1));
    expect(machine.said('remove')).toEqual([]);
    expect(machine.hear(wish(3, 0, 3)).said('remove')).toEqual([]);
  });

  it('the newest WISH of a player counts, in whatever order they come', () => {
    const machine = new Machine(four, 0)
      .play('a')
      .wish(3)
      .hear(wish(1, 0, 3));
    machine.hear(wish(2, 1, NO_TARGET), wish(2, 0, 3));
    expect(machine.said('remove')).toEqual([]);
    expect(machine.hear(wish(2, 2, 3)).said('remove').length).toBe(1);
  });

  it('nobody wishes itself or a stranger away', () => {
    const machine = new Machine(four, 0).play('a').wish(0).wish(7);
    expect(machine.said('wish')).toEqual([]);
  });

  it('each wish has the next index, and says the round for which it holds', () => {
    const machine = new Machine(four, 0).play('a').wish(3).wish(2).wish(null);
    expect(machine.said('wish')).toEqual([
      { kind: 'wish', epoch: 0, index: 0, target: 3, round: 1 },
      { kind: 'wish', epoch: 0, index: 1, target: 2, round: 1 },
      { kind: 'wish', epoch: 0, index: 2, target: NO_TARGET, round: 1 },
    ]);
  });

  it('two WISHes of one index are evidence', () => {
    const machine = new Machine(four, 0).hear(wish(3, 0, 1), wish(3, 0, 2));
    const [found] = machine.all('evidence');
    expect(verifyEvidence(found?.evidence as Uint8Array)).toMatchObject({
      guilty: four.keys[3],
      statement: 'wish',
    });
  });
});

describe('"retractable until a REMOVE(X) is seen, then binding"', () => {
  it('taken back in time, nothing follows from it', () => {
    const machine = new Machine(four, 0)
      .play('a')
      .wish(3)
      .wish(null)
      .hear(wish(1, 0, 3), wish(2, 0, 3));
    expect(machine.said('remove')).toEqual([]);
  });

  it('... also when both are said before the first is signed', () => {
    const machine = new Machine(four, 0, true).play('a').wish(3).wish(null).sign();
    machine.hear(wish(1, 0, 3), wish(2, 0, 3)).sign();
    expect(machine.said('wish').map(({ target }) => target)).toEqual([3, NO_TARGET]);
    expect(machine.said('remove')).toEqual([]);
  });

  it('... and when the others come while the retraction is being signed', () => {
    const machine = new Machine(four, 0, true).play('a').sign().wish(3).sign().wish(null);
    machine.hear(wish(1, 0, 3), wish(2, 0, 3)).sign();
    expect(machine.said('remove')).toEqual([]);
  });

  it('with the round it is over by itself', () => {
    const all = machines(three);
    const [p, q] = all as [Machine, Machine];
    for (const each of all) each.play(`${each.seat}`);
    p.wish(2);
    mingle(all);
    expect(p.state.round).toBe(2);
    q.wish(2);
    mingle(all);
    expect(p.said('remove')).toEqual([]);
    expect(q.said('remove')).toEqual([]);
  });

  it('after a REMOVE(X) it holds: a retraction is of no use, and a wish taken back is renewed', () => {
    const bound = new Machine(four, 0).play('a').wish(3).hear(remove(1, 3)).wish(null);
    const renewed = new Machine(four, 0).play('a').wish(3).wish(null).hear(remove(1, 3));
    for (const machine of [bound, renewed]) {
      machine.hear(wish(2, 0, 3), wish(1, 0, 3));
      expect(machine.said('remove')).toEqual([{ kind: 'remove', epoch: 0, target: 3, advanced: 0 }]);
    }
  });

  it('whoever never wished it is bound to nothing', () => {
    const machine = new Machine(four, 0).play('a').hear(remove(1, 3), wish(2, 0, 3));
    expect(machine.said('wish')).toEqual([]);
    expect(machine.said('remove')).toEqual([]);
  });

  it('the REMOVE of a player counts as its wish, whatever its newest WISH says', () => {
    const machine = new Machine(four, 0)
      .play('a')
      .wish(3)
      .hear(wish(2, 0, 3));
    machine.hear(wish(1, 1, NO_TARGET), remove(1, 3));
    expect(machine.said('remove')).toEqual([{ kind: 'remove', epoch: 0, target: 3, advanced: 0 }]);
  });

  it('a wish of an earlier round binds nobody', () => {
    const all = machines(three);
    const [p] = all as [Machine];
    for (const each of all) each.play(`${each.seat}`);
    p.wish(2);
    for (let round = 2; round <= 5; round++) {
      mingle(all);
      for (const each of all) each.play(`${each.seat}`);
    }
    mingle(all, (from) => from === 2);
    const { round } = p.state;
    p.hear(remove(1, 2, round - 1, three), wish(1, 0, 2, { round, of: three }));
    expect(p.said('wish').length).toBe(1);
    expect(p.said('remove')).toEqual([]);
  });

  it('who froze on the wishes of a round is followed by whoever has advanced that round since', () => {
    const [p, q, x] = machines(three) as [Machine, Machine, Machine];
    for (const each of [p, q, x]) each.play(`${each.seat}`);
    mingle([p, q, x], (from, _to, each) => from === 2 && statementOf(each, 'reveal') !== null);
    p.wish(2);
    q.wish(2);
    p.hear(...q.signed.filter((each) => statementOf(each, 'wish') !== null));
    expect(p.state.removal.frozen).toBe(2);
    q.hear(...x.signed);
    expect(q.state.round, 'the opening of x came to q alone').toBe(2);
    q.hear(...p.signed);
    p.hear(...q.signed, ...x.signed);
    for (const each of [p, q]) expect(each.state).toMatchObject({ epoch: 1, round: 2 });
  });
});

describe('a REMOVE without any ground', () => {
  it('removes nobody, however many of its kind one liar sends', () => {
    const machine = new Machine(four, 0).play('a').hear(remove(3, 1), remove(3, 2), remove(3, 0));
    expect(machine.state.epoch).toBe(0);
    expect(machine.said('remove').map(({ target }) => target)).toEqual([3]);
  });

  it('at two: one liar expels nobody', () => {
    const two = people(2);
    const machine = new Machine(two, 0).play('a').hear(remove(1, 0, 0, two));
    expect(machine.state.over).not.toBe('expelled');
  });
});

describe('whoever is removed', () => {
  it('learns it from the REMOVEs of the others and ends', () => {
    const machine = new Machine(four, 3).play('x').hear(remove(0, 3), remove(1, 3));
    expect(machine.state.over).toBeNull();
    machine.hear(remove(2, 3));
    expect(machine.state.over).toBe('expelled');
    expect(machine.all('end')).toEqual([{ type: 'end', reason: 'expelled' }]);
  });

  it('takes nothing in and says nothing after that', () => {
    const machine = new Machine(four, 3).play('x').hear(remove(0, 3), remove(1, 3), remove(2, 3));
    const { state } = machine;
    const effects = machine.effects.length;
    machine
      .hear(packet(four, 0, move(four, 0, 'a', first)[0]))
      .wish(1)
      .take({ type: 'leave' });
    expect(machine.state).toBe(state);
    expect(machine.effects.length).toBe(effects);
  });
});

describe('one after the other', () => {
  it('five players: each removal by wish starts an epoch, down to two', () => {
    const hall = new Hall(5).start().run(500);
    let left = [0, 1, 2, 3, 4];
    for (const seat of [2, 0, 4]) {
      hall.crash(seat);
      left = left.filter((each) => each !== seat);
      hall.run(1500);
      for (const each of left)
        hall.guest(each).driver?.dispatch({ type: 'wish', at: hall.now, target: seat as never });
      hall.run(2000);
      for (const each of left) expect(hall.guest(each).lockstep.epoch).toBe(5 - left.length);
    }
    const round = hall.guest(1).round;
    hall.run(2000);
    expect(hall.guest(1).round).toBeGreaterThan(round + 10);
    expect(hall.guest(3).lockstep.seed).toEqual(hall.guest(1).lockstep.seed);
  });
});
