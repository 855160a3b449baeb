/**
 * Light cycles: everybody rides on at the same time and leaves a wall behind. Whoever hits a wall, or
 * enters a cell together with another, crashes; every crash is worth a point to each cycle that still
 * rides. With at most one cycle left the heat is over and the next begins at new places.
 */

import { defineGame, type Game } from 'fairstep';

/** What a player does in a round: an index into `turns`. No input at all counts as straight on. */
export type Turn = number;

export const turns = ['straight', 'left', 'right'] as const;

export const STRAIGHT: Turn = 0;
export const LEFT: Turn = 1;
export const RIGHT: Turn = 2;

/** Quarter turns clockwise that each {@link Turn} makes. */
const quarters: readonly number[] = [0, 3, 1];

/** Steps by direction: 0 up, 1 right, 2 down, 3 left. */
export const stepX: readonly number[] = [0, 1, 0, -1];
export const stepY: readonly number[] = [-1, 0, 1, 0];

export interface Cycle {
  x: number;
  y: number;
  /** 0 up, 1 right, 2 down, 3 left. */
  direction: number;
  alive: boolean;
}

export interface Arena {
  readonly width: number;
  readonly height: number;
  /** Cells row by row: 0 is free, seat + 1 is that player's wall. A cycle stands on its newest wall. */
  board: Uint8Array;
  /** By seat. */
  cycles: Cycle[];
  /** By seat. */
  scores: number[];
  /** Heats won, by seat. */
  wins: number[];
  /** Number of the heat, from 1. */
  heat: number;
  /** Rounds of this heat so far. */
  moves: number;
  /** Who won the heat before, or null when there was none or nobody did. */
  lastWinner: number | null;
}

type Random = (bound: number) => number;

/** Cells of the arena for so many players. */
export function arenaSize(players: number): { readonly width: number; readonly height: number } {
  return { width: 14 + 2 * players, height: 10 + players };
}

/** The direction after a turn. */
export function turned(direction: number, turn: Turn | null): number {
  return (direction + (quarters[turn ?? STRAIGHT] as number)) % 4;
}

/** Index of a cell of the board, or -1 outside of it. */
export function cellAt({ width, height }: Arena, x: number, y: number): number {
  return x >= 0 && y >= 0 && x < width && y < height ? y * width + x : -1;
}

/** One place for each player: the arena is cut into fields, and each gets the middle of another field. */
function places(players: number, width: number, height: number, random: Random): Cycle[] {
  let columns = 1;
  while (columns * columns * height < players * width) columns++;
  const rows = Math.ceil(players / columns);
  const fields = Array.from({ length: columns * rows }, (_, index) => index);
  const fieldWidth = Math.floor(width / columns);
  const fieldHeight = Math.floor(height / rows);
  const middle = (size: number): number => Math.floor(size / 4) + random(Math.floor(size / 2));
  return Array.from({ length: players }, () => {
    const [field = 0] = fields.splice(random(fields.length), 1);
    const x = (field % columns) * fieldWidth + middle(fieldWidth);
    const y = Math.floor(field / columns) * fieldHeight + middle(fieldHeight);
    return { x, y, direction: random(4), alive: true };
  });
}

function beginHeat(arena: Arena, random: Random): void {
  const { width, height, scores } = arena;
  arena.cycles = places(scores.length, width, height, random);
  arena.board = new Uint8Array(width * height);
  arena.moves = 0;
  for (const [seat, { x, y }] of arena.cycles.entries()) arena.board[cellAt(arena, x, y)] = seat + 1;
}

/** Where each riding cycle goes; null for those that have crashed before. */
function targets(arena: Arena, inputs: readonly (Turn | null)[]): readonly (number | null)[] {
  return arena.cycles.map((cycle, seat) => {
    if (!cycle.alive) return null;
    cycle.direction = turned(cycle.direction, inputs[seat] ?? null);
    const { x, y, direction } = cycle;
    return cellAt(arena, x + (stepX[direction] as number), y + (stepY[direction] as number));
  });
}

/** Takes the cycles of those out that are no members. */
function retire({ cycles }: Arena, members: readonly boolean[]): void {
  for (const [seat, cycle] of cycles.entries()) if (!members[seat]) cycle.alive = false;
}

/** Moves everybody at once; answers how many have crashed. */
function ride(arena: Arena, inputs: readonly (Turn | null)[]): number {
  const { board, cycles, width } = arena;
  const cells = targets(arena, inputs);
  const crashed = cells.map((cell, seat) => {
    if (cell === null) return false;
    return cell < 0 || board[cell] !== 0 || cells.some((other, at) => at !== seat && other === cell);
  });
  for (const [seat, cycle] of cycles.entries()) {
    const cell = cells[seat];
    if (crashed[seat]) cycle.alive = false;
    else if (cell !== null && cell !== undefined) {
      board[cell] = seat + 1;
      cycle.x = cell % width;
      cycle.y = Math.floor(cell / width);
    }
  }
  return crashed.filter(Boolean).length;
}

/** The game. Its state is the arena; see the head of this file for the rules. */
export const lightcycles: Game<Arena, Turn> = defineGame<Arena, Turn>({
  id: 'lightcycles',
  version: 2,
  init({ players, random }) {
    const none = new Array<number>(players).fill(0);
    const arena: Arena = {
      ...arenaSize(players),
      board: new Uint8Array(0),
      cycles: [],
      scores: none,
      wins: none.slice(),
      heat: 1,
      moves: 0,
      lastWinner: null,
    };
    beginHeat(arena, random);
    return arena;
  },
  step(arena, { inputs, members, random }) {
    retire(arena, members);
    const crashes = ride(arena, inputs);
    arena.moves++;
    const riding: number[] = [];
    for (const [seat, { alive }] of arena.cycles.entries()) {
      if (!alive) continue;
      riding.push(seat);
      arena.scores[seat] = (arena.scores[seat] as number) + crashes;
    }
    if (riding.length > 1) return arena;
    const [winner] = riding;
    if (winner !== undefined) arena.wins[winner] = (arena.wins[winner] as number) + 1;
    arena.lastWinner = winner ?? null;
    arena.heat++;
    beginHeat(arena, random);
    return arena;
  },
  legal: (_arena, _player, turn) => Number.isInteger(turn) && turn >= 0 && turn < turns.length,
});

/** The same under the name by which `fairstep verify --game` finds it, for evidence of an illegal turn. */
export const game: Game<Arena, Turn> = lightcycles;
