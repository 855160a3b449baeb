import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fileLog } from '../../src/log/file.ts';
import {
  bootBody,
  type Chain,
  type Contents,
  decodeFrames,
  decodeHead,
  encodeFrame,
  FRAME_HEAD_BYTES,
  HEAD_BYTES,
  recordsBody,
} from '../../src/log/frames.ts';
import { bytes, read, write } from './contract.ts';
import { temporaryDirectory } from './directory.ts';
import { patchCalls, restoreCalls } from './patch.ts';

const directory = temporaryDirectory();
const path = join(directory, 'player.log');
const kept = join(directory, 'kept');

const first = [bytes(1), bytes(2, 2), bytes()];
const second = [bytes(4, 4, 4, 4), new Uint8Array(40).fill(5)];

// What a file means does not depend on the disk, so nothing here waits for it.
beforeAll(() => patchCalls({ fsyncSync: () => {}, fdatasyncSync: () => {} }));
afterAll(restoreCalls);

/** Two runs: three flushes in the first, one flush of two records in the second. */
async function makeLog(): Promise<Buffer> {
  for (const file of [path, `${path}.boot`]) rmSync(file, { force: true });
  const log = await fileLog(path)();
  for (const record of first) {
    log.append(record);
    log.flush();
  }
  await log.close();
  await write(fileLog(path), ...second);
  copyFileSync(`${path}.boot`, kept);
  return readFileSync(path);
}

/** Puts a file in place of the log, its boot counter as it was, or none. */
function put(file: Uint8Array, counter: 'counted' | 'uncounted'): void {
  writeFileSync(path, file);
  if (counter === 'counted') copyFileSync(kept, `${path}.boot`);
  else rmSync(`${path}.boot`, { force: true });
}

/** What a reader makes of the bytes of a log: its records, or a refusal. */
function decode(file: Buffer): readonly Uint8Array[] | 'refused' {
  const head = decodeHead(file);
  if (typeof head === 'string') return 'refused';
  const contents = decodeFrames(file, head);
  return typeof contents === 'number' ? 'refused' : contents.records;
}

/** The end of the chain of a sound file. */
function chainOf(file: Buffer): Chain {
  return decodeFrames(file, decodeHead(file) as Chain) as Contents;
}

/** Bytes of a frame that holds records of these lengths. */
function frameBytes(...lengths: number[]): number {
  return lengths.reduce((sum, length) => sum + 4 + length, FRAME_HEAD_BYTES + 1);
}

const bootBytes = FRAME_HEAD_BYTES + 5;
const lastBytes = frameBytes(4, 40);

const all = [...first, ...second];

/** The prefixes of the records at which a flush ended. */
const flushed = [0, 1, 2, 3, 5].map((count) => all.slice(0, count));

describe('a log file that lost its end', { timeout: 60_000 }, () => {
  it('gives a prefix of the flushes at every length, and takes new records after it', async () => {
    const whole = await makeLog();
    const seen = new Set<number>();
    for (let length = HEAD_BYTES; length <= whole.length; length++) {
      put(whole.subarray(0, length), 'uncounted');
      const log = await fileLog(path)();
      expect(flushed).toContainEqual(log.records);
      log.append(bytes(6));
      await log.close();
      expect(decode(readFileSync(path))).toEqual([...log.records, bytes(6)]);
      seen.add(log.records.length);
    }
    expect([...seen]).toEqual([0, 1, 2, 3, 5]);
  });

  it('is cut to its last frame before anything is added', async () => {
    const whole = await makeLog();
    put(Buffer.concat([whole, Buffer.alloc(5000, 7)]), 'counted');
    expect(await read(fileLog(path))).toEqual(all);
    const after = readFileSync(path);
    expect(after.length).toBe(whole.length + bootBytes);
    expect(after.subarray(0, whole.length).equals(whole)).toBe(true);
  });

  it('is older than its boot counter once an opening is gone with it', async () => {
    const whole = await makeLog();
    const outcomes: string[] = [];
    for (let length = HEAD_BYTES; length <= whole.length; length++) {
      put(whole.subarray(0, length), 'counted');
      const outcome = await read(fileLog(path)).then(({ length: count }) => `${count} records`, String);
      outcomes.push(outcome);
    }
    const older = (opening: number) =>
      `Error: log "${path}": it is older than its boot counter (opening ${opening} of 2); was it restored ` +
      'from a backup? what its key has signed is not known; start with a new key and a new log';
    expect([...new Set(outcomes)]).toEqual([older(0), older(1), '3 records', '5 records']);
    expect(outcomes.at(-1)).toBe('5 records');
  });

  it('is no log without its whole head', async () => {
    const whole = await makeLog();
    for (let length = 1; length < HEAD_BYTES; length++) {
      put(whole.subarray(0, length), 'uncounted');
      await expect(fileLog(path)()).rejects.toThrow(/player\.log": it is not a log, or damaged at byte 0/);
      expect(readFileSync(path).length).toBe(length);
    }
    put(new Uint8Array(0), 'counted');
    await expect(fileLog(path)()).rejects.toThrow(/it is empty, though ".*boot" counts 2 openings of it/);
    put(new Uint8Array(0), 'uncounted');
    expect(await read(fileLog(path))).toEqual([]);
  });

  it('loses nothing but its last flush, whichever sectors of that reached the disk', async () => {
    const whole = await makeLog();
    const chain = chainOf(whole);
    const sector = 16;
    const lastFlush = fc.array(fc.uint8Array({ maxLength: 60 }), { minLength: 1, maxLength: 8 });
    const garbage = fc.constantFrom<'zeros' | 'noise' | 'missing'>('zeros', 'noise', 'missing');
    fc.assert(
      fc.property(lastFlush, fc.array(garbage), fc.nat(), (records, fates, cut) => {
        const frame = encodeFrame(chain, recordsBody(records)[0]);
        const torn = Buffer.from(frame);
        for (const [i, fate] of fates.entries()) {
          const piece = torn.subarray(i * sector, (i + 1) * sector);
          if (fate === 'zeros') piece.fill(0);
          else if (fate === 'noise')
            for (const [k, byte] of piece.entries()) piece[k] = (byte * 167 + 13) & 0xff;
        }
        const file = Buffer.concat([whole, torn.subarray(0, cut % (torn.length + 1))]);
        const intact = file.length === whole.length + frame.length && torn.equals(frame);
        expect(decode(file)).toEqual(intact ? [...all, ...records] : all);
      }),
      { numRuns: 500 },
    );
  });

  it('is not taken in by frames that a peer hid in a record', async () => {
    const whole = await makeLog();
    const { salt, last } = chainOf(whole);
    // The peer may know everything but the salt; its first bytes, the mark, it may even guess.
    const guess = Uint8Array.from({ length: 16 }, (_, i) => (i < 4 ? (salt[i] as number) : 0));
    const [records] = recordsBody([bytes(9)]);
    const fakes = [
      encodeFrame({ salt: guess, last }, records),
      encodeFrame({ salt: guess, last }, bootBody(9)),
      encodeFrame({ salt: new Uint8Array(16), last }, records),
    ];
    const frame = encodeFrame({ salt, last }, recordsBody(fakes)[0]);
    for (let length = 0; length < frame.length; length++) {
      expect(decode(Buffer.concat([whole, frame.subarray(0, length)]))).toEqual(all);
    }
    expect(decode(Buffer.concat([whole, frame]))).toEqual([
      ...all,
      ...fakes.map((fake) => new Uint8Array(fake)),
    ]);
  });
});

describe('a damaged log file', { timeout: 60_000 }, () => {
  it('is refused, or gives the flushes before the last, for every change of every byte', async () => {
    const whole = await makeLog();
    const lastAt = whole.length - lastBytes;
    for (let at = 0; at < whole.length; at++) {
      for (let flip = 1; flip < 256; flip++) {
        const file = Buffer.from(whole);
        file.writeUInt8(file.readUInt8(at) ^ flip, at);
        const outcome = decode(file);
        if (at < lastAt ? outcome !== 'refused' : outcome.length !== first.length) {
          expect.fail(`byte ${at}, flip ${flip}: ${JSON.stringify(outcome)}`);
        }
      }
    }
    expect(decode(whole)).toEqual(all);
  });

  it('is refused by path and byte, and left as it is', async () => {
    const whole = await makeLog();
    for (let at = HEAD_BYTES; at < whole.length - lastBytes; at++) {
      const file = Buffer.from(whole);
      file.writeUInt8(file.readUInt8(at) ^ 0x10, at);
      put(file, 'counted');
      const error = await fileLog(path)().then(
        () => expect.fail(`byte ${at} was accepted`),
        (e: Error) => e,
      );
      const offset = Number(
        /^log ".*player\.log": it is damaged at byte (\d+); .* new key/.exec(error.message)?.[1],
      );
      expect(offset).toBeLessThanOrEqual(at);
      expect(at - offset).toBeLessThan(frameBytes(2));
      expect(readFileSync(path).equals(file)).toBe(true);
    }
  });

  it('is refused when a whole frame is missing, doubled or moved', async () => {
    const whole = await makeLog();
    const lengths = [
      HEAD_BYTES,
      bootBytes,
      frameBytes(1),
      frameBytes(2),
      frameBytes(0),
      bootBytes,
      lastBytes,
    ];
    const parts: Buffer[] = [];
    for (const length of lengths) {
      const at = parts.reduce((sum, part) => sum + part.length, 0);
      parts.push(whole.subarray(at, at + length));
    }
    const assemble = (order: number[]) => decode(Buffer.concat(order.map((i) => parts[i] as Buffer)));
    expect(assemble([0, 1, 2, 3, 4, 5, 6])).toEqual(all);
    for (const order of fc.sample(fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 9 }), 2000)) {
      const isPrefix = order.every((part, i) => part === i + 1);
      const outcome = assemble([0, ...order]);
      expect(outcome === 'refused', order.join()).toBe(!isPrefix);
    }
  });

  it('is refused when bytes are missing or added before its last frame', async () => {
    const whole = await makeLog();
    for (let at = HEAD_BYTES; at < whole.length - lastBytes; at++) {
      for (const count of [1, 2, 5, 30]) {
        const missing = Buffer.concat([whole.subarray(0, at), whole.subarray(at + count)]);
        if (at + count <= whole.length - lastBytes) expect(decode(missing), `${at} ${count}`).toBe('refused');
        const added = Buffer.concat([whole.subarray(0, at), Buffer.alloc(count, 7), whole.subarray(at)]);
        expect(decode(added)).toBe('refused');
      }
    }
  });

  it('is refused when more is unreadable than one flush writes', async () => {
    const whole = await makeLog();
    const most = FRAME_HEAD_BYTES + 2 * 2 ** 20;
    expect(decode(Buffer.concat([whole, Buffer.alloc(most)]))).toEqual(all);
    expect(decode(Buffer.concat([whole, Buffer.alloc(most + 1)]))).toBe('refused');
  });

  it('is refused when a valid frame holds what this format does not write', async () => {
    const whole = await makeLog();
    for (const body of [bytes(), bytes(2), bytes(0, 1), bytes(1, 9), bytes(1, 9, 0, 0, 0, 1)]) {
      const file = Buffer.concat([whole, encodeFrame(chainOf(whole), body)]);
      expect(decodeFrames(file, decodeHead(file) as Chain)).toBe(whole.length);
    }
  });

  it('is told from files of others and of other versions', async () => {
    writeFileSync(path, 'name: player\ncolour: green\nand so on for a good while\n');
    rmSync(`${path}.boot`, { force: true });
    await expect(fileLog(path)()).rejects.toThrow(
      /it is not a log, or damaged at byte 0; choose another path/,
    );
    writeFileSync(path, `fairstep log v12\n${'x'.repeat(100)}`);
    await expect(fileLog(path)()).rejects.toThrow(/another version of the library wrote it/);
  });
});
