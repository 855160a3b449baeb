/** Claims of one configuration: how often each was checked, and where it first failed. */

/** What a claim came to. */
export interface Verdict {
  readonly claim: string;
  readonly checks: number;
  /** What is wrong, and the shortest way there as lines; null if the claim held. */
  readonly failure: { readonly text: string; readonly path: readonly string[] } | null;
}

interface Count {
  checks: number;
  failure: { text: string; where: number; last: string | null } | null;
}

export class Claims {
  /** The global state that is being looked at, and the move from it if one is being made. */
  at: { state: number; move: (() => string) | null } = { state: 0, move: null };
  readonly #counts = new Map<string, Count>();

  /** Claims that must have been checked in the end. */
  constructor(names: readonly string[]) {
    for (const name of names) this.#counts.set(name, { checks: 0, failure: null });
  }

  failed(name: string): boolean {
    return (this.#counts.get(name)?.failure ?? null) !== null;
  }

  /** Checks a claim once more; a claim that this configuration does not make is let pass. */
  check(name: string, holds: boolean, text: () => string): void {
    const count = this.#counts.get(name);
    if (count === undefined) return;
    count.checks++;
    if (holds || count.failure !== null) return;
    count.failure = { text: text(), where: this.at.state, last: this.at.move?.() ?? null };
  }

  /** Something that must happen in some state has happened. */
  seen(name: string): void {
    const count = this.#counts.get(name);
    if (count !== undefined) count.checks++;
  }

  verdicts(pathTo: (state: number) => readonly string[]): readonly Verdict[] {
    return [...this.#counts].map(([claim, { checks, failure }]) => {
      if (failure !== null) {
        const path = [...pathTo(failure.where), ...(failure.last === null ? [] : [failure.last])];
        return { claim, checks, failure: { text: failure.text, path } };
      }
      if (checks > 0) return { claim, checks, failure: null };
      return {
        claim,
        checks,
        failure: { text: 'no state was found in which this could be checked', path: [] },
      };
    });
  }
}
