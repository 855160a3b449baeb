/** The table of cheats as Markdown: what each gains in the published round, what here, and what happens. */

import { type Controls, type NeoGain, neoGain, type TrialOptions, trials } from './neo-gain.ts';
import type { Trial } from './neo-trial.ts';

/** What stands in one table. */
export interface CheatTable {
  readonly markdown: string;
  readonly gains: readonly NeoGain[];
  /** A line for everything that must not be; nothing if all is as it should. */
  readonly wrong: readonly string[];
}

/** One-way delay of the matches, in milliseconds. */
const DELAY_MS = 20;

const aims: Readonly<Record<Trial['counted'], string>> = {
  splits: 'players decide differently',
  divergences: 'players play different moves',
  looked: 'moves with all others in sight',
  glimpsed: 'moves with another in sight',
  fresher: 'knows a round more than others',
  misordered: 'is played before earlier moves',
  blinded: 'hides its move from some',
  undone: 'takes its move back',
  framed: 'convicts an innocent',
  stale: 'an old move is played as a new one',
  excluded: 'an innocent is voted out of the round',
  missed: "an innocent's move is lost",
  influence: 'chooses late whether its move counts',
  pace: 'rounds grow longer',
};

function percent(share: number): string {
  const rounded = Math.round(share * 100);
  return `${share > 0 && rounded === 0 ? '< 1' : rounded} %`;
}

/** How many one-way delays later rounds are played; nothing below half of one. */
function costOf({ delayMs }: NeoGain): readonly string[] {
  const delays = Math.round(delayMs / DELAY_MS);
  return delays < 1 ? [] : [`+${delays} ${delays === 1 ? 'delay' : 'delays'}`];
}

function happened(gain: NeoGain): string {
  const { outcome, trial } = gain;
  const convicted = outcome.convicted.length === 0 ? [] : [`convicted of ${outcome.convicted.join(', ')}`];
  const out = outcome.removals.map(({ reason, round }) => `out after round ${round} (${reason})`);
  const said = [...costOf(gain), ...convicted, ...new Set(out), ...(trial.note ? [trial.note] : [])];
  return said.length === 0 ? 'nothing' : said.join('; ');
}

function row(gain: NeoGain): string {
  const { cheaters, classic, players, trial } = gain;
  const name = `${trial.cheat}${trial.variant === '' ? '' : `: ${trial.variant}`}`;
  const who = `${cheaters} of ${players}`;
  const here = percent(gain.gain);
  const cells = [
    name,
    who,
    aims[trial.counted],
    classic === null ? '-' : percent(classic),
    here,
    happened(gain),
  ];
  return `| ${cells.join(' | ')} |`;
}

/** The table of some gains. */
export function tableMarkdown(gains: readonly NeoGain[]): string {
  const head = [
    'cheat',
    'who',
    'aim: rounds in which it ...',
    'published NEO',
    'Fairstep',
    'what happens here',
  ];
  return [`| ${head.join(' | ')} |`, `|${head.map(() => '---|').join('')}`, ...gains.map(row), ''].join('\n');
}

/** Plays every trial of the table. The same options give the same table. */
export function cheatTable(options: TrialOptions, done: (gain: NeoGain) => void = () => {}): CheatTable {
  const controls: Controls = new Map();
  const gains = trials.map((trial) => {
    const gain = neoGain(trial, options, controls);
    done(gain);
    return gain;
  });
  const wrong = gains.flatMap(({ trial, wrong: all }) =>
    all.map((text) => `${trial.cheat}, ${trial.variant}: ${text}`),
  );
  return { markdown: tableMarkdown(gains), gains, wrong };
}
