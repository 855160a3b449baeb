/** Questions to other players about where their states differ, each answered once. */

import type { Effect } from '../protocol/effect.ts';

/**
 * A place at which a player's state is not what it is here; `mine` and `theirs` as a programmer writes them.
 */
export interface StateDifference {
  readonly player: number;
  /** Such as `players[2].x`. */
  readonly path: string;
  readonly mine: string;
  readonly theirs: string;
}

type Compared = Extract<Effect, { type: 'compared' }>;

interface Question {
  readonly answer: Promise<readonly StateDifference[]>;
  resolve(rows: readonly StateDifference[]): void;
}

export class Comparisons {
  readonly #ask: (player: number, round: number) => void;
  readonly #open = new Map<number, Question>();

  constructor(ask: (player: number, round: number) => void) {
    this.#ask = ask;
  }

  /** The differences to these players' states after a round, as far as they answer. */
  async differences(players: readonly number[], round: number): Promise<readonly StateDifference[]> {
    const answers = await Promise.all(players.map((player) => this.#question(player, round).answer));
    return answers.flat();
  }

  #question(player: number, round: number): Question {
    const before = this.#open.get(player);
    if (before !== undefined) return before;
    let resolve: Question['resolve'] = () => {};
    const answer = new Promise<readonly StateDifference[]>((done) => {
      resolve = done;
    });
    const question = { answer, resolve };
    this.#open.set(player, question);
    this.#ask(player, round);
    return question;
  }

  answered({ player, rows }: Compared): void {
    this.#open.get(player)?.resolve(rows.map((row) => ({ player, ...row })));
    this.#open.delete(player);
  }

  /** No answer will come any more. */
  close(): void {
    for (const question of this.#open.values()) question.resolve([]);
    this.#open.clear();
  }
}
