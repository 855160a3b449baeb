/** How a match went, as a value: what the summary says and what --json prints. */

import { type LieName, lies } from './lies.ts';
import type { DoneReason, Figures } from './messages.ts';
import type { Crash, Options } from './options.ts';
import { nameOf } from './picture.ts';

/** What a player reported at its end. */
export interface Report {
  readonly seat: number;
  readonly reason: DoneReason;
  readonly figures: Figures;
  /** Lower-case hexadecimal. */
  readonly stateHash: string;
  readonly scores: readonly number[];
  readonly wins: readonly number[];
}

/** A player that was convicted, by its seat, and where the evidence is. */
export interface Conviction {
  readonly player: number;
  readonly kind: string;
  /** Round of the lie; 0 if it belongs to none. */
  readonly round: number;
  readonly file: string;
}

/** Everything that --json prints, in its order. Players are seats: 0 is A, 1 is B and so on. */
export interface Result {
  readonly players: number;
  readonly protocol: string;
  readonly seed: number;
  readonly cheat: string;
  /** Rounds that are final with every honest player. */
  readonly rounds: number;
  /** `rounds` when all that were asked for were played, else how the session ended. */
  readonly ended: DoneReason;
  /** The honest players that were still in after the last round. */
  readonly honest: readonly number[];
  /** Hash of the state that each of these had then. */
  readonly stateHashes: readonly string[];
  /** True when these are equal, and of the same round. */
  readonly agreed: boolean;
  /** The player with the most points among those still in; null when several have as many. */
  readonly winner: number | null;
  readonly scores: readonly number[];
  readonly wins: readonly number[];
  readonly convicted: readonly Conviction[];
  /** Players whose processes were killed, with the round they had played. */
  readonly crashed: readonly Crash[];
  /** From the own commitment leaving to the step of the game; the slowest honest player's. */
  readonly advanceMs: { readonly p50: number; readonly p99: number } | null;
  /** From the own commitment leaving until the round can never be taken back; the same. */
  readonly finalMs: { readonly p50: number; readonly p99: number } | null;
  /** Rounds that equal votes alone did not decide, as the player with most of them saw it. */
  readonly slowRounds: number;
  /** How many lists of members the match was played with. */
  readonly epochs: number;
  /** Injected one-way delay, milliseconds. */
  readonly latencyMs: number;
  /** Sent by one honest player to all others together, on average. */
  readonly bytesPerRound: number;
  /** What honest players dropped, by reason. */
  readonly refused: Readonly<Record<string, number>>;
  readonly keyring: string;
  readonly seconds: number;
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

function timesOf(reports: readonly Report[], name: 'advanceMs' | 'finalMs'): Result['advanceMs'] {
  const known = reports.flatMap(({ figures }) => figures[name] ?? []);
  if (known.length === 0) return null;
  const slowest = (share: 'p50' | 'p99'): number => rounded(Math.max(...known.map((each) => each[share])));
  return { p50: slowest('p50'), p99: slowest('p99') };
}

function refusals(reports: readonly Report[]): Readonly<Record<string, number>> {
  const sum: Record<string, number> = {};
  for (const { figures } of reports) {
    for (const [reason, count] of Object.entries(figures.refused)) sum[reason] = (sum[reason] ?? 0) + count;
  }
  return sum;
}

function winnerOf(scores: readonly number[], out: readonly number[]): number | null {
  const still = [...scores.keys()].filter((seat) => !out.includes(seat));
  const most = Math.max(...still.map((seat) => scores[seat] as number));
  const best = still.filter((seat) => scores[seat] === most);
  return best.length === 1 ? (best[0] as number) : null;
}

/** `reports` are those of the honest players, at least one. */
export function resultOf(
  { players, protocol, seed, cheat, latencyMs }: Options,
  reports: readonly Report[],
  gone: Pick<Result, 'convicted' | 'crashed'>,
  seconds: number,
): Result {
  const { convicted, crashed } = gone;
  const rounds = Math.min(...reports.map(({ figures }) => figures.round));
  const still = reports.filter(({ reason }) => reason !== 'expelled').sort((a, b) => a.seat - b.seat);
  const stateHashes = still.map(({ stateHash }) => stateHash);
  const sameRound = still.every(({ figures }) => figures.round === rounds);
  const bytes = reports.reduce((sum, { figures }) => sum + figures.bytesOut / Math.max(1, figures.round), 0);
  const [{ scores, wins, figures }] = (still.length > 0 ? still : reports) as [Report];
  return {
    ...{ players, protocol, seed, cheat, rounds },
    ended: reports.find(({ reason }) => reason !== 'rounds')?.reason ?? 'rounds',
    honest: still.map(({ seat }) => seat),
    stateHashes,
    agreed: new Set(stateHashes).size === 1 && sameRound,
    winner: winnerOf(
      scores,
      [...convicted, ...crashed].map(({ player }) => player),
    ),
    ...{ scores, wins, convicted, crashed },
    advanceMs: timesOf(reports, 'advanceMs'),
    finalMs: timesOf(reports, 'finalMs'),
    slowRounds: Math.max(...reports.map((each) => each.figures.slowRounds)),
    epochs: Math.max(...reports.map((each) => each.figures.epoch)) + 1,
    latencyMs,
    bytesPerRound: Math.round(bytes / reports.length),
    refused: refusals(reports),
    keyring: figures.keyring,
    seconds: rounded(seconds),
  };
}

const endings: Readonly<Record<Exclude<DoneReason, 'rounds'>, string>> = {
  alone: 'Only one player was left, so play ended there.',
  split: 'Two players were gone at once and the others could not agree how to go on, so play ended there.',
  expelled: 'An honest player was removed by the others, so play ended there.',
};

/** A time with its length in one-way delays, where there is one. */
function delay(ms: number, latencyMs: number): string {
  const units = latencyMs > 0 ? ` (${(ms / latencyMs).toFixed(2)} one-way delays)` : '';
  return `${ms.toFixed(1)} ms${units}`;
}

function hashLines({ stateHashes, agreed, honest }: Result): readonly string[] {
  const verdict = agreed ? 'equal with all honest players' : 'THE HONEST PLAYERS DO NOT AGREE';
  const lines = stateHashes.map((hash, index) => `  ${nameOf(honest[index] as number)}  ${hash}`);
  return [`State after the last round: ${verdict}`, ...lines];
}

/** What `fairstep verify` needs besides for an input that the rules forbid. */
const RULES = ' --game dist/examples/lightcycles/game.js';

/** A path as a shell takes it as one word. */
function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

function crashLines({ crashed }: Result): readonly string[] {
  return crashed.map(({ player, round }) => `Player ${nameOf(player)} was killed in round ${round}.`);
}

function convictionLines({ convicted, cheat }: Result): readonly string[] {
  if (convicted.length === 0) {
    if (cheat === 'none') return [];
    if (!lies[cheat as LieName].proves)
      return [`Nobody was convicted: the cheat ${cheat} is refused, and proves nothing.`];
    return [`Nobody was convicted: the cheat ${cheat} left no evidence.`];
  }
  return convicted.flatMap(({ player, kind, round, file }) => [
    `Player ${nameOf(player)} was convicted of ${kind}${round > 0 ? ` in round ${round}` : ''} and removed.`,
    `  evidence            ${file}`,
    `  check it            npx fairstep verify ${quoted(file)}${kind === 'illegal-input' ? RULES : ''}`,
  ]);
}

/** The summary for people, line by line. */
export function summaryLines(result: Result): readonly string[] {
  const { advanceMs, ended, finalMs, latencyMs, protocol, rounds, scores, seed, winner, wins } = result;
  const points = scores.map((score, seat) => `${nameOf(seat)} ${score} (${wins[seat]})`).join('  ');
  const refused = Object.entries(result.refused).map(([reason, count]) => `${reason} ${count}`);
  const time = (times: NonNullable<Result['advanceMs']>): string =>
    `p50 ${delay(times.p50, latencyMs)}, p99 ${delay(times.p99, latencyMs)}`;
  const epochs = `${result.epochs} ${result.epochs === 1 ? 'epoch' : 'epochs'}`;
  return [
    `Winner: ${winner === null ? 'nobody alone; the best are level' : nameOf(winner)}`,
    `  points (heats won)  ${points}`,
    `${rounds} rounds in ${result.seconds.toFixed(1)} s with ${protocol}, seed ${seed}`,
    ...(ended === 'rounds' ? [] : [endings[ended]]),
    ...(advanceMs === null ? [] : [`  input to advance    ${time(advanceMs)}`]),
    ...(finalMs === null ? [] : [`  input to final      ${time(finalMs)}`]),
    ...(protocol === 'neo' ? [`  slow rounds         ${result.slowRounds}, in ${epochs}`] : []),
    `  bytes a round       ${result.bytesPerRound} sent by each player, to all others together`,
    `  keyring             ${result.keyring}`,
    `  refused             ${refused.length === 0 ? 'nothing' : refused.join(', ')}`,
    ...hashLines(result),
    ...crashLines(result),
    ...convictionLines(result),
  ];
}
