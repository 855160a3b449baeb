import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { boardLines } from '../../examples/lightcycles/board.ts';
import { type Arena, arenaSize } from '../../examples/lightcycles/game.ts';
import { type Options, parseOptions } from '../../examples/lightcycles/options.ts';
import { nameOf, namesOf, type Picture, type Rider } from '../../examples/lightcycles/picture.ts';
import { liveView, plainView, type Terminal } from '../../examples/lightcycles/show.ts';
import { paint, toWidth, widthOf } from '../../examples/lightcycles/spans.ts';
import { frame } from '../../examples/lightcycles/view.ts';
import { arenaOf } from './arenas.ts';

const arena: Arena = {
  ...arenaOf(
    '. . . . . . . . ', //
    '. a a a A>. . . ',
    '. a . . . b . . ',
    '. . Cx. . b B>. ',
    '. c c . . . . . ',
  ),
  scores: [12, 3, 0],
  wins: [1, 0, 0],
  heat: 2,
  moves: 7,
  lastWinner: 0,
};

const riders: readonly Rider[] = [
  { name: 'A', publicKey: '0a'.repeat(32), standing: 'playing' },
  { name: 'B', publicKey: '1b'.repeat(32), standing: 'playing' },
  { name: 'C', publicKey: '2c'.repeat(32), standing: 'convicted' },
];

function optionsOf(...args: readonly string[]): Options {
  const parsed = parseOptions(args, { terminal: true, drawSeed: () => 5 });
  if (!parsed.ok || !('options' in parsed)) throw new Error('a mistake in the test');
  return parsed.options;
}

const picture: Picture = {
  options: optionsOf('--players', '3', '--latency', '20', '--loss', '1.5', '--protocol', 'lockstep'),
  riders,
  round: 41,
  arena,
  newest: [],
  waiting: { seats: [1], reason: 'silent' },
  figures: {
    round: 40,
    epoch: 0,
    advanceMs: { p50: 41.25, p99: 63.5 },
    finalMs: { p50: 62, p99: 85.25 },
    slowRounds: 2,
    bytesOut: 24_000,
    refused: { duplicate: 2, stale: 1 },
    keyring: 'node',
  },
  notices: ['first', 'player C is convicted of inconsistency in round 10; the others remove it', 'last'],
};

const size = { columns: 80, rows: 24, colours: false };
const shown = (lines: readonly string[]): readonly string[] => lines.map((line) => line.trimEnd());

describe('a frame', () => {
  it('shows the board, the players, the figures and the news', () => {
    expect(shown(frame(picture, size))).toEqual([
      ' fairstep  round 41 of 200  lockstep, 3 players, cheat inconsistency, 20 ms, 1.5',
      ' heat 2, move 7; heat 1 was won by A',
      '┌────────────────┐    A   12 1 won  riding     0a0a0a0a',
      '│                │    B    3 0 won  waited for 1b1b1b1b',
      '│  aaaaaaA       │    C    0 0 won  convicted  2c2c2c2c',
      '│  aa      bb    │',
      '│    x     bbB   │',
      '│  cccc          │',
      '└────────────────┘',
      ' advance 41.3 ms, final 62.0 ms (p99 85.3), 600 bytes a round, 3 refused, node',
      ' waiting for B (silent)',
      ' player C is convicted of inconsistency in round 10; the others remove it',
      ' last',
    ]);
  });

  const voted = (round: number, seats: readonly number[], slow = false): Picture['newest'][number] => {
    return { round, committed: [0, 1, 2], voted: seats, opened: [], slow, final: round < 40 };
  };
  const newest = [voted(38, [0, 1, 2]), voted(39, [0, 2], true), voted(40, [0, 1]), voted(41, [])];
  const neo = { ...picture, options: { ...picture.options, protocol: 'neo' as const }, newest };

  it('of neo shows who has voted in the newest rounds, and which of them went slowly', () => {
    expect(shown(frame(neo, size))[9]).toBe(' votes  38 ABC  39 A·C slow  40 AB·  41 ···');
    const coloured = frame(neo, { ...size, colours: true })[9] ?? '';
    expect(coloured).toContain('\x1b[1m\x1b[33mA·C slow');
    expect(frame({ ...neo, newest: [] }, size)).toHaveLength(frame(picture, size).length);
  });

  it('of neo shows as many rounds as there is room for, the newest ones', () => {
    expect(shown(frame(neo, { ...size, columns: 32 }))).toContain(' votes  40 AB·  41 ···');
  });

  it('shows who has crashed and who was removed', () => {
    const gone: readonly Rider[] = [
      { ...(riders[0] as Rider), standing: 'crashed' },
      { ...(riders[1] as Rider), standing: 'removed' },
    ];
    const lines = shown(frame({ ...picture, waiting: null, riders: gone }, size));
    expect(lines[2]).toContain('A   12 1 won  crashed');
    expect(lines[3]).toContain('B    3 0 won  removed');
  });

  it('puts the players below on a narrow terminal, and cuts what is too long', () => {
    const lines = frame(picture, { ...size, columns: 30 });
    expect(shown(lines).slice(0, 12)).toEqual([
      ' fairstep  round 41 of 200  lo',
      ' heat 2, move 7; heat 1 was wo',
      '┌────────────────┐',
      '│                │',
      '│  aaaaaaA       │',
      '│  aa      bb    │',
      '│    x     bbB   │',
      '│  cccc          │',
      '└────────────────┘',
      '  A   12 1 won  riding',
      '  B    3 0 won  waited for',
      '  C    0 0 won  convicted',
    ]);
    expect(lines.map((line) => line.length)).toEqual(lines.map(() => 30));
  });

  it('draws a smaller board where the large one does not fit, and none where none does', () => {
    expect(shown(frame(picture, { ...size, columns: 12, rows: 20 }))).toContain('│ aaaA   │');
    const none = shown(frame(picture, { ...size, columns: 9 }));
    expect(none.some((line) => line.includes('│'))).toBe(false);
    expect(none[2]).toBe('  A   12');
    const halves = frame(picture, { columns: 44, rows: 11, colours: true }).map(stripVTControlCharacters);
    expect(shown(halves).slice(2, 7)).toEqual([
      '┌────────┐    A   12 1 won  riding',
      '│ ▄▄▄A   │    B    3 0 won  waited for',
      '│ ▀x  ▀B │    C    0 0 won  convicted',
      '│ ▀▀     │',
      '└────────┘',
    ]);
  });

  it.each([
    [80, 24],
    [100, 32],
    [40, 10],
    [20, 5],
    [1, 1],
  ])('is never larger than %d x %d', (columns, rows) => {
    for (const colours of [true, false]) {
      const lines = frame(picture, { columns, rows, colours });
      expect(lines.length).toBeLessThanOrEqual(rows);
      for (const line of lines) expect([...stripVTControlCharacters(line)]).toHaveLength(columns);
    }
  });

  it('fits the default match on a terminal of 80 x 24', () => {
    const { width, height } = arenaSize(4);
    const large: Arena = { ...arena, width, height, board: new Uint8Array(width * height) };
    const four = { ...picture, arena: large, riders: [...riders, { ...(riders[0] as Rider), name: 'D' }] };
    const lines = shown(frame(four, size));
    expect(lines[2]).toContain(`┌${'─'.repeat(2 * width)}┐`);
    expect(lines.at(-1)).toBe(' last');
  });

  it('says that players are awaited before the match begins', () => {
    const early: Picture = {
      ...picture,
      riders: [],
      round: 0,
      arena: null,
      waiting: null,
      newest: [],
      figures: null,
      notices: [],
    };
    expect(shown(frame(early, size)).slice(1)).toEqual([' waiting for all players to begin', '', '']);
  });

  it('has no control characters without colours, and the same letters with them', () => {
    const plain = frame(picture, size);
    expect(plain.join('')).toBe(stripVTControlCharacters(plain.join('')));
    const coloured = frame(picture, { ...size, colours: true });
    expect(coloured.join('')).toContain('\x1b[');
    expect(stripVTControlCharacters(coloured[4] ?? '')).toContain('│        A       │');
  });
});

describe('the board', () => {
  it('gives thirteen players a colour of their own before one comes again', () => {
    const looks = Array.from({ length: 13 }, (_, seat) => {
      const lone = { ...arena, width: 2, height: 1, board: Uint8Array.of(seat + 1, 0), cycles: [] };
      return paint(boardLines(lone, 'wide', true)[1] ?? [], true);
    });
    expect(new Set(looks).size).toBe(13);
  });
});

describe('lines', () => {
  it('are cut and filled by what is seen of them', () => {
    const line = [['ab', 'red'], ['┌┐']] as const;
    expect(widthOf(line)).toBe(4);
    expect(toWidth(line, 3)).toEqual([['ab', 'red'], ['┌']]);
    expect(toWidth(line, 1)).toEqual([['a', 'red']]);
    expect(toWidth(line, 6)).toEqual([['ab', 'red'], ['┌┐'], ['  ']]);
    expect(paint(line, false)).toBe('ab┌┐');
    expect(paint(line, true)).toBe('\x1b[31mab\x1b[39m┌┐');
  });

  it('name players', () => {
    expect([0, 15].map(nameOf)).toEqual(['A', 'P']);
    expect([[], [1], [1, 2], [0, 1, 2]].map(namesOf)).toEqual(['', 'B', 'B and C', 'A, B and C']);
  });
});

/** A terminal that keeps what is written to it. */
function fakeTerminal(): { terminal: Terminal; written: string[]; listeners: Map<string, () => void> } {
  const written: string[] = [];
  const listeners = new Map<string, () => void>();
  const terminal = {
    columns: 80,
    rows: 24,
    writableNeedDrain: false,
    hasColors: () => false,
    write: (text: string) => written.push(text) > 0,
    on: (name: string, listener: () => void) => listeners.set(name, listener),
    off: (name: string) => listeners.delete(name),
  };
  return { terminal: terminal as unknown as Terminal, written, listeners };
}

describe('the live view', () => {
  it('takes the alternate screen, draws, and gives the screen and the cursor back once', () => {
    vi.useFakeTimers();
    try {
      const { terminal, written, listeners } = fakeTerminal();
      const display = liveView(terminal);
      expect(written.splice(0)).toEqual(['\x1b[?1049h\x1b[?25l']);
      for (let i = 0; i < 100; i++) display.changed({ ...picture, round: i });
      vi.advanceTimersByTime(40);
      expect(written).toHaveLength(1);
      expect(written[0]?.startsWith('\x1b[?2026h\x1b[H fairstep  round 99 of')).toBe(true);
      expect(written[0]?.endsWith('\x1b[J\x1b[?2026l')).toBe(true);
      listeners.get('resize')?.();
      vi.advanceTimersByTime(40);
      expect(written.splice(0)).toHaveLength(2);
      display.changed(picture);
      display.close();
      display.close();
      vi.advanceTimersByTime(1000);
      expect(written).toEqual(['\x1b[?25h\x1b[?1049l']);
      expect(listeners.size).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('waits for a terminal that does not keep up', () => {
    vi.useFakeTimers();
    try {
      const { terminal, written, listeners } = fakeTerminal();
      const display = liveView(terminal);
      Object.assign(terminal, { writableNeedDrain: true });
      display.changed(picture);
      vi.advanceTimersByTime(1000);
      expect(written).toHaveLength(1);
      Object.assign(terminal, { writableNeedDrain: false });
      listeners.get('drain')?.();
      vi.advanceTimersByTime(40);
      expect(written).toHaveLength(2);
      display.close();
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('lines of text', () => {
  it('tell what happens at once, and how far the match is once a second', () => {
    vi.useFakeTimers();
    try {
      const lines: string[] = [];
      const display = plainView((line) => lines.push(line));
      display.noticed('something');
      for (let round = 1; round <= 30; round++) {
        vi.advanceTimersByTime(100);
        display.changed({ ...picture, round });
      }
      vi.advanceTimersByTime(5000);
      display.changed({ ...picture, round: 30, arena: null });
      expect(lines).toEqual([
        'something',
        'round 10 of 200, heat 2, ahead are A 12, B 3, C 0',
        'round 20 of 200, heat 2, ahead are A 12, B 3, C 0',
        'round 30 of 200, heat 2, ahead are A 12, B 3, C 0',
      ]);
    } finally {
      vi.useRealTimers();
    }
  });
});
