/** `npm start`: the demo's parent process, from the command line to the exit code. */

import { randomInt } from 'node:crypto';
import { mkdtempSync, readdirSync, realpathSync, rmdirSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Ending, Match } from './match.ts';
import { type Options, parseOptions } from './options.ts';
import { summaryLines } from './result.ts';
import { type Display, liveView, plainView } from './show.ts';

const { stdout, stderr } = process;

type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGPIPE';

/** The exit code of what a signal has ended, as shells have it. */
function signalCode(signal: StopSignal): number {
  return 128 + constants.signals[signal];
}

function say(line: string): void {
  stdout.write(`${line}\n`);
}

function complain(line: string): void {
  stderr.write(`${line}\n`);
}

function displayOf({ show }: Options): Display {
  if (show === 'view') return liveView(stdout);
  return plainView(show === 'json' ? complain : say);
}

/** Deletes everything in the run's directory but the files to keep, and it too when there are none. */
function tidy(directory: string, keep: readonly string[]): void {
  for (const name of readdirSync(directory)) {
    const file = join(directory, name);
    if (!keep.includes(file)) rmSync(file, { recursive: true, force: true });
  }
  if (keep.length === 0) rmdirSync(directory);
}

/** Says how a match ended that was not played to its end; answers the exit code. */
function lament(problem: string, directory: string): number {
  complain(`The match could not be played to its end: ${problem}.`);
  if (readdirSync(directory).length === 0) rmdirSync(directory);
  else complain(`What its players wrote down is in ${directory}`);
  return 1;
}

/** Says how a match ended; answers the exit code. */
function conclude(ending: Ending, options: Options, directory: string, evidence: readonly string[]): number {
  if (ending.type === 'failed') return lament(ending.problem, directory);
  tidy(directory, evidence);
  if (ending.type === 'interrupted') {
    complain(evidence.length > 0 ? `Interrupted; the evidence is in ${directory}` : 'Interrupted.');
    return 1;
  }
  const { result } = ending;
  if (options.show === 'json') say(JSON.stringify(result));
  else for (const line of summaryLines(result)) say(line);
  const asExpected = result.ended === 'rounds' || result.ended === 'alone';
  return result.agreed && asExpected ? 0 : 1;
}

/** A directory for the logs and the evidence of one run, or null when the system refuses one. */
function runDirectory(): string | null {
  try {
    return mkdtempSync(join(realpathSync(tmpdir()), 'fairstep-'));
  } catch (error) {
    complain(
      `No directory for this run can be made in ${tmpdir()}: ${(error as Error).message}; set TMPDIR.`,
    );
    return null;
  }
}

/** Has signals, and an output that nobody reads any more, end what `match` answers; the first one is kept. */
function endOnSignal(match: () => Match | null): () => StopSignal | null {
  let stoppedBy: StopSignal | null = null;
  const stop = (signal: StopSignal): void => {
    if (stoppedBy !== null) match()?.kill();
    stoppedBy ??= signal;
    match()?.interrupt();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop(signal));
  stdout.on('error', () => stop('SIGPIPE'));
  return () => stoppedBy;
}

/** Plays one match. Answers the exit code, when nothing of it is left running. */
async function run(options: Options): Promise<number> {
  let match: Match | null = null;
  const stoppedBy = endOnSignal(() => match);
  const directory = runDirectory();
  if (directory === null) return 1;
  const display = displayOf(options);
  // What goes wrong here is to be read on the screen of before.
  process.on('uncaughtExceptionMonitor', () => display.close());
  process.on('exit', () => {
    display.close();
    match?.kill();
  });
  match = new Match(options, directory, display);
  const ending = await match.ended;
  display.close();
  const code = conclude(ending, options, directory, match.evidence);
  const signal = stoppedBy();
  return ending.type === 'interrupted' && signal !== null ? signalCode(signal) : code;
}

const drawSeed = (): number => randomInt(2 ** 32);
const parsed = parseOptions(process.argv.slice(2), {
  terminal: stdout.isTTY === true && process.env.TERM !== 'dumb',
  drawSeed,
});
if (!parsed.ok) {
  complain(`${parsed.problem}.`);
  process.exitCode = 2;
} else if ('help' in parsed) stdout.write(parsed.help);
else process.exitCode = await run(parsed.options);
