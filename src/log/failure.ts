/** What went wrong with a file, in words that say what to do. */

import { dirname } from 'node:path';

const remedies: Readonly<Record<string, (path: string) => string>> = {
  ENOENT: (path) => `the directory "${dirname(path)}" does not exist; create it first`,
  ENOTDIR: (path) => `"${dirname(path)}" is not a directory; choose another path`,
  EISDIR: () => 'it is a directory; name a file in it',
  EACCES: (path) => `permission denied; let this user read and write it and "${dirname(path)}"`,
  EPERM: (path) => `permission denied; let this user read and write it and "${dirname(path)}"`,
  EROFS: () => 'the file system is read-only; choose another path',
  ENOSPC: () => 'the disk is full; free some space and open the log again',
  EDQUOT: () => 'the disk quota is used up; free some space and open the log again',
  EFBIG: () => 'the file is as large as it may be; start with a new key and a new log',
  EMFILE: () => 'too many files are open; raise the limit (ulimit -n) or close some',
};

/** The message of a log at `path`; all of them begin alike. */
export function logError(path: string, text: string, cause?: unknown): Error {
  return new Error(`log "${path}": ${text}`, cause === undefined ? undefined : { cause });
}

/** The error code of a failed system call (ENOENT and so on), or undefined. */
export function codeOf(cause: unknown): string | undefined {
  const code = cause instanceof Error ? (cause as NodeJS.ErrnoException).code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** The error to show for what was thrown: system errors are put into words, others stay as they are. */
export function explain(path: string, cause: unknown): unknown {
  const code = codeOf(cause);
  if (code === undefined) return cause;
  return logError(path, remedies[code]?.(path) ?? (cause as Error).message, cause);
}
