import { describe, expect, it } from 'vitest';
import { judge, shapeOf } from '../../src/protocol/judge.ts';
import { decodePacket, elide, type Packet } from '../../src/wire/packet.ts';
import type { Commit, Reveal, Statement } from '../../src/wire/statement.ts';
import { first, Machine, machines, mingle, move, noState, packet, people, setOf } from './table.ts';

const of = people(3);
const commit = (seat: number, round: number, epoch = 0, text = 'x'): Commit =>
  move(of, seat, text, { epoch, round })[0];
const reveal = (seat: number, round: number, epoch = 0): Reveal => move(of, seat, 'x', { epoch, round })[1];
const set = (round: number, epoch = 0) => setOf(of, [], { epoch, round });
const remove = (target: number, advanced: number, epoch = 0): Statement => ({
  kind: 'remove',
  epoch,
  target,
  advanced,
});
const wish = (index: number, round: number, epoch = 0): Statement => ({
  kind: 'wish',
  epoch,
  index,
  target: 2,
  round,
});
const leave = (advanced: number, epoch = 0): Statement => ({ kind: 'leave', epoch, advanced });

/** A machine that is to play the given round, all before it advanced. */
function inRound(round: number): Machine {
  const all = machines(of);
  for (let next = 1; next < round; next++) {
    for (const machine of all) machine.play(`${machine.seat}`);
    mingle(all);
  }
  return all[0] as Machine;
}

describe('the shape of a packet', () => {
  it.each<[string, readonly Statement[], unknown]>([
    ['COMMIT', [commit(1, 4)], { kind: 'commit', epoch: 0, round: 4 }],
    ['SET with REVEAL', [set(4), reveal(1, 4)], { kind: 'open', epoch: 0, round: 4 }],
    ['REMOVE', [remove(2, 3)], { kind: 'remove', epoch: 0, round: 0 }],
    ['LEAVE', [leave(3)], { kind: 'leave', epoch: 0, round: 0 }],
  ])('%s', (_name, statements, shape) => {
    expect(shapeOf(packet(of, 1, ...statements))).toEqual(shape);
  });

  it('WISH', () => {
    expect(shapeOf(packet(of, 1, wish(0, 4)))).toMatchObject({ kind: 'wish', epoch: 0 });
  });

  it.each<[string, readonly Statement[]]>([
    ['SET alone', [set(4)]],
    ['REVEAL alone', [reveal(1, 4)]],
    ['COMMIT with REVEAL', [commit(1, 4), reveal(1, 4)]],
    ['COMMIT with SET', [commit(1, 4), set(4)]],
    ['two COMMITs', [commit(1, 4), commit(1, 5)]],
    ['SET and REVEAL of two rounds', [set(4), reveal(1, 5)]],
    ['SET and REVEAL of two epochs', [set(4, 1), reveal(1, 4, 0)]],
    ['COMMIT, SET and REVEAL', [commit(1, 4), set(4), reveal(1, 4)]],
    ['REMOVE with COMMIT', [remove(2, 3), commit(1, 4)]],
    ['WISH with LEAVE', [wish(0, 4), leave(3)]],
  ])('none: %s', (_name, statements) => {
    const each = packet(of, 1, ...statements);
    expect(shapeOf(each)).toBeNull();
    expect(judge(inRound(4).state, each)).toBe('shape');
  });

  it('none: a statement that is left out', () => {
    const whole = packet(of, 1, set(1), reveal(1, 1));
    for (const keep of [[0], [1], []]) expect(shapeOf(elide(whole, of.session, keep))).toBeNull();
  });
});

describe('cheap refusals, in round 4', () => {
  it.each<[string, number, readonly Statement[], string | null]>([
    ['COMMIT of two rounds ago', 1, [commit(1, 2)], 'stale'],
    ['COMMIT of the round before, not the one held', 1, [commit(1, 3, 0, 'y')], null],
    ['COMMIT of this round', 1, [commit(1, 4)], null],
    ['COMMIT of the next round', 1, [commit(1, 5)], null],
    ['COMMIT of the round after that', 1, [commit(1, 6)], 'ahead'],
    ['COMMIT of round 0', 1, [commit(1, 0)], 'stale'],
    ['COMMIT of the last round there is', 1, [commit(1, 0xffffffff)], 'ahead'],
    ['COMMIT of the next epoch', 1, [commit(1, 4, 1)], 'ahead'],
    ['opening of two rounds ago', 1, [set(2), reveal(1, 2)], 'stale'],
    ['opening of the round before', 1, [set(3), reveal(1, 3)], null],
    ['opening of this round', 1, [set(4), reveal(1, 4)], null],
    ['opening of the next round', 1, [set(5), reveal(1, 5)], 'ahead'],
    ['REMOVE two rounds behind', 1, [remove(2, 1)], 'implausible'],
    ['REMOVE one behind', 1, [remove(2, 2)], null],
    ['REMOVE level', 1, [remove(2, 3)], null],
    ['REMOVE one ahead', 1, [remove(2, 4)], null],
    ['REMOVE two ahead', 1, [remove(2, 5)], 'implausible'],
    ['REMOVE of its own signer', 1, [remove(1, 3)], 'implausible'],
    ['REMOVE of a seat that does not exist', 1, [remove(3, 3)], 'implausible'],
    ['REMOVE of a seat that no set of players has', 1, [remove(34, 3)], 'implausible'],
    ['REMOVE of nobody', 1, [remove(255, 3)], 'implausible'],
    ['REMOVE of the next epoch', 1, [remove(2, 3, 1)], 'ahead'],
    ['WISH of an earlier round', 1, [wish(0, 3)], 'stale'],
    ['WISH of this round', 1, [wish(0, 4)], null],
    ['WISH of the next round', 1, [wish(0, 5)], null],
    ['WISH of a round far off', 1, [wish(0, 6)], 'ahead'],
    ['LEAVE', 1, [leave(3)], null],
    ['LEAVE of who is one round ahead', 1, [leave(4)], null],
    ['LEAVE of who cannot be there', 1, [leave(5)], 'implausible'],
    ['LEAVE of the next epoch', 1, [leave(3, 1)], 'ahead'],
    ['COMMIT of a seat that does not exist', 3, [commit(3, 4)], 'sender'],
  ])('%s', (_name, seat, statements, refusal) => {
    const { state } = inRound(4);
    const each = packet(
      { ...of, secrets: [...of.secrets, of.secrets[0] as Uint8Array] },
      seat,
      ...statements,
    );
    expect(judge(state, each)).toBe(refusal);
  });

  it('what is held already, byte for byte', () => {
    const machine = new Machine(of, 0).play('a');
    const [one, two] = [packet(of, 1, commit(1, 1)), packet(of, 1, commit(1, 2))];
    const others = [packet(of, 1, remove(0, 0)), packet(of, 1, wish(3, 1)), packet(of, 2, leave(0))];
    for (const each of [one, two, ...others]) {
      expect(judge(machine.state, each)).toBeNull();
      machine.hear(each);
      expect(judge(machine.state, each)).toBe('duplicate');
      const copy = decodePacket(each.bytes.slice());
      expect(copy.ok && judge(machine.state, copy.value)).toBe('duplicate');
    }
  });

  it('but not something else in its place: it may be evidence', () => {
    const machine = new Machine(of, 0).hear(packet(of, 1, commit(1, 1)), packet(of, 1, remove(2, 0)));
    expect(judge(machine.state, packet(of, 1, commit(1, 1, 0, 'y')))).toBeNull();
    expect(judge(machine.state, packet(of, 1, remove(0, 0)))).toBeNull();
  });

  it('a WISH that is older than the one held', () => {
    const machine = new Machine(of, 0).hear(packet(of, 1, wish(5, 1)));
    expect(judge(machine.state, packet(of, 1, wish(4, 1)))).toBe('stale');
    expect(judge(machine.state, packet(of, 1, wish(6, 1)))).toBeNull();
    expect(judge(machine.state, packet(of, 1, { ...wish(5, 1), target: 0 } as Statement))).toBeNull();
  });

  it('whoever is no member any more', () => {
    const machine = new Machine(of, 0)
      .play('a')
      .hear(packet(of, 2, commit(2, 1)), packet(of, 2, commit(2, 1, 0, 'y')));
    machine.hear(packet(of, 1, remove(2, 0)));
    expect(machine.state.epoch).toBe(1);
    expect(judge(machine.state, packet(of, 2, commit(2, 1, 1)))).toBe('sender');
    expect(judge(machine.state, packet(of, 1, commit(1, 1, 0)))).toBe('stale');
    expect(judge(machine.state, packet(of, 1, commit(1, 1, 1)))).toBeNull();
    expect(judge(machine.state, packet(of, 1, remove(2, 0, 1)))).toBe('implausible');
  });

  it('a LEAVE of an earlier epoch still holds', () => {
    const four = people(4);
    const machine = new Machine(four, 0).play('a');
    const lies = ['x', 'y'].map((text) => packet(four, 3, move(four, 3, text)[0]));
    machine.hear(...lies, packet(four, 1, remove(3, 0)), packet(four, 2, remove(3, 0)));
    expect(machine.state.epoch).toBe(1);
    expect(judge(machine.state, packet(four, 2, leave(0, 0)))).toBeNull();
    expect(judge(machine.state, packet(four, 2, leave(0, 2)))).toBe('ahead');
  });
});

describe('a judgement', () => {
  it('changes nothing and never throws, whatever a packet says', () => {
    const { state } = inRound(2);
    const before = JSON.stringify(state);
    const packets: Packet[] = [0, 1, 7, 0xffffffff].flatMap((round) => [
      packet(of, 1, commit(1, round)),
      packet(of, 1, { ...set(round), set: noState }, reveal(1, round)),
      packet(of, 1, remove(round % 256, round)),
      packet(of, 1, leave(round)),
    ]);
    for (const each of packets) expect(() => judge(state, each)).not.toThrow();
    expect(JSON.stringify(state)).toBe(before);
    expect(first.round).toBe(1);
  });
});
