/**
 * `npm run soak -- --rounds N --seed S [--players n]`: simulated matches of neo, one drawn from each seed
 * from S on, until N rounds are final. A seed whose match breaks what must hold is printed, and ends it with
 * exit code 1; `--only` plays the match of one seed and prints what was drawn. Ctrl-C ends it between two
 * matches.
 */

import { parseArgs } from 'node:util';
import { keyring } from '../src/keyring/node.ts';
import { runSwarm, type SwarmReport } from '../src/sim/simulator.ts';
import { adding } from './simulator.ts';

interface Wishes {
  readonly rounds: number;
  readonly seed: number;
  readonly players: number | undefined;
  readonly only: boolean;
}

function integer(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(`--${name} must be an integer ${least} .. ${most}; got ${text}`);
  }
  return value;
}

function wishes(): Wishes {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '10000' },
      seed: { type: 'string' },
      players: { type: 'string' },
      only: { type: 'boolean', default: false },
    },
  });
  const { only, players, rounds, seed } = values;
  return {
    rounds: integer('rounds', rounds, 1, Number.MAX_SAFE_INTEGER),
    seed:
      seed === undefined ? Math.floor(Math.random() * 0x1_0000_0000) : integer('seed', seed, 0, 0xffffffff),
    players: players === undefined ? undefined : integer('players', players, 2, 16),
    only,
  };
}

const started = performance.now();

function line(seeds: number, rounds: number, wanted: number, next: number): string {
  const rate = rounds / ((performance.now() - started) / 1000);
  return `${rounds} of ${wanted} rounds, ${seeds} matches, next seed ${next}, ${rate.toFixed(0)} rounds/s`;
}

function failed({ plan, result, violations }: SwarmReport): void {
  console.log(`\nseed ${plan.seed}, ${plan.players} players, liars ${plan.liars.join(',') || 'none'}:`);
  for (const violation of violations) console.log(`  ${violation}`);
  console.log(
    `  finals ${result.players.map(({ rounds }) => rounds).join(' ')}, ${result.virtualMs} ms virtual`,
  );
  console.log(`again: npm run soak -- --only --seed ${plan.seed} --players ${plan.players}`);
}

async function soak({ only, players, rounds: wanted, seed }: Wishes): Promise<void> {
  let stop = false;
  process.once('SIGINT', () => {
    stop = true;
  });
  let [rounds, seeds, broken] = [0, 0, 0];
  for (let next = seed; !stop && rounds < wanted; next = (next + 1) % 0x1_0000_0000) {
    const report = runSwarm(adding, keyring, next, players);
    rounds += report.rounds;
    seeds++;
    if (only) console.log(JSON.stringify(report.plan, null, 1));
    if (report.violations.length > 0) {
      broken++;
      failed(report);
      break;
    }
    if (only) break;
    if (process.stdout.isTTY) process.stdout.write(`\r${line(seeds, rounds, wanted, next + 1)}  `);
    else if (seeds % 50 === 0) console.log(line(seeds, rounds, wanted, next + 1));
    await new Promise((resolve) => setImmediate(resolve));
  }
  console.log(`\n${line(seeds, rounds, wanted, seed + seeds)}; ${broken} violated`);
  process.exitCode = broken > 0 ? 1 : 0;
}

await soak(wishes());
