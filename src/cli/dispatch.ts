/** From the arguments of the command line to the command that they name. */

import { createRequire } from 'node:module';
import { type Command, type Terminal, UsageError } from './command.ts';
import { verify } from './verify.ts';

const commands: readonly Command[] = [verify];

function help(): string {
  const width = Math.max(...commands.map(({ usage }) => usage.length));
  return [
    'Usage: fairstep COMMAND [options]',
    '',
    ...commands.map(({ usage, summary }) => `  ${usage.padEnd(width)}   ${summary}`),
    '',
    '  fairstep COMMAND --help   more about a command',
    '  fairstep --version        the version of the library',
  ].join('\n');
}

function helpOf({ usage, summary, help: text }: Command): string {
  return `Usage: fairstep ${usage}\n\n${summary}\n\n${text}`;
}

function version(): string {
  const require = createRequire(import.meta.url);
  return (require('fairstep/package.json') as { version: string }).version;
}

function dispatch(args: readonly string[], terminal: Terminal): number {
  const [name, ...rest] = args;
  if (name === '--help' || name === '-h') terminal.out(help());
  else if (name === '--version') terminal.out(version());
  else {
    const command = commands.find((each) => each.name === name);
    if (command === undefined) {
      const names = commands.map((each) => each.name).join(', ');
      const problem = name === undefined ? 'no command is given' : `there is no command '${name}'`;
      throw new UsageError(`${problem}; there is ${names} (fairstep --help tells more)`);
    }
    if (!rest.includes('--help') && !rest.includes('-h')) return command.run(rest, terminal);
    terminal.out(helpOf(command));
  }
  return 0;
}

/** Runs the command line; answers the exit code, 2 when it was called wrongly. */
export function run(args: readonly string[], terminal: Terminal): number {
  try {
    return dispatch(args, terminal);
  } catch (thrown) {
    if (!(thrown instanceof UsageError)) throw thrown;
    terminal.err(`fairstep: ${thrown.message}`);
    return 2;
  }
}
