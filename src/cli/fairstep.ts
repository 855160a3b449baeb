#!/usr/bin/env node
/** The command `fairstep`. */

import { run } from './dispatch.ts';

process.exitCode = run(process.argv.slice(2), {
  out: (text) => process.stdout.write(`${text}\n`),
  err: (text) => process.stderr.write(`${text}\n`),
});
