/** Plays a short match of the example game by the command that newcomers use; fails unless the players agreed. */

import { spawn } from 'node:child_process';

const command = ['start', '--', '--json', '--players', '4', '--rounds', '40'];
const limitMs = 180_000;

/** What a command prints; its errors are shown as they come. Fails when it does, or does not end in time. */
function outputOf(program, args) {
  return new Promise((resolve, reject) => {
    // A group of its own, so that a match that hangs is ended with all that it started.
    const child = spawn(program, args, { detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
    const end = () => process.kill(-child.pid, 'SIGKILL');
    const limit = setTimeout(end, limitMs);
    for (const signal of ['SIGINT', 'SIGTERM']) {
      process.once(signal, () => {
        end();
        process.exit(1);
      });
    }
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(limit);
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
  const output = await outputOf('npm', command);
  process.stdout.write(output);
  if (!agreed(output)) throw new Error('the players did not agree');
  process.stdout.write('match: agreed\n');
} catch (error) {
  process.stdout.write(`match: failed, ${error.message}\n`);
  process.exitCode = 1;
}
