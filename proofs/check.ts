/** Checks one configuration against an engine. */

import { Claims, type Verdict } from './claims.ts';
import type { Configuration } from './configuration.ts';
import type { Engine } from './engine.ts';
import { Group } from './group.ts';

export interface Report {
  readonly name: string;
  readonly states: number;
  readonly transitions: number;
  readonly verdicts: readonly Verdict[];
}

const STATES_MAX = 20_000_000;

/**
 * Goes through all states of a configuration, or until the claim `until` fails. That everything was
 * seen, and how much that is, is a claim of its own: `size`.
 */
export function check(engine: Engine, configuration: Configuration, until: string | null = null): Report {
  const claims = new Claims([...configuration.claims, 'size']);
  const group = new Group(engine, configuration, claims);
  const exploration = group.explore(
    (found) => found <= STATES_MAX && (until === null || !claims.failed(until)),
  );
  const { complete, states, transitions } = exploration;
  const { expected } = configuration;
  const size = complete && states === expected.states && transitions === expected.transitions;
  claims.check('size', size, () =>
    complete
      ? `${states} states and ${transitions} transitions: not as written down`
      : `stopped at ${states} states`,
  );
  const verdicts = claims.verdicts((state) => group.words(exploration, state));
  return { name: configuration.name, states, transitions, verdicts };
}
