/**
 * A bot for light cycles. For each of its own turns it assumes the worst of what its nearest rivals can
 * do at the same time, and counts whose ground is whose: the cells that one reaches before the others.
 * It keeps nothing between two rounds: equal arguments give equal turns.
 */

import { type Arena, type Cycle, cellAt, STRAIGHT, stepX, stepY, type Turn, turned, turns } from './game.ts';

/** Rivals whose next moves are thought through; the others are taken to stand still. */
const RIVALS_MAX = 2;
/** Steps between two cycles beyond which the next move of one cannot matter to the other. */
const NEAR = 16;
/** Worth of a crash: less than any ground. */
const CRASHED = -1_000_000;
/** Worth of crashing together: bad, but better than alone. */
const TOGETHER = -500_000;

const NOBODY = 255;

/** A well-spread number from a few small ones, for choosing among equals. */
function mix(...parts: readonly number[]): number {
  let word = 0x9e3779b9;
  for (const part of parts) {
    word = Math.imul(word ^ part, 0x85ebca6b);
    word ^= word >>> 13;
    word = Math.imul(word, 0xc2b2ae35);
    word ^= word >>> 16;
  }
  return word >>> 0;
}

function targetOf(arena: Arena, { x, y, direction }: Cycle, turn: Turn): number {
  const to = turned(direction, turn);
  return cellAt(arena, x + (stepX[to] as number), y + (stepY[to] as number));
}

/** The cells that a cycle can ride to without hitting what is there already. */
function exits(arena: Arena, cycle: Cycle): readonly number[] {
  return turns
    .map((_, turn) => targetOf(arena, cycle, turn))
    .filter((cell) => cell >= 0 && arena.board[cell] === 0);
}

function nearestRivals({ cycles }: Arena, seat: number): readonly number[] {
  const me = cycles[seat] as Cycle;
  const distance = (other: number): number => {
    const { x, y } = cycles[other] as Cycle;
    return Math.abs(x - me.x) + Math.abs(y - me.y);
  };
  return [...cycles.keys()]
    .filter((other) => other !== seat && cycles[other]?.alive && distance(other) <= NEAR)
    .sort((a, b) => distance(a) - distance(b) || a - b)
    .slice(0, RIVALS_MAX);
}

/** All ways in which the rivals can move at the same time: the cell of each, in order. */
function replies(arena: Arena, rivals: readonly number[]): readonly (readonly number[])[] {
  let ways: readonly (readonly number[])[] = [[]];
  for (const rival of rivals) {
    const cells = exits(arena, arena.cycles[rival] as Cycle);
    if (cells.length > 0) ways = ways.flatMap((way) => cells.map((cell) => [...way, cell]));
    else ways = ways.map((way) => [...way, -1]);
  }
  return ways;
}

/** Whose ground is whose. */
interface Grounds {
  /** Cells by seat. */
  readonly cells: number[];
  /** True when the ground of the one who asks borders on another's. */
  readonly touching: boolean;
}

/**
 * The cells that each cycle reaches before all others; those reached at the same time are nobody's.
 * `heads` are the cells that the cycles stand on, by seat; -1 for those who ride no more.
 */
function grounds({ board, width, height }: Arena, heads: readonly number[], me: number): Grounds {
  const owner = new Uint8Array(board.length).fill(NOBODY);
  const reached = new Uint16Array(board.length);
  const queue = new Uint16Array(board.length);
  const cells = heads.map(() => 0);
  let end = 0;
  let touching = false;
  for (const [seat, head] of heads.entries()) {
    if (head < 0) continue;
    owner[head] = seat;
    reached[head] = 1;
    queue[end++] = head;
  }
  for (let at = 0; at < end; at++) {
    const cell = queue[at] as number;
    const seat = owner[cell] as number;
    if (seat === NOBODY) continue;
    const x = cell % width;
    const step = (reached[cell] as number) + 1;
    for (let side = 0; side < 4; side++) {
      if ((side === 1 && x === width - 1) || (side === 3 && x === 0)) continue;
      const next = side === 0 ? cell - width : side === 1 ? cell + 1 : side === 2 ? cell + width : cell - 1;
      if (next < 0 || next >= width * height || board[next] !== 0) continue;
      const before = reached[next] as number;
      if (before === 0) {
        reached[next] = step;
        owner[next] = seat;
        queue[end++] = next;
        cells[seat] = (cells[seat] as number) + 1;
      } else if (owner[next] !== seat) {
        const other = owner[next] as number;
        touching ||= seat === me || other === me;
        if (before !== step || other === NOBODY) continue;
        owner[next] = NOBODY;
        cells[other] = (cells[other] as number) - 1;
      }
    }
  }
  return { cells, touching };
}

/** Neighbours of a cell that are taken: hugging walls wastes the least ground. */
function walls(arena: Arena, cell: number): number {
  const x = cell % arena.width;
  const y = Math.floor(cell / arena.width);
  let count = 0;
  for (let side = 0; side < 4; side++) {
    const next = cellAt(arena, x + (stepX[side] as number), y + (stepY[side] as number));
    if (next < 0 || arena.board[next] !== 0) count++;
  }
  return count;
}

/** Rivals, and the cell that each of them is taken to move to. */
interface Reply {
  readonly rivals: readonly number[];
  readonly way: readonly number[];
}

/** How good it is to stand on `cell` when the rivals stand on the cells of `way`. */
function worth(arena: Arena, seat: number, cell: number, { rivals, way }: Reply): number {
  if (way.includes(cell)) return TOGETHER;
  const { width } = arena;
  const heads = arena.cycles.map(({ x, y, alive }) => (alive ? y * width + x : -1));
  heads[seat] = cell;
  for (const [index, rival] of rivals.entries()) heads[rival] = way[index] as number;
  const { cells, touching } = grounds(arena, heads, seat);
  const own = cells[seat] as number;
  let theirs = 0;
  for (const rival of rivals) theirs = Math.max(theirs, cells[rival] as number);
  const alone = touching ? 0 : walls(arena, cell);
  return 8 * (2 * own - theirs) + alone;
}

/** The turn of the cycle at `seat`; equal turns are told apart by `seed`. Crashed cycles go straight on. */
export function chooseTurn(arena: Arena, seat: number, seed: number): Turn {
  const me = arena.cycles[seat];
  if (!me?.alive) return STRAIGHT;
  const rivals = nearestRivals(arena, seat);
  const ways = replies(arena, rivals);
  let best: Turn = STRAIGHT;
  let bestWorth = Number.NEGATIVE_INFINITY;
  let bestDraw = 0;
  for (const turn of turns.keys()) {
    const cell = targetOf(arena, me, turn);
    const free = cell >= 0 && arena.board[cell] === 0;
    let worst = free ? Number.POSITIVE_INFINITY : CRASHED;
    if (free) for (const way of ways) worst = Math.min(worst, worth(arena, seat, cell, { rivals, way }));
    const draw = mix(seed, seat, arena.heat, arena.moves, turn);
    if (worst < bestWorth || (worst === bestWorth && draw <= bestDraw)) continue;
    best = turn;
    bestWorth = worst;
    bestDraw = draw;
  }
  return best;
}
