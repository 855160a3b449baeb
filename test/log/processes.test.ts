import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import ts from 'typescript';
import { afterEach, describe, expect, it } from 'vitest';
import { fileLog } from '../../src/log/file.ts';
import { bytes, read, write } from './contract.ts';
import { endedProcess, temporaryDirectory } from './directory.ts';

const root = temporaryDirectory();
const program = join(root, 'program');

/** The log as plain JavaScript, for processes of their own. */
for (const folder of ['base', 'log']) {
  const source = join(import.meta.dirname, '../../src', folder);
  mkdirSync(join(program, folder), { recursive: true });
  for (const name of readdirSync(source)) {
    const { outputText } = ts.transpileModule(readFileSync(join(source, name), 'utf8'), {
      compilerOptions: {
        module: ts.ModuleKind.ESNext,
        target: ts.ScriptTarget.ES2022,
        rewriteRelativeImportExtensions: true,
      },
    });
    writeFileSync(join(program, folder, name.replace(/\.ts$/, '.js')), outputText);
  }
}
writeFileSync(join(program, 'package.json'), '{ "type": "module" }');
writeFileSync(
  join(program, 'writer.js'),
  `import { fileLog } from './log/file.js';
   const log = await fileLog(process.argv[2])();
   for (let i = log.records.length; ; i++) {
     log.append(Uint8Array.of(i & 255, i >> 8));
     log.flush();
     console.log(i + 1);
     await new Promise((resolve) => setImmediate(resolve));
   }`,
);
writeFileSync(
  join(program, 'opener.js'),
  `import { createInterface } from 'node:readline';
   import { fileLog } from './log/file.js';
   let log = null;
   console.log('ready');
   for await (const line of createInterface({ input: process.stdin })) {
     if (line === 'close') await log?.close();
     else {
       log = await fileLog(line)().catch((error) => void console.log(error.message));
       if (log) console.log('open');
     }
   }`,
);

let children: ChildProcess[] = [];

interface Child {
  readonly process: ChildProcess;
  say(line: string): void;
  hear(): Promise<string>;
}

function start(script: string, ...args: string[]): Child {
  const child = spawn(process.execPath, [join(program, script), ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    process: child,
    say: (line) => void child.stdin.write(`${line}\n`),
    hear: async () => (await lines.next()).value as string,
  };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

afterEach(async () => {
  await Promise.all(children.map(kill));
  children = [];
});

describe('processes that share a log', { timeout: 60_000 }, () => {
  it('lose nothing that was flushed when one is killed, and the next takes over', async () => {
    const path = join(root, 'killed.log');
    let acknowledged = 0;
    for (let life = 0; life < 3; life++) {
      const { process: child, hear } = start('writer.js', path);
      const enough = acknowledged + 40;
      while (acknowledged < enough) acknowledged = Number(await hear());
      await expect(fileLog(path)()).rejects.toThrow(`it is locked by process ${child.pid}, which is running`);
      await kill(child);
      const records = await read(fileLog(path));
      expect(records.length).toBeGreaterThanOrEqual(acknowledged);
      expect(records).toEqual(records.map((_, i) => bytes(i & 255, i >> 8)));
      acknowledged = records.length;
    }
  });

  it('open it one at a time, however many want to', async () => {
    const openers = Array.from({ length: 5 }, () => start('opener.js'));
    for (const opener of openers) expect(await opener.hear()).toBe('ready');
    for (let turn = 0; turn < 30; turn++) {
      const path = join(root, `shared ${turn}.log`);
      if (turn % 3 === 0) await write(fileLog(path), bytes(1));
      if (turn % 2 === 0) {
        writeFileSync(
          `${path}.lock`,
          JSON.stringify({ pid: endedProcess(), host: hostname(), started: null }),
        );
      }
      for (const opener of openers) opener.say(path);
      const answers = await Promise.all(openers.map((opener) => opener.hear()));
      expect(answers.filter((answer) => answer === 'open').length, answers.join('\n')).toBe(1);
      for (const answer of answers) {
        expect(answer).toMatch(
          /^open$|is locked by process|is being opened|has opened it just now|is taking it over/,
        );
      }
      for (const opener of openers) opener.say('close');
    }
  });
});
