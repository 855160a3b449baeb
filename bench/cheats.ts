/**
 * `npm run cheats [-- --seed S --rounds N]`: what every cheat gains in the published NEO round and here, as
 * a Markdown table on stdout. Exits with 1 if a cheat gains that must not, or an innocent player suffers.
 */

import { parseArgs } from 'node:util';
import { keyring } from '../src/keyring/node.ts';
import { cheatTable } from '../src/sim/cheats-table.ts';

const usage = `Usage: npm run cheats -- [--seed S] [--rounds N]

Plays every cheat in simulated matches of the published NEO round and of Fairstep, and prints a Markdown
table of what each gains: shares of rounds. The same seed gives the same table.

  --seed S     0 .. 4294967295; 1 unless told
  --rounds N   rounds of each match, 16 .. 1000; 24 unless told
  --help       this text

Exit code: 0; 1 if a cheat gains that must not, or an innocent player suffers; 2 for a wrong option.`;

function integer(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) {
    throw new RangeError(`--${name} must be an integer ${least} .. ${most}; got ${text}`);
  }
  return value;
}

function wishes(): { readonly help: boolean; readonly seed: number; readonly rounds: number } {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      rounds: { type: 'string', default: '24' },
      help: { type: 'boolean', default: false },
    },
  });
  const seed = integer('seed', values.seed, 0, 0xffffffff);
  return { help: values.help, seed, rounds: integer('rounds', values.rounds, 16, 1000) };
}

function print({ rounds, seed }: { readonly rounds: number; readonly seed: number }): number {
  const { markdown, wrong } = cheatTable({ players: 4, rounds, seed, keyring }, ({ trial }) => {
    if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${trial.cheat}, ${trial.variant}`);
  });
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  process.stdout.write(markdown);
  for (const line of wrong) console.error(`wrong: ${line}`);
  return wrong.length === 0 ? 0 : 1;
}

try {
  const { help, ...options } = wishes();
  if (help) console.log(usage);
  else process.exitCode = print(options);
} catch (thrown) {
  console.error(thrown instanceof Error ? thrown.message : thrown);
  process.exitCode = 2;
}
