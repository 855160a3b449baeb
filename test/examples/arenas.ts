/** Arenas drawn by hand, and boards as they are drawn. */

import { type Arena, cellAt } from '../../examples/lightcycles/game.ts';

const directions = '^>v<';

/**
 * The arena of a drawing, two characters a cell: `. ` free, `a ` a wall, `A>` a riding cycle, `Ax` one that
 * has crashed. Players are those whose cycle is drawn, A first.
 */
export function arenaOf(...rows: readonly string[]): Arena {
  const cells = rows.map((row) => row.match(/../g) ?? []);
  const heads = cells.flatMap((row, y) =>
    row.flatMap((cell, x) =>
      /^[A-P]/.test(cell) ? [{ seat: cell.charCodeAt(0) - 65, sign: cell.charAt(1), x, y }] : [],
    ),
  );
  heads.sort((a, b) => a.seat - b.seat);
  const none = heads.map(() => 0);
  const arena: Arena = {
    width: cells[0]?.length ?? 0,
    height: cells.length,
    board: new Uint8Array(0),
    cycles: heads.map(({ sign, x, y }) => ({
      x,
      y,
      direction: Math.max(0, directions.indexOf(sign)),
      alive: sign !== 'x',
    })),
    scores: none,
    wins: none.slice(),
    heat: 1,
    moves: 0,
    lastWinner: null,
  };
  arena.board = new Uint8Array(arena.width * arena.height);
  for (const [y, row] of cells.entries()) {
    for (const [x, cell] of row.entries()) {
      const letter = /^[a-p]/i.exec(cell)?.[0].toLowerCase();
      if (letter !== undefined) arena.board[cellAt(arena, x, y)] = letter.charCodeAt(0) - 96;
    }
  }
  return arena;
}

/** The board of an arena, a character a cell: `.` free, a letter for the walls of a player. */
export function boardOf({ board, width }: Arena): readonly string[] {
  const text = [...board].map((owner) => (owner === 0 ? '.' : String.fromCharCode(96 + owner)));
  return Array.from({ length: board.length / width }, (_, y) =>
    text.slice(y * width, (y + 1) * width).join(''),
  );
}
