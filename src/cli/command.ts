/** What a command of the command line is, and the words that all of them use. */

/** Where a command writes; each call is one or more whole lines. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
}

export interface Command {
  readonly name: string;
  /** How it is called, without the program's name. */
  readonly usage: string;
  /** What it does, in one line. */
  readonly summary: string;
  /** What `fairstep NAME --help` says below that. */
  readonly help: string;
  /**
   * Runs with the arguments behind its name and answers the exit code: 0 as asked, 1 the answer is no,
   * 2 called wrongly. Throws {@link UsageError} for the last.
   */
  run(args: readonly string[], terminal: Terminal): number;
}

/** The command was called wrongly; the message is one sentence without its full stop. */
export class UsageError extends Error {}

/** The mistake that `parseArgs` of node:util found, in one sentence; what it did not find is thrown again. */
export function usageError(thrown: unknown): UsageError {
  const { code, message } = thrown as { code?: unknown; message?: unknown };
  if (typeof code !== 'string' || !code.startsWith('ERR_PARSE_ARGS_')) throw thrown;
  const [first = ''] = String(message).split(/\.\s|\n/);
  return new UsageError(first.charAt(0).toLowerCase() + first.slice(1).replace(/\.$/, ''));
}
