/** `fairstep verify FILE`: judges a file of evidence, in words or as JSON. */

import { closeSync, openSync, readSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { toHex } from '../base/bytes.ts';
import { decodeEvidence, type EvidenceKind, type Verdict, verifyEvidence } from '../protocol/evidence.ts';
import { DATAGRAM_BYTES_MAX } from '../wire/limits.ts';
import type { StatementKind } from '../wire/statement.ts';
import { type Command, UsageError, usageError } from './command.ts';

/** More than any evidence has: two packets, each of which came in a datagram, and who signed them. */
const FILE_BYTES_MAX = 3 * DATAGRAM_BYTES_MAX;

const summary = 'judges a file of evidence: whom it convicts, and of what';

const help = `The verdict rests on the file alone: on signatures that only the convicted player could make.

  --json   one JSON object instead of words

Exit code: 0 the file convicts a player, 1 it convicts nobody, 2 it could not be read.`;

/** What a statement is, as the object of "it signed two different ...". */
const statementNames: Readonly<Record<StatementKind, string>> = {
  commit: 'commitments to its input',
  set: 'lists of the commitments that it held',
  reveal: 'openings of its input',
  remove: 'removals of a player',
  wish: 'wishes to remove a player, under one number',
  leave: 'announcements that it leaves',
};

/** What the player did, in one sentence. */
function deed({ kind, statement, epoch, round }: Verdict): string {
  const where = round === 0 ? `in epoch ${epoch}` : `for round ${round} of epoch ${epoch}`;
  const what = statementNames[statement];
  const sentences: Readonly<Record<EvidenceKind, string>> = {
    inconsistency: `It signed two different ${what} ${where}; an honest player signs one.`,
    'bad-opening': `It opened its input ${where} with something else than it had committed to.`,
    'double-entry': `It signed one packet that holds two ${what} ${where}; an honest one holds one.`,
  };
  return sentences[kind];
}

function inWords(verdict: Verdict): string {
  return [
    `This file convicts the player with the public key ${toHex(verdict.guilty)}.`,
    '',
    deed(verdict),
    '',
    `  kind      ${verdict.kind}`,
    `  session   ${toHex(verdict.session)}`,
    `  epoch     ${verdict.epoch}`,
    `  round     ${verdict.round === 0 ? 'none: the statements belong to the whole epoch' : verdict.round}`,
    '',
    "Nothing else is needed to be sure of this: the file holds the player's own signatures, and they hold.",
  ].join('\n');
}

function inJson({ guilty, kind, statement, session, epoch, round }: Verdict): string {
  const hex = { guilty: toHex(guilty), session: toHex(session) };
  return JSON.stringify({ convicts: true, ...hex, kind, statement, epoch, round });
}

/** Why bytes convict nobody. */
function innocence(bytes: Uint8Array): string {
  if (bytes.length === 0) return 'it is empty';
  if (bytes.length > FILE_BYTES_MAX) return 'it is longer than any evidence';
  const evidence = decodeEvidence(bytes);
  if (evidence !== null) return `a signature in it is not one of the player ${toHex(evidence.publicKey)}`;
  return 'it is no evidence, or not all of its bytes are as they were';
}

/** The bytes of a file; of one that is longer than any evidence only as many as show that. */
function read(path: string): Uint8Array {
  let fd: number | null = null;
  try {
    fd = openSync(path, 'r');
    const bytes = new Uint8Array(FILE_BYTES_MAX + 1);
    let length = 0;
    let count: number;
    do {
      count = readSync(fd, bytes, length, bytes.length - length, null);
      length += count;
    } while (count > 0);
    return bytes.slice(0, length);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const reasons: Readonly<Record<string, string>> = {
      ENOENT: 'there is no such file',
      EISDIR: 'it is a directory; name a file in it',
      EACCES: 'reading it is not permitted',
    };
    throw new UsageError(`'${path}' cannot be read: ${reasons[code ?? ''] ?? message}`);
  } finally {
    if (fd !== null) closeSync(fd);
  }
}

function parse(args: readonly string[]): { readonly file: string; readonly json: boolean } {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { json: { type: 'boolean', default: false } },
      allowPositionals: true,
      strict: true,
    });
    const [file, ...more] = positionals;
    if (!file) throw new UsageError('verify needs the FILE that holds the evidence');
    if (more.length > 0) throw new UsageError(`verify takes one FILE, not ${positionals.length}`);
    return { file, json: values.json };
  } catch (thrown) {
    throw thrown instanceof UsageError ? thrown : usageError(thrown);
  }
}

export const verify: Command = {
  name: 'verify',
  usage: 'verify FILE [--json]',
  summary,
  help,
  run(args, terminal) {
    const { file, json } = parse(args);
    const bytes = read(file);
    const verdict = verifyEvidence(bytes);
    if (verdict !== null) {
      terminal.out(json ? inJson(verdict) : inWords(verdict));
      return 0;
    }
    const reason = innocence(bytes);
    if (json) terminal.out(JSON.stringify({ convicts: false, reason }));
    else terminal.out(`This file convicts nobody: ${reason}.`);
    return 1;
  },
};
