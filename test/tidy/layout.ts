/** Where things stand, what they are called and how large they may be. */

import ts from 'typescript';
import { codeFolders, lineOf, nodesOf, type Source } from './checkout.ts';
import type { Rule } from './rule.ts';

const topLevel: ReadonlySet<string> = new Set([
  ...codeFolders,
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'README.md',
  'LICENSE',
  'CHANGELOG.md',
]);

/** A test of names by the lines of .gitignore: plain names and `*`, no folders. */
function ignored(gitignore: string): (name: string) => boolean {
  const lines = gitignore.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const patterns = lines.map((line) =>
    line
      .replace(/\/$/, '')
      .replace(/[.+?()[\]]/g, '\\$&')
      .replace(/\*/g, '.*'),
  );
  return (name) => patterns.some((pattern) => new RegExp(`^${pattern}$`).test(name));
}

export const noClutter: Rule = {
  name: 'nothing new at the top level: settings go into package.json or dot-files',
  find: ({ top, texts }) => {
    const isIgnored = ignored(texts.get('.gitignore') ?? '');
    return top
      .filter((name) => !topLevel.has(name) && !name.startsWith('.') && !isIgnored(name))
      .map((name) => `${name}:1: does not belong at the top level`);
  },
  bad: {
    settings: { 'biome.json': '{}' },
    'a folder': { 'docs/a.md': '', 'src/base/a.ts': '' },
    'a name that is only alike': { 'distant.txt': '', '.gitignore': 'dist/\n*.log\n' },
  },
  good: {
    'what belongs': { 'README.md': '', 'src/base/a.ts': '', '.ci/run': '', '.biome.json': '{}' },
    'what is ignored': { 'dist/a.js': '', 'a.log': '', '.gitignore': 'dist/\n\n# noise\n*.log\n' },
  },
};

const emptyNames = /^(index|utils?|helpers?|common|misc|types)$/;

export const namesThatSay: Rule = {
  name: 'no index.ts, and no name that says nothing: utils, helpers, common, misc, types',
  find: ({ sources }) =>
    sources.flatMap(({ path }) => {
      const parts = path.split('/').map((part) => part.replace(/\..*$/, ''));
      const empty = parts.find((part) => emptyNames.test(part));
      return empty === undefined ? [] : [`${path}:1: "${empty}" says nothing about what is inside`];
    }),
  bad: {
    'a barrel': { 'src/wire/index.ts': '' },
    helpers: { 'test/helpers.ts': '' },
    'a folder': { 'bench/utils/clock.ts': '' },
    'a test of types': { 'test/types.test.ts': '' },
  },
  good: {
    'longer names': { 'src/base/bytes.ts': '', 'src/wire/index-table.ts': '', 'test/type-names.test.ts': '' },
  },
};

const linesMax = 400;
const functionLinesMax = 70;
const columnsMax = 110;

export const shortFiles: Rule = {
  name: `no file over ${linesMax} lines`,
  find: ({ sources }) =>
    sources.flatMap(({ path, text }) => {
      const lines = text.replace(/\n$/, '').split('\n').length;
      return lines <= linesMax ? [] : [`${path}:${linesMax + 1}: has ${lines} lines; part it`];
    }),
  bad: { 'one too many': { 'src/base/a.ts': '//\n'.repeat(linesMax + 1) } },
  good: { 'just as many': { 'src/base/a.ts': '//\n'.repeat(linesMax) } },
};

/** The name that a chain of calls such as `describe.each([1])(...)` starts with. */
function rootName(node: ts.Node): string | null {
  let root = node;
  while (ts.isPropertyAccessExpression(root) || ts.isCallExpression(root)) root = root.expression;
  return ts.isIdentifier(root) ? root.text : null;
}

/** True for a function that sets out tests: a chapter, as long as they are many, rather than a routine. */
function isChapter(node: ts.SignatureDeclaration): boolean {
  const body = 'body' in node ? node.body : undefined;
  if (body === undefined || !ts.isBlock(body)) return false;
  return body.statements.some((statement) => {
    return (
      ts.isExpressionStatement(statement) && /^(describe|it|test)$/.test(rootName(statement.expression) ?? '')
    );
  });
}

function longFunctions({ path, tree }: Source): string[] {
  return [...nodesOf(tree)].flatMap((node) => {
    if (!ts.isFunctionLike(node) || isChapter(node)) return [];
    const first = lineOf(tree, node);
    const lines = tree.getLineAndCharacterOfPosition(node.end).line + 2 - first;
    return lines <= functionLinesMax ? [] : [`${path}:${first}: a function of ${lines} lines; part it`];
  });
}

const linesOf = (count: number): string => '  a();\n'.repeat(count);

export const shortFunctions: Rule = {
  name: `no function over ${functionLinesMax} lines`,
  find: ({ sources }) => sources.flatMap(longFunctions),
  bad: {
    'a function': { 'src/base/a.ts': `function a() {\n${linesOf(functionLinesMax - 1)}}` },
    'an arrow function': { 'bench/a.ts': `const a = () => {\n${linesOf(functionLinesMax - 1)}};` },
    'a method': { 'src/base/a.ts': `class A {\n  a() {\n${linesOf(functionLinesMax - 1)}  }\n}` },
    'a test': { 'test/a.test.ts': `it('does', () => {\n${linesOf(functionLinesMax - 1)}});` },
  },
  good: {
    'just as long': {
      'src/base/a.ts': `/**\n * Does.\n */\nfunction a() {\n${linesOf(functionLinesMax - 2)}}`,
    },
    'a long class of short methods': { 'src/base/a.ts': `class A {\n${'  a() {}\n'.repeat(99)}}` },
    'a chapter of tests': { 'test/a.test.ts': `describe('a', () => {\n${linesOf(99)}  it('does', b);\n});` },
    'a suite for several': {
      'test/a.ts': `function suite() {\n${linesOf(99)}  describe.each([1])('a', b);\n}`,
    },
  },
};

export const narrowLines: Rule = {
  name: `no line over ${columnsMax} columns, unless for a link`,
  find: ({ sources }) =>
    sources.flatMap(({ path, text }) =>
      text.split('\n').flatMap((line, index) => {
        const columns = [...line].length;
        if (columns <= columnsMax || /https?:\/\/\S{30}/.test(line)) return [];
        return [`${path}:${index + 1}: is ${columns} columns wide`];
      }),
    ),
  bad: { 'one too many': { 'src/base/a.ts': `\n//${'x'.repeat(columnsMax - 1)}\n` } },
  good: {
    'just as many': {
      'src/base/a.ts': `//${'x'.repeat(columnsMax - 2)}\n//${'\u{1f3b2}'.repeat(columnsMax - 2)}`,
    },
    'a link': { 'src/base/a.ts': `// https://example.org/${'x'.repeat(columnsMax)}` },
  },
};

/** The source of a compiled file that package.json names. */
export function sourceOf(target: string): string {
  return target.replace(/^\.\//, '').replace(/^dist\/(.*)\.js$/, '$1.ts');
}

export const noDeadFiles: Rule = {
  name: 'every file of src is imported by another, or named in package.json',
  find: ({ sources, manifest }) => {
    const inSrc = sources.filter(({ path }) => path.startsWith('src/'));
    const named = [...Object.values(manifest.exports ?? {}), ...Object.values(manifest.bin ?? {})].map(
      sourceOf,
    );
    const others = inSrc.flatMap(({ path, imports }) =>
      imports.map((one) => one.target).filter((to) => to !== path),
    );
    const alive = new Set([...named, ...others]);
    return inSrc.filter(({ path }) => !alive.has(path)).map(({ path }) => `${path}:1: nothing uses it`);
  },
  bad: {
    unused: { 'src/base/a.ts': 'export const a = 1;' },
    'used by itself': { 'src/base/a.ts': `import './a.ts';` },
    'used by a test alone': { 'src/base/a.ts': '', 'test/a.test.ts': `import '../src/base/a.ts';` },
    'of a name that is exported elsewhere': {
      'src/base/a.ts': '',
      'package.json': '{ "exports": { ".": "./dist/src/a.js" } }',
    },
  },
  good: {
    'exported, and imported from there': {
      'package.json': '{ "exports": { ".": "./dist/src/fairstep.js" } }',
      'src/fairstep.ts': `export { a } from './base/a.ts';`,
      'src/base/a.ts': `export type A = import('./b.ts').B;`,
      'src/base/b.ts': 'export type B = 1;',
    },
    'a command': { 'package.json': '{ "bin": { "a": "dist/src/cli/a.js" } }', 'src/cli/a.ts': '' },
    'a test': { 'test/a.test.ts': '' },
  },
};
