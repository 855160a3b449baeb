/**
 * `npm run bench`: what the parts cost, beside their budgets. `--smoke` runs each only to see that it
 * works; `--json` prints one object instead of tables (and leaves the keyrings out).
 */

import { measure, type Row } from './measure.ts';
import { openWorks, stepRows } from './protocol.ts';
import { record } from './recording.ts';
import { adding, type Simulated, simulated } from './simulator.ts';
import { reference, sizes, wireWorks } from './wire.ts';

const smoke = process.argv.includes('--smoke');
const json = process.argv.includes('--json');

function line({ budget, micros, name }: Row, unit: number): string {
  const against = budget === null ? '' : `${budget} us${micros > budget ? '  OVER' : ''}`;
  const numbers = `${micros.toFixed(2).padStart(9)}${(micros / unit).toFixed(2).padStart(8)}`;
  return `${name.padEnd(66)}${numbers}  ${against}`.trimEnd();
}

function print(rows: readonly Row[], matches: readonly Simulated[]): void {
  const unit = (rows[0] as Row).micros;
  console.log(`${'median'.padEnd(66)}${'us'.padStart(9)}${'ratio'.padStart(8)}  budget`);
  for (const row of rows) console.log(line(row, unit));
  for (const { players, roundsPerSecond } of matches) {
    console.log(
      `n = ${players}: simulated rounds a second, no faults, real signatures: ${roundsPerSecond.toFixed(0)}`,
    );
  }
  console.log('');
  for (const [name, bytes] of sizes()) console.log(`${name.padEnd(66)}${String(bytes).padStart(6)} bytes`);
  console.log('');
}

const [four, eight] = [record(adding, 4, smoke ? 5 : 60), record(adding, 8, smoke ? 5 : 60)];
const passes = smoke ? 2 : 60;
const rows = [
  ...measure([reference, ...wireWorks()], smoke),
  ...stepRows(4, four, passes),
  ...stepRows(8, eight, passes),
  ...measure(openWorks(eight), smoke),
];
const matches = [simulated(4, smoke ? 5 : 1000), simulated(8, smoke ? 5 : 500)];

if (json) {
  const machine = `${process.arch} ${process.platform} Node ${process.versions.node}`;
  console.log(
    JSON.stringify({ machine, smoke, rows, simulated: matches, bytes: Object.fromEntries(sizes()) }),
  );
} else {
  print(rows, matches);
  await import('./keyring.ts');
}
