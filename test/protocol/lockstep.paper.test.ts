/** The text of the lockstep protocol about rounds, claim by claim; each chapter quotes what it tests. */

import { describe, expect, it } from 'vitest';
import { verifyEvidence } from '../../src/protocol/evidence.ts';
import { outcomeOf } from '../../src/protocol/round.ts';
import { type Packet, statementOf } from '../../src/wire/packet.ts';
import type { Commit, Statement } from '../../src/wire/statement.ts';
import { Hall } from './hall.ts';
import {
  convicted,
  Machine,
  machines,
  mingle,
  move,
  noState,
  packet,
  people,
  roundOf,
  setOf,
} from './table.ts';

const three = people(3);
const four = people(4);

describe('"COMMIT to all; when all n commitments are held, REVEAL together with the SET"', () => {
  const { commits } = roundOf(four, ['a', 'b', 'c', 'd']);

  it('an input is committed to at once, with nothing else', () => {
    const machine = new Machine(four, 0).play('a');
    expect(machine.signed.map(({ entries }) => entries.map(({ statement }) => statement?.kind))).toEqual([
      ['commit'],
    ]);
  });

  it.each([1, 2, 3])('nothing is opened while the commitment of player %i is missing', (missing) => {
    const machine = new Machine(four, 0).play('a');
    machine.hear(...commits.filter((_, seat) => seat !== missing));
    expect(machine.said('set')).toEqual([]);
    expect(machine.said('reveal')).toEqual([]);
  });

  it('nothing is opened without an own commitment, whatever is held', () => {
    const machine = new Machine(four, 0).hear(...commits);
    expect(machine.all('sign')).toEqual([]);
  });

  it('with the last one, SET and REVEAL leave in one packet, once', () => {
    const machine = new Machine(four, 0).play('a').hear(...commits, ...commits);
    const [, open, more] = machine.signed;
    expect(open?.entries.map(({ statement }) => statement?.kind)).toEqual(['set', 'reveal']);
    expect(more).toBeUndefined();
    expect(machine.said('set')).toEqual([roundOf(four, ['a', 'b', 'c', 'd']).set]);
  });

  it('goes to every other player, each of which gets the same bytes', () => {
    const hall = new Hall(4).start().run(100);
    const to = (packetOf: (each: Packet) => Statement | null) =>
      [1, 2, 3].map((seat) => {
        const left = hall.guest(0).leftAt.filter((each) => each.to === seat);
        const packets = left.flatMap(({ datagram }) => hall.packetsIn(datagram));
        return packets.find((each) => each.sender === 0 && packetOf(each) !== null)?.bytes;
      });
    for (const copies of [
      to((each) => statementOf(each, 'commit')),
      to((each) => statementOf(each, 'reveal')),
    ]) {
      expect(copies[0]).toBeInstanceOf(Uint8Array);
      expect(copies[1]).toEqual(copies[0]);
      expect(copies[2]).toEqual(copies[0]);
    }
  });
});

describe('"A round advances on n equal SETs and n openings: that bundle is the advance certificate"', () => {
  const { commits, opens } = roundOf(three, ['a', 'b', 'c']);

  it.each([1, 2])('not without the opening of player %i', (missing) => {
    const machine = new Machine(three, 0).play('a').hear(...commits);
    machine.hear(...opens.filter((_, seat) => seat !== missing));
    expect(machine.all('advance')).toEqual([]);
    expect(machine.state.round).toBe(1);
  });

  it('with all of them, once, with the inputs of all', () => {
    const machine = new Machine(three, 0).play('a').hear(...commits, ...opens, ...opens);
    const [advance, more] = machine.all('advance');
    expect(advance?.outcome.inputs.map((input) => String.fromCharCode(...(input ?? [])))).toEqual([
      'a',
      'b',
      'c',
    ]);
    expect(more).toBeUndefined();
    expect(machine.state.round).toBe(2);
  });

  it('the openings alone are the certificate: no commitment is needed with them', () => {
    const none = [null, null, null];
    const book = { epoch: 0, round: 1, commits: none, opens };
    const outcome = outcomeOf(three.session, book, new Machine(three, 0).state.members, noState);
    expect(outcome?.inputs.every((input) => input !== null)).toBe(true);
  });

  it('"it is passed on": who hears nothing from one player advances on what the others hold', () => {
    const hall = new Hall(3).start().run(200);
    hall.route = (from, to, datagram) => (from + to === 2 && from !== 1 ? [] : [datagram]);
    const before = hall.guest(0).round;
    hall.run(3000);
    expect(hall.guest(0).round).toBeGreaterThan(before + 5);
    expect(hall.guest(2).round).toBeGreaterThan(before + 5);
  });

  it('n openings that are not what the SETs list advance nobody', () => {
    const machine = new Machine(three, 0).play('a').hear(...commits, opens[1] as never);
    machine.hear(packet(three, 2, roundOf(three, ['a', 'b', 'c']).set, move(three, 2, 'other')[1]));
    expect(machine.all('advance')).toEqual([]);
    expect(convicted(machine)).toEqual([2]);
  });
});

describe('"Unequal SETs never void a round: the players exchange the listed commitments"', () => {
  /** Seat 2 says one thing to seat 0 and another to seat 1. */
  function twoFaced() {
    const [told0, told1] = [move(three, 2, 'c'), move(three, 2, 'd')];
    const [p, q] = [new Machine(three, 0).play('a'), new Machine(three, 1).play('b')];
    mingle([p, q]);
    p.hear(packet(three, 2, told0[0]));
    q.hear(packet(three, 2, told1[0]));
    mingle([p, q]);
    return { p, q, told0, told1 };
  }

  it('nobody advances on them, and the round is still the one being played', () => {
    const { p, q, told0 } = twoFaced();
    p.hear(
      packet(three, 2, setOf(three, [move(three, 0, 'a')[0], move(three, 1, 'b')[0], told0[0]]), told0[1]),
    );
    expect(p.said('set')[0]?.set).not.toEqual(q.said('set')[0]?.set);
    for (const each of [p, q]) expect(each.state).toMatchObject({ epoch: 0, round: 1, over: null });
    expect([...p.all('advance'), ...q.all('advance'), ...p.all('evidence')]).toEqual([]);
  });

  it('two COMMITs by one signer are evidence, at whoever comes to hold both', () => {
    const { p, q, told0, told1 } = twoFaced();
    p.hear(packet(three, 2, told1[0]));
    q.hear(packet(three, 2, told0[0]));
    expect(convicted(p)).toEqual([2]);
    expect(convicted(q)).toEqual([2]);
    expect(p.all('evidence')[0]).toMatchObject({ kind: 'inconsistency', player: 2 });
  });

  it('the exchange brings both commitments to both, though the liar says no more', () => {
    const hall = new Hall(3).start().run(200);
    const people3 = { ...hall.people, session: hall.session };
    hall.route = (from, to, datagram) => {
      if (to === 2) return [hall.without(datagram, (each) => each.sender === 2)];
      if (from !== 2) return [datagram];
      const packets = hall.packetsIn(datagram).filter((each) => each.sender === 2);
      const own = packets.find((each) => statementOf(each, 'commit') !== null);
      if (own === undefined || to === 0)
        return [hall.without(datagram, (each) => statementOf(each, 'set') !== null)];
      const { epoch, round } = statementOf(own, 'commit') as Commit;
      const forged = packet(people3, 2, move(people3, 2, 'other', { epoch, round })[0]);
      return [hall.without(datagram, (each) => each.sender === 2), hall.bundle(2, forged)];
    };
    hall.run(5000);
    for (const seat of [0, 1]) {
      const [evidence] = hall.guest(seat).heard('evidence');
      expect(evidence?.player, `player ${seat}`).toBe(2);
      expect(verifyEvidence(evidence?.evidence as Uint8Array)?.guilty).toEqual(hall.people.keys[2]);
      expect(hall.guest(seat).lockstep.epoch).toBe(1);
    }
    expect(
      hall
        .guest(0)
        .heard('evidence')
        .every(({ player }) => player === 2),
    ).toBe(true);
  });

  it('a lone wrong SET convicts nobody, stalls on its signer, and nobody else is named', () => {
    const hall = new Hall(4).start().run(200);
    const people4 = { ...hall.people, session: hall.session };
    const { round } = hall.guest(3);
    hall.route = (from, to, datagram) => {
      if (to === 3) return [hall.without(datagram, (each) => each.sender === 3)];
      if (from !== 3) return [datagram];
      const packets = hall.packetsIn(datagram).filter((each) => each.sender === 3);
      const own = packets.find((each) => (statementOf(each, 'set')?.round ?? 0) > round + 1);
      if (own === undefined) return [datagram];
      const [set, reveal] = own.entries.map(({ statement }) => statement as Statement);
      const wrong = packet(
        people4,
        3,
        { ...(set as ReturnType<typeof setOf>), set: noState },
        reveal as Statement,
      );
      return [hall.without(datagram, (each) => each.sender === 3), hall.bundle(3, wrong)];
    };
    hall.run(8000);
    for (const seat of [0, 1, 2]) {
      const stalls = hall.guest(seat).notices('stall');
      expect(stalls.length, `player ${seat}`).toBeGreaterThan(3);
      for (const stall of stalls) expect(stall).toMatchObject({ waitingFor: 1 << 3, reason: 'set' });
      expect(hall.guest(seat).heard('evidence')).toEqual([]);
      expect(hall.guest(seat).lockstep.epoch).toBe(0);
    }
  });

  it('two SETs by one signer are evidence', () => {
    const { commits, opens, set } = roundOf(three, ['a', 'b', 'c']);
    const machine = new Machine(three, 0).play('a').hear(...commits, opens[2] as never);
    machine.hear(packet(three, 2, { ...set, set: noState }, move(three, 2, 'c')[1]));
    expect(convicted(machine)).toEqual([2]);
  });
});

describe('"Nobody goes back"', () => {
  it('nothing that was said of an advanced round is heard again, and no round is played twice', () => {
    const all = machines(three);
    for (const text of ['a', 'b', 'c', 'd']) {
      for (const machine of all) machine.play(`${machine.seat}${text}`);
      mingle(all);
    }
    for (const machine of all) {
      const before = machine.state;
      for (const other of all) machine.hear(...other.signed);
      expect(machine.state.round).toBe(5);
      expect(machine.state.seed).toBe(before.seed);
      expect(machine.all('advance').map(({ outcome }) => outcome.round)).toEqual([1, 2, 3, 4]);
    }
  });
});

describe('"No deadline decides anything"', () => {
  it('after ten minutes of silence everything is as it was, and goes on when the player is back', () => {
    const hall = new Hall(3).start().run(500);
    hall.crash(1);
    hall.run(2000);
    const { epoch, members, round } = hall.guest(0).lockstep;
    hall.run(600_000);
    expect(hall.guest(0).lockstep).toMatchObject({ epoch, members, round, over: null });
    hall.start(1).run(3000);
    for (const { seat } of hall.guests) expect(hall.guest(seat).round).toBeGreaterThan(round + 5);
  });
});
