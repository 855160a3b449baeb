/** Runs a recorded trace again: every player gets what it got then, and must do what it did then. */

import { type Seat, seatOf } from '../base/ids.ts';
import type { Micros } from '../base/time.ts';
import type { Game } from '../protocol/game.ts';
import { rawTime } from './clocks.ts';
import { matchOf } from './match.ts';
import type { SimulationOptions } from './options.ts';
import { Crash, eventOf, type Player, type PlayerWorld } from './player.ts';

interface Line {
  readonly at: Micros;
  readonly seat: Seat;
  readonly text: string;
}

function parse(line: string): Line {
  const [at, seat] = line.split(' ', 2);
  const text = line.slice(`${at} ${seat} `.length);
  return { at: Number(at), seat: seatOf(Number(seat)), text };
}

/** The first place where a replay differs from its trace. */
export interface Divergence {
  /** Index of the line. */
  readonly line: number;
  readonly recorded: string | null;
  readonly replayed: string | null;
}

/**
 * Replays the lines of a trace that `simulate` made with the same game and options. Null if every
 * player did again exactly what it did, to the byte; else the first divergence.
 */
export function replayTrace<State, Input>(
  game: Game<State, Input>,
  options: SimulationOptions<State, Input>,
  lines: readonly string[],
): Divergence | null {
  const match = matchOf(game, options);
  let index = 0;
  let now: Micros = 0;
  let divergence: Divergence | null = null;
  const expect = (seat: Seat, text: string): void => {
    const recorded = lines[index] ?? null;
    const replayed = `${now} ${seat} ${text}`;
    if (divergence === null && recorded !== replayed) divergence = { line: index, recorded, replayed };
    index++;
  };
  const world: PlayerWorld = {
    now: (seat) => rawTime(options.clocks?.[seat] ?? {}, now),
    send: () => {},
    wake: () => {},
    played: () => {},
    rolledBack: () => {},
    restored: () => {},
    final: () => {},
    tell: () => {},
    line: expect,
    act: (seat) => {
      if (lines[index] === `${now} ${seat} crashed`) throw new Crash('as recorded');
    },
  };
  const players: readonly Player<State, Input>[] = match.identities.map(({ seat }) =>
    match.player(seat, world),
  );
  while (index < lines.length && divergence === null) {
    const { at, seat, text } = parse(lines[index] as string);
    const event = eventOf(text);
    const player = players[seat];
    now = at;
    if (event === null || player === undefined) return { line: index, recorded: text, replayed: null };
    player.take(event);
  }
  return divergence;
}
