/** How a run is shown while it goes on: a live view on a terminal, or lines of text. */

import { nameOf, type Picture } from './picture.ts';
import { frame } from './view.ts';

/** What a run is shown with. After `close` nothing more is written. */
export interface Display {
  changed(picture: Picture): void;
  noticed(notice: string): void;
  close(): void;
}

/** Milliseconds between two frames at least. */
const FRAME_MS = 33;
/** Milliseconds between two lines that only tell how far the match is. */
const LINE_MS = 1000;

const hideCursor = '\x1b[?25l';
const showCursor = '\x1b[?25h';
const alternateScreen = '\x1b[?1049h';
const mainScreen = '\x1b[?1049l';
const home = '\x1b[H';
const clearLine = '\x1b[K';
const clearBelow = '\x1b[J';
/** What is between these two is shown at once, by terminals that know them. */
const beginFrame = '\x1b[?2026h';
const endFrame = '\x1b[?2026l';

/** What a live view draws on: a terminal, or something like it. */
export type Terminal = Pick<
  NodeJS.WriteStream,
  'write' | 'columns' | 'rows' | 'hasColors' | 'on' | 'off' | 'writableNeedDrain'
>;

/**
 * Draws on the alternate screen, each frame over the one before and in one write; a terminal that is
 * slow gets fewer. `close` gives the screen and the cursor back, and may be called twice.
 */
export function liveView(terminal: Terminal): Display {
  const colours = terminal.hasColors(16);
  let picture: Picture | null = null;
  let timer: ReturnType<typeof setTimeout> | null = null;
  let drawnAt = Number.NEGATIVE_INFINITY;
  let open = true;

  function draw(): void {
    timer = null;
    if (!open || picture === null || terminal.writableNeedDrain) return;
    drawnAt = performance.now();
    const { columns, rows } = terminal;
    const lines = frame(picture, { columns: columns || 80, rows: rows || 24, colours });
    const text = lines.map((line) => line + clearLine).join('\r\n');
    terminal.write(beginFrame + home + text + clearBelow + endFrame);
  }

  function schedule(): void {
    timer ??= setTimeout(draw, Math.max(0, drawnAt + FRAME_MS - performance.now()));
  }

  terminal.write(alternateScreen + hideCursor);
  terminal.on('resize', schedule);
  terminal.on('drain', schedule);
  return {
    changed(next) {
      picture = next;
      if (open) schedule();
    },
    noticed() {},
    close() {
      if (!open) return;
      open = false;
      if (timer !== null) clearTimeout(timer);
      terminal.off('resize', schedule);
      terminal.off('drain', schedule);
      terminal.write(showCursor + mainScreen);
    },
  };
}

/** The three with the most points, and how many they have. */
function leaders(scores: readonly number[]): string {
  return [...scores.entries()]
    .sort(([, a], [, b]) => b - a)
    .slice(0, 3)
    .map(([seat, score]) => `${nameOf(seat)} ${score}`)
    .join(', ');
}

/** Writes a line for what happens, and now and then one for how far the match is. */
export function plainView(write: (line: string) => void): Display {
  let saidAt = performance.now();
  let saidRound = 0;

  return {
    changed({ arena, options, round }) {
      if (performance.now() < saidAt + LINE_MS || round <= saidRound) return;
      saidAt = performance.now();
      saidRound = round;
      const heat = arena === null ? '' : `, heat ${arena.heat}, ahead are ${leaders(arena.scores)}`;
      write(`round ${round} of ${options.rounds}${heat}`);
    },
    noticed: write,
    close() {},
  };
}
