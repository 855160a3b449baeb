import { describe, expect, it } from 'vitest';
import { disputed, gone, holdingsOf, lacks, plausible, standingOf } from '../../src/protocol/standing.ts';
import type { Standing } from '../../src/wire/envelope.ts';
import { Machine, machines, mingle, move, noState, packet, people, setOf } from './table.ts';

const of = people(3);
const four = people(4);
const at = (change: Partial<Standing> = {}): Standing =>
  ({ epoch: 0, round: 5, commits: 0, opens: 0, removes: 0, causes: 0, ...change }) as Standing;
type Holding = Parameters<typeof lacks>[1];
const holding = (kind: Holding['kind'], change: Partial<Holding> = {}): Holding =>
  ({ kind, epoch: 0, round: 5, author: 1, item: { type: 'packet', bytes: noState }, ...change }) as Holding;

/** Everything held, as `kind round author`. */
function held(machine: Machine): string[] {
  return holdingsOf(machine.state)
    .map(({ author, kind, round }) => `${kind} ${round} ${author}`)
    .sort();
}

describe('what somebody who stands there has use for', () => {
  it.each<[string, Holding, Partial<Standing>, boolean]>([
    ['a commitment of its round that it has not', holding('commit'), {}, true],
    ['... that it has', holding('commit'), { commits: 0b010 } as never, false],
    ['... when it has another', holding('commit'), { commits: 0b101 } as never, true],
    ['an opening of its round that it has not', holding('open'), { commits: 0b111 } as never, true],
    ['... that it has', holding('open'), { opens: 0b010 } as never, false],
    ['a commitment of a round that it has advanced', holding('commit', { round: 4 }), {}, false],
    ['an opening of a round that it has advanced', holding('open', { round: 4 }), {}, false],
    ['a commitment of the round to come', holding('commit', { round: 6 }), {}, true],
    ['anything of an epoch that it has left', holding('commit', { epoch: 0 }), { epoch: 1 }, false],
    ['anything of an epoch that it has not reached', holding('commit', { epoch: 1 }), {}, false],
    ['a REMOVE that it has not', holding('remove', { round: 0 }), {}, true],
    ['... that it has', holding('remove', { round: 0 }), { removes: 0b010 } as never, false],
    ['... of another epoch', holding('remove', { round: 0, epoch: 1 }), {}, false],
    ['a cause that it has not, of whatever epoch', holding('cause', { epoch: 9 }), {}, true],
    ['... that it has', holding('cause', { epoch: 9 }), { causes: 0b010 } as never, false],
    ['a wish of its round', holding('wish'), {}, true],
    ['a wish of a round that it has advanced', holding('wish', { round: 4 }), {}, false],
  ])('%s', (_name, what, where, expected) => {
    expect(lacks(at(where), what)).toBe(expected);
  });

  it('everything, when nothing is known of it', () => {
    for (const kind of ['commit', 'open', 'remove', 'wish', 'cause'] as const)
      expect(lacks(null, holding(kind))).toBe(true);
  });
});

describe('a standing', () => {
  it('says whose packets of the round are held', () => {
    const machine = new Machine(of, 0);
    expect(standingOf(machine.state)).toEqual(at({ round: 1 }));
    machine.play('a').hear(packet(of, 2, move(of, 2, 'c')[0]));
    expect(standingOf(machine.state)).toEqual(at({ round: 1, commits: 0b101 } as never));
    machine.hear(packet(of, 1, move(of, 1, 'b')[0]));
    expect(standingOf(machine.state)).toEqual(at({ round: 1, commits: 0b111, opens: 0b001 } as never));
  });

  it('does not speak of the round to come', () => {
    const machine = new Machine(of, 0).hear(packet(of, 2, move(of, 2, 'c', { epoch: 0, round: 2 })[0]));
    expect(standingOf(machine.state)).toEqual(at({ round: 1 }));
  });

  it('says against whom a cause and whose REMOVE is held', () => {
    const machine = new Machine(four, 0).hear(packet(four, 3, { kind: 'leave', epoch: 0, advanced: 0 }));
    expect(standingOf(machine.state)).toMatchObject({ causes: 0b1000, removes: 0b0001 });
  });

  it('in a dispute asks for all commitments again and for the openings that agree with the own set', () => {
    const machine = new Machine(of, 0).play('a');
    const commits = [move(of, 0, 'a')[0], move(of, 1, 'b')[0], move(of, 2, 'c')[0]];
    machine.hear(packet(of, 1, commits[1] as never), packet(of, 2, commits[2] as never));
    const right = setOf(of, commits);
    machine.hear(packet(of, 1, right, move(of, 1, 'b')[1]));
    expect(disputed(machine.state)).toBe(false);
    expect(standingOf(machine.state)).toMatchObject({ commits: 0b111, opens: 0b011 });
    machine.hear(packet(of, 2, { ...right, set: noState }, move(of, 2, 'c')[1]));
    expect(disputed(machine.state)).toBe(true);
    expect(standingOf(machine.state)).toMatchObject({ commits: 0b001, opens: 0b011 });
  });

  it('there is no dispute before the own SET, whatever the others have set', () => {
    const machine = new Machine(of, 0);
    machine.hear(packet(of, 1, { ...setOf(of, []), set: noState }, move(of, 1, 'b')[1]));
    expect(disputed(machine.state)).toBe(false);
  });
});

describe('where a member can stand', () => {
  const { state } = new Machine(of, 0);
  it.each<[string, Partial<Standing>, boolean]>([
    ['here', { round: 1 }, true],
    ['a round behind', { round: 0 }, true],
    ['a round ahead', { round: 2 }, true],
    ['two rounds ahead', { round: 3 }, false],
    ['an epoch ahead, in the round after', { epoch: 1, round: 2 }, true],
    ['an epoch ahead, in the round after that', { epoch: 1, round: 3 }, true],
    ['an epoch and three rounds ahead', { epoch: 1, round: 4 }, false],
    ['two epochs ahead', { epoch: 2, round: 1 }, false],
    ['as far as can be written', { epoch: 0xffff, round: 0xffffffff }, false],
  ])('%s', (_name, where, expected) => {
    expect(plausible(state, at(where))).toBe(expected);
  });
});

describe('everything held that some member may lack', () => {
  it('is of this round, the one before, and the parked one', () => {
    const all = machines(of);
    const [machine, , late] = all as [Machine, Machine, Machine];
    for (const each of all) each.play(`${each.seat}`);
    mingle(all);
    machine.play('again');
    machine.hear(packet(of, 1, move(of, 1, 'x', { epoch: 0, round: 3 })[0]));
    expect(held(machine)).toEqual([
      'commit 1 0',
      'commit 1 1',
      'commit 1 2',
      'commit 2 0',
      'commit 3 1',
      'open 1 0',
      'open 1 1',
      'open 1 2',
    ]);
    expect(held(late)).not.toContain('commit 2 0');
  });

  it('never grows beyond a few packets a player, however many rounds are played', () => {
    const all = machines(of);
    for (let round = 1; round <= 12; round++) {
      for (const each of all) each.play(`${each.seat} ${round}`);
      mingle(all);
      for (const each of all) expect(held(each).length).toBe(6);
    }
  });

  it('the REMOVEs of the epoch before, for members that have not seen its end, and its cause', () => {
    const machine = new Machine(four, 0).play('a');
    machine.hear(packet(four, 3, { kind: 'leave', epoch: 0, advanced: 0 }));
    for (const seat of [1, 2])
      machine.hear(packet(four, seat, { kind: 'remove', epoch: 0, target: 3, advanced: 0 }));
    expect(machine.state.epoch).toBe(1);
    expect(held(machine)).toEqual(['cause 0 3', 'remove 0 0', 'remove 0 1', 'remove 0 2']);
    const removes = holdingsOf(machine.state).filter(({ kind }) => kind === 'remove');
    expect(removes.every(({ epoch }) => epoch === 0)).toBe(true);
    expect(gone(machine.state)).toEqual([3]);
  });
});
