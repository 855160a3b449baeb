/** The text of the lockstep protocol, claim by claim; each chapter quotes the sentence that it tests. */

import { describe, expect, it } from 'vitest';
import { verifyEvidence } from '../../src/protocol/evidence.ts';
import { outcomeOf } from '../../src/protocol/round.ts';
import type { Packet } from '../../src/wire/packet.ts';
import { statementOf } from '../../src/wire/packet.ts';
import type { Commit, Statement } from '../../src/wire/statement.ts';
import { first, Hall, Machine, machines, mingle, move, noState, packet, people, setOf } from './table.ts';

const three = people(3);
const four = people(4);

/** The others' packets of a round that all of them play: their COMMITs, and their SETs with REVEAL. */
function roundOf(of: typeof three, texts: readonly string[], place = first) {
  const moves = texts.map((text, seat) => move(of, seat, text, place));
  const set = setOf(of, moves.map(([commit]) => commit), place);
  return {
    set,
    commits: moves.map(([commit], seat) => packet(of, seat, commit)),
    opens: moves.map(([, reveal], seat) => packet(of, seat, set, reveal)),
  };
}

/** Whom each piece of evidence convicts. */
function convicted(machine: Machine): (number | undefined)[] {
  return machine.all('evidence').map(({ evidence, player }) => {
    const verdict = verifyEvidence(evidence);
    expect(verdict?.session).toEqual(machine.state.setup.session);
    expect(verdict?.guilty).toEqual(machine.state.setup.keys[player]);
    return player;
  });
}

describe('"COMMIT to all; when all n commitments of the round are held, REVEAL together with the SET"', () => {
  const { commits } = roundOf(four, ['a', 'b', 'c', 'd']);

  it('an input is committed to at once, with nothing else', () => {
    const machine = new Machine(four, 0).play('a');
    expect(machine.signed.map(({ entries }) => entries.map(({ statement }) => statement?.kind))).toEqual([['commit']]);
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
    for (const copies of [to((each) => statementOf(each, 'commit')), to((each) => statementOf(each, 'reveal'))]) {
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
    expect(advance?.outcome.inputs.map((input) => String.fromCharCode(...(input ?? [])))).toEqual(['a', 'b', 'c']);
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
    p.hear(packet(three, 2, setOf(three, [move(three, 0, 'a')[0], move(three, 1, 'b')[0], told0[0]]), told0[1]));
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
      if (own === undefined || to === 0) return [hall.without(datagram, (each) => statementOf(each, 'set') !== null)];
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
    expect(hall.guest(0).heard('evidence').every(({ player }) => player === 2)).toBe(true);
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
      const wrong = packet(people4, 3, { ...(set as ReturnType<typeof setOf>), set: noState }, reveal as Statement);
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

describe('"REMOVE(X, my last advanced round), signed once an epoch, after which the signer signs nothing more"', () => {
  const [x1, x2] = [move(four, 3, 'x')[0], move(four, 3, 'y')[0]];

  it('on evidence, by itself, and once', () => {
    const machine = new Machine(four, 0).play('a').hear(packet(four, 3, x1), packet(four, 3, x2), packet(four, 3, x1));
    expect(machine.said('remove')).toEqual([{ kind: 'remove', epoch: 0, target: 3, advanced: 0 }]);
    expect(machine.state.removal.frozen).toBe(3);
  });

  it('nothing more in that epoch: no opening, no wish, no second REMOVE, no input', () => {
    const { commits } = roundOf(four, ['a', 'b', 'c', 'x']);
    const machine = new Machine(four, 0).play('a').hear(packet(four, 3, x1), packet(four, 3, x2));
    const said = machine.all('sign').length;
    machine.hear(...commits).wish(1).wish(2).wish(null);
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
  const [x1, x2] = [move(three, 2, 'x', { epoch: 0, round: 2 })[0], move(three, 2, 'y', { epoch: 0, round: 2 })[0]];
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
    expect(q.state, 'q lacks an opening of the round that p has advanced').toMatchObject({ epoch: 0, round: 1 });
    q.hear(...x.signed);
    expect(q.state).toMatchObject({ epoch: 1, round: 2 });
    expect(q.state.seed).toEqual(p.state.seed);
    expect(q.all('advance')[0]?.outcome).toEqual(p.all('advance')[0]?.outcome);
  });

  it('a round that nobody who goes on has advanced is not advanced after REMOVE, though its last opening comes', () => {
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
    const lies = ['x', 'y'].map((text) => packet(people3, 2, move(people3, 2, text, { epoch, round: round + 1 })[0]));
    for (const each of lies) hall.inject(2, 0, hall.bundle(2, each));
    hall.run(2000);
    const commits = hall.records(0).flatMap((record) => (record.type === 'commit' ? [record] : []));
    const again = commits.filter(({ commit }) => commits.some((other) => other.commit.round === commit.round && other !== commits[0] && other.commit.epoch !== commit.epoch));
    const [before, after] = again;
    expect([before?.commit.epoch, after?.commit.epoch]).toEqual([0, 1]);
    expect(after?.commit.round).toBe(before?.commit.round);
    expect(after?.reveal.salt).not.toEqual(before?.reveal.salt);
    expect(hall.guest(0).lockstep.epoch).toBe(1);
    expect(hall.guest(0).round).toBeGreaterThan(round + 3);
  });
});

describe('"Two gone or convicted at once end the match" and "n = 2"', () => {
  const twice = (of: typeof four, seat: number) => ['x', 'y'].map((text) => packet(of, seat, move(of, seat, text)[0]));

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
    for (const seat of [0, 1]) expect(hall.guest(seat).heard('end')).toEqual([{ type: 'end', reason: 'split' }]);
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
