import { describe, expect, it } from 'vitest';
import {
  type ClassicCheat,
  type ClassicCheatName,
  classic,
  classicCheatNames,
  classicGain,
  runClassic,
} from '../../src/sim/classic.ts';
import { Key, seal } from '../../src/sim/classic-terms.ts';

const groups = [3, 4, 5, 8];

/** Cheats that the published rules stop, in the matches that are made for them. */
const stopped: readonly ClassicCheatName[] = [
  'fixed-delay:same-round',
  'lookahead:clock-guarded',
  'collusion:f-vote-out',
];

/** Cheats that work in every round but the first few. */
const total: readonly ClassicCheatName[] = [
  'fixed-delay',
  'timestamp',
  'suppressed-update',
  'suppressed-update:one',
  'suppressed-update:minority',
  'suppressed-update:half',
  'inconsistency',
  'lookahead:two-keys',
  'lookahead:clock',
  'replay',
  'replay:round',
  'replay:session',
  'withheld-opening:wrong-key',
  'pivot-vote',
  'collusion',
  'collusion:f',
  'collusion:f+1',
  'collusion:majority',
  'clock-pulling',
  'lock-out',
  'lock-out:nobody-cheats',
  'flood',
];

/** Cheats that work whenever chance allows it, with the least share of rounds. */
const partial: readonly (readonly [name: ClassicCheatName, least: number])[] = [
  ['lookahead', 0.25],
  ['withheld-opening:some', 0.3],
  ['late-vote', 0.05],
];

const gainOf = (name: ClassicCheatName, players: number, honest = false) =>
  classicGain(name, { players, rounds: 200, seed: 6, honest }).gain;

describe.each(groups)('cheats among %i players', (players) => {
  it.each(classicCheatNames)('%s: nothing is gained where nobody cheats', (name) => {
    expect(gainOf(name, players, true)).toBe(0);
  });

  it.each(stopped)('%s: is stopped', (name) => {
    expect(gainOf(name, players)).toBe(0);
  });

  it.each(total)('%s: works in almost every round', (name) => {
    expect(gainOf(name, players)).toBeGreaterThan(0.95);
  });

  it.each(partial)('%s: works in more than %d of the rounds', (name, least) => {
    const gain = gainOf(name, players);
    expect(gain).toBeGreaterThan(least);
    expect(gain).toBeLessThan(0.9);
  });

  it.each(['withheld-opening', 'withheld-opening:all'] as const)(
    '%s: undoes all but the best move',
    (name) => {
      // A move of chance is not the highest of n with probability 1 - 1/n.
      expect(Math.abs(gainOf(name, players) - (1 - 1 / players))).toBeLessThan(0.12);
    },
  );

  it('replay:votes: splits those whose majority can be taken from them', () => {
    const gain = gainOf('replay:votes', players);
    if (players === 3) expect(gain).toBe(0);
    else expect(gain).toBeGreaterThan(0.95);
  });
});

describe('players who wish for rounds that are too short for others', () => {
  const shorten = (near: readonly number[]) =>
    runClassic({
      players: 5,
      rounds: 40,
      seed: 1,
      keep: true,
      pace: 'all',
      cheaters: near,
      cheat: (table) => ({ packet: (_seat, _to, packet) => ({ ...packet, wish: table.roundLength / 5 }) }),
      delayMs: (from, to) => (near.includes(from) && near.includes(to) ? 5 : 60),
    });

  it('go on among themselves if they are a majority', () => {
    expect(shorten([2, 3, 4]).decisions[30]?.[3]).toEqual([false, false, true, true, true]);
  });

  it('get nothing if they are fewer', () => {
    const { counts, executed } = shorten([3, 4]);
    expect(counts).toMatchObject({ excluded: 0, splits: 0 });
    expect(executed).toEqual([40, 40, 40, 40, 40]);
  });
});

it('every cheat of the table is tried', () => {
  const tried = [...stopped, ...total, ...partial.map(([name]) => name)];
  const rest = classicCheatNames.filter((name) => !tried.includes(name));
  expect(rest).toEqual(['replay:votes', 'withheld-opening', 'withheld-opening:all']);
  expect([...new Set(classicCheatNames.map((name) => name.split(':')[0]))]).toEqual([
    'fixed-delay',
    'timestamp',
    'suppressed-update',
    'inconsistency',
    'lookahead',
    'replay',
    'withheld-opening',
    'late-vote',
    'pivot-vote',
    'collusion',
    'clock-pulling',
    'lock-out',
    'flood',
  ]);
});

it('a gain says what it counts', () => {
  for (const name of classic.names) {
    const { gain, meaning, unit } = classic.gain(name, { players: 3, rounds: 5, seed: 1 });
    expect(gain).toBeGreaterThanOrEqual(0);
    expect(gain).toBeLessThanOrEqual(1);
    expect(unit).toBe('share of rounds');
    expect(meaning).toMatch(/^rounds in which /);
  }
});

it('refuses what it does not know', () => {
  const options = { players: 3, rounds: 5, seed: 1 };
  expect(() => classicGain('toString' as ClassicCheatName, options)).toThrow(/no cheat is called toString/);
  expect(() => classicGain('flood', { ...options, players: 2 })).toThrow(/players must be 3/);
});

describe('what a cheat can do', () => {
  const meddle = (cheat: ClassicCheat, players = 3) => {
    return () => runClassic({ players, rounds: 4, seed: 1, cheaters: [players - 1], cheat });
  };

  it.each([
    ['sign', (table) => ({ sent: () => void table.signVotes(0, 1, [true, true, true]) })],
    ['send', (table) => ({ sent: (_seat, packet) => table.post(0, 1, packet) })],
    ['look', (table) => ({ sent: () => void table.held(0, 1) })],
  ] satisfies [string, ClassicCheat][])('cannot %s for another seat', (_, cheat) => {
    expect(meddle(cheat)).toThrow('seat 0 is no cheat');
  });

  it('votes that it signs in the name of others count for nothing', () => {
    const forge: ClassicCheat = (table) => ({
      sent: (seat, packet) => {
        const votes = table.signVotes(seat, packet.round, new Array<boolean>(5).fill(false));
        const early = { ...packet, round: packet.round + 1, cipher: null, key: null, votes };
        for (const from of [0, 2, 3]) table.post(seat, 1, { ...early, from });
      },
    });
    expect(meddle(forge, 5)().counts).toMatchObject({ splits: 0, excluded: 0, missed: 0 });
  });

  it('a move that it signs in the name of another is never played, and convicts nobody', () => {
    const forge: ClassicCheat = (table) => {
      let key: Key | null = null;
      return {
        sent: (seat, { round, wish }) => {
          const next = new Key();
          const content = table.signUpdate(seat, round + 1, { input: 1, stamp: -1 });
          const early = { from: 0, round: round + 1, cipher: seal(next, content), votes: null, key, wish };
          key = next;
          table.post(seat, 1, early);
        },
      };
    };
    const { counts, executed } = meddle(forge)();
    expect(counts).toMatchObject({ framed: 0, stale: 0, divergences: 3, missed: 3 });
    expect(executed).toEqual([1, 4, 4]);
  });

  it('takes nothing back with the moves of others in sight if it sees none', () => {
    const mute: ClassicCheat = () => ({
      packet: (_seat, _to, packet) => ({ ...packet, key: null }),
      answer: () => 'silent',
    });
    const match = { players: 3, rounds: 20, seed: 1, cheaters: [2], cheat: mute };
    expect(runClassic(match).counts.undone).toBe(20);
    expect(runClassic({ ...match, lose: (_round, _from, to) => to === 2 }).counts.undone).toBe(0);
  });

  it('sees no honest move of a round before its end', () => {
    const seen: boolean[] = [];
    const spy: ClassicCheat = (table) => ({
      arrived: (seat, { round }) => {
        if (table.now() < table.started(seat) + table.roundLength) seen.push(table.knows(round));
      },
    });
    expect(meddle(spy)().executed).toEqual([4, 4, 4]);
    expect(seen.length).toBeGreaterThan(4);
    expect(seen).not.toContain(true);
  });
});
