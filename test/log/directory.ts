import { spawnSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** A new directory, without links in its path, that is removed when the tests of the file have run. */
export function temporaryDirectory(): string {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'fairstep-log-')));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** The id of a process that has run and ended. */
export function endedProcess(): number {
  return spawnSync(process.execPath, ['-e', '']).pid;
}
