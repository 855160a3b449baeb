import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fileLog, memoryLog } from '../../src/log/file.ts';
import { bytes, logContract, read, write } from './contract.ts';
import { temporaryDirectory } from './directory.ts';

const directory = temporaryDirectory();
let files = 0;

logContract({ name: 'memory', fresh: () => memoryLog(), named: /^memory$/ });
logContract({ name: 'file', fresh: () => fileLog(join(directory, `log ${++files}`)), named: /log \d+$/ });

describe('memory log', () => {
  it('begins with copies of the records given', async () => {
    const given = [bytes(1), bytes(2)];
    const factory = memoryLog(given);
    given[0]?.fill(9);
    expect(await read(factory)).toEqual([bytes(1), bytes(2)]);
    await write(factory, bytes(3));
    expect(await read(factory)).toEqual([bytes(1), bytes(2), bytes(3)]);
    expect(await read(memoryLog())).toEqual([]);
  });
});
