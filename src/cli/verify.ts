/** `fairstep verify FILE`: judges a file of evidence, in words or as JSON. */

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { toHex } from '../base/bytes.ts';
import {
  ANY_EVIDENCE_BYTES_MAX,
  decodeEvidence,
  type EvidenceKind,
  needsGame,
  type Rules,
  type Verdict,
  verifyEvidence,
} from '../protocol/evidence.ts';
import type { StatementKind } from '../wire/statement.ts';
import { type Command, UsageError, usageError } from './command.ts';

const summary = 'judges a file of evidence: whom it convicts, and of what';

const help = `The verdict rests on the file alone: on signatures that only the convicted player could make.
Whether an input was illegal is for the game to say, so evidence of that needs the game too.

  --game MODULE   a module whose default export, or whose export 'game', is what defineGame answers
  --json          one JSON object instead of words

Exit code: 0 the file convicts a player, 1 it convicts nobody, 2 it could not be read or needs the game.`;

/** What a statement is, as the object of "it signed two different ...". */
const statementNames: Readonly<Record<StatementKind, string>> = {
  commit: 'commitments to its input',
  set: 'lists of the commitments that it held',
  reveal: 'openings of its input',
  remove: 'removals of a player',
  wish: 'wishes to remove a player, under one number',
  leave: 'announcements that it leaves',
  vote: 'votes on which commitments it had received in time',
  confirm: 'confirmations of certificates, under one number',
  hold: 'lists of openings that it held, under one number',
  change: 'reports as it changed to one view',
  propose: 'proposals as the leader of one view',
  prepare: 'acceptances of a proposal in one view',
};

/** What the player did, in one sentence. */
function deed({ kind, statement, epoch, round }: Verdict): string {
  const where = round === 0 ? `in epoch ${epoch}` : `for round ${round} of epoch ${epoch}`;
  const what = statementNames[statement];
  const sentences: Readonly<Record<EvidenceKind, string>> = {
    inconsistency: `It signed two different ${what} ${where}; an honest player signs one.`,
    'bad-opening': `It opened its input ${where} with something else than it had committed to.`,
    'double-entry': `It signed one packet that holds two ${what} ${where}; an honest one holds one.`,
    'vote-against-own-commitment': `It voted ${where} against its own commitment: for another one, or none.`,
    'confirm-conflict': `It confirmed two different values of one slot in one view ${where}.`,
    'forgotten-certificate': `It changed views ${where} without a certificate that it had confirmed.`,
    'changed-vote': `It changed views ${where} with another vote than it had signed.`,
    'denied-opening': `It said ${where} that it held an opening, and that it did not.`,
    'bad-proposal': `It proposed ${where}, as leader, what its own reasons do not lead to.`,
    'illegal-input': `Its input ${where} broke the rules of the game, in a state that it had signed.`,
  };
  return sentences[kind];
}

const signatures = "the file holds the player's own signatures, and they hold";

/** What the verdict rests on. */
function closing({ kind }: Verdict): string {
  if (kind === 'illegal-input') {
    return `T${signatures.slice(1)}; the rules are those of the given game.`;
  }
  return `Nothing else is needed to be sure of this: ${signatures}.`;
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
    closing(verdict),
  ].join('\n');
}

function inJson({ guilty, kind, statement, session, epoch, round }: Verdict): string {
  const hex = { guilty: toHex(guilty), session: toHex(session) };
  return JSON.stringify({ convicts: true, ...hex, kind, statement, epoch, round });
}

/** Why bytes convict nobody. */
function innocence(bytes: Uint8Array, game: AnyRules | null): string {
  if (bytes.length === 0) return 'it is empty';
  if (bytes.length > ANY_EVIDENCE_BYTES_MAX) return 'it is longer than any evidence';
  if (needsGame(bytes)) return 'by the given game the input in it is legal, or the state in it is none';
  const evidence = decodeEvidence(bytes, game === null ? {} : { game });
  if (evidence !== null) return `a signature in it is not one of the player ${toHex(evidence.publicKey)}`;
  return 'it is no evidence, or not all of its bytes are as they were';
}

type AnyRules = Rules<unknown, unknown>;

function isRules(value: unknown): value is AnyRules {
  const { decodeInput, decodeState, legal } = (value ?? {}) as Partial<AnyRules>;
  if (typeof decodeInput !== 'function' || typeof decodeState !== 'function') return false;
  return legal === null || typeof legal === 'function';
}

/** The game of a module. Loading it runs it, as whoever calls this command would. */
function loadGame(path: string): AnyRules {
  let module: { readonly default?: unknown; readonly game?: unknown };
  try {
    module = createRequire(import.meta.url)(resolve(path)) as typeof module;
  } catch (cause) {
    const [first = ''] = String((cause as Error)?.message ?? cause).split('\n');
    throw new UsageError(`the game '${path}' cannot be loaded: ${first.replace(/\.$/, '')}`);
  }
  for (const game of [module.default, module.game]) if (isRules(game)) return game;
  throw new UsageError(`'${path}' exports no game: its default export, or 'game', must come of defineGame`);
}

/** The bytes of a file; of one that is longer than any evidence only as many as show that. */
function read(path: string): Uint8Array {
  let fd: number | null = null;
  try {
    fd = openSync(path, 'r');
    const stat = fstatSync(fd);
    const room = stat.isFile() ? Math.min(stat.size, ANY_EVIDENCE_BYTES_MAX) : ANY_EVIDENCE_BYTES_MAX;
    const bytes = new Uint8Array(room + 1);
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

interface Asked {
  readonly file: string;
  readonly game: string | null;
  readonly json: boolean;
}

function parse(args: readonly string[]): Asked {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { game: { type: 'string' }, json: { type: 'boolean', default: false } },
      allowPositionals: true,
      strict: true,
    });
    const [file, ...more] = positionals;
    if (!file) throw new UsageError('verify needs the FILE that holds the evidence');
    if (more.length > 0) throw new UsageError(`verify takes one FILE, not ${positionals.length}`);
    return { file, game: values.game ?? null, json: values.json };
  } catch (thrown) {
    throw thrown instanceof UsageError ? thrown : usageError(thrown);
  }
}

export const verify: Command = {
  name: 'verify',
  usage: 'verify FILE [--game MODULE] [--json]',
  summary,
  help,
  run(args, terminal) {
    const { file, game: module, json } = parse(args);
    const bytes = read(file);
    const game = module === null ? null : loadGame(module);
    const verdict = verifyEvidence(bytes, game === null ? {} : { game });
    if (verdict !== null) {
      terminal.out(json ? inJson(verdict) : inWords(verdict));
      return 0;
    }
    if (game === null && needsGame(bytes)) {
      throw new UsageError(`'${file}' says that an input was illegal: give the game with --game MODULE`);
    }
    const reason = innocence(bytes, game);
    if (json) terminal.out(JSON.stringify({ convicts: false, reason }));
    else terminal.out(`This file convicts nobody: ${reason}.`);
    return 1;
  },
};
