import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const main = resolve(dirname(fileURLToPath(import.meta.url)), '../../dist/bench/main.js');

function run(...options: readonly string[]): string {
  if (!existsSync(main)) throw new Error(`${main} is missing: run "npm run build" first`);
  return execFileSync(process.execPath, [main, '--smoke', ...options], { encoding: 'utf8' });
}

interface Report {
  readonly rows: readonly {
    readonly name: string;
    readonly micros: number;
    readonly budget: number | null;
  }[];
  readonly simulated: readonly { readonly players: number; readonly roundsPerSecond: number }[];
  readonly bytes: Readonly<Record<string, number>>;
}

describe('the benchmarks', () => {
  const report = JSON.parse(run('--json')) as Report;

  it('measure every part', () => {
    const names = report.rows.map(({ name }) => name);
    for (const part of [
      'SHA-256 of 64 bytes',
      'COMMIT packet: encode and decode',
      'opening packet: encode and decode',
      'plain data',
      'n = 4: session step, median',
      'n = 8: session step, median',
      'n = 4: machine step, median',
      'n = 8: machine step, median',
      'machine step, that advances',
      'open a datagram with a packet that is wanted',
      'open 200 bytes of junk',
    ]) {
      expect(
        names.some((name) => name.includes(part)),
        part,
      ).toBe(true);
    }
    expect(new Set(names).size).toBe(names.length);
    for (const { micros, name } of report.rows) expect(micros, name).toBeGreaterThanOrEqual(0);
    expect(report.rows.filter(({ budget }) => budget !== null)).toHaveLength(6);
    expect(report.simulated.map(({ players }) => players)).toEqual([4, 8]);
  });

  it('print a line for each, and for each keyring', () => {
    const lines = run().split('\n');
    for (const name of [...report.rows.map((row) => row.name), ...Object.keys(report.bytes)]) {
      expect(
        lines.filter((line) => line.startsWith(`${name} `)),
        name,
      ).toHaveLength(1);
    }
    for (const keyring of ['node', 'webcrypto', 'sodium', 'noble']) {
      expect(
        lines.some((line) => line.startsWith(`${keyring} `)),
        keyring,
      ).toBe(true);
    }
  });

  it('keep a round within its bytes', () => {
    expect(report.bytes['a round to one peer in two bundles, without the input']).toBe(321);
    expect(report.bytes['bundle with a COMMIT']).toBe(132);
  });
});
