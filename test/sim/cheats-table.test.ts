import { describe, expect, it } from 'vitest';
import { keyring } from '../../src/keyring/node.ts';
import { verifyEvidence } from '../../src/protocol/evidence.ts';
import { hands } from '../../src/sim/cheats-game.ts';
import { tableMarkdown } from '../../src/sim/cheats-table.ts';
import { classicCheatNames } from '../../src/sim/classic.ts';
import { type Controls, type NeoGain, neoGain, type Trial, trials } from '../../src/sim/neo-gain.ts';

const options = { players: 4, rounds: 18, seed: 2, keyring };
const controls: Controls = new Map();
const gains: NeoGain[] = [];

const nameOf = ({ cheat, variant }: Trial): string => `${cheat}${variant === '' ? '' : `: ${variant}`}`;

/** Every piece of evidence convicts a cheat, whoever holds it. */
function expectOnlyCheatsAccused({ cheaters, outcome, players, trial }: NeoGain): void {
  const seats = Array.from({ length: cheaters }, (_, index) =>
    trial.first ? index : players - cheaters + index,
  );
  for (const { evidence, player } of outcome.evidence) {
    expect(seats).toContain(player);
    expect(verifyEvidence(evidence, { game: hands })).not.toBeNull();
  }
  for (const { seat } of outcome.removals) expect(seats).toContain(seat);
}

describe('cheats against neo', () => {
  it.each(trials.map((trial) => [nameOf(trial), trial] as const))('%s', (_name, trial) => {
    const gain = neoGain({ ...trial, rounds: options.rounds }, options, controls);
    gains.push(gain);
    expect(gain.wrong).toEqual([]);
    if (trial.allowed === 'none') expect(gain.gain).toBe(0);
    expectOnlyCheatsAccused(gain);
  });

  it('what stays possible is seen to be so', () => {
    const possible = gains.filter(({ trial }) => trial.allowed !== 'none');
    expect(possible.map(({ trial }) => trial.cheat)).toEqual([
      'fixed-delay',
      'abort bit',
      'withheld opening',
      'collusion of f+1',
    ]);
    for (const { gain, trial } of possible) expect(gain, nameOf(trial)).toBeGreaterThan(0);
  });

  it('a table has a row for each', () => {
    const lines = tableMarkdown(gains).trimEnd().split('\n');
    expect(lines).toHaveLength(trials.length + 2);
    for (const [index, { trial }] of gains.entries()) {
      const cells = (lines[index + 2] as string).split('|').map((cell) => cell.trim());
      expect(cells).toHaveLength(8);
      expect(cells[1]).toBe(nameOf(trial));
      if (trial.allowed === 'none') expect(cells[5]).toBe('0 %');
      expect(cells[6]).not.toBe('');
    }
  });
});

it('every cheat of the published round has its counterpart', () => {
  const compared = new Set(trials.map(({ classic }) => classic?.split(':')[0]));
  const known = new Set(classicCheatNames.map((name) => name.split(':')[0]));
  expect([...known].filter((name) => !compared.has(name))).toEqual([]);
});

it('the same seed gives the same gain', () => {
  const trial = trials.find(({ cheat }) => cheat === 'inconsistency') as Trial;
  const twice = [1, 2].map(() => neoGain({ ...trial, rounds: 8 }, options, null));
  const [first, second] = twice.map(({ outcome }) => ({ ...outcome, observer: null }));
  expect(second).toEqual(first);
});
