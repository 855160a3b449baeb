/** The live view: a frame of the picture as lines for a terminal of a given size. It draws nothing itself. */

import type { RoundStats } from 'fairstep';
import { boardLines, boardSize, paintOf, type Scale } from './board.ts';
import type { Arena } from './game.ts';
import { nameOf, namesOf, type Picture, type Rider, refusedIn, type Standing } from './picture.ts';
import { type Line, paint, type Span, type Style, toWidth, widthOf } from './spans.ts';

export interface Screen {
  readonly columns: number;
  readonly rows: number;
  readonly colours: boolean;
}

/** Columns between the board and what stands beside it. */
const GAP = 2;
/** Columns that the table of players needs, and with the beginnings of their keys. */
const TABLE = 28;
const TABLE_WITH_KEYS = 36;
/** What stands before the votes. */
const HEAD = ' votes';
/** Newest notices shown. */
const NOTICES = 2;

const standings: Readonly<Record<Standing, string>> = {
  playing: '',
  silent: 'silent',
  crashed: 'crashed',
  removed: 'removed',
  convicted: 'convicted',
  left: 'left',
};

function titleLine({ options, round }: Picture): Line {
  const { cheat, latencyMs, loss, players, protocol, rounds, seed } = options;
  const network = latencyMs > 0 || loss > 0 ? `, ${latencyMs} ms, ${+(loss * 100).toFixed(2)} % lost` : '';
  return [
    [' fairstep ', ['inverse', 'bold']],
    [` round ${round} of ${rounds} `, 'bold'],
    [` ${protocol}, ${players} players, cheat ${cheat}${network}, seed ${seed}`, 'gray'],
  ];
}

function heatLine({ arena }: Picture): Line {
  if (arena === null) return [[' waiting for all players to begin']];
  const { heat, lastWinner, moves } = arena;
  const before = lastWinner === null ? 'was won by nobody' : `was won by ${namesOf([lastWinner])}`;
  return [[` heat ${heat}, move ${moves}${heat > 1 ? `; heat ${heat - 1} ${before}` : ''}`]];
}

function riderLine(
  { arena, waiting }: Picture,
  { name, publicKey, standing }: Rider,
  seat: number,
  columns: number,
): Line {
  const riding = arena?.cycles[seat]?.alive ?? true;
  const waited = waiting?.seats.includes(seat) ?? false;
  const state = waited && standing === 'playing' ? 'waited for' : standings[standing];
  const score = String(arena?.scores[seat] ?? 0).padStart(4);
  const wins = `${arena?.wins[seat] ?? 0} won`;
  const note: Span =
    state === '' ? [riding ? 'riding' : 'out', riding ? 'green' : 'gray'] : [state, ['bold', 'red']];
  return [
    [' '],
    [` ${name} `, paintOf(seat).head],
    [`${score} `, 'bold'],
    [wins.padEnd(7)],
    note,
    [' '.repeat(11 - note[0].length)],
    columns < TABLE_WITH_KEYS ? [''] : [publicKey.slice(0, 8), 'gray'],
  ];
}

/** Who has voted in a round: their letters, a dot for each of the others. */
function votesOf({ final, round, slow, voted }: RoundStats, players: number): readonly Span[] {
  const letters = Array.from({ length: players }, (_, seat) => (voted.includes(seat) ? nameOf(seat) : '·'));
  const style: Style = slow ? ['bold', 'yellow'] : final ? 'gray' : 'green';
  return [[`  ${round} `], [letters.join('') + (slow ? ' slow' : ''), style]];
}

/** The votes of as many of the newest rounds as there is room for. */
function votesLine({ newest, options }: Picture, columns: number): Line {
  if (options.protocol !== 'neo') return [];
  let line: Line = [];
  for (const round of newest.toReversed()) {
    const longer = [...votesOf(round, options.players), ...line];
    if (widthOf(longer) + HEAD.length > columns) break;
    line = longer;
  }
  return line.length === 0 ? [] : [[HEAD], ...line];
}

function figureLine({ figures }: Picture): Line {
  if (figures === null || figures.round === 0) return [];
  const { advanceMs, bytesOut, finalMs, keyring, round } = figures;
  const [advance, final, slowest] = [advanceMs?.p50, finalMs?.p50, finalMs?.p99].map((ms) =>
    (ms ?? 0).toFixed(1),
  );
  const bytes = Math.round(bytesOut / round);
  return [
    [` advance ${advance} ms, final ${final} ms (p99 ${slowest}), ${bytes} bytes a round`],
    [`, ${refusedIn(figures)} refused, ${keyring}`],
  ];
}

function statusLine({ waiting }: Picture): Line {
  if (waiting === null) return [];
  return [[` waiting for ${namesOf(waiting.seats)} (${waiting.reason})`, ['bold', 'yellow']]];
}

/** Where the board goes: its scale, and whether the table stands beside it. */
interface Layout {
  readonly scale: Scale;
  readonly beside: boolean;
}

/** The largest board that fits, or null when none does. `around` are the lines above and below it. */
function layoutOf(
  arena: Arena,
  players: number,
  around: number,
  { columns, rows, colours }: Screen,
): Layout | null {
  const scales: readonly Scale[] = colours ? ['wide', 'narrow', 'half'] : ['wide', 'narrow'];
  for (const scale of scales) {
    const board = boardSize(arena, scale);
    const fitsBeside =
      board.columns + GAP + TABLE <= columns && Math.max(board.rows, players) + around <= rows;
    if (fitsBeside) return { scale, beside: true };
    if (board.columns <= columns && board.rows + players + around <= rows) return { scale, beside: false };
  }
  return null;
}

/** The board with the table beside or below it, or the table alone when no board fits. */
function middleLines(picture: Picture, around: number, screen: Screen): readonly Line[] {
  const { arena, riders } = picture;
  const layout = arena === null ? null : layoutOf(arena, riders.length, around, screen);
  const board = arena === null || layout === null ? [] : boardLines(arena, layout.scale, screen.colours);
  const beside = layout?.beside ?? false;
  const offset = beside ? widthOf(board[0] ?? []) + GAP : 0;
  const table = riders.map((rider, seat) => riderLine(picture, rider, seat, screen.columns - offset));
  if (!beside) return [...board, ...table];
  return Array.from({ length: Math.max(board.length, table.length) }, (_, row) => {
    return [...toWidth(board[row] ?? [], offset), ...(table[row] ?? [])];
  });
}

/** The frame, at most as large as the screen; every line is filled up to its whole width. */
export function frame(picture: Picture, screen: Screen): readonly string[] {
  const above = [titleLine(picture), heatLine(picture)];
  const news = picture.notices.slice(-NOTICES).map((notice): Line => [[` ${notice}`]]);
  const votes = votesLine(picture, screen.columns);
  const below = [...(votes.length > 0 ? [votes] : []), figureLine(picture), statusLine(picture), ...news];
  const around = above.length + below.length - news.length + NOTICES;
  const lines = [...above, ...middleLines(picture, around, screen), ...below].slice(0, screen.rows);
  return lines.map((line) => paint(toWidth(line, screen.columns), screen.colours));
}
