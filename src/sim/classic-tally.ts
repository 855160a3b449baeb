/**
 * Counts what a match of the published NEO round came to, round by round, by whoever sees everything: who
 * decided and played what, who knew which moves when, and who would be blamed.
 */

import type { Micros } from '../base/time.ts';
import type { ClassicPlayer } from './classic-player.ts';
import { majorityOf } from './classic-player.ts';
import type { Signed, Update } from './classic-terms.ts';

/** Numbers of rounds; "honest" are those who do not cheat. */
export interface ClassicCounts {
  /** Two honest players decided a slot differently. */
  readonly splits: number;
  /** Two honest players played different things in one slot. */
  readonly divergences: number;
  /**
   * An honest player played a cheat's move that was fixed when all honest moves of the round were known to
   * it.
   */
  readonly looked: number;
  /** The same, but some honest move of the round was known. */
  readonly glimpsed: number;
  /**
   * A cheat's move was fixed with the moves of the newest round known, which no honest player knew for its
   * own.
   */
  readonly fresher: number;
  /** A cheat's move was played before an honest one that had been fixed earlier. */
  readonly misordered: number;
  /** At its playout one honest player could not see a cheat's move that another one could. */
  readonly blinded: number;
  /** All honest players accepted a cheat's move, which it took back with all honest moves known. */
  readonly undone: number;
  /** Honest players held two signed updates of one honest player for the round: what convicts a liar. */
  readonly framed: number;
  /** An honest player's old update was played as its new one. */
  readonly stale: number;
  /** A majority of the honest players rejected the update of one of them. */
  readonly excluded: number;
  /** Not every honest player played an honest one's update of the round. */
  readonly missed: number;
}

/** What one player made of a slot. */
export interface Outcome {
  readonly content: Signed<Update> | null;
  /** When it could no longer change, if there is any. */
  readonly fixedAt: Micros;
  /** Only had it after the playout. */
  readonly late: boolean;
}

interface Played {
  readonly at: Micros;
  readonly outcomes: readonly Outcome[];
}

interface Round {
  readonly decisions: (readonly boolean[] | null)[];
  readonly decidedAt: Micros[];
  readonly played: (Played | null)[];
  /** When each player chose its own move. */
  readonly chosen: Micros[];
  done: number;
}

const zero: ClassicCounts = {
  splits: 0,
  divergences: 0,
  looked: 0,
  glimpsed: 0,
  fresher: 0,
  misordered: 0,
  blinded: 0,
  undone: 0,
  framed: 0,
  stale: 0,
  excluded: 0,
  missed: 0,
};

export interface TallySetup {
  readonly players: readonly ClassicPlayer[];
  readonly cheaters: readonly number[];
  readonly rounds: number;
  readonly pipeline: number;
  readonly session: number;
  /** Whether to keep every decision. */
  readonly keep: boolean;
}

export class Tally {
  counts: { -readonly [name in keyof ClassicCounts]: number } = { ...zero };
  /** Virtual time of the first split. */
  firstSplit: Micros | null = null;
  /** Rounds in which all honest players played the seat's own update of the round, by seat. */
  readonly executed: number[];
  readonly decisions: (readonly (readonly boolean[])[])[] = [];
  finished = 0;
  readonly #setup: TallySetup;
  readonly #honest: readonly number[];
  readonly #rounds = new Map<number, Round>();

  constructor(setup: TallySetup) {
    this.#setup = setup;
    this.#honest = setup.players.map(({ seat }) => seat).filter((seat) => !setup.cheaters.includes(seat));
    this.executed = setup.players.map(() => 0);
  }

  #round(round: number): Round | null {
    const { players, rounds } = this.#setup;
    if (round < 1 || round > rounds) return null;
    let record = this.#rounds.get(round);
    if (record === undefined) {
      const seats = players.map(() => null);
      record = { decisions: [...seats], decidedAt: [], played: [...seats], chosen: [], done: 0 };
      this.#rounds.set(round, record);
    }
    return record;
  }

  chose(seat: number, round: number, moment: Micros): void {
    const record = this.#round(round);
    if (record) record.chosen[seat] = moment;
  }

  decided(seat: number, round: number, accepted: readonly boolean[], at: Micros): void {
    const record = this.#round(round);
    if (record === null) return;
    record.decisions[seat] = accepted;
    record.decidedAt[seat] = at;
  }

  played(seat: number, round: number, outcomes: readonly Outcome[], at: Micros): void {
    const record = this.#round(round);
    if (record === null) return;
    record.played[seat] = { at, outcomes };
    if (++record.done < this.#setup.players.length) return;
    this.#close(round, record);
    this.#rounds.delete(round);
  }

  /** Since when the cheats together can open an honest move; never is Infinity. */
  #knownAt(round: number, author: number): Micros {
    const { players, cheaters } = this.#setup;
    const times = cheaters.map((seat) => players[seat]?.held(round).openedAt[author] ?? Infinity);
    return Math.min(...times);
  }

  #close(round: number, record: Round): void {
    const { counts, decisions } = this;
    const all = record.decisions as (readonly boolean[])[];
    const played = record.played as Played[];
    const mine = this.#honest.map((seat) => played[seat] as Played);
    this.finished++;
    if (this.#setup.keep) decisions[round] = all;
    const authors = all.map((_, author) => author);
    const split = authors.some((author) => this.#differ(this.#honest.map((seat) => all[seat]?.[author])));
    if (split) {
      counts.splits++;
      this.firstSplit ??= Math.max(...record.decidedAt);
    }
    const inputs = (author: number) => mine.map(({ outcomes }) => outcomes[author]?.content?.value.input);
    if (authors.some((author) => this.#differ(inputs(author)))) counts.divergences++;
    for (const author of authors) {
      const own = mine.every(({ outcomes }) => this.#current(outcomes[author]?.content ?? null, round));
      if (own) this.executed[author] = (this.executed[author] ?? 0) + 1;
    }
    this.#countInnocent(round, all, played);
    if (this.#setup.cheaters.length > 0) this.#countCheats(round, record, mine);
  }

  #differ(values: readonly unknown[]): boolean {
    return values.some((value) => value !== values[0]);
  }

  #current(content: Signed<Update> | null, round: number): boolean {
    return content !== null && content.truth.round === round && content.truth.session === this.#setup.session;
  }

  #countInnocent(round: number, all: readonly (readonly boolean[])[], played: readonly Played[]): void {
    const { counts } = this;
    const held = this.#honest.map((author) => ({
      author,
      contents: this.#honest.map((seat) => played[seat]?.outcomes[author]?.content ?? null),
    }));
    const some = (test: (contents: readonly (Signed<Update> | null)[], author: number) => boolean): number =>
      held.some(({ author, contents }) => test(contents, author)) ? 1 : 0;
    counts.framed += some((contents) => this.#differ(contents.filter((content) => content !== null)));
    counts.stale += some((contents) => contents.some((one) => one !== null && !this.#current(one, round)));
    const needed = majorityOf(this.#honest.length);
    counts.excluded += some((_, author) => {
      return this.#honest.filter((seat) => !all[seat]?.[author]).length >= needed;
    });
    counts.missed += some((contents) => contents.some((content) => !this.#current(content, round)));
  }

  #countCheats(round: number, record: Round, mine: readonly Played[]): void {
    const { counts } = this;
    const { cheaters, pipeline } = this.#setup;
    const known = this.#honest.map((author) => this.#knownAt(round, author));
    const before = this.#honest.map((author) => this.#knownAt(round - pipeline, author));
    const slots = cheaters.map((cheat) => mine.map(({ outcomes }) => outcomes[cheat] as Outcome));
    const fixed = slots.flat().flatMap(({ content, fixedAt }) => (content === null ? [] : [fixedAt]));
    if (fixed.some((at) => known.every((since) => since <= at))) counts.looked++;
    if (fixed.some((at) => known.some((since) => since <= at))) counts.glimpsed++;
    const fresh = fixed.some((at) => before.every((since) => since <= at));
    if (fresh && !this.#anyKnew(round - pipeline, record)) counts.fresher++;
    if (mine.some(({ outcomes }) => this.#misordered(outcomes))) counts.misordered++;
    const hidden = (slot: readonly Outcome[]) =>
      slot.some(({ content, late }) => content !== null && !late) &&
      slot.some(({ content, late }) => content === null || late);
    if (slots.some(hidden)) counts.blinded++;
    const last = Math.max(...record.decidedAt);
    const undone = slots.some((slot, index) => {
      const accepted = this.#honest.every((seat) => record.decisions[seat]?.[cheaters[index] as number]);
      return accepted && slot.every(({ content }) => content === null);
    });
    if (undone && known.every((since) => since <= last)) counts.undone++;
  }

  /** Whether an honest player knew the others' moves of an older round when it chose its own. */
  #anyKnew(older: number, record: Round): boolean {
    return this.#honest.some((seat) => {
      const { openedAt } = (this.#setup.players[seat] as ClassicPlayer).held(older);
      const chosen = record.chosen[seat] ?? 0;
      return this.#honest.every((author) => author === seat || (openedAt[author] ?? Infinity) <= chosen);
    });
  }

  #misordered(outcomes: readonly Outcome[]): boolean {
    const moves = outcomes.flatMap(({ content }, seat) => (content === null ? [] : [{ seat, content }]));
    const cheats = moves.filter(({ seat }) => this.#setup.cheaters.includes(seat));
    return cheats.some((cheat) =>
      moves.some(({ seat, content }) => {
        const earlier = cheat.content.value.stamp - content.value.stamp || cheat.seat - seat;
        return (
          earlier < 0 && this.#honest.includes(seat) && content.truth.moment < cheat.content.truth.moment
        );
      }),
    );
  }
}
