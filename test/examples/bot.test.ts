import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseTurn } from '../../examples/lightcycles/bot.ts';
import {
  type Arena,
  cellAt,
  LEFT,
  lightcycles,
  RIGHT,
  STRAIGHT,
  stepX,
  stepY,
  type Turn,
  turned,
  turns,
} from '../../examples/lightcycles/game.ts';
import { arenaOf } from './arenas.ts';

type Rider = (arena: Arena, seat: number) => Turn | null;

function isFree(arena: Arena, seat: number, turn: Turn): boolean {
  const cycle = arena.cycles[seat];
  if (cycle === undefined) return false;
  const to = turned(cycle.direction, turn);
  const cell = cellAt(arena, cycle.x + (stepX[to] as number), cycle.y + (stepY[to] as number));
  return cell >= 0 && arena.board[cell] === 0;
}

const straightOn: Rider = () => null;

/** Straight on until a wall is ahead, then wherever there is none. */
const careful: Rider = (arena, seat) => [...turns.keys()].find((turn) => isFree(arena, seat, turn)) ?? null;

const bot: Rider = (arena, seat) => chooseTurn(arena, seat, 1);

/** Plays until so many heats are over; `look` sees every arena before its round. */
function play(
  seed: number,
  heats: number,
  riders: readonly Rider[],
  look: (arena: Arena) => void = () => {},
): Arena {
  let arena = lightcycles.start({ players: riders.length, seed: Uint8Array.of(seed) });
  for (let round = 1; arena.heat <= heats; round++) {
    look(arena);
    const before = arena;
    const inputs = riders.map((ride, seat) => lightcycles.encodeInput(ride(before, seat)));
    arena = lightcycles.advance(arena, {
      inputs,
      round,
      seed: Uint8Array.of(seed, round & 255, round >> 8),
    }).state;
  }
  return arena;
}

describe('the bot', () => {
  it('always makes a legal turn, and hits a wall only when there is nothing else', () => {
    let looked = 0;
    for (const [players, heats] of [
      [2, 4],
      [5, 3],
      [16, 1],
    ] as const) {
      play(players, heats, Array<Rider>(players).fill(bot), (arena) => {
        for (const [seat, { alive }] of arena.cycles.entries()) {
          const turn = bot(arena, seat) as Turn;
          expect(lightcycles.legal?.(arena, seat, turn)).toBe(true);
          if (!alive) expect(turn).toBe(STRAIGHT);
          else if ([...turns.keys()].some((other) => isFree(arena, seat, other))) {
            looked++;
            expect(isFree(arena, seat, turn)).toBe(true);
          }
        }
      });
    }
    expect(looked).toBeGreaterThan(1000);
  });

  it('gives equal turns for equal arguments, and leaves the arena as it is', () => {
    const turn = fc.nat(2);
    const walk = fc.array(fc.tuple(turn, turn, turn), { maxLength: 30 });
    fc.assert(
      fc.property(fc.nat(255), fc.nat(), walk, (first, seed, path) => {
        let arena = lightcycles.start({ players: 3, seed: Uint8Array.of(first) });
        for (const [index, inputs] of path.entries()) {
          const encoded = inputs.map((each) => lightcycles.encodeInput(each));
          arena = lightcycles.advance(arena, {
            inputs: encoded,
            round: index + 1,
            seed: Uint8Array.of(index),
          }).state;
        }
        const before = lightcycles.encodeState(arena);
        for (const seat of [0, 1, 2]) {
          expect(chooseTurn(arena, seat, seed)).toBe(chooseTurn(arena, seat, seed));
        }
        expect(lightcycles.encodeState(arena)).toEqual(before);
      }),
      { numRuns: 100 },
    );
  });

  it('has the seed decide between equal turns', () => {
    const arena = arenaOf('. . . . . ', '. . A^. . ', 'a a a a a ', '. . B^. . ');
    const chosen = new Set(Array.from({ length: 50 }, (_, seed) => chooseTurn(arena, 0, seed)));
    expect(chosen.size).toBeGreaterThan(1);
  });

  it('takes the way with more room', () => {
    const left = arenaOf(
      '. . . . b . ', //
      '. . . . b . ',
      '. . . A^b . ',
      'a a a a b . ',
      'a a a a b B^',
    );
    expect(chooseTurn(left, 0, 1)).not.toBe(RIGHT);
    const trap = arenaOf(
      'b b b b b b b . ', //
      'b . . . b . . . ',
      'b b . A^. . . . ',
      'b . . a . . . . ',
      'b b b b b . . B^',
    );
    expect(chooseTurn(trap, 0, 1)).toBe(RIGHT);
  });

  it('keeps out of a cell that its rival may enter at the same time', () => {
    const arena = arenaOf(
      '. . . . . ', //
      '. A>. B<. ',
      '. . . . . ',
    );
    expect([LEFT, RIGHT]).toContain(chooseTurn(arena, 0, 1));
    expect([LEFT, RIGHT]).toContain(chooseTurn(arena, 1, 1));
  });

  it('wins every heat against one that rides straight on', () => {
    for (let seed = 0; seed < 10; seed++) {
      expect(play(seed, 4, [bot, straightOn]).wins).toEqual([4, 0]);
      expect(play(seed, 4, [straightOn, bot]).wins).toEqual([0, 4]);
    }
  });

  it('wins most heats against one that only minds the wall ahead', () => {
    let won = 0;
    for (let seed = 0; seed < 10; seed++) won += play(seed, 4, [careful, bot]).wins[1] as number;
    expect(won).toBeGreaterThanOrEqual(34);
  });
});
