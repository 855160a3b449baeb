import {
  existsSync,
  fstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { equalBytes } from '../../src/base/bytes.ts';
import { fileLog } from '../../src/log/file.ts';
import { bytes, read } from './contract.ts';
import { endedProcess, temporaryDirectory } from './directory.ts';
import { type Calls, patchCalls, real, restoreCalls } from './patch.ts';

const root = temporaryDirectory();
const deadLock = JSON.stringify({ pid: endedProcess(), host: hostname(), started: null });
let directories = 0;

afterEach(restoreCalls);

class Crash extends Error {}

/** A process, or its machine, that stops at a chosen call of the file system. */
interface Machine {
  readonly crashed: () => boolean;
  /** Leaves what the disk held: only what was waited for, when the power fails. */
  stop(how: 'killed' | 'power lost'): void;
}

/** What a disk would hold of a directory if the power failed: the bytes and names that were waited for. */
function disk(directory: string) {
  const open = new Set<number>();
  const directoryFds = new Set<number>();
  const durableBytes = new Map<number, Buffer>();
  const names = (): Map<string, number> =>
    new Map(readdirSync(directory).map((name) => [name, statSync(join(directory, name)).ino]));
  let durableNames = names();
  for (const [name, inode] of durableNames) durableBytes.set(inode, readFileSync(join(directory, name)));
  return {
    open,
    directoryFds,
    durableBytes,
    /** Waiting is only noted: nothing here depends on the real disk. */
    synced(fd: number): void {
      if (directoryFds.has(fd)) {
        durableNames = names();
        return;
      }
      const { ino } = fstatSync(fd);
      const [name] = [...names()].find(([, inode]) => inode === ino) as [string, number];
      durableBytes.set(ino, readFileSync(join(directory, name)));
    },
    stop(how: 'killed' | 'power lost'): void {
      for (const fd of open) real.closeSync(fd);
      if (how === 'killed') return;
      for (const name of readdirSync(directory)) rmSync(join(directory, name));
      for (const [name, inode] of durableNames) {
        writeFileSync(join(directory, name), durableBytes.get(inode) ?? '');
      }
    },
  };
}

/**
 * Lets `fuse` changing calls through; the next one, and all after it, throw. A write that comes last is cut
 * in half.
 */
function machine(directory: string, fuse: number): Machine {
  let left = fuse;
  const { open, directoryFds, durableBytes, synced, stop } = disk(directory);

  /** Runs a call unless the fuse has burnt out; `half` is what a call cut short does. */
  function guard<T>(call: () => T, half: () => void = () => {}): T {
    if (left-- > 0) return call();
    if (left === -1) half();
    throw new Crash('crash');
  }

  patchCalls({
    openSync: (path: string, flags: string, mode?: number) => {
      if (flags === 'r' && statSync(path).isDirectory()) {
        const fd = guard(() => real.openSync(path, flags));
        directoryFds.add(fd);
        open.add(fd);
        return fd;
      }
      const made = !existsSync(path);
      const fd = flags === 'r' ? real.openSync(path, flags) : guard(() => real.openSync(path, flags, mode));
      if (made) durableBytes.delete(fstatSync(fd).ino);
      open.add(fd);
      return fd;
    },
    closeSync: (fd: number) => {
      open.delete(fd);
      directoryFds.delete(fd);
      real.closeSync(fd);
    },
    writeSync: (fd: number, data: Uint8Array, offset: number, length: number, position: number) =>
      guard(
        () => real.writeSync(fd, data, offset, length, position),
        () => real.writeSync(fd, data, offset, length >> 1, position),
      ),
    writeFileSync: (fd: number, data: string) =>
      guard(
        () => real.writeFileSync(fd, data),
        () => real.writeFileSync(fd, data.slice(0, data.length >> 1)),
      ),
    fsyncSync: (fd: number) => guard(() => synced(fd)),
    fdatasyncSync: (fd: number) => guard(() => synced(fd)),
    ftruncateSync: (fd: number, length: number) => guard(() => real.ftruncateSync(fd, length)),
    renameSync: (from: string, to: string) => guard(() => real.renameSync(from, to)),
    unlinkSync: (path: string) => guard(() => real.unlinkSync(path)),
    rmSync: (path: string) => guard(() => real.rmSync(path, { force: true })),
  } satisfies { [Name in keyof Calls]: unknown });

  return {
    crashed: () => left < 0,
    stop(how) {
      restoreCalls();
      stop(how);
    },
  };
}

/** What this process's lock looks like to the next one: a dead one's, unless it was never fully written. */
function agree(path: string): void {
  for (const lock of [`${path}.lock`, `${path}.lock.takeover`]) {
    if (!existsSync(lock)) continue;
    if (readFileSync(lock, 'utf8').endsWith('}\n')) writeFileSync(lock, deadLock);
    else rmSync(lock);
  }
  // A takeover that a crash cut short is the user's to clear away, as the error says.
  rmSync(`${path}.lock.takeover`, { force: true });
}

/** What one run of a player does with its log; `acknowledged` grows by what a flush reported durable. */
async function run(path: string, first: number, acknowledged: Uint8Array[]): Promise<void> {
  const log = await fileLog(path)();
  expect(log.records.slice(0, acknowledged.length)).toEqual(acknowledged);
  const mine: Uint8Array[] = [...log.records];
  for (const batch of [1, 3, 1]) {
    for (let i = 0; i < batch; i++) {
      const record = bytes(first + i, batch, ...new Uint8Array(9));
      log.append(record);
      mine.push(record);
    }
    await log.flush();
    acknowledged.splice(0, acknowledged.length, ...mine);
  }
  await log.close();
}

/**
 * Runs after `before` whole runs until the fuse burns out, and then again; false when it never did. After
 * two, the lock of a process that is gone has to be taken over.
 */
async function crashAt(fuse: number, before: number, how: 'killed' | 'power lost'): Promise<boolean> {
  const directory = join(root, `case ${++directories}`);
  mkdirSync(directory);
  const path = join(directory, 'player.log');
  const acknowledged: Uint8Array[] = [];
  for (let i = 0; i < before; i++) await run(path, 10 * i, acknowledged);
  if (before === 2) writeFileSync(`${path}.lock`, deadLock);
  const hardware = machine(directory, fuse);
  await run(path, 100, acknowledged).catch((error: unknown) => {
    if (!(error instanceof Crash)) throw error;
  });
  const crashed = hardware.crashed();
  hardware.stop(how);
  agree(path);
  const records = await read(fileLog(path));
  expect(records.length).toBeGreaterThanOrEqual(acknowledged.length);
  expect(acknowledged.every((record, i) => equalBytes(record, records[i] as Uint8Array))).toBe(true);
  expect(await read(fileLog(path))).toEqual(records);
  expect(
    readdirSync(directory)
      .sort()
      .filter((name) => !name.endsWith('.new')),
  ).toEqual(['player.log', 'player.log.boot']);
  rmSync(directory, { recursive: true });
  return crashed;
}

describe.each(['killed', 'power lost'] as const)(
  'a process that is stopped (%s)',
  { timeout: 60_000 },
  (how) => {
    it.each([0, 1, 2])('finds all that was flushed, wherever it stopped, after %i runs', async (before) => {
      let fuse = 0;
      while (await crashAt(fuse, before, how)) fuse++;
      // Fewer calls than these would mean that the machine did not see them.
      expect(fuse).toBeGreaterThan(15);
    });
  },
);

describe('the crash machine', () => {
  it('loses what was not waited for, so that it would notice', async () => {
    const directory = join(root, `case ${++directories}`);
    mkdirSync(directory);
    const path = join(directory, 'player.log');
    const hardware = machine(directory, Number.POSITIVE_INFINITY);
    patchCalls({ fdatasyncSync: () => {} });
    const acknowledged: Uint8Array[] = [];
    await run(path, 1, acknowledged);
    hardware.stop('power lost');
    agree(path);
    expect(acknowledged.length).toBe(5);
    await expect(fileLog(path)()).rejects.toThrow(/older than its boot counter/);
  });
});
