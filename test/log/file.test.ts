import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileLog } from '../../src/log/file.ts';
import { bytes, read, write } from './contract.ts';
import { temporaryDirectory } from './directory.ts';
import { patchCalls, real, restoreCalls, systemError } from './patch.ts';

const root = temporaryDirectory();
let directories = 0;
let directory: string;
let path: string;

beforeEach(() => {
  directory = join(root, `case ${++directories}`);
  mkdirSync(directory);
  path = join(directory, 'player.log');
});

/** Files of this test's directory that the process has open, where the system tells. */
function openFiles(): string[] {
  if (process.platform !== 'linux') return [];
  const links = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return '';
    }
  });
  return links.filter((link) => link.startsWith(directory)).map((link) => basename(link));
}

describe('file log', () => {
  it('has its log, its lock and its boot counter while open, and no lock when closed', async () => {
    const log = await fileLog(path)();
    expect(readdirSync(directory).sort()).toEqual(['player.log', 'player.log.boot', 'player.log.lock']);
    for (const file of readdirSync(directory)) {
      if (process.platform !== 'win32') expect(statSync(join(directory, file)).mode & 0o777).toBe(0o600);
    }
    if (process.platform === 'linux') expect(openFiles()).toEqual(['player.log']);
    expect(JSON.parse(readFileSync(`${path}.lock`, 'utf8'))).toMatchObject({ pid: process.pid });
    await log.close();
    expect(readdirSync(directory).sort()).toEqual(['player.log', 'player.log.boot']);
    expect(openFiles()).toEqual([]);
    expect(log.name).toBe(path);
  });

  it('counts its openings', async () => {
    for (let opening = 1; opening <= 12; opening++) {
      await write(fileLog(path));
      expect(readFileSync(`${path}.boot`, 'latin1')).toMatch(
        new RegExp(`^fairstep boot v1 ${opening} [0-9a-f]{32}\n$`),
      );
    }
  });

  it('refuses a log that is older than its boot counter, as from a backup', async () => {
    await write(fileLog(path), bytes(1));
    copyFileSync(path, `${path}.backup`);
    await write(fileLog(path), bytes(2));
    copyFileSync(`${path}.backup`, path);
    const refusal =
      /player\.log": it is older than its boot counter \(opening 1 of 2\); was it restored from a backup\?/;
    await expect(fileLog(path)()).rejects.toThrow(refusal);
    await expect(fileLog(path)()).rejects.toThrow(/start with a new key and a new log$/);
    expect(readdirSync(directory)).not.toContain('player.log.lock');
  });

  it('refuses a log that is gone, and the log of another beside its boot counter', async () => {
    await write(fileLog(path), bytes(1));
    rmSync(path);
    await expect(fileLog(path)()).rejects.toThrow(
      /player\.log": it is missing, though ".*boot" counts 1 openings/,
    );
    expect(existsSync(path)).toBe(false);
    const other = join(directory, 'other.log');
    for (let i = 0; i < 3; i++) await write(fileLog(other), bytes(2));
    copyFileSync(other, path);
    await expect(fileLog(path)()).rejects.toThrow(/\.boot" counts the openings of another log; .* new key/);
  });

  it('refuses a boot counter that is none', async () => {
    await write(fileLog(path), bytes(1));
    for (const text of [
      '',
      'fairstep boot v1 1',
      `fairstep boot v1 -1 ${'0'.repeat(32)}\n`,
      'x'.repeat(100),
    ]) {
      writeFileSync(`${path}.boot`, text);
      await expect(fileLog(path)()).rejects.toThrow(/its boot counter ".*\.boot" is damaged; .* new key/);
    }
  });

  it('goes on without a boot counter, and one that is a step behind', async () => {
    await write(fileLog(path), bytes(1));
    copyFileSync(`${path}.boot`, `${path}.earlier`);
    await write(fileLog(path), bytes(2));
    copyFileSync(`${path}.earlier`, `${path}.boot`);
    await write(fileLog(path), bytes(3));
    expect(readFileSync(`${path}.boot`, 'latin1')).toMatch(/^fairstep boot v1 3 /);
    rmSync(`${path}.boot`);
    expect(await read(fileLog(path))).toEqual([bytes(1), bytes(2), bytes(3)]);
    expect(readFileSync(`${path}.boot`, 'latin1')).toMatch(/^fairstep boot v1 4 /);
  });

  it('says what to do when the path is of no use', async () => {
    await expect(fileLog(join(directory, 'none', 'x.log'))()).rejects.toThrow(
      `x.log": the directory "${join(directory, 'none')}" does not exist; create it first`,
    );
    await expect(fileLog(directory)()).rejects.toThrow(/it is a directory; name a file in it/);
    writeFileSync(path, 'no log at all\n');
    await expect(fileLog(join(path, 'x.log'))()).rejects.toThrow(/is not a directory; choose another path/);
    if (process.platform !== 'win32') {
      await expect(fileLog('/dev/null')()).rejects.toThrow(
        /"\/dev\/null": it is not a regular file; choose another/,
      );
      expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
    }
    expect(readdirSync(dirname(directory)).filter((name) => name.endsWith('.lock'))).toEqual([]);
    expect(readFileSync(path, 'utf8')).toBe('no log at all\n');
    for (const wrong of ['', undefined, 5]) {
      expect(() => fileLog(wrong as string)).toThrow(TypeError);
      expect(() => fileLog(wrong as string)).toThrow(/fileLog: path must be a non-empty string/);
    }
  });

  it.skipIf(process.platform === 'win32')('has one lock for one file, by whatever path', async () => {
    symlinkSync(directory, join(root, `link ${directories}`));
    const log = await fileLog(path)();
    await expect(fileLog(join(root, `link ${directories}`, 'player.log'))()).rejects.toThrow(/already open/);
    symlinkSync(path, join(directory, 'alias.log'));
    await expect(fileLog(join(directory, 'alias.log'))()).rejects.toThrow(/already open/);
    await log.close();
    expect(await read(fileLog(join(directory, 'alias.log')))).toEqual([]);
    expect(readdirSync(directory).sort()).toEqual(['alias.log', 'player.log', 'player.log.boot']);
  });

  it('leaves nothing open and no lock when an opening fails', async () => {
    await write(fileLog(path), bytes(1), bytes(2));
    const file = readFileSync(path);
    file.writeUInt8(1, 45);
    writeFileSync(path, file);
    await expect(fileLog(path)()).rejects.toThrow(/damaged at byte/);
    expect(openFiles()).toEqual([]);
    expect(readdirSync(directory).sort()).toEqual(['player.log', 'player.log.boot']);
  });
});

describe('a flush', () => {
  afterEach(restoreCalls);

  it('is one write and one wait for the disk, and an append is neither', async () => {
    const calls: string[] = [];
    const log = await fileLog(path)();
    patchCalls({
      writeSync: (...args: Parameters<typeof real.writeSync>) => {
        calls.push('write');
        return real.writeSync(...args);
      },
      fdatasyncSync: (fd: number) => {
        calls.push('sync');
        real.fdatasyncSync(fd);
      },
    });
    log.append(bytes(1));
    log.append(bytes(2));
    expect(calls).toEqual([]);
    log.flush();
    expect(calls).toEqual(['write', 'sync']);
    log.flush();
    expect(calls).toEqual(['write', 'sync']);
    await log.close();
  });

  it('goes on where a write stopped short', async () => {
    const log = await fileLog(path)();
    patchCalls({
      writeSync: (fd: number, data: Uint8Array, offset: number, length: number, position: number) =>
        real.writeSync(fd, data, offset, Math.min(length, 3), position),
    });
    log.append(bytes(1, 2, 3, 4, 5, 6, 7, 8, 9));
    await log.close();
    expect(await read(fileLog(path))).toEqual([bytes(1, 2, 3, 4, 5, 6, 7, 8, 9)]);
  });

  it('that fails says so from then on; the lock is given up, and what was durable stays', async () => {
    const log = await fileLog(path)();
    log.append(bytes(1));
    log.flush();
    patchCalls({
      fdatasyncSync: () => {
        throw systemError('ENOSPC', 'no space left on device, fdatasync');
      },
    });
    log.append(bytes(2));
    const refusal = /player\.log": the disk is full; free some space and open the log again/;
    expect(() => log.flush()).toThrow(refusal);
    restoreCalls();
    expect(() => log.flush()).toThrow(refusal);
    expect(() => log.append(bytes(3))).toThrow(refusal);
    await log.close();
    expect(openFiles()).toEqual([]);
    const records = await read(fileLog(path));
    expect(records[0]).toEqual(bytes(1));
    expect(records.length).toBeLessThanOrEqual(2);
  });

  it('that fails at closing rejects, and gives up file and lock all the same', async () => {
    const log = await fileLog(path)();
    log.append(bytes(1));
    patchCalls({
      writeSync: () => {
        throw systemError('EIO', 'i/o error, write');
      },
    });
    await expect(log.close()).rejects.toThrow(/player\.log": EIO: i\/o error, write/);
    await log.close();
    expect(openFiles()).toEqual([]);
    expect(readdirSync(directory).sort()).toEqual(['player.log', 'player.log.boot']);
  });

  it('leaves no draft when the disk fills while a log is made', async () => {
    patchCalls({
      fsyncSync: (fd: number) => {
        const draft = readdirSync(directory).some((name) => name.endsWith('.new'));
        if (draft) throw systemError('ENOSPC', 'no space left on device, fsync');
        real.fsyncSync(fd);
      },
    });
    await expect(fileLog(path)()).rejects.toThrow(/the disk is full/);
    expect(readdirSync(directory)).toEqual([]);
  });
});
