/**
 * Plays a short match of the example game with each protocol, by the command that newcomers use; fails unless
 * the players agreed.
 */

import { spawn } from 'node:child_process';

const command = ['start', '--', '--json', '--players', '4', '--rounds', '40', '--protocol'];
const limitMs = 180_000;
const signals = ['SIGINT', 'SIGTERM'];

/** What a command prints; its errors are shown as they come. Fails when it does, or does not end in time. */
function outputOf(program, args) {
  return new Promise((resolve, reject) => {
    // A group of its own, so that a match that hangs is ended with all that it started.
    const child = spawn(program, args, { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
    const end = () => process.kill(-child.pid, 'SIGKILL');
    const limit = setTimeout(end, limitMs);
    const interrupted = () => {
      end();
      process.exit(1);
    };
    for (const signal of signals) process.once(signal, interrupted);
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(limit);
      for (const signal of signals) process.off(signal, interrupted);
      if (code === 0) resolve(output);
      else reject(new Error(`it ended with ${code ?? `a signal, at the latest after ${limitMs} ms`}`));
    });
  });
}

function agreed(output) {
  const last = output.trimEnd().split('\n').at(-1);
  try {
    return JSON.parse(last).agreed === true;
  } catch {
    throw new Error(`its last line is not a JSON object: ${last}`);
  }
}

try {
  for (const protocol of ['neo', 'lockstep']) {
    const output = await outputOf('npm', [...command, protocol]);
    process.stdout.write(output);
    if (!agreed(output)) throw new Error(`the players did not agree in ${protocol}`);
  }
  process.stdout.write('match: agreed\n');
} catch (error) {
  process.stdout.write(`match: failed, ${error.message}\n`);
  process.exitCode = 1;
}
