import { describe, expect, it } from 'vitest';
import { suspects } from '../../src/protocol/stall.ts';
import { standingOf } from '../../src/protocol/standing.ts';
import type { Standing } from '../../src/wire/envelope.ts';
import { statementOf } from '../../src/wire/packet.ts';
import { Hall } from './hall.ts';
import { Machine, machines, mingle, move, noState, packet, people, setOf } from './table.ts';

const of = people(3);
const four = people(4);
const set = (...seats: readonly number[]): number => seats.reduce((all, seat) => all | (1 << seat), 0);
const at = (change: Partial<Record<keyof Standing, number>> = {}): Standing =>
  ({ epoch: 0, round: 1, commits: 0, opens: 0, removes: 0, causes: 0, ...change }) as Standing;

/** Three machines: seats 0 and 1 have opened; seat 2 has committed, and said no more. */
function unopened(): Machine {
  const [p, q] = [new Machine(of, 0).play('a'), new Machine(of, 1).play('b')];
  mingle([p, q]);
  for (const each of [p, q]) each.hear(packet(of, 2, move(of, 2, 'c')[0]));
  mingle([p, q]);
  return p;
}

describe('nobody is named', () => {
  it('while it is the own turn', () => {
    const machine = new Machine(of, 0);
    expect(suspects(machine.state, [null, at(), at()])).toBeNull();
    machine.hear(packet(of, 1, move(of, 1, 'b')[0]));
    expect(suspects(machine.state, [null, at(), at()])).toBeNull();
  });

  it('after the end', () => {
    const machine = new Machine(people(2), 0).play('a');
    machine.hear(...['x', 'y'].map((text) => packet(people(2), 1, move(people(2), 1, text)[0])));
    expect(machine.state.over).toBe('alone');
    expect(suspects(machine.state, [null, at()])).toBeNull();
  });
});

describe('"whose own next statement is missing although they acknowledged all it depends on"', () => {
  it('a COMMIT depends on being in the round', () => {
    const machine = new Machine(of, 0).play('a').hear(packet(of, 1, move(of, 1, 'b')[0]));
    expect(suspects(machine.state, [null, at(), at()])).toEqual({ players: set(2), reason: 'silent' });
  });

  it('who is still in the round before cannot commit: it lacks what ends that round', () => {
    const all = machines(four);
    for (const each of all) each.play(`${each.seat}`);
    mingle(all);
    const [machine] = all as [Machine];
    machine.play('next');
    const behind = at({ round: 1, commits: 0b1111, opens: 0b0111 });
    expect(suspects(machine.state, [null, behind, at({ round: 2 }), at({ round: 2 })])).toEqual({
      players: set(2, 3),
      reason: 'silent',
    });
  });

  it('an opening depends on all commitments', () => {
    const machine = unopened();
    expect(suspects(machine.state, [null, at({ commits: 7 }), at({ commits: 7 })])).toEqual({
      players: set(2),
      reason: 'silent',
    });
    const lacking = suspects(machine.state, [null, at({ commits: 7 }), at({ commits: 5 })]);
    expect(lacking).toEqual({ players: set(2), reason: 'link' });
  });

  it('a REMOVE depends on holding the cause', () => {
    const machine = new Machine(four, 0)
      .play('a')
      .hear(packet(four, 3, { kind: 'leave', epoch: 0, advanced: 0 }));
    expect(machine.state.removal.frozen).toBe(3);
    const named = suspects(machine.state, [
      null,
      at({ causes: 8, removes: 1 }),
      at({ removes: 1 }),
      at({ causes: 8 }),
    ]);
    expect(named).toEqual({ players: set(1), reason: 'removal' });
  });

  it('a SET that differs: its signer alone', () => {
    const machine = unopened();
    const commits = ['a', 'b', 'c'].map((text, seat) => move(of, seat, text)[0]);
    machine.hear(packet(of, 2, { ...setOf(of, commits), set: noState }, move(of, 2, 'c')[1]));
    expect(suspects(machine.state, [null, at({ commits: 7 }), at({ commits: 7 })])).toEqual({
      players: set(2),
      reason: 'set',
    });
  });
});

describe('"... else those who acknowledged nothing (reason link)"', () => {
  it('who lacks what I have sent it', () => {
    const machine = new Machine(four, 0).play('a').hear(packet(four, 1, move(four, 1, 'b')[0]));
    expect(suspects(machine.state, [null, null, null, null])).toEqual({ players: set(2, 3), reason: 'link' });
    const ended = at({ round: 0 });
    expect(suspects(machine.state, [null, at(), ended, null])).toEqual({
      players: set(2, 3),
      reason: 'link',
    });
  });

  it('goes before nobody: one that is able is named alone', () => {
    const machine = new Machine(four, 0).play('a').hear(packet(four, 1, move(four, 1, 'b')[0]));
    expect(suspects(machine.state, [null, null, at(), null])).toEqual({ players: set(2), reason: 'silent' });
  });
});

describe('"stall never names a signer of REMOVE" that one can account for', () => {
  it('not for its COMMIT, its opening, nor its silence', () => {
    const lie = ['x', 'y'].map((text) => packet(four, 3, move(four, 3, text)[0]));
    const remover = packet(four, 1, { kind: 'remove', epoch: 0, target: 3, advanced: 0 });
    const machine = new Machine(four, 0).play('a').hear(...lie, remover);
    const standing = at({ causes: 8, commits: 15 });
    expect(suspects(machine.state, [null, standing, standing, standing])).toEqual({
      players: set(2),
      reason: 'removal',
    });
    expect(suspects(machine.state, [null, null, null, null])?.players).toBe(set(2));
  });

  it('nor before I have signed mine: when I have wished it too, its silence is its right', () => {
    const machine = new Machine(four, 0).play('a').wish(3);
    machine.hear(packet(four, 1, { kind: 'remove', epoch: 0, target: 3, advanced: 0 }));
    expect(suspects(machine.state, [null, at(), at(), at()])).toEqual({
      players: set(2, 3),
      reason: 'silent',
    });
  });

  it('but one whose REMOVE I cannot account for is waited for like anybody else', () => {
    for (const target of [0, 3]) {
      const machine = new Machine(four, 0).play('a');
      machine.hear(packet(four, 1, { kind: 'remove', epoch: 0, target, advanced: 0 }));
      expect(suspects(machine.state, [null, at(), at(), at()])).toEqual({
        players: set(1, 2, 3),
        reason: 'silent',
      });
    }
  });

  it('a REMOVE without any ground does not keep a stall from being told', () => {
    const machine = new Machine(of, 0).play('a').hear(packet(of, 1, move(of, 1, 'b')[0]));
    machine.hear(packet(of, 2, { kind: 'remove', epoch: 0, target: 1, advanced: 0 }));
    expect(suspects(machine.state, [null, at(), at()])).not.toBeNull();
  });

  it('nor does one that claims a round which nobody has', () => {
    const machine = new Machine(four, 0)
      .play('a')
      .hear(packet(four, 3, { kind: 'leave', epoch: 0, advanced: 0 }));
    machine.hear(packet(four, 1, { kind: 'remove', epoch: 0, target: 3, advanced: 0 }));
    machine.hear(packet(four, 2, { kind: 'remove', epoch: 0, target: 3, advanced: 1 }));
    expect(machine.state.epoch).toBe(0);
    expect(suspects(machine.state, [null, at({ causes: 8 }), at({ causes: 8 }), null])).not.toBeNull();
  });
});

describe('"nor the victim of a withheld commitment"', () => {
  it('X shows its commitment to P alone: P never names Q, and play goes on', () => {
    const hall = new Hall(3).start().run(200);
    const { round } = hall.guest(0);
    hall.route = (from, to, datagram) => {
      if (from !== 2 || to !== 1) return [datagram];
      return [hall.without(datagram, (each) => (statementOf(each, 'commit')?.round ?? 0) > round)];
    };
    hall.run(20_000);
    expect(hall.guest(0).round).toBeGreaterThan(round + 20);
    for (const { seat } of hall.guests)
      expect(hall.guest(seat).notices('stall'), `player ${seat}`).toEqual([]);
  });

  it('X shows it to P alone and never opens: P and Q both name X', () => {
    const hall = new Hall(3).start().run(200);
    const { round } = hall.guest(0);
    hall.route = (from, to, datagram) => {
      if (from !== 2) return [datagram];
      const late = (each: Parameters<typeof statementOf>[0]) =>
        each.sender === 2 &&
        ((statementOf(each, 'reveal')?.round ?? 0) > round ||
          (to === 1 && (statementOf(each, 'commit')?.round ?? 0) > round));
      return [hall.without(datagram, late)];
    };
    hall.run(20_000);
    for (const seat of [0, 1]) {
      const stalls = hall.guest(seat).notices('stall');
      expect(stalls.length).toBeGreaterThan(10);
      for (const stall of stalls) expect(stall).toMatchObject({ waitingFor: set(2), reason: 'silent' });
    }
  });

  it('of a player that has crashed everybody else says the same', () => {
    const hall = new Hall(4).start().run(333);
    hall.crash(1);
    hall.run(10_000);
    for (const seat of [0, 2, 3]) {
      const stalls = hall.guest(seat).notices('stall');
      expect(stalls.length).toBeGreaterThan(5);
      for (const { waitingFor } of stalls) expect(waitingFor).toBe(set(1));
    }
  });

  it('a stall is told again every stallMs while it lasts, and not once more after it', () => {
    const hall = new Hall(2, { stallMs: 500 }).start().run(300);
    hall.crash(1);
    hall.run(5100);
    const told = hall.guest(0).notices('stall').length;
    expect(told).toBe(10);
    hall.start(1).run(10_000);
    expect(hall.guest(0).notices('stall').length).toBeLessThanOrEqual(told + 1);
  });
});

describe('standings that lie', () => {
  it('who claims to hold nothing is named, for its link', () => {
    const machine = unopened();
    expect(suspects(machine.state, [null, at({ commits: 7 }), at()])).toEqual({
      players: set(2),
      reason: 'link',
    });
  });

  it('who claims to be far ahead is named for silence', () => {
    const machine = unopened();
    expect(suspects(machine.state, [null, at({ commits: 7 }), at({ round: 2 })])?.players).toBe(set(2));
    expect(suspects(machine.state, [null, at({ commits: 7 }), at({ epoch: 1 })])?.players).toBe(set(2));
  });

  it('an honest player in the same place is never named by another honest one that it has heard', () => {
    const all = machines(of);
    const [p, q] = all as [Machine, Machine];
    for (const each of [p, q]) each.play(`${each.seat}`);
    mingle([p, q]);
    const found = suspects(p.state, [null, standingOf(q.state), null]);
    expect(found?.players).toBe(set(2));
  });
});
