/** What a tidy rule is. Each carries samples of what it must catch and of what it must let pass. */

import type { Checkout } from './checkout.ts';

/** Files by path from the top of a checkout. */
export type Sample = Readonly<Record<string, string>>;

export interface Rule {
  readonly name: string;
  /** What breaks the rule: "path:line: what is wrong, and the remedy". */
  readonly find: (checkout: Checkout) => readonly string[];
  /** Samples that break it, by what they show; each must be found exactly once. */
  readonly bad: Readonly<Record<string, Sample>>;
  /** Samples that look alike and are right. */
  readonly good: Readonly<Record<string, Sample>>;
}
