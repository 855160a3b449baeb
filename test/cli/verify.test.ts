import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toHex } from '../../src/base/bytes.ts';
import { type Seat, seatOf } from '../../src/base/ids.ts';
import { nobody, type PlayerSet, playersFromBits } from '../../src/base/players.ts';
import { run } from '../../src/cli/dispatch.ts';
import { commit } from '../../src/crypto/commitment.ts';
import { hash } from '../../src/crypto/hash.ts';
import { keyring } from '../../src/keyring/node.ts';
import {
  ANY_EVIDENCE_BYTES_MAX,
  type Evidence,
  encodeEvidence,
  prove,
  proveIllegal,
} from '../../src/protocol/evidence.ts';
import { SALT_BYTES, SESSION_BYTES } from '../../src/wire/limits.ts';
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

  const view = { epoch, round, instance: 255, view: 0 };
  const slot = (value: number): PlayerSet => playersFromBits(1 << value);
  const vote: Statement = { kind: 'vote', epoch, round, named: slot(0), values: digest(1), state: digest(0) };
  const hold: Statement = { kind: 'hold', epoch, round, index: 0, authors: slot(0), values: digest(1) };
  const confirm = (index: number, named: PlayerSet): Statement => {
    return { kind: 'confirm', ...view, index, slots: slot(0), named, values: digest(1) };
  };
  const change = (instance: number): Statement => {
    const nothing = { named: nobody, votes: [], certified: [], claim: digest(0) };
    return { kind: 'change', ...view, ...nothing, instance, view: 1 };
  };

  it.each<[string, Statement, Statement, string]>([
    [
      'a vote against itself',
      honestCommit,
      vote,
      `It voted ${place} against its own commitment: for another one, or none.`,
    ],
    [
      'two confirms',
      confirm(0, slot(0)),
      confirm(1, nobody),
      `It confirmed two different values of one slot in one view ${place}.`,
    ],
    [
      'a forgotten certificate',
      confirm(0, nobody),
      change(255),
      `It changed views ${place} without a certificate that it had confirmed.`,
    ],
    ['a changed vote', vote, change(255), `It changed views ${place} with another vote than it had signed.`],
    ['a denial', hold, change(0), `It said ${place} that it held an opening, and that it did not.`],
  ])('tells %s in one sentence', (_, one, other, sentence) => {
    const { code, out } = fairstep('verify', file('pair.evidence', evidenceOf(packet(one), packet(other))));
    expect({ code, told: out.split('\n')[2] }).toEqual({ code: 0, told: sentence });
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
    ['a huge file', new Uint8Array(ANY_EVIDENCE_BYTES_MAX + 1), 'it is longer than any evidence'],
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

describe('evidence of an illegal input', () => {
  const state = Uint8Array.of(3);
  /** Inputs are a byte below that of the state. */
  const rules = {
    decodeState: (bytes: Uint8Array) => ({ ok: true, state: bytes[0] ?? 0 }) as const,
    decodeInput: (bytes: Uint8Array) => ({ ok: true, input: bytes[0] ?? 0 }) as const,
    legal: (top: number, _player: number, input: number) => input < top,
  };
  const source = (legal: string): string =>
    `const first = (bytes) => bytes[0];
    const decodeState = (bytes) => ({ ok: true, state: first(bytes) });
    const decodeInput = (bytes) => ({ ok: true, input: first(bytes) });
    const legal = ${legal};`;
  const rule = '(top, player, input) => input < top';
  const named: Statement = { kind: 'set', epoch, round, set: digest(3), state: hash('state', state) };
  const evidence = (): Uint8Array => {
    const proof = proveIllegal(session, liar.publicKey, rules, [packet(named, reveal(5))], state);
    return encodeEvidence(proof as Evidence);
  };
  const module = (name: string, text: string): string => file(name, new TextEncoder().encode(text));

  it.each<[string, string, string]>([
    [
      'by its default export',
      'default.mjs',
      `${source(rule)} export default { decodeState, decodeInput, legal };`,
    ],
    [
      'by its export game',
      'game.mjs',
      `${source(rule)} export const game = { decodeState, decodeInput, legal };`,
    ],
    ['in CommonJS', 'game.cjs', `${source(rule)} module.exports.game = { decodeState, decodeInput, legal };`],
  ])('is judged with the game that a module gives %s', (_, name, text) => {
    const { code, out, err } = fairstep(
      'verify',
      file('illegal.evidence', evidence()),
      '--game',
      module(name, text),
    );
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain(`Its input ${place} broke the rules of the game, in a state that it had signed.`);
    expect(out).toContain('the rules are those of the given game.');
  });

  it('convicts nobody by other rules, or after an edit', () => {
    const path = file('illegal.evidence', evidence());
    const easy = module('easy.mjs', `${source('null')} export default { decodeState, decodeInput, legal };`);
    const legal = fairstep('verify', path, '--game', easy);
    const by = 'by the given game the input in it is legal, or the state in it is none';
    expect({ code: legal.code, out: legal.out }).toEqual({
      code: 1,
      out: `This file convicts nobody: ${by}.\n`,
    });
    const edited = evidence();
    edited[edited.length - 1] = 2;
    const strict = module(
      'strict.mjs',
      `${source(rule)} export default { decodeState, decodeInput, legal };`,
    );
    expect(fairstep('verify', file('edited.evidence', edited), '--game', strict).code).toBe(1);
    expect(fairstep('verify', file('edited.evidence', edited)).code).toBe(1);
  });

  it('asks for the game, and says what is wrong with one', () => {
    const path = file('illegal.evidence', evidence());
    expect(fairstep('verify', path)).toEqual({
      code: 2,
      out: '',
      err: `fairstep: '${path}' says that an input was illegal: give the game with --game MODULE\n`,
    });
    const empty = module('empty.mjs', 'export const game = 1;');
    expect(fairstep('verify', path, '--game', empty)).toEqual({
      code: 2,
      out: '',
      err: `fairstep: '${empty}' exports no game: its default export, or 'game', must come of defineGame\n`,
    });
    const broken = module('broken.mjs', "throw new Error('no such map.')");
    expect(fairstep('verify', path, '--game', broken)).toEqual({
      code: 2,
      out: '',
      err: `fairstep: the game '${broken}' cannot be loaded: no such map\n`,
    });
    const missing = join(directory, 'missing.mjs');
    expect(fairstep('verify', path, '--game', missing).err).toMatch(/cannot be loaded: Cannot find module/);
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
