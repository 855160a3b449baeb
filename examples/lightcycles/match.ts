/**
 * The parent's side of a match: it starts the player processes, hands everybody the roster, keeps the
 * picture of what happens, writes evidence down, and leaves nothing running. It plays no part in the
 * protocol, and believes no player without evidence.
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { verifyEvidence } from 'fairstep/evidence';
import { bySeat } from './cheater.ts';
import { Child } from './child.ts';
import { lightcycles } from './game.ts';
import type { FromPlayer, PlayerSettings } from './messages.ts';
import type { Crash, Options } from './options.ts';
import { nameOf, namesOf, type Picture, type Rider, type Standing } from './picture.ts';
import { type Conviction, type Report, type Result, resultOf } from './result.ts';
import type { RosterEntry } from './roster.ts';

/** Milliseconds between two arenas that are told for the live view at least. */
const ARENA_MS = 30;

export type Ending =
  | { readonly type: 'played'; readonly result: Result }
  | { readonly type: 'failed'; readonly problem: string }
  | { readonly type: 'interrupted' };

export interface Watcher {
  /** The picture is another. */
  changed(picture: Picture): void;
  /** A sentence has been added to the picture's notices. */
  noticed(notice: string): void;
}

/** Milliseconds without any new round after which a match is given up. */
function patience({ latencyMs }: Options): number {
  return 60_000 + 60 * latencyMs;
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** What the player process of that index is to do; the last one is the liar, if there is to be one. */
function settingsOf(options: Options, index: number, directory: string): PlayerSettings {
  const { players, rounds, seed, protocol, roundMs, cheat, crashes, latencyMs, loss, tickMs, port } = options;
  return {
    ...{ index, rounds, seed, protocol, roundMs, crashes, latencyMs, loss, tickMs },
    cheat: index === players - 1 ? cheat : 'none',
    port: port === 0 ? 0 : port + index,
    logFile: join(directory, `player-${index + 1}.log`),
  };
}

export class Match {
  /** How it ended, once every process is gone. */
  readonly ended: Promise<Ending>;

  readonly #options: Options;
  readonly #directory: string;
  readonly #watcher: Watcher;
  readonly #children: readonly Child[];
  /** By process. */
  readonly #ready: (RosterEntry | null)[];
  /** Seat of each process; empty until all are ready. */
  #seats: readonly number[] = [];
  /** The process whose game is shown: an honest one that lasts. */
  #shown = 0;
  readonly #convicted: Conviction[] = [];
  readonly #crashed: Crash[] = [];
  readonly #reports = new Map<number, Report>();
  readonly #end: (ending: Ending) => void;
  #over = false;
  #startedAt: number | null = null;
  #watchdog: ReturnType<typeof setTimeout>;
  #picture: Picture;

  constructor(options: Options, directory: string, watcher: Watcher) {
    this.#options = options;
    this.#directory = directory;
    this.#watcher = watcher;
    const none = { arena: null, newest: [], waiting: null, figures: null };
    this.#picture = { options, riders: [], round: 0, ...none, notices: [] };
    this.#ready = new Array<null>(options.players).fill(null);
    let end: (ending: Ending) => void = () => {};
    this.ended = new Promise<Ending>((resolve) => {
      end = resolve;
    }).then((ending) => this.#close(ending));
    this.#end = end;
    this.#watchdog = this.#watch();
    this.#children = Array.from({ length: options.players }, (_, index) => {
      return new Child({
        told: (message) => this.#take(index, message),
        died: (how) => this.#died(index, how),
      });
    });
    for (const [index, child] of this.#children.entries()) {
      child.tell({ type: 'settings', settings: settingsOf(options, index, directory) });
    }
  }

  /** Files of evidence that have been written. */
  get evidence(): readonly string[] {
    return this.#convicted.map(({ file }) => file);
  }

  /** Ends the match before its end. */
  interrupt(): void {
    this.#finish({ type: 'interrupted' });
  }

  /** The last resort: ends every process on the spot. */
  kill(): void {
    for (const child of this.#children) child.kill();
  }

  /** Gives the match up when no round is finished for too long. */
  #watch(): ReturnType<typeof setTimeout> {
    const limit = patience(this.#options);
    return setTimeout(() => {
      const { waiting } = this.#picture;
      const whom = waiting === null ? '' : `; waited for is ${namesOf(waiting.seats)} (${waiting.reason})`;
      this.#fail(`no round was finished for ${Math.round(limit / 1000)} seconds${whom}`);
    }, limit);
  }

  #change(change: Partial<Picture>): void {
    this.#picture = { ...this.#picture, ...change };
    this.#watcher.changed(this.#picture);
  }

  #notice(notice: string): void {
    this.#change({ notices: [...this.#picture.notices, notice] });
    this.#watcher.noticed(notice);
  }

  #fail(problem: string): void {
    this.#finish({ type: 'failed', problem });
  }

  #finish(ending: Ending): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#watchdog);
    this.#end(ending);
  }

  /** Who has played to the end of a match of neo has nothing to wait for: nobody goes on without it. */
  async #close(ending: Ending): Promise<Ending> {
    const goodbye = ending.type === 'played' && this.#options.protocol === 'lockstep';
    await Promise.all(this.#children.map((child) => (goodbye ? child.leave() : child.stop())));
    return ending;
  }

  /** What people call a player process. */
  #name(index: number): string {
    const seat = this.#seats[index];
    if (seat === undefined) return `player process ${index + 1} of ${this.#options.players}`;
    return `player ${nameOf(seat)}`;
  }

  #isLiar(index: number): boolean {
    return index === this.#options.players - 1 && this.#options.cheat !== 'none';
  }

  #isConvicted(seat: number | undefined): boolean {
    return this.#convicted.some(({ player }) => player === seat);
  }

  #isCrashed(seat: number | undefined): boolean {
    return this.#crashed.some(({ player }) => player === seat);
  }

  #died(index: number, how: string): void {
    const seat = this.#seats[index];
    const crash = this.#options.crashes.find(({ player }) => player === seat);
    if (crash !== undefined && how.endsWith('SIGKILL')) return this.#crash(crash);
    if (this.#isConvicted(seat)) return;
    const who = `${this.#name(index)} (process ${this.#children[index]?.pid})`;
    const when = this.#startedAt === null ? 'before the match began' : `in round ${this.#picture.round + 1}`;
    this.#fail(`${who} died ${when}: it ${how}`);
  }

  /** A player has crashed that was to; the others go on. */
  #crash(crash: Crash): void {
    this.#crashed.push(crash);
    if (!this.#isConvicted(crash.player)) this.#setStanding(crash.player, 'crashed');
    this.#notice(`the process of player ${nameOf(crash.player)} was killed in round ${crash.round}`);
    this.#settle();
  }

  #take(index: number, message: FromPlayer): void {
    if (this.#over) return;
    if (message.type === 'ready') this.#seat(index, message);
    else if (message.type === 'failed') this.#failed(index, message.problem);
    else if (!this.#isLiar(index)) this.#hear(index, message);
  }

  /** What an honest player tells of the match. */
  #hear(index: number, message: Exclude<FromPlayer, { type: 'ready' | 'failed' }>): void {
    const { type } = message;
    if (type === 'started') this.#started();
    else if (type === 'progress') this.#progress(index, message.figures.round, { figures: message.figures });
    else if (type === 'arena') this.#arena(index, message);
    else if (type === 'stall') this.#stalled(message.waitingFor, message.reason);
    else if (type === 'player') this.#stand(message.player, message.status);
    else if (type === 'cheat') this.#convict(message.player, message.evidence);
    else if (type === 'desync') this.#desync(message.round, message.players);
    else this.#done(index, message);
  }

  #failed(index: number, problem: string): void {
    if (!this.#isConvicted(this.#seats[index])) this.#fail(`${this.#name(index)} failed: ${problem}`);
  }

  /** Takes a player's key and address; with those of all, everybody is told who plays. */
  #seat(index: number, { publicKey, address }: RosterEntry): void {
    this.#ready[index] = { publicKey, address };
    const roster = this.#ready.filter((entry) => entry !== null);
    if (roster.length < this.#options.players) return;
    const seats = bySeat(roster);
    this.#seats = roster.map((entry) => seats.indexOf(entry));
    const riders = seats.map(({ publicKey: key }, seat): Rider => {
      return { name: nameOf(seat), publicKey: hexOf(key), standing: 'playing' };
    });
    this.#change({ riders });
    const lasting = (seat: number): boolean => this.#options.crashes.every(({ player }) => player !== seat);
    const shown = this.#seats.findIndex((seat, at) => lasting(seat) && !this.#isLiar(at));
    this.#shown = Math.max(0, shown);
    for (const [at, child] of this.#children.entries()) {
      const arenaMs = at === this.#shown && this.#options.show !== 'json' ? ARENA_MS : null;
      child.tell({ type: 'play', roster, arenaMs });
    }
  }

  #arena(index: number, { arena, newest, round }: Extract<FromPlayer, { type: 'arena' }>): void {
    this.#progress(index, round, { arena, newest });
  }

  #started(): void {
    if (this.#startedAt !== null) return;
    this.#startedAt = performance.now();
    const { cheat, players } = this.#options;
    const liar = this.#seats[players - 1] as number;
    const honesty = cheat === 'none' ? 'all are honest' : `${nameOf(liar)} will try ${cheat}`;
    this.#notice(`${players} players have agreed to begin; ${honesty}`);
  }

  /** Something of a round was heard: the view follows one process, the round follows all. */
  #progress(index: number, round: number, change: Partial<Picture>): void {
    const news = round > this.#picture.round;
    if (news) this.#watchdog.refresh();
    this.#change({ ...(index === this.#shown ? change : {}), ...(news ? { round, waiting: null } : {}) });
  }

  #stalled(seats: readonly number[], reason: string): void {
    if (this.#picture.waiting === null) this.#watcher.noticed(`waiting for ${namesOf(seats)} (${reason})`);
    this.#change({ waiting: { seats, reason } });
  }

  #stand(seat: number, status: string): void {
    const before = this.#picture.riders[seat]?.standing;
    if (before === undefined || before === 'convicted' || before === 'left' || before === 'removed') return;
    let standing: Standing = before === 'crashed' ? 'crashed' : 'playing';
    if (status === 'left') standing = 'left';
    else if (status === 'expelled') standing = 'removed';
    else if (status === 'interrupted' && before !== 'crashed') standing = 'silent';
    if (standing === before) return;
    this.#setStanding(seat, standing);
    if (standing === 'silent') this.#notice(`nothing is heard of player ${nameOf(seat)}`);
    else if (standing === 'left') this.#notice(`player ${nameOf(seat)} has left`);
    else if (standing === 'removed') this.#notice(`the others go on without player ${nameOf(seat)}`);
    else this.#notice(`player ${nameOf(seat)} is heard again`);
  }

  #setStanding(seat: number, standing: Standing): void {
    const { riders } = this.#picture;
    this.#change({ riders: riders.map((rider, at) => (at === seat ? { ...rider, standing } : rider)) });
  }

  /** Writes evidence that convicts a player of this match down, once a player. */
  #convict(seat: number, evidence: Uint8Array): void {
    const rider = this.#picture.riders[seat];
    const verdict = verifyEvidence(evidence, { game: lightcycles });
    if (rider === undefined || verdict === null || this.#isConvicted(seat)) return;
    if (hexOf(verdict.guilty) !== rider.publicKey) return;
    const { name } = rider;
    const { kind, round } = verdict;
    const file = join(this.#directory, `player-${name}-${kind}.evidence`);
    try {
      writeFileSync(file, evidence);
    } catch (error) {
      const { message } = error as Error;
      return this.#fail(`the evidence against player ${name} could not be written: ${message}`);
    }
    this.#convicted.push({ player: seat, kind, round, file });
    this.#setStanding(seat, 'convicted');
    this.#notice(`player ${name} is convicted of ${kind} in round ${round}; the others remove it`);
    this.#settle();
  }

  #desync(round: number, seats: readonly number[]): void {
    this.#notice(`the states after round ${round} differ: player ${namesOf(seats)} has another one`);
  }

  #done(index: number, message: Extract<FromPlayer, { type: 'done' }>): void {
    const { reason, figures, stateHash, scores, wins } = message;
    const seat = this.#seats[index] as number;
    this.#reports.set(index, { seat, reason, figures, stateHash: hexOf(stateHash), scores, wins });
    this.#progress(index, figures.round, { figures });
    this.#settle();
  }

  /** The match is over when every honest player that has not crashed is done. */
  #settle(): void {
    const honest = [...this.#children.keys()].filter((index) => {
      return !this.#isLiar(index) && !this.#isCrashed(this.#seats[index]);
    });
    if (honest.length === 0) return this.#fail('every honest player was killed');
    const reports = honest.flatMap((index) => this.#reports.get(index) ?? []);
    if (reports.length < honest.length) return;
    const seconds = (performance.now() - (this.#startedAt ?? performance.now())) / 1000;
    const gone = { convicted: this.#convicted, crashed: this.#crashed };
    this.#finish({ type: 'played', result: resultOf(this.#options, reports, gone, seconds) });
  }
}
