/**
 * A log in a file (frames.ts tells its bytes), held under a lock (lock.ts), beside a boot counter.
 *
 * Every opening counts itself in the log, waits for the disk, and then writes the same count to the side file
 * `<path>.boot`. So a crash leaves the log ahead of the side file or level with it, never behind: a log that
 * is behind has lost an opening, and with it what was signed then. What this cannot notice: a copy restored
 * together with its side file, or one taken since the last opening.
 */

import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { toHex } from '../base/bytes.ts';
import { codeOf, explain, logError } from './failure.ts';
import {
  bootBody,
  type Chain,
  type Contents,
  checkOfFrame,
  decodeFrames,
  decodeHead,
  encodeFrame,
  encodeHead,
  recordsBody,
  SALT_BYTES,
} from './frames.ts';
import { takeLock } from './lock.ts';
import { copyRecord, type Log, type LogFactory } from './log.ts';

export { memoryLog } from './memory.ts';

/** What to do when the log cannot vouch for what its key has signed. */
const startAnew = 'what its key has signed is not known; start with a new key and a new log';

/** The real path behind links, so that one file has one lock. */
function locate(path: string): string {
  try {
    return realpathSync(path);
  } catch (cause) {
    if (codeOf(cause) !== 'ENOENT') throw cause;
    return join(realpathSync(dirname(path)), basename(path));
  }
}

/** Makes names in the directory of `file` durable; Windows has no such call, and needs none. */
function syncDirectory(file: string): void {
  if (process.platform === 'win32') return;
  const fd = openSync(dirname(file), 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Replaces or creates a file so that a crash leaves the old bytes or the new ones, whole. */
function writeWhole(file: string, bytes: string | Uint8Array): void {
  const draft = `${file}.new`;
  try {
    const fd = openSync(draft, 'w', 0o600);
    try {
      writeFileSync(fd, bytes);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(draft, file);
  } catch (cause) {
    rmSync(draft, { force: true });
    throw cause;
  }
  syncDirectory(file);
}

function writeAll(fd: number, bytes: Uint8Array, position: number): void {
  let written = 0;
  while (written < bytes.length) {
    written += writeSync(fd, bytes, written, bytes.length - written, position + written);
  }
}

/** The side file: the count of openings, and the salt of the log that it counts. */
interface BootCount {
  readonly boots: number;
  readonly salt: string;
}

function readBootCount(file: string, path: string): BootCount | null {
  let text: string;
  try {
    text = readFileSync(`${file}.boot`, 'latin1');
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return null;
    throw cause;
  }
  const match = /^fairstep boot v1 (\d{1,10}) ([0-9a-f]{32})\n$/.exec(text);
  const [, boots, salt] = match ?? [];
  if (boots === undefined || salt === undefined) {
    throw logError(path, `its boot counter "${file}.boot" is damaged; ${startAnew}`);
  }
  return { boots: Number(boots), salt };
}

/** Creates the log unless it is there. Throws when it was there once. */
function createMissing(file: string, path: string, count: BootCount | null): void {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found !== undefined) {
    if (found.isDirectory()) throw logError(path, 'it is a directory; name a file in it');
    if (!found.isFile()) throw logError(path, 'it is not a regular file; choose another path');
    if (found.size > 0) return;
  }
  if (count !== null) {
    const sight = found === undefined ? 'it is missing' : 'it is empty';
    throw logError(
      path,
      `${sight}, though "${file}.boot" counts ${count.boots} openings of it; ${startAnew}`,
    );
  }
  writeWhole(file, encodeHead(randomBytes(SALT_BYTES)));
}

/** Reads and judges the log; changes nothing. */
function readLog(fd: number, file: string, path: string, count: BootCount | null): Contents {
  const bytes = readFileSync(fd);
  const head = decodeHead(bytes);
  if (head === 'version') {
    throw logError(path, 'another version of the library wrote it, in a format that this one cannot read');
  }
  if (head === 'foreign') {
    throw logError(
      path,
      'it is not a log, or damaged at byte 0; choose another path, or start with a new key',
    );
  }
  if (count !== null && count.salt !== toHex(head.salt)) {
    throw logError(path, `"${file}.boot" counts the openings of another log; ${startAnew}`);
  }
  const contents = decodeFrames(bytes, head);
  if (typeof contents === 'number') throw logError(path, `it is damaged at byte ${contents}; ${startAnew}`);
  if (contents.boots < (count?.boots ?? 0)) {
    throw logError(
      path,
      `it is older than its boot counter (opening ${contents.boots} of ${count?.boots}); ` +
        `was it restored from a backup? ${startAnew}`,
    );
  }
  return contents;
}

/** A file open for writing, and where it goes on. */
interface Place extends Chain {
  readonly fd: number;
  readonly end: number;
}

/** Adds one frame, durably: every frame is, before the next is written, so that only the last can be torn. */
function addFrame(place: Place, body: Uint8Array): Place {
  const frame = encodeFrame(place, body);
  writeAll(place.fd, frame, place.end);
  fdatasyncSync(place.fd);
  return { ...place, end: place.end + frame.length, last: checkOfFrame(frame) };
}

/** Cuts a torn tail off and counts this opening; one wait for the disk serves both. */
function beginBoot(fd: number, file: string, { salt, last, end, boots }: Contents): Place {
  if (fstatSync(fd).size > end) ftruncateSync(fd, end);
  const place = addFrame({ fd, salt, last, end }, bootBody(boots + 1));
  writeWhole(`${file}.boot`, `fairstep boot v1 ${boots + 1} ${toHex(salt)}\n`);
  return place;
}

function openLog(path: string): Log {
  const file = locate(path);
  const release = takeLock(`${file}.lock`, path);
  let fd: number | null = null;
  try {
    const count = readBootCount(file, path);
    createMissing(file, path, count);
    fd = openSync(file, 'r+');
    const contents = readLog(fd, file, path, count);
    return runningLog(path, contents.records, beginBoot(fd, file, contents), release);
  } catch (cause) {
    if (fd !== null) closeSync(fd);
    release();
    throw cause;
  }
}

/** The log of an open file; `release` gives up its lock. */
function runningLog(path: string, records: readonly Uint8Array[], start: Place, release: () => void): Log {
  let place = start;
  let pending: Uint8Array[] = [];
  let failure: unknown = null;
  let closed = false;

  function checkUsable(): void {
    if (closed) throw logError(path, 'it is closed');
    if (failure !== null) throw failure;
  }

  function flush(): void {
    checkUsable();
    try {
      while (pending.length > 0) {
        const [body, taken] = recordsBody(pending);
        place = addFrame(place, body);
        pending = pending.slice(taken);
      }
    } catch (cause) {
      failure = explain(path, cause);
      throw failure;
    }
  }

  return {
    name: path,
    records,
    append(record) {
      checkUsable();
      pending.push(copyRecord(record));
    },
    flush,
    async close() {
      if (closed) return;
      try {
        if (failure === null) flush();
      } finally {
        closed = true;
        closeSync(place.fd);
        release();
      }
    },
  };
}

/**
 * A log in the file at `path`, which is created unless it is there; its directory must be. While it is open,
 * `<path>.lock` stands beside it; `<path>.boot` stays. A flush is one write and one wait for the disk, within
 * the call. Opening rejects with an Error that names the path and the remedy when another process has
 * the log open, when it is damaged, older than its boot counter, or no log, and when the system refuses.
 * Throws a TypeError unless `path` is a non-empty string.
 */
export function fileLog(path: string): LogFactory {
  if (typeof path !== 'string' || path === '') {
    throw new TypeError(`fileLog: path must be a non-empty string, not ${JSON.stringify(path)}`);
  }
  return async () => {
    try {
      return openLog(path);
    } catch (cause) {
      throw explain(path, cause);
    }
  };
}
