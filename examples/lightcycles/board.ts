/** The arena as lines of text, in the largest of a few sizes that fits. */

import { type Arena, cellAt } from './game.ts';
import { nameOf } from './picture.ts';
import type { Line, Span, Style } from './spans.ts';

/** Two columns a cell, one, or one with two cells above one another; the last needs colours. */
export type Scale = 'wide' | 'narrow' | 'half';

interface Paint {
  /** Of the wall, behind blanks. */
  readonly wall: Style;
  /** Of the letter that is the cycle, on its wall. */
  readonly head: Style;
  /** Of the upper half of a cell. */
  readonly half: Style;
}

const palette: readonly Paint[] = [
  { wall: 'bgBlue', head: ['bgBlue', 'bold', 'whiteBright'], half: 'blue' },
  { wall: 'bgRed', head: ['bgRed', 'bold', 'whiteBright'], half: 'red' },
  { wall: 'bgGreen', head: ['bgGreen', 'bold', 'black'], half: 'green' },
  { wall: 'bgYellow', head: ['bgYellow', 'bold', 'black'], half: 'yellow' },
  { wall: 'bgMagenta', head: ['bgMagenta', 'bold', 'whiteBright'], half: 'magenta' },
  { wall: 'bgCyan', head: ['bgCyan', 'bold', 'black'], half: 'cyan' },
  { wall: 'bgWhite', head: ['bgWhite', 'bold', 'black'], half: 'white' },
  { wall: 'bgBlueBright', head: ['bgBlueBright', 'bold', 'black'], half: 'blueBright' },
  { wall: 'bgRedBright', head: ['bgRedBright', 'bold', 'black'], half: 'redBright' },
  { wall: 'bgGreenBright', head: ['bgGreenBright', 'bold', 'black'], half: 'greenBright' },
  { wall: 'bgYellowBright', head: ['bgYellowBright', 'bold', 'black'], half: 'yellowBright' },
  { wall: 'bgMagentaBright', head: ['bgMagentaBright', 'bold', 'black'], half: 'magentaBright' },
  { wall: 'bgCyanBright', head: ['bgCyanBright', 'bold', 'black'], half: 'cyanBright' },
];

/** The colours of a seat; from the fourteenth on they come again, and the letters tell them apart. */
export function paintOf(seat: number): Paint {
  return palette[seat % palette.length] as Paint;
}

/** Columns and rows of the board with its border. */
export function boardSize(
  { width, height }: Arena,
  scale: Scale,
): { readonly columns: number; readonly rows: number } {
  return {
    columns: (scale === 'wide' ? 2 * width : width) + 2,
    rows: (scale === 'half' ? Math.ceil(height / 2) : height) + 2,
  };
}

/** Which cycle stands on a cell: its seat, or null. */
type RiderAt = (cell: number) => number | null;

function ridersOf(arena: Arena): RiderAt {
  const at = new Map(arena.cycles.map(({ x, y }, seat) => [cellAt(arena, x, y), seat]));
  return (cell) => at.get(cell) ?? null;
}

function headSpan({ cycles }: Arena, seat: number, columns: number): Span {
  return [(cycles[seat]?.alive ? nameOf(seat) : 'x').padEnd(columns), paintOf(seat).head];
}

function cellSpan(arena: Arena, riderAt: RiderAt, cell: number, columns: number, colours: boolean): Span {
  const owner = (arena.board[cell] ?? 0) - 1;
  if (owner < 0) return [' '.repeat(columns)];
  const rider = riderAt(cell);
  if (rider !== null) return headSpan(arena, rider, columns);
  return colours ? [' '.repeat(columns), paintOf(owner).wall] : [nameOf(owner).toLowerCase().repeat(columns)];
}

/** Two cells in one character: the upper half in front of the lower one. */
function halfSpan(arena: Arena, riderAt: RiderAt, upper: number, lower: number): Span {
  const rider = riderAt(upper) ?? riderAt(lower);
  if (rider !== null) return headSpan(arena, rider, 1);
  const above = (arena.board[upper] ?? 0) - 1;
  const below = (arena.board[lower] ?? 0) - 1;
  if (above < 0) return below < 0 ? [' '] : ['▄', paintOf(below).half];
  if (below < 0) return ['▀', paintOf(above).half];
  return ['▀', [paintOf(above).half, paintOf(below).wall].flat() as Style];
}

/** The board with its border. */
export function boardLines(arena: Arena, scale: Scale, colours: boolean): readonly Line[] {
  const { width } = arena;
  const { columns, rows } = boardSize(arena, scale);
  const riderAt = ridersOf(arena);
  const lines: Line[] = [[[`┌${'─'.repeat(columns - 2)}┐`, 'gray']]];
  for (let row = 0; row < rows - 2; row++) {
    const line: Span[] = [['│', 'gray']];
    for (let x = 0; x < width; x++) {
      const cell = row * width + x;
      if (scale === 'half') line.push(halfSpan(arena, riderAt, cell + row * width, cell + (row + 1) * width));
      else line.push(cellSpan(arena, riderAt, cell, scale === 'wide' ? 2 : 1, colours));
    }
    lines.push([...line, ['│', 'gray']]);
  }
  lines.push([[`└${'─'.repeat(columns - 2)}┘`, 'gray']]);
  return lines;
}
