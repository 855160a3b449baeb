import { syncTest } from 'fairstep';
import { describe, expect, it } from 'vitest';
import { chooseTurn } from '../../examples/lightcycles/bot.ts';
import {
  type Arena,
  arenaSize,
  LEFT,
  lightcycles,
  RIGHT,
  STRAIGHT,
  type Turn,
} from '../../examples/lightcycles/game.ts';
import { arenaOf, boardOf } from './arenas.ts';

/** Draws zero always; the game asks for places only. */
const random = Object.assign(() => 0, { bytes: (count: number) => new Uint8Array(count) });

function step(arena: Arena, ...inputs: readonly (Turn | null)[]): Arena {
  return lightcycles.step(arena, { inputs, members: inputs.map(() => true), round: 1, random });
}

describe('a round', () => {
  it('moves everybody straight on, to the left or to the right, and leaves a wall', () => {
    const arena = arenaOf(
      '. . . . . . ', //
      '. A>. . . . ',
      '. . . . . B^',
      '. C<. . . . ',
    );
    const after = step(arena, LEFT, LEFT, STRAIGHT);
    expect(boardOf(after)).toEqual(['.a....', '.a....', '....bb', 'cc....']);
    expect(after.cycles.map(({ direction }) => direction)).toEqual([0, 3, 3]);
    expect(after.moves).toBe(1);
    const right = step(after, RIGHT, RIGHT, LEFT);
    expect(boardOf(right)).toEqual(['.aa...', '.a..b.', '....bb', 'cc....']);
    expect(right.cycles.map(({ alive }) => alive)).toEqual([true, true, false]);
  });

  it('takes no input for straight on', () => {
    const drawn = ['. . . ', 'A>. . ', 'B>. . '] as const;
    expect(step(arenaOf(...drawn), null, null)).toEqual(step(arenaOf(...drawn), STRAIGHT, STRAIGHT));
  });

  it('crashes whoever leaves the arena or hits a wall, its own too', () => {
    const arena = arenaOf(
      'A^. . . G<', //
      '. B>c . . ',
      'd D^C<c . ',
      'd d . . E>',
      '. . F>. . ',
    );
    const after = step(arena, null, null, RIGHT, LEFT, null, null, null);
    const alive = after.cycles.map((cycle) => cycle.alive);
    expect(alive).toEqual([false, false, false, false, false, true, true]);
    expect(boardOf(after)).toEqual(['a..gg', '.bc..', 'ddcc.', 'dd..e', '..ff.']);
  });

  it('does not let two share a cell: both crash, and the cell stays free', () => {
    const after = step(
      arenaOf(
        'A>. B<', //
        'C>. . ',
        'D>. . ',
      ),
      ...[null, null, null, null],
    );
    expect(after.cycles.map(({ alive }) => alive)).toEqual([false, false, true, true]);
    expect(boardOf(after)).toEqual(['a.b', 'cc.', 'dd.']);
  });

  it('does not let two pass through each other', () => {
    const after = step(arenaOf('A>B<', 'C>. ', 'D>. '), null, null, null, null);
    expect(after.cycles.map(({ alive }) => alive)).toEqual([false, false, true, true]);
  });

  it('gives every cycle that still rides a point for each crash of the round', () => {
    const after = step(arenaOf('A^. B^. ', 'C>. . . ', 'D>. . . '), null, null, null, null);
    expect(after.scores).toEqual([0, 0, 2, 2]);
  });

  it('takes the cycle of who is no member any more out, for no points', () => {
    const drawn = arenaOf('A>. . . ', 'B>. . . ', 'C>. . . ');
    const members = [true, false, true];
    const after = lightcycles.step(drawn, { inputs: [null, LEFT, null], members, round: 1, random });
    expect(boardOf(after)).toEqual(['aa..', 'b...', 'cc..']);
    expect(after).toMatchObject({ scores: [0, 0, 0], heat: 1 });
    const over = lightcycles.step(after, {
      inputs: [null, null, null],
      members: [true, false, false],
      round: 2,
      random,
    });
    expect(over).toMatchObject({ scores: [0, 0, 0], heat: 2, lastWinner: 0 });
  });

  it('asks nothing of cycles that have crashed', () => {
    const after = step(arenaOf('Ax. . . ', 'B>. . . ', 'C>. . . '), LEFT, null, null);
    expect(boardOf(after)).toEqual(['a...', 'bb..', 'cc..']);
  });
});

describe('a heat', () => {
  it('ends with one cycle left, which has won it, and another begins', () => {
    const after = step(arenaOf('A^. . . ', 'B>. . . '), null, null);
    expect(after).toMatchObject({ heat: 2, moves: 0, lastWinner: 1, wins: [0, 1], scores: [0, 1] });
    expect(after.cycles.every(({ alive }) => alive)).toBe(true);
    expect(after.board.filter((owner) => owner !== 0)).toHaveLength(2);
  });

  it("is nobody's when the last ones crash together", () => {
    const after = step(arenaOf('A>. B<', 'Cx. . '), null, null, null);
    expect(after).toMatchObject({ heat: 2, lastWinner: null, wins: [0, 0, 0], scores: [0, 0, 0] });
  });

  it.each(Array.from({ length: 15 }, (_, index) => index + 2))(
    'gives %d players different places',
    (players) => {
      for (let seed = 0; seed < 40; seed++) {
        const arena = lightcycles.start({ players, seed: Uint8Array.of(seed) });
        expect(arena).toMatchObject(arenaSize(players));
        expect(arena.board.filter((owner) => owner !== 0)).toHaveLength(players);
        const moved = step(arena, ...arena.cycles.map(() => null));
        expect(moved.cycles.every(({ alive }) => alive)).toBe(true);
      }
    },
  );

  it('draws its places from the random numbers of the round', () => {
    const places = (seed: number): unknown =>
      lightcycles.start({ players: 4, seed: Uint8Array.of(seed) }).cycles;
    expect(places(1)).toEqual(places(1));
    expect(places(1)).not.toEqual(places(2));
  });
});

describe('an input', () => {
  const arena = arenaOf('A>. ', 'B>. ');

  it.each([0, 1, 2])('%d is legal', (turn) => {
    expect(lightcycles.legal?.(arena, 0, turn)).toBe(true);
  });

  it.each([-1, 3, 0.5, Number.NaN, '0', null, [0], {}])('%j is not', (turn) => {
    expect(lightcycles.legal?.(arena, 0, turn as number)).toBe(false);
  });
});

describe('removed players', () => {
  it('ride straight on into a wall, in every heat', () => {
    let arena = lightcycles.start({ players: 3, seed: Uint8Array.of(3) });
    const before = arena.heat;
    for (let round = 1; round <= 400; round++) {
      const inputs = [0, 1, null].map((seat) => {
        return seat === null ? null : lightcycles.encodeInput(chooseTurn(arena, seat, 1));
      });
      arena = lightcycles.advance(arena, {
        inputs,
        round,
        seed: Uint8Array.of(round & 255, round >> 8),
      }).state;
      if (arena.moves > 20) expect(arena.cycles[2]?.alive).toBe(false);
    }
    expect(arena.heat).toBeGreaterThan(before + 3);
    expect(arena.wins[2]).toBe(0);
  });
});

describe('determinism', () => {
  it.each([2, 4, 16])('holds for %d bots', async (players) => {
    const rounds = 150;
    const report = await syncTest(lightcycles, {
      players,
      rounds,
      seed: 5,
      input: ({ state, player }) => chooseTurn(state, player, 5),
    });
    expect(report.inputs).toBe(rounds * players);
  });
});
