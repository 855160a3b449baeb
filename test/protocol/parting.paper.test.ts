/** The text of the lockstep protocol about parting, claim by claim; each chapter quotes what it tests. */

import { describe, expect, it } from 'vitest';
import { statementOf } from '../../src/wire/packet.ts';
import { Hall } from './hall.ts';
import { convicted, Machine, machines, mingle, move, packet, people, roundOf } from './table.ts';

const three = people(3);
const four = people(4);

describe('"REMOVE(X), signed once an epoch, after which the signer signs nothing more in that epoch"', () => {
  const [x1, x2] = [move(four, 3, 'x')[0], move(four, 3, 'y')[0]];

  it('on evidence, by itself, and once', () => {
    const machine = new Machine(four, 0)
      .play('a')
      .hear(packet(four, 3, x1), packet(four, 3, x2), packet(four, 3, x1));
    expect(machine.said('remove')).toEqual([{ kind: 'remove', epoch: 0, target: 3, advanced: 0 }]);
    expect(machine.state.removal.frozen).toBe(3);
  });

  it('nothing more in that epoch: no opening, no wish, no second REMOVE, no input', () => {
    const { commits } = roundOf(four, ['a', 'b', 'c', 'x']);
    const machine = new Machine(four, 0).play('a').hear(packet(four, 3, x1), packet(four, 3, x2));
    const said = machine.all('sign').length;
    machine
      .hear(...commits)
      .wish(1)
      .wish(2)
      .wish(null);
    const [one, two] = [move(four, 2, 'p')[0], move(four, 2, 'q')[0]];
    machine.hear(packet(four, 2, one), packet(four, 2, two));
    expect(convicted(machine)).toEqual([3, 2]);
    expect(machine.all('sign').length).toBe(said);
    expect(machine.said('set')).toEqual([]);
  });

  it('"Two REMOVEs of one signer are evidence"', () => {
    const machine = new Machine(four, 0).play('a');
    machine.hear(packet(four, 3, { kind: 'remove', epoch: 0, target: 1, advanced: 0 }));
    machine.hear(packet(four, 3, { kind: 'remove', epoch: 0, target: 2, advanced: 0 }));
    expect(convicted(machine)).toEqual([3]);
    expect(machine.all('evidence')[0]).toMatchObject({ kind: 'inconsistency', player: 3 });
  });

  it('... also when they name one player and differ in the round', () => {
    const machine = new Machine(four, 0).play('a');
    machine.hear(packet(four, 3, { kind: 'remove', epoch: 0, target: 1, advanced: 0 }));
    machine.hear(packet(four, 3, { kind: 'remove', epoch: 0, target: 1, advanced: 1 }));
    expect(convicted(machine)).toEqual([3]);
  });

  it('... also when the second could not be true', () => {
    const machine = new Machine(four, 0).play('a');
    machine.hear(packet(four, 3, { kind: 'remove', epoch: 0, target: 1, advanced: 0 }));
    machine.hear(packet(four, 3, { kind: 'remove', epoch: 0, target: 3, advanced: 77 }));
    expect(convicted(machine)).toEqual([3]);
  });
});

describe('"With all n-1 REMOVEs the epoch ends after the highest advanced round among them"', () => {
  const [x1, x2] = [
    move(three, 2, 'x', { epoch: 0, round: 2 })[0],
    move(three, 2, 'y', { epoch: 0, round: 2 })[0],
  ];
  const lie = [packet(three, 2, x1), packet(three, 2, x2)];

  /** Seat 2 opens round 1 before seat 0 alone, and then shows two commitments of round 2. */
  function oneAhead() {
    const [p, q, x] = machines(three) as [Machine, Machine, Machine];
    for (const each of [p, q, x]) each.play(`${each.seat}`);
    mingle([p, q, x], (from, to, each) => from === 2 && to === 1 && statementOf(each, 'reveal') !== null);
    expect([p.state.round, q.state.round]).toEqual([2, 1]);
    return { p, q, x };
  }

  it('"agreement is among those who go on": who has advanced less catches up by the certificate', () => {
    const { p, q, x } = oneAhead();
    p.hear(...lie);
    q.hear(...lie.slice(0, 1)).learn(p.all('evidence')[0]?.evidence as Uint8Array);
    expect([p.said('remove')[0]?.advanced, q.said('remove')[0]?.advanced]).toEqual([1, 0]);
    mingle([p, q], (_from, _to, each) => statementOf(each, 'remove') === null);
    expect(p.state).toMatchObject({ epoch: 1, round: 2 });
    expect(q.state, 'q lacks an opening of the round that p has advanced').toMatchObject({
      epoch: 0,
      round: 1,
    });
    q.hear(...x.signed);
    expect(q.state).toMatchObject({ epoch: 1, round: 2 });
    expect(q.state.seed).toEqual(p.state.seed);
    expect(q.all('advance')[0]?.outcome).toEqual(p.all('advance')[0]?.outcome);
  });

  it('a round that nobody who goes on has advanced stays so, though its last opening comes', () => {
    const [p, q, x] = machines(three) as [Machine, Machine, Machine];
    for (const each of [p, q, x]) each.play(`${each.seat}`);
    mingle([p, q, x], (from, _to, each) => from === 2 && statementOf(each, 'reveal') !== null);
    for (const each of [p, q]) each.hear(packet(three, 2, move(three, 2, 'else')[0]));
    expect(p.state.removal.frozen).toBe(2);
    for (const each of [p, q]) each.hear(...x.signed);
    mingle([p, q]);
    for (const each of [p, q]) expect(each.state).toMatchObject({ epoch: 1, round: 1 });
    expect([...p.all('advance'), ...q.all('advance')]).toEqual([]);
    expect(x.state.round, 'the removed player may have advanced one round further').toBe(2);
  });

  it('"inputs of later rounds are committed anew": in the new epoch, under a fresh salt', () => {
    const hall = new Hall(3).start().run(200);
    const people3 = { ...hall.people, session: hall.session };
    const { epoch, round } = hall.guest(0).lockstep;
    hall.route = (from, _to, datagram) => (from === 2 ? [] : [datagram]);
    const lies = ['x', 'y'].map((text) =>
      packet(people3, 2, move(people3, 2, text, { epoch, round: round + 1 })[0]),
    );
    for (const each of lies) hall.inject(2, 0, hall.bundle(2, each));
    hall.run(2000);
    const commits = hall.records(0).flatMap((record) => (record.type === 'commit' ? [record] : []));
    const again = commits.filter(({ commit }) =>
      commits.some(
        (other) =>
          other.commit.round === commit.round && other !== commits[0] && other.commit.epoch !== commit.epoch,
      ),
    );
    const [before, after] = again;
    expect([before?.commit.epoch, after?.commit.epoch]).toEqual([0, 1]);
    expect(after?.commit.round).toBe(before?.commit.round);
    expect(after?.reveal.salt).not.toEqual(before?.reveal.salt);
    expect(hall.guest(0).lockstep.epoch).toBe(1);
    expect(hall.guest(0).round).toBeGreaterThan(round + 3);
  });
});

describe('"Two gone or convicted at once end the match" and "n = 2"', () => {
  const twice = (of: typeof four, seat: number) =>
    ['x', 'y'].map((text) => packet(of, seat, move(of, seat, text)[0]));

  it('two convicted at four: those left cannot agree whom to go on without, and it ends as split', () => {
    const hall = new Hall(4).start().run(200);
    const people4 = { ...hall.people, session: hall.session };
    const { epoch, round } = hall.guest(0).lockstep;
    hall.route = (from, _to, datagram) => (from > 1 ? [] : [datagram]);
    for (const seat of [2, 3]) {
      for (const text of ['x', 'y']) {
        const each = packet(people4, seat, move(people4, seat, text, { epoch, round: round + 1 })[0]);
        hall.inject(seat, seat - 2, hall.bundle(seat, each));
      }
    }
    hall.run(6000);
    for (const seat of [0, 1])
      expect(hall.guest(seat).heard('end')).toEqual([{ type: 'end', reason: 'split' }]);
  });

  it('n = 2 with evidence: the other ends the game alone', () => {
    const two = people(2);
    const machine = new Machine(two, 0).play('a').hear(...twice(two, 1));
    expect(machine.state.over).toBe('alone');
    expect(machine.all('end')).toEqual([{ type: 'end', reason: 'alone' }]);
    expect(convicted(machine)).toEqual([1]);
  });

  it('n = 2 with silence: never, whatever is wished', () => {
    const hall = new Hall(2).start().run(200);
    hall.crash(1);
    hall.guest(0).driver?.dispatch({ type: 'wish', at: hall.now, target: 1 as never });
    hall.run(60_000);
    expect(hall.guest(0).lockstep).toMatchObject({ epoch: 0, over: null });
    expect(hall.guest(0).notices('stall').length).toBeGreaterThan(30);
  });
});
