import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { takeLock } from '../../src/log/lock.ts';
import { endedProcess, temporaryDirectory } from './directory.ts';
import { patchCalls, real, restoreCalls } from './patch.ts';

const root = temporaryDirectory();
let directories = 0;
let directory: string;
let lock: string;
let path: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  directory = join(root, `case ${++directories}`);
  mkdirSync(directory);
  path = join(directory, 'player.log');
  lock = `${path}.lock`;
});

afterEach(async () => {
  restoreCalls();
  for (const child of children.splice(0)) {
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }
});

/** A process that runs until the test ends. */
function runningProcess(): number {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], {
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  children.push(child);
  return child.pid as number;
}

function leave(holder: object | string): string {
  const text =
    typeof holder === 'string' ? holder : JSON.stringify({ host: hostname(), started: null, ...holder });
  writeFileSync(lock, text);
  return text;
}

const onLinux = process.platform === 'linux';

describe('lock', () => {
  it('stands while it is held, and is taken away twice without harm', () => {
    const release = takeLock(lock, path);
    expect(existsSync(lock)).toBe(true);
    release();
    expect(readdirSync(directory)).toEqual([]);
    const again = takeLock(lock, path);
    release();
    expect(existsSync(lock)).toBe(true);
    again();
    expect(readdirSync(directory)).toEqual([]);
  });

  it('is not taken from this process', () => {
    const release = takeLock(lock, path);
    expect(() => takeLock(lock, path)).toThrow(
      `log "${path}": it is already open in this process (${process.pid}); ` +
        'close it first, or give each player a log',
    );
    release();
  });

  it('is not taken from a process that runs', () => {
    const pid = runningProcess();
    const text = leave({ pid });
    expect(() => takeLock(lock, path)).toThrow(
      `log "${path}": it is locked by process ${pid}, which is running; ` +
        `stop that one, or choose another path; if that one has nothing to do with it, delete "${lock}"`,
    );
    expect(readFileSync(lock, 'utf8')).toBe(text);
    expect(readdirSync(directory)).toEqual(['player.log.lock']);
  });

  it('is taken over from a process that has ended', () => {
    leave({ pid: endedProcess() });
    const release = takeLock(lock, path);
    expect(JSON.parse(readFileSync(lock, 'utf8'))).toMatchObject({ pid: process.pid, host: hostname() });
    expect(readdirSync(directory)).toEqual(['player.log.lock']);
    release();
    expect(readdirSync(directory)).toEqual([]);
  });

  it.runIf(onLinux)('is taken over when another process, or a later boot, has the id now', () => {
    const mine = takeLock(lock, path);
    const { started } = JSON.parse(readFileSync(lock, 'utf8')) as { started: string };
    mine();
    const [boot, start] = started.split('/');
    const pid = runningProcess();
    for (const other of [`${boot}/1`, `00000000-0000-0000-0000-000000000000/${start}`]) {
      leave({ pid, started: other });
      takeLock(lock, path)();
      leave({ pid: process.pid, started: other });
      takeLock(lock, path)();
    }
    leave({ pid: process.pid, started });
    expect(() => takeLock(lock, path)).toThrow(/already open in this process/);
  });

  it.runIf(onLinux)('is taken over from a process that has ended unnoticed by its parent', async () => {
    const parent = spawn('sh', ['-c', 'sleep 600 & echo $!; exec cat'], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    children.push(parent);
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    const until = async (file: string, text: RegExp) => {
      while (!text.test(readFileSync(file, 'latin1'))) await new Promise((resolve) => setImmediate(resolve));
    };
    // What the parent has become, cat, never asks for the end of a process that the shell has started.
    await until(`/proc/${parent.pid}/comm`, /^cat\n/);
    process.kill(pid, 'SIGKILL');
    await until(`/proc/${pid}/stat`, /\) Z /);
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    const start = readFileSync(`/proc/${pid}/stat`, 'latin1').split(' ')[21];
    leave({ pid, started: `${boot}/${start}` });
    takeLock(lock, path)();
    leave({
      pid: parent.pid,
      started: `${boot}/${readFileSync(`/proc/${parent.pid}/stat`, 'latin1').split(' ')[21]}`,
    });
    expect(() => takeLock(lock, path)).toThrow(/which is running/);
  });

  it('is left alone where nobody can tell who holds it', () => {
    leave({ pid: endedProcess(), host: `not ${hostname()}` });
    expect(() => takeLock(lock, path)).toThrow(
      /locked by process \d+ of "not .*", .*; if no program uses the log, delete/,
    );
    for (const text of ['', 'x', '{}', '{"pid":0,"host":"x"}', '{"pid":1.5,"host":"x"}', 'null']) {
      leave(text);
      expect(() => takeLock(lock, path)).toThrow(
        `a crash left its lock unwritten; if no program uses the log, delete "${lock}"`,
      );
      expect(readFileSync(lock, 'utf8')).toBe(text);
    }
  });

  it('is taken over by one process at a time', () => {
    leave({ pid: endedProcess() });
    writeFileSync(`${lock}.takeover`, 'of another');
    expect(() => takeLock(lock, path)).toThrow(
      /another process is taking it over; .*delete ".*takeover" and ".*lock"/,
    );
    expect(readFileSync(`${lock}.takeover`, 'utf8')).toBe('of another');
  });

  it('is looked at again before it is taken over', () => {
    leave({ pid: endedProcess() });
    const other = JSON.stringify({ pid: runningProcess(), host: hostname(), started: null });
    patchCalls({
      openSync: (file: string, flags: string, mode: number) => {
        if (file.endsWith('.takeover')) writeFileSync(lock, other);
        return real.openSync(file, flags, mode);
      },
    });
    expect(() => takeLock(lock, path)).toThrow(/another process has opened it just now/);
    restoreCalls();
    expect(readFileSync(lock, 'utf8')).toBe(other);
    expect(readdirSync(directory)).toEqual(['player.log.lock']);
  });

  it('is taken when its holder gives it up in between', () => {
    leave({ pid: runningProcess() });
    let looks = 0;
    patchCalls({
      openSync: (file: string, flags: string, mode: number) => {
        try {
          return real.openSync(file, flags, mode);
        } finally {
          if (file === lock && ++looks === 1) real.unlinkSync(lock);
        }
      },
    });
    const release = takeLock(lock, path);
    restoreCalls();
    expect(looks).toBe(2);
    expect(JSON.parse(readFileSync(lock, 'utf8'))).toMatchObject({ pid: process.pid });
    release();
    expect(readdirSync(directory)).toEqual([]);
  });

  it('that has changed hands is not given back by its old holder', () => {
    const release = takeLock(lock, path);
    const text = leave({ pid: runningProcess() });
    release();
    expect(readFileSync(lock, 'utf8')).toBe(text);
  });
});
