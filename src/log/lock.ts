/**
 * The lock of a log: a file that exists while a process holds it, and says which one. The lock of a process
 * that is gone is taken over, that of a live one never; where that cannot be told, the user must.
 *
 * A process is known by its id and, on Linux, by the boot of the machine and the instant it started, since
 * ids are used again. Threads of one process are one holder. A lock guards processes of one machine: over a
 * shared file system it only refuses.
 *
 * Taking over: whoever creates the guard file (atomic) may look at the lock again and, if it is still the
 * same stale one, rename its guard over it (atomic). Only its creator removes a guard, so one process wins.
 */

import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { codeOf, logError } from './failure.ts';

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** Boot of the machine and start of the process, where the system tells them. */
  readonly started: string | null;
}

/**
 * Boot and start of a process on Linux (proc_pid_stat(5), fields 3 and 22); null elsewhere, or when it is
 * hidden. A process that ended and only waits for its parent has a start that no lock names.
 */
function startOf(pid: number): string | null {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, start] = [fields[0], fields[19]];
    if (state === 'Z' || state === 'X') return 'ended';
    return start === undefined ? null : `${boot}/${start}`;
  } catch {
    return null;
  }
}

/** The text of a lock of this process; the token makes it unlike any other. */
function describeSelf(): string {
  const { pid } = process;
  const self: Holder = { pid, host: hostname(), started: startOf(pid) };
  return `${JSON.stringify({ ...self, token: randomBytes(8).toString('hex') })}\n`;
}

function parseHolder(text: string): Holder | null {
  try {
    const { pid, host, started } = JSON.parse(text) as Partial<Holder>;
    if (typeof pid !== 'number' || !Number.isInteger(pid) || pid < 1 || typeof host !== 'string') return null;
    return { pid, host, started: typeof started === 'string' ? started : null };
  } catch {
    return null;
  }
}

/** Whether a process of this machine is there. Doubt counts as life. */
function isAlive({ pid, started }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (cause) {
    if (codeOf(cause) === 'ESRCH') return false;
  }
  const now = startOf(pid);
  return started === null || now === null || started === now;
}

/** Throws unless the holder written in `text` is gone. */
function checkStale(lock: string, path: string, text: string): void {
  const holder = parseHolder(text);
  const remedy = `if no program uses the log, delete "${lock}"`;
  if (holder === null) {
    throw logError(
      path,
      `it is being opened by another process, or a crash left its lock unwritten; ${remedy}`,
    );
  }
  const { pid, host } = holder;
  if (host !== hostname()) {
    throw logError(
      path,
      `it is locked by process ${pid} of "${host}", which cannot be asked from here; ${remedy}`,
    );
  }
  if (!isAlive(holder)) return;
  if (pid === process.pid) {
    throw logError(
      path,
      `it is already open in this process (${pid}); close it first, or give each player a log`,
    );
  }
  const doubt = holder.started === null ? `; if that one has nothing to do with it, delete "${lock}"` : '';
  throw logError(
    path,
    `it is locked by process ${pid}, which is running; stop that one, or choose another path${doubt}`,
  );
}

/** Creates a file that was not there; false when it was. */
function create(path: string, text: string): boolean {
  let fd: number;
  try {
    fd = openSync(path, 'wx', 0o600);
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST') return false;
    throw cause;
  }
  try {
    writeFileSync(fd, text);
    fsyncSync(fd);
  } catch (cause) {
    unlinkSync(path);
    throw cause;
  } finally {
    closeSync(fd);
  }
  return true;
}

/** The text of a file, or null when it is not there. */
function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return null;
    throw cause;
  }
}

function takeOver(lock: string, path: string, stale: string, mine: string): void {
  const guard = `${lock}.takeover`;
  if (!create(guard, mine)) {
    throw logError(
      path,
      `another process is taking it over; if that goes on and no program uses the log, ` +
        `delete "${guard}" and "${lock}"`,
    );
  }
  let taken = false;
  try {
    const seen = readText(lock);
    if (seen !== stale) {
      throw logError(path, 'another process has opened it just now; stop that one, or choose another path');
    }
    renameSync(guard, lock);
    taken = true;
  } finally {
    if (!taken) unlinkSync(guard);
  }
}

/**
 * Takes the lock file `lock` of the log at `path`, or throws an Error that names the holder and the remedy.
 * The answer gives it back; it may be called twice.
 */
export function takeLock(lock: string, path: string): () => void {
  const mine = describeSelf();
  if (!create(lock, mine)) {
    const theirs = readText(lock);
    if (theirs !== null) {
      checkStale(lock, path, theirs);
      takeOver(lock, path, theirs, mine);
    } else if (!create(lock, mine)) {
      throw logError(path, 'another process has opened it just now; stop that one, or choose another path');
    }
  }
  return () => {
    if (readText(lock) === mine) unlinkSync(lock);
  };
}
