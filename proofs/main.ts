/**
 * `npm run proofs`: checks every configuration; `--deep` also those that take minutes, and any other word
 * picks the configurations that have it in their name.
 */

import { check, type Report } from './check.ts';
import { configurations } from './configurations.ts';
import { shipped } from './engine.ts';

function lines({ name, states, transitions, verdicts }: Report, seconds: string): readonly string[] {
  const title = `${name}: ${states} states, ${transitions} transitions (${seconds} s)`;
  const each = verdicts.flatMap(({ checks, claim, failure }) => {
    if (failure === null) return [`  ok      ${claim} (${checks} checks)`];
    return [
      `  FAILED  ${claim}: ${failure.text}; after`,
      ...failure.path.map((line) => `            ${line}`),
    ];
  });
  return [title, ...each];
}

const words = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const deep = process.argv.includes('--deep');
const chosen = configurations.filter(({ deep: slow = false, name }) =>
  words.length > 0 ? words.some((word) => name.includes(word)) : deep || !slow,
);
let passed = 0;
let failed = 0;
for (const configuration of chosen) {
  const started = performance.now();
  const report = check(shipped, configuration);
  console.log(lines(report, ((performance.now() - started) / 1000).toFixed(1)).join('\n'));
  const broken = report.verdicts.filter(({ failure }) => failure !== null).length;
  failed += broken;
  passed += report.verdicts.length - broken;
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
