import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toHex } from '../../src/base/bytes.ts';
import { type Seat, seatOf } from '../../src/base/ids.ts';
import { run } from '../../src/cli/dispatch.ts';
import { commit } from '../../src/crypto/commitment.ts';
import { keyring } from '../../src/keyring/node.ts';
import { encodeEvidence, prove } from '../../src/protocol/evidence.ts';
import { DATAGRAM_BYTES_MAX, SALT_BYTES, SESSION_BYTES } from '../../src/wire/limits.ts';
import { type Entry, entriesOf, type Packet, signedMessage, signedPacket } from '../../src/wire/packet.ts';
import type { Statement } from '../../src/wire/statement.ts';

const session = new Uint8Array(SESSION_BYTES).fill(7);
const liar = keyring.generate();
const seat: Seat = seatOf(1);
const epoch = 0;
const round = 12;
const place = 'for round 12 of epoch 0';

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'fairstep-test-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function signed(entries: readonly Entry[]): Packet {
  return signedPacket(seat, entries, keyring.sign(liar.secretKey, signedMessage(session, seat, entries)));
}

function packet(...statements: readonly Statement[]): Packet {
  return signed(entriesOf(statements));
}

function evidenceOf(a: Packet, b?: Packet): Uint8Array {
  const evidence = prove(session, liar.publicKey, a, b);
  if (evidence === null) throw new Error('these packets are no lie');
  return encodeEvidence(evidence);
}

const digest = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);
const commitTo = (fill: number): Statement => ({ kind: 'commit', epoch, round, commitment: digest(fill) });
const set: Statement = { kind: 'set', epoch, round, set: digest(3), state: digest(4) };
const salt = new Uint8Array(SALT_BYTES);
const reveal = (value: number): Statement => ({
  kind: 'reveal',
  epoch,
  round,
  input: Uint8Array.of(value),
  salt,
});
const remove = (target: number): Statement => ({ kind: 'remove', epoch, target, advanced: 3 });

const twoCommitments = evidenceOf(packet(commitTo(1)), packet(commitTo(2)));

function file(name: string, bytes: Uint8Array): string {
  const path = join(directory, name);
  writeFileSync(path, bytes);
  return path;
}

interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function fairstep(...args: readonly string[]): Said {
  const said = { out: '', err: '' };
  const code = run(args, {
    out: (text) => {
      said.out += `${text}\n`;
    },
    err: (text) => {
      said.err += `${text}\n`;
    },
  });
  return { code, ...said };
}

describe('fairstep verify', () => {
  it('says in words whom evidence convicts, and of what', () => {
    const { code, out, err } = fairstep('verify', file('good.evidence', twoCommitments));
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out.split('\n')).toEqual([
      `This file convicts the player with the public key ${toHex(liar.publicKey)}.`,
      '',
      `It signed two different commitments to its input ${place}; an honest player signs one.`,
      '',
      '  kind      inconsistency',
      `  session   ${toHex(session)}`,
      '  epoch     0',
      '  round     12',
      '',
      "Nothing else is needed to be sure of this: the file holds the player's own signatures, and they hold.",
      '',
    ]);
  });

  const sealed = commit({ session, epoch, round, author: seat }, salt, Uint8Array.of(1));
  const honestCommit: Statement = { kind: 'commit', epoch, round, commitment: sealed };

  it.each<[string, Uint8Array, string]>([
    [
      'a bad opening',
      evidenceOf(packet(honestCommit), packet(set, reveal(2))),
      'It opened its input for round 12 of epoch 0 with something else than it had committed to.',
    ],
    [
      'two sets',
      evidenceOf(packet(set, reveal(1)), packet({ ...set, set: digest(9) } as Statement, reveal(1))),
      `It signed two different lists of the commitments that it held ${place}; an honest player signs one.`,
    ],
    [
      'two removals, which belong to no round',
      evidenceOf(packet(remove(0)), packet(remove(2))),
      'It signed two different removals of a player in epoch 0; an honest player signs one.',
    ],
    [
      'one packet that says two things',
      evidenceOf(signed([...entriesOf([commitTo(1)]), ...entriesOf([commitTo(2)])])),
      `It signed one packet that holds two commitments to its input ${place}; an honest one holds one.`,
    ],
  ])('tells %s in one sentence', (_, evidence, sentence) => {
    const { code, out } = fairstep('verify', file('kind.evidence', evidence));
    expect(code).toBe(0);
    expect(out.split('\n')[2]).toBe(sentence);
  });

  it('answers machines as JSON', () => {
    const { code, out } = fairstep('verify', '--json', file('good.evidence', twoCommitments));
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({
      convicts: true,
      guilty: toHex(liar.publicKey),
      session: toHex(session),
      kind: 'inconsistency',
      statement: 'commit',
      epoch: 0,
      round: 12,
    });
  });

  it('convicts nobody when any byte was edited', () => {
    for (const at of twoCommitments.keys()) {
      const edited = twoCommitments.slice();
      edited[at] = (edited[at] as number) ^ 1;
      const { code, out } = fairstep('verify', file('edited.evidence', edited));
      expect({ at, code }).toEqual({ at, code: 1 });
      expect(out).toMatch(/^This file convicts nobody: .*\.\n$/);
    }
  });

  it.each<[string, Uint8Array, string]>([
    ['an empty file', new Uint8Array(0), 'it is empty'],
    [
      'a cut file',
      twoCommitments.slice(0, -1),
      'it is no evidence, or not all of its bytes are as they were',
    ],
    [
      'another file',
      new Uint8Array(Buffer.from('hello\n')),
      'it is no evidence, or not all of its bytes are as they were',
    ],
    ['a huge file', new Uint8Array(4 * DATAGRAM_BYTES_MAX), 'it is longer than any evidence'],
  ])('says why %s convicts nobody', (_, bytes, reason) => {
    const path = file('innocent.evidence', bytes);
    expect(fairstep('verify', path)).toEqual({
      code: 1,
      out: `This file convicts nobody: ${reason}.\n`,
      err: '',
    });
    expect(JSON.parse(fairstep('verify', path, '--json').out)).toEqual({ convicts: false, reason });
  });

  it('says whose signature does not hold', () => {
    const other = evidenceOf(packet(commitTo(1)), packet(commitTo(2)));
    const at = other.length - 1;
    other[at] = (other[at] as number) ^ 1;
    const { code, out } = fairstep('verify', file('forged.evidence', other));
    expect(code).toBe(1);
    expect(out).toBe(
      `This file convicts nobody: a signature in it is not one of the player ${toHex(liar.publicKey)}.\n`,
    );
  });

  it('judges the longest evidence there is', () => {
    const long = (fill: number): Statement => ({
      kind: 'reveal',
      epoch,
      round,
      input: new Uint8Array(512).fill(fill),
      salt,
    });
    const { code } = fairstep(
      'verify',
      file('long.evidence', evidenceOf(packet(set, long(1)), packet(set, long(2)))),
    );
    expect(code).toBe(0);
  });
});

describe('what is wrong is told in one sentence', () => {
  it.each<[string[], string]>([
    [[], 'no command is given; there is verify (fairstep --help tells more)'],
    [['judge'], "there is no command 'judge'; there is verify (fairstep --help tells more)"],
    [['verify'], 'verify needs the FILE that holds the evidence'],
    [['verify', 'a', 'b'], 'verify takes one FILE, not 2'],
    [['verify', '--jsno', 'a'], "unknown option '--jsno'"],
    [['verify', '--json=1', 'a'], "option '--json' does not take an argument"],
  ])('%j', (args, problem) => {
    expect(fairstep(...args)).toEqual({ code: 2, out: '', err: `fairstep: ${problem}\n` });
  });

  it('names a file that cannot be read', () => {
    const missing = join(directory, 'missing');
    const problem = `fairstep: '${missing}' cannot be read: there is no such file\n`;
    expect(fairstep('verify', missing)).toEqual({ code: 2, out: '', err: problem });
    expect(fairstep('verify', directory).err).toContain('it is a directory; name a file in it');
    expect(fairstep('verify', directory).code).toBe(2);
  });
});

describe('fairstep', () => {
  it('tells its commands, and more about each', () => {
    for (const flag of ['--help', '-h']) {
      expect(fairstep(flag)).toMatchObject({ code: 0, err: '' });
      expect(fairstep(flag).out).toContain('verify FILE');
      expect(fairstep('verify', flag)).toMatchObject({ code: 0, err: '' });
      expect(fairstep('verify', flag).out).toContain('--json');
    }
  });

  it('tells its version', () => {
    const manifest = JSON.parse(
      readFileSync(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8'),
    ) as { version: string };
    expect(fairstep('--version')).toEqual({ code: 0, out: `${manifest.version}\n`, err: '' });
  });

  it('runs as a program', () => {
    const program = join(import.meta.dirname, '..', '..', 'dist', 'src', 'cli', 'fairstep.js');
    if (!existsSync(program)) throw new Error('dist/src/cli is missing; build it first: npm run build');
    expect(readFileSync(program, 'utf8').startsWith('#!/usr/bin/env node\n')).toBe(true);
    const path = file('good.evidence', twoCommitments);
    const judged = spawnSync(process.execPath, [program, 'verify', path], { encoding: 'utf8' });
    expect({ status: judged.status, stderr: judged.stderr }).toEqual({ status: 0, stderr: '' });
    expect(judged.stdout).toContain(toHex(liar.publicKey));
    const wrong = spawnSync(process.execPath, [program, 'verify'], { encoding: 'utf8' });
    expect(wrong).toMatchObject({ status: 2, stdout: '' });
  });
});
