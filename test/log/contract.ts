import { beforeEach, describe, expect, it } from 'vitest';
import { type Log, type LogFactory, RECORD_BYTES_MAX } from '../../src/log/log.ts';

export interface LogSubject {
  readonly name: string;
  /** A factory of a log that nobody has opened yet. */
  fresh(): LogFactory;
  /** What the log of such a factory is called in messages. */
  readonly named: RegExp;
}

export function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values);
}

/** Opens, appends, flushes and closes. */
export async function write(factory: LogFactory, ...records: Uint8Array[]): Promise<void> {
  const log = await factory();
  for (const record of records) log.append(record);
  await log.close();
}

/** What an opening finds. */
export async function read(factory: LogFactory): Promise<readonly Uint8Array[]> {
  const log = await factory();
  await log.close();
  return log.records;
}

/** What every log must do. */
export function logContract(subject: LogSubject): void {
  describe(`log contract: ${subject.name}`, { timeout: 30_000 }, () => {
    let factory: LogFactory;
    let log: Log;
    beforeEach(async () => {
      factory = subject.fresh();
      log = await factory();
    });

    it('begins empty, and has a name', async () => {
      expect(log.records).toEqual([]);
      expect(log.name).toMatch(subject.named);
      await log.close();
    });

    it('gives back what was appended, in order, run after run', async () => {
      log.append(bytes(1));
      log.append(bytes(2, 2));
      await log.flush();
      log.append(bytes());
      await log.flush();
      await log.flush();
      await log.close();
      expect(await read(factory)).toEqual([bytes(1), bytes(2, 2), bytes()]);
      await write(factory, bytes(4), bytes(5));
      await write(factory);
      expect(await read(factory)).toEqual([bytes(1), bytes(2, 2), bytes(), bytes(4), bytes(5)]);
    });

    it('flushes when it closes', async () => {
      log.append(bytes(7));
      await log.close();
      expect(await read(factory)).toEqual([bytes(7)]);
    });

    it('shows the records of earlier runs only, as plain arrays', async () => {
      log.append(bytes(1));
      await log.flush();
      expect(log.records).toEqual([]);
      await log.close();
      const [record] = await read(factory);
      expect(record?.constructor).toBe(Uint8Array);
    });

    it('copies what is appended, and what it gives back', async () => {
      const mine = bytes(1, 2, 3);
      log.append(mine);
      mine.fill(9);
      await log.close();
      (await read(factory))[0]?.fill(8);
      expect(await read(factory)).toEqual([bytes(1, 2, 3)]);
    });

    it('takes records up to its limit, and refuses longer ones by name', async () => {
      const longest = new Uint8Array(RECORD_BYTES_MAX).fill(7);
      expect(() => log.append(new Uint8Array(RECORD_BYTES_MAX + 1))).toThrow(RangeError);
      expect(() => log.append(new Uint8Array(RECORD_BYTES_MAX + 1))).toThrow(
        /at most 1048576 bytes, not 1048577/,
      );
      for (let i = 0; i < 5; i++) log.append(longest);
      log.append(bytes(1));
      await log.close();
      const records = await read(factory);
      expect(records.map(({ length }) => length)).toEqual([...Array<number>(5).fill(RECORD_BYTES_MAX), 1]);
      expect(Buffer.compare(records[4] as Uint8Array, longest)).toBe(0);
    });

    it('takes many small records in one flush', async () => {
      const many = Array.from({ length: 5000 }, (_, i) => bytes(i & 0xff, i >> 8));
      for (const record of many) log.append(record);
      await log.close();
      expect(await read(factory)).toEqual(many);
    });

    it('is open once at a time', async () => {
      await expect(factory()).rejects.toThrow(/already open in this process.*close it first/);
      await log.close();
      const attempts = await Promise.allSettled([factory(), factory(), factory()]);
      const open = attempts.filter((attempt) => attempt.status === 'fulfilled');
      expect(open.length).toBe(1);
      await open[0]?.value.close();
      await write(factory);
    });

    it('may be closed twice, and is of no use then', async () => {
      await Promise.all([log.close(), log.close()]);
      await log.close();
      expect(() => log.append(bytes(1))).toThrow(/is closed/);
      await expect(async () => log.flush()).rejects.toThrow(/is closed/);
      const next = await factory();
      await log.close();
      await expect(factory()).rejects.toThrow(/already open/);
      await next.close();
    });
  });
}
