/** The demo as it is started by people: processes over UDP, from the built files. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifyEvidence } from 'fairstep/evidence';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Result } from '../../examples/lightcycles/result.ts';

const root = join(import.meta.dirname, '..', '..');
const program = join(root, 'dist', 'examples', 'lightcycles', 'main.js');

/** Where runs of the test at hand put their directories. */
let temporary = '';
let started: Run[] = [];

beforeAll(() => {
  if (!existsSync(program)) throw new Error('dist/examples is missing; build it first: npm run build');
});

beforeEach(() => {
  temporary = mkdtempSync(join(tmpdir(), 'fairstep-test-'));
});

afterEach(async () => {
  for (const { process, ended } of started) {
    process.kill('SIGKILL');
    await ended;
  }
  started = [];
  rmSync(temporary, { recursive: true, force: true });
});

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Run {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves when the text stands in what was written so far. */
  says(text: string): Promise<void>;
}

function start(...args: readonly string[]): Run {
  const env = { ...process.env, TMPDIR: temporary, TMP: temporary, TEMP: temporary };
  const child = spawn(process.execPath, [program, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const written = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      written[name] += text;
    });
  }
  const ended = once(child, 'close').then(([code]): Ended => ({ code: code as number | null, ...written }));
  const says = async (text: string): Promise<void> => {
    const heard = (): boolean => (written.stdout + written.stderr).includes(text);
    while (!heard()) {
      const over = await Promise.race([ended, once(child.stdout, 'data'), once(child.stderr, 'data')]);
      if ('code' in over && !heard())
        throw new Error(`it ended before it said '${text}': ${JSON.stringify(over)}`);
    }
  };
  const run = { process: child, ended, says };
  started.push(run);
  return run;
}

interface Process {
  readonly pid: number;
  readonly parent: number;
}

/** The processes of this machine that run, which one that only waits for its parent does not. */
function processes(): readonly Process[] {
  const linux = existsSync('/proc/self/stat');
  const lines = linux
    ? readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .map(statOf)
    : spawnSync('ps', ['-A', '-o', 'pid=,stat=,ppid='], { encoding: 'utf8' }).stdout.split('\n');
  return lines.flatMap((line) => {
    const [pid, state, parent] = line.trim().split(/\s+/);
    return state === undefined || state.startsWith('Z') ? [] : [{ pid: Number(pid), parent: Number(parent) }];
  });
}

/** "pid state parent" of a process on Linux, or nothing when it is gone (proc_pid_stat(5)). */
function statOf(pid: string): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return `${pid} ${stat.slice(stat.lastIndexOf(')') + 2)}`;
  } catch {
    return '';
  }
}

function childrenOf(pid: number | undefined): readonly number[] {
  return processes()
    .filter(({ parent }) => parent === pid)
    .map((child) => child.pid);
}

function shortly(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 2));
}

/** Resolves when none of the processes is there any more; the limit is the time that a test may take. */
async function gone(pids: readonly number[]): Promise<void> {
  while (processes().some(({ pid }) => pids.includes(pid))) await shortly();
}

function resultIn({ stdout }: Ended): Result {
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Result;
}

/** Files of evidence in the directories of runs. */
function leftovers(): readonly string[] {
  return readdirSync(temporary, { recursive: true, encoding: 'utf8' });
}

describe('a run with --json', () => {
  it.each(['neo', 'lockstep'])('plays %s to the end, agrees, and leaves nothing behind', async (protocol) => {
    const game = ['--players', '3', '--rounds', '30', '--cheat', 'none', '--seed', '7'];
    const args = ['--json', ...game, '--protocol', protocol];
    const ended = await start(...args).ended;
    expect(ended.code).toBe(0);
    expect(ended.stdout.split('\n')).toHaveLength(2);
    expect(ended.stderr).toContain('3 players have agreed to begin; all are honest');
    const result = resultIn(ended);
    const hash = result.stateHashes[0];
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(result).toMatchObject({
      players: 3,
      rounds: 30,
      ended: 'rounds',
      seed: 7,
      protocol,
      cheat: 'none',
      honest: [0, 1, 2],
      stateHashes: [hash, hash, hash],
      agreed: true,
      convicted: [],
      crashed: [],
      epochs: 1,
      keyring: 'node',
    });
    for (const times of [result.advanceMs, result.finalMs]) {
      expect(times?.p50).toBeGreaterThan(0);
      expect(times?.p99).toBeGreaterThanOrEqual(times?.p50 ?? 0);
    }
    expect(result.slowRounds).toBeGreaterThanOrEqual(0);
    expect(result.bytesPerRound).toBeGreaterThan(0);
    expect(leftovers()).toEqual([]);
  });

  it.each([
    ['neo', '60'],
    ['lockstep', '25'],
  ])(
    'of %s convicts the liar, keeps the evidence and nothing else, and goes on',
    async (protocol, rounds) => {
      const ended = await start('--json', '--rounds', rounds, '--protocol', protocol).ended;
      expect(ended.code).toBe(0);
      const result = resultIn(ended);
      const [conviction] = result.convicted;
      expect(result).toMatchObject({ rounds: Number(rounds), agreed: true, ended: 'rounds' });
      expect(result.convicted).toHaveLength(1);
      expect(result.stateHashes).toHaveLength(3);
      expect(result.honest).not.toContain(conviction?.player);
      // Which two of its packets meet first, and where, is up to the network.
      const kinds = /^(inconsistency|bad-opening|vote-against-own-commitment|changed-vote)$/;
      expect(conviction?.kind).toMatch(kinds);
      const evidence = new Uint8Array(readFileSync(conviction?.file ?? ''));
      expect(verifyEvidence(evidence)).toMatchObject({ kind: conviction?.kind, round: conviction?.round });
      expect(leftovers()).toHaveLength(2);
    },
  );

  it.each(['neo', 'lockstep'])('of %s goes on when players are killed', async (protocol) => {
    const crashes = ['--crash', 'B@5', '--rounds', '110'];
    const ended = await start('--json', '--cheat', 'none', '--protocol', protocol, ...crashes).ended;
    expect(ended.code).toBe(0);
    expect(resultIn(ended)).toMatchObject({
      rounds: 110,
      agreed: true,
      ended: 'rounds',
      honest: [0, 2, 3],
      crashed: [{ player: 1, round: 5 }],
      epochs: 2,
    });
    expect(leftovers()).toEqual([]);
  });

  it.each(['inconsistency', 'bad-opening'])('ends where only one is left, after %s', async (cheat) => {
    const game = ['--players', '2', '--rounds', '30', '--cheat', cheat, '--protocol', 'lockstep'];
    const ended = await start('--json', ...game).ended;
    expect(ended.code).toBe(0);
    const result = resultIn(ended);
    expect(result).toMatchObject({ ended: 'alone', agreed: true });
    expect(result.rounds).toBeLessThan(30);
    expect(result.convicted).toHaveLength(1);
  });
});

describe('a run in lines of text', () => {
  it('is what an output that is no terminal gets, and has no control characters', async () => {
    const ended = await start('--players', '2', '--rounds', '12', '--cheat', 'none', '--latency', '5').ended;
    expect(ended.code).toBe(0);
    expect(ended.stdout).toContain('12 rounds in ');
    expect(ended.stdout).toContain('one-way delays');
    expect(ended.stdout).toContain('State after the last round: equal with all honest players');
    expect(ended.stdout).not.toContain('\x1b');
    expect(ended.stderr).toBe('');
  });
});

describe('a run that fails', () => {
  it('tells a bad option in one sentence', async () => {
    const ended = await start('--players', '1').ended;
    expect(ended).toEqual({
      code: 2,
      stdout: '',
      stderr: "--players must be a whole number from 2 to 16, not '1'.\n",
    });
  });

  it('tells a used port in one sentence', async () => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const { port } = socket.address();
    const ended = await start('--json', '--players', '2', '--port', `${port - 1}`).ended;
    socket.close();
    expect(ended.code).toBe(1);
    expect(ended.stdout).toBe('');
    expect(ended.stderr).toMatch(
      /^The match could not be played [^\n]*: player process \d of 2 failed: udp: port \d+ .* in use;.*\n$/,
    );
    expect(leftovers()).toEqual([]);
  });

  it('tells which player died, ends the others, and says where their logs are', async () => {
    const { process: parent, ended, says } = start('--json', '--rounds', '100000', '--cheat', 'none');
    await says('have agreed to begin');
    const players = childrenOf(parent.pid);
    expect(players).toHaveLength(4);
    const victim = players[1] as number;
    process.kill(victim, 'SIGKILL');
    const { code, stdout, stderr } = await ended;
    expect(code).toBe(1);
    expect(stdout).toBe('');
    const sentence = `player [A-D] \\(process ${victim}\\) died in round \\d+: it was ended by SIGKILL\\.`;
    expect(stderr).toMatch(new RegExp(sentence));
    expect(stderr).toContain(temporary);
    expect(leftovers().filter((name) => name.endsWith('.log'))).toHaveLength(4);
    await gone(players);
  });
});

describe('a run that is stopped', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('by %s ends every process with code %d and leaves nothing behind', async (signal, code) => {
    const {
      process: parent,
      ended,
      says,
    } = start('--plain', '--players', '3', '--rounds', '100000', '--cheat', 'none');
    await says('have agreed to begin');
    const players = childrenOf(parent.pid);
    parent.kill(signal);
    expect(await ended).toMatchObject({ code, stderr: 'Interrupted.\n' });
    await gone(players);
    expect(leftovers()).toEqual([]);
  });

  it('before it has begun is ended too', async () => {
    const { process: parent, ended } = start('--plain', '--players', '8', '--cheat', 'none');
    while (leftovers().length === 0) await shortly();
    parent.kill('SIGTERM');
    expect(await ended).toMatchObject({ code: 143, stderr: 'Interrupted.\n' });
    expect(leftovers()).toEqual([]);
  });

  it('by the death of the parent leaves no player running', async () => {
    const {
      process: parent,
      ended,
      says,
    } = start('--plain', '--players', '3', '--rounds', '100000', '--cheat', 'none');
    await says('have agreed to begin');
    const players = childrenOf(parent.pid);
    parent.kill('SIGKILL');
    await ended;
    await gone(players);
  });
});
