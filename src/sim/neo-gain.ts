/**
 * What each cheat gains in neo, beside what it gains in the round as it was published: measured in simulated
 * matches, each with its control in which the same seats play by the rules.
 */

import { classicGain } from './classic-gain.ts';
import { type NeoOutcome, playNeo } from './neo-match.ts';
import { SETTLED } from './neo-observer.ts';
import { bearable, type Trial, type TrialOptions } from './neo-trial.ts';
import { trials } from './neo-trials.ts';

export { type Trial, type TrialOptions, trials };

/** What came of a trial. */
export interface NeoGain {
  readonly trial: Trial;
  readonly players: number;
  readonly cheaters: number;
  /** Share of rounds; what it counts is what it counts of the published round. 0 is nothing. */
  readonly gain: number;
  /** The same in the match in which nobody cheats. */
  readonly control: number;
  /** In the published round; null where there is nothing to compare with. */
  readonly classic: number | null;
  readonly outcome: NeoOutcome;
  /** Milliseconds from commitment to playout, beyond those of the control. */
  readonly delayMs: number;
  /** What must not be; nothing if all is as it should. */
  readonly wrong: readonly string[];
}

function shareOf(trial: Trial, outcome: NeoOutcome, seats: readonly number[], rounds: number): number {
  const { counted } = trial;
  if (counted === 'influence') {
    const [wished, not] = outcome.observer.accepted(
      outcome.rounds,
      seats.at(-1) as number,
      (round) => round % 2 === 0,
    );
    return Math.max(0, wished - not);
  }
  if (counted === 'pace') return Math.max(0, outcome.paceMs.round / 100 - 1);
  return outcome.counts[counted] / Math.max(1, Math.min(rounds, outcome.reached) - SETTLED + 1);
}

/** What must hold of a trial's outcome and does not. */
function wrongOf(
  trial: Trial,
  gain: number,
  outcome: NeoOutcome,
  seats: readonly number[],
  rounds: number,
): readonly string[] {
  const wrong: string[] = [];
  const bears = seats.length <= bearable(trial.players ?? 4);
  const most = { none: 0, once: 1 / (rounds - SETTLED + 1), some: 1 }[trial.allowed];
  if (gain > most + 1e-9) wrong.push(`gains ${gain.toFixed(2)} (${trial.counted})`);
  if (outcome.innocents.length > 0) wrong.push(`innocent ${outcome.innocents.join(' ')} accused or out`);
  if (bears && !outcome.agreed) wrong.push(`no agreement after ${outcome.rounds} of ${rounds} rounds`);
  if (bears) wrong.push(...outcome.violations);
  const { convicts } = trial;
  if (convicts !== undefined && !outcome.convicted.includes(convicts))
    wrong.push(`not everybody has evidence of ${convicts}`);
  const out = outcome.removals.map(({ seat }) => seat);
  const due = convicts !== undefined && trial.stays !== true;
  if (bears && due && !seats.some((seat) => out.includes(seat))) wrong.push('the cheat is not out');
  if (trial.allowed === 'once' && gain > 0 && !out.includes(seats.at(-1) as number))
    wrong.push('the cheat is not out');
  return wrong;
}

/** The matches without cheats that were played before; many trials share one. */
export type Controls = Map<string, NeoOutcome>;

/**
 * Plays a trial and its control, and the match of the published round; neither of these with null for
 * `controls`.
 */
export function neoGain(trial: Trial, options: TrialOptions, controls: Controls | null = new Map()): NeoGain {
  const players = trial.players ?? options.players;
  const rounds = trial.rounds ?? options.rounds;
  const cheaters = trial.cheaters?.(players) ?? 1;
  const seats = Array.from({ length: cheaters }, (_, index) =>
    trial.first ? index : players - cheaters + index,
  );
  const { keyring, seed } = options;
  const base = { players, rounds, seed, keyring };
  const match = trial.match({ ...options, players, rounds }, seats);
  const outcome = playNeo({ ...base, ...match });
  const gain = shareOf(trial, outcome, seats, rounds);
  const wrong = wrongOf(trial, gain, outcome, seats, rounds);
  const result = { trial, players, cheaters, gain, control: 0, classic: null, outcome, delayMs: 0, wrong };
  if (controls === null) return result;
  const plain = Object.keys(match).join() === 'cheats' ? JSON.stringify([players, rounds, seed, seats]) : '';
  const honest = controls.get(plain) ?? playNeo({ ...base, ...match, cheats: {}, watched: seats });
  if (plain !== '') controls.set(plain, honest);
  const control = trial.counted === 'influence' ? 0 : shareOf(trial, honest, seats, rounds);
  const classic = trial.classic && classicGain(trial.classic, { players, rounds: 100, seed }).gain;
  const more = [...(control > 0 ? [`the control gains ${control.toFixed(2)}`] : []), ...honest.violations];
  const delayMs = outcome.advanceMs - honest.advanceMs;
  return { ...result, control, classic, delayMs, wrong: [...wrong, ...more] };
}
