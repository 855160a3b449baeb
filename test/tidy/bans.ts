/** What the floors may not touch, and what to use in its place. */

import ts from 'typescript';
import { lineOf, nodesOf, type Source } from './checkout.ts';
import { isPure } from './floors.ts';
import type { Rule } from './rule.ts';

const time = 'time arrives inside events';
const chance = 'randomness arrives inside events; seeded numbers come from base/prng.ts';
const promises = 'a pure step answers at once';
const host = 'the pure floors know no host';
const locale = 'its answer depends on the machine';

/** Globals that no pure file may name, and why. */
export const bannedGlobals: Readonly<Record<string, string>> = {
  Date: time,
  performance: time,
  Temporal: time,
  setTimeout: time,
  setInterval: time,
  setImmediate: time,
  clearTimeout: time,
  clearInterval: time,
  clearImmediate: time,
  requestAnimationFrame: time,
  queueMicrotask: promises,
  Promise: promises,
  crypto: chance,
  process: host,
  Buffer: 'use Uint8Array and base/bytes.ts',
  console: 'tell it by an effect',
  navigator: host,
  window: host,
  document: host,
  global: host,
  globalThis: host,
  require: host,
  fetch: host,
  structuredClone: host,
  WeakRef: 'when something is collected differs from run to run',
  FinalizationRegistry: 'when something is collected differs from run to run',
  SharedArrayBuffer: 'a pure step shares nothing',
  Atomics: 'a pure step shares nothing',
  eval: 'no code from text',
  Function: 'no code from text',
  Intl: locale,
};

/** The functions of Math whose every answer the language prescribes. */
export const exactMath: ReadonlySet<string> = new Set([
  'floor',
  'ceil',
  'round',
  'trunc',
  'min',
  'max',
  'abs',
  'imul',
  'clz32',
]);

const localeMember = /^(toLocale\w*|localeCompare)$/;

type Finding = readonly [node: ts.Node, what: string];

function bannedNames(source: Source): Finding[] {
  return source
    .globals(new Set(Object.keys(bannedGlobals)))
    .map((use) => [use, `${use.text}: ${bannedGlobals[use.text]}`]);
}

function inexactMath(source: Source): Finding[] {
  return source.globals(new Set(['Math'])).flatMap((use): Finding[] => {
    const name = memberOf(use);
    if (name !== null && exactMath.has(name)) return [];
    return [
      [use, `Math${name === null ? '' : `.${name}`}: engines differ, but for ${[...exactMath].join(', ')}`],
    ];
  });
}

/** `b` of `a.b` and of `a['b']`, given a; null when a is used in another way. */
function memberOf(use: ts.Node): string | null {
  const { parent } = use;
  if (ts.isPropertyAccessExpression(parent) && parent.expression === use) return parent.name.text;
  if (!ts.isElementAccessExpression(parent) || parent.expression !== use) return null;
  return ts.isStringLiteralLike(parent.argumentExpression) ? parent.argumentExpression.text : null;
}

function bannedSyntax(source: Source): Finding[] {
  const found: Finding[] = [];
  for (const node of nodesOf(source.tree)) {
    const member = node.parent === undefined ? null : memberOf(node);
    if (member !== null && localeMember.test(member)) found.push([node.parent, `${member}: ${locale}`]);
    if (node.kind === ts.SyntaxKind.AsyncKeyword) found.push([node, `async: ${promises}`]);
    if (node.kind === ts.SyntaxKind.AwaitExpression) found.push([node, `await: ${promises}`]);
    if (ts.isForOfStatement(node) && node.awaitModifier) found.push([node, `for await: ${promises}`]);
    if (ts.isMetaProperty(node) && node.keywordToken === ts.SyntaxKind.ImportKeyword) {
      found.push([node, `import.meta: ${host}`]);
    }
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      found.push([node, `import(): ${promises}`]);
    }
  }
  return found;
}

function tell(source: Source, findings: readonly Finding[]): string[] {
  return findings.map(([node, what]) => `${source.path}:${lineOf(source.tree, node)}: ${what}`);
}

/** A sample of one pure file. */
const pure = (text: string): Record<string, string> => ({ 'src/protocol/a.ts': text });

export const purity: Rule = {
  name: 'the pure floors have no clock, dice, timers, promises, host or locale',
  find: ({ sources }) =>
    sources
      .filter((source) => isPure(source.path))
      .flatMap((source) =>
        tell(source, [...bannedNames(source), ...inexactMath(source), ...bannedSyntax(source)]),
      ),
  bad: {
    ...Object.fromEntries(
      Object.keys(bannedGlobals).map((name) => [name, pure(`export const a = ${name};`)]),
    ),
    'a clock that is called': pure('export const now = (): number => Date.now();'),
    'a promise as a type': pure('export type A = Promise<number>;'),
    'an asynchronous function': pure('export async function a(): Promised {}'),
    'an asynchronous method': pure('export class A { async a(): Promised {} }'),
    await: pure('await a;\nexport const a = 1;'),
    'for await': pure('for await (const a of []) {}\nexport {};'),
    'import on demand': pure(`export const a = import('./b.ts');`),
    'import.meta': pure('export const a = import.meta.url;'),
    'a global in shorthand': pure('export const a = { process };'),
    'a global by typeof': pure(`export const a = typeof process === 'object';`),
    'a global that is only declared': pure('declare const performance: unknown;\nexport {};'),
    'a name that another function declares': pure(
      'export const f = (Date: number) => Date;\nexport const a = Date;',
    ),
    dice: pure('export const a = Math.random();'),
    'an inexact function': pure('export const a = Math.sin(1);'),
    'an inexact function by its name': pure(`export const a = Math['pow'](2, 0.5);`),
    'Math by another name': pure('export const m = Math;'),
    'a locale order': pure(`export const a = 'a'.localeCompare('b');`),
    'a locale order by its name': pure(`export const a = 'a'['localeCompare']('b');`),
    'a locale text': pure('export const a = (1).toLocaleString();'),
  },
  good: {
    'a comment and a string': pure(
      `// Date.now(), await, process\nexport const a = 'Math.random() Promise';`,
    ),
    'a member of the same name': pure(
      'export const a = { Date: 1, process: 2 };\nexport const b = a.process;',
    ),
    'a parameter of the same name': pure('export const a = (process: number): number => process;'),
    'an own function of the same name': pure(
      'function fetch(): number { return 1; }\nexport const a = fetch();',
    ),
    'a type that has such a member': pure('export interface A { crypto: 1; performance(): void }'),
    'exact functions': pure('export const a = Math.max(Math.floor(1.5), Math.imul(2, 3));'),
    'an edge, which may': {
      'src/transport/a.ts': 'export async function a() { await Promise.resolve(performance); }',
    },
  },
};

/** Files of src/ that may read the wall clock, each with its reason. */
export const wallClock: Readonly<Record<string, string>> = {};

function clockReads(source: Source): Finding[] {
  const reads = source.globals(new Set(['Date', 'Math'])).filter((use) => {
    const { parent } = use;
    if (use.text === 'Math') return memberOf(use) === 'random';
    if (ts.isNewExpression(parent)) return (parent.arguments ?? []).length === 0;
    if (ts.isCallExpression(parent)) return parent.expression === use;
    return memberOf(use) === 'now';
  });
  return reads.map((use) => {
    const remedy =
      use.text === 'Math' ? 'Math.random: use a keyring or base/prng.ts' : 'reads the wall clock';
    return [use, remedy];
  });
}

export const noWallClock: Rule = {
  name: 'no Math.random, and no wall clock, in src but where it is listed',
  find: ({ sources }) =>
    sources
      .filter(({ path }) => path.startsWith('src/') && !Object.hasOwn(wallClock, path))
      .flatMap((source) => tell(source, clockReads(source))),
  bad: {
    dice: { 'src/sim/a.ts': 'export const a = Math.random();' },
    'dice by their name': { 'src/sim/a.ts': `export const a = Math['random']();` },
    now: { 'src/client/a.ts': 'export const a = Date.now();' },
    'a new date': { 'src/cli/a.ts': 'export const a = new Date();' },
    'a new date without parentheses': { 'src/cli/a.ts': 'export const a = new Date;' },
    'a date as text': { 'src/cli/a.ts': 'export const a = Date();' },
  },
  good: {
    'a date of a given number': { 'src/cli/a.ts': 'export const a = new Date(0).toISOString();' },
    'another random': { 'src/sim/a.ts': 'export const a = (m: { random(): number }) => m.random();' },
    'a test': { 'test/a.ts': 'export const a = Math.random();' },
    'a comment': { 'src/client/a.ts': '/** No Math.random(), no Date.now(). */\nexport const a = 1;' },
  },
};
