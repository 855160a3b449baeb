/** What is said in the sources, and to whom. */

import ts from 'typescript';
import { type Checkout, lineOf, nodesOf, type Source } from './checkout.ts';
import { sourceOf } from './layout.ts';
import type { Rule } from './rule.ts';

const marker = /\b(TODO|FIXME|XXX|HACK)\b/;

export const noMarkers: Rule = {
  name: 'no TODO, FIXME or XXX: do it, or file it',
  find: ({ sources }) =>
    sources.flatMap(({ path, comments }) =>
      comments.flatMap(({ text, line }) =>
        text.split('\n').flatMap((part, index) => {
          const found = marker.exec(part);
          return found === null ? [] : [`${path}:${line + index}: ${found[0]}`];
        }),
      ),
    ),
  bad: {
    'a line': { 'src/base/a.ts': 'export const a = 1; // TODO: more' },
    'a block': { 'test/a.ts': '/**\n * Fine.\n * FIXME later\n */\nexport const a = 1;' },
    'at the end': { 'bench/a.ts': 'export const a = 1;\n\n/* XXX */\n' },
  },
  good: {
    'a string and a regular expression': { 'src/base/a.ts': `export const a = ['// TODO', /\\/\\/ FIXME/];` },
    'a template': { 'src/base/a.ts': `export const a = \`// TODO \${1} // XXX\`;` },
    'a longer word': { 'src/base/a.ts': '// TODOS and xxx\nexport const a = 1;' },
  },
};

export const silence: Rule = {
  name: 'src writes to no console, but for the command line',
  find: ({ sources }) =>
    sources
      .filter(({ path }) => path.startsWith('src/') && !path.startsWith('src/cli/'))
      .flatMap(({ path, tree, globals }) =>
        globals(new Set(['console'])).map(
          (use) => `${path}:${lineOf(tree, use)}: console; emit an event instead`,
        ),
      ),
  bad: {
    log: { 'src/sim/a.ts': `console.log('a');` },
    'as a value': { 'src/client/a.ts': 'export const out = console;' },
  },
  good: {
    'the command line': { 'src/cli/a.ts': `console.log('a');` },
    'a test and an example': { 'test/a.ts': `console.log('a');`, 'examples/a.ts': `console.log('a');` },
    'a doc comment': {
      'src/sim/a.ts': `/** @example console.log('a') */\nexport const a = 'console.log()';`,
    },
  },
};

const suites: ReadonlySet<string> = new Set(['it', 'test', 'describe', 'suite', 'bench', 'context', 'ctx']);
const partial: ReadonlySet<string> = new Set(['only', 'skip', 'todo']);

export const wholeTests: Rule = {
  name: 'no test is skipped, and none shuts the others out',
  find: ({ sources }) =>
    sources.flatMap(({ path, tree }) =>
      [...nodesOf(tree)].flatMap((node) => {
        if (!ts.isPropertyAccessExpression(node) || !partial.has(node.name.text)) return [];
        let root: ts.Node = node.expression;
        while (ts.isPropertyAccessExpression(root) || ts.isCallExpression(root)) root = root.expression;
        if (!ts.isIdentifier(root) || !suites.has(root.text)) return [];
        return [`${path}:${lineOf(tree, node)}: ${root.text}.${node.name.text}`];
      }),
    ),
  bad: {
    only: { 'test/a.test.ts': `it.only('a', () => {});` },
    skip: { 'test/a.test.ts': `describe.skip('a', () => {});` },
    'skip of a table': { 'test/a.test.ts': `it.skip.each([1])('a', () => {});` },
    'skip behind another': { 'test/a.test.ts': `test.concurrent.skip('a', () => {});` },
    'skip from inside': { 'test/a.test.ts': `it('a', (context) => context.skip());` },
    todo: { 'test/a.test.ts': `it.todo('a');` },
  },
  good: {
    'a reader that skips': { 'test/a.test.ts': `it('a', () => reader.skip(4));` },
    'a sample of it': { 'test/a.test.ts': `it('a', () => lint("it.only('b')")); // it.skip(` },
  },
};

/** Absolute paths that name a place on one machine, and a neighbour that nobody else has. */
const elsewhere = /(?<![\w.:/])\/(?:work|tmp|home|root|Users|mnt|srv)\/|\.\.\/shared\b/;

/** A path below a folder at the root of a machine; put together, so that the rule does not find it here. */
const absolute = (folder: string): string => `/${folder}/`;

export const noMachinePaths: Rule = {
  name: 'nothing names a place on one machine, or outside of the checkout',
  find: ({ texts }) =>
    [...texts].flatMap(([path, text]) =>
      text.split('\n').flatMap((line, index) => {
        const found = elsewhere.exec(line);
        return found === null
          ? []
          : [`${path}:${index + 1}: ${found[0]}; use os.tmpdir(), or a path from here`];
      }),
    ),
  bad: {
    'a home': { 'README.md': `See ${absolute('home')}me/notes.` },
    'a temporary file': { 'test/a.test.ts': `const a = '${absolute('tmp')}a.log';` },
    'a workplace, in a comment': { 'src/base/a.ts': `// ${absolute('work')}main` },
    'a neighbour': { 'src/base/a.ts': `export const a = '../${'shared'}/b.md';` },
    'in the gate': { '.ci/run': `cd ${absolute('root')}x` },
  },
  good: {
    'tmpdir()': { 'test/a.test.ts': `const a = join(tmpdir(), 'a.log');` },
    'a folder of our own': { 'test/a.test.ts': `import 'src/tmp/a.ts';\nimport '../work/b.ts';` },
    'a link': { 'README.md': 'https://example.org/home/a and #!/usr/bin/env bash' },
  },
};

/** The files that may turn what was sealed into what is verified, each with its reason. */
export const attestors: Readonly<Record<string, string>> = {
  'src/keyring/keyring.ts': 'asks a keyring for its verdict first',
  'src/protocol/recovery.ts': 'reads the own log, whose packets were verified before they were written',
  'src/protocol/neo/recovery.ts': 'reads the own log, whose packets were verified before they were written',
  'src/sim/keys.ts': 'asks a keyring, and remembers its verdicts',
};

export const oneGate: Rule = {
  name: 'only the listed files attest: nobody else can make a Verified',
  find: ({ sources }) =>
    sources
      .filter(({ path }) => path.startsWith('src/') && !Object.hasOwn(attestors, path))
      .flatMap(({ path, imports }) =>
        imports
          .filter(({ target, names }) => {
            return target === 'src/crypto/signature.ts' && (names.includes('attest') || names.includes('*'));
          })
          .map(({ line }) => `${path}:${line}: takes attest from src/crypto/signature.ts`),
      ),
  bad: {
    taken: { 'src/protocol/a.ts': `import { attest } from '../crypto/signature.ts';` },
    'under another name': { 'src/sim/a.ts': `import { attest as a } from '../crypto/signature.ts';` },
    'with all the rest': { 'src/client/a.ts': `import * as signature from '../crypto/signature.ts';` },
    'passed on': { 'src/crypto/a.ts': `export * from './signature.ts';` },
  },
  good: {
    'the keyring': { 'src/keyring/keyring.ts': `import { attest } from '../crypto/signature.ts';` },
    'other names': { 'src/sim/a.ts': `import { admit, type Verified } from '../crypto/signature.ts';` },
    'another attest': { 'src/sim/a.ts': `import { attest } from './b.ts';` },
    'a test': { 'test/a.ts': `import { attest } from '../src/crypto/signature.ts';` },
  },
};

/** The statement that declares a value, class or interface; null for a type alias, which may be plain. */
function declarationOf(source: Source, name: string): ts.Statement | null {
  for (const statement of source.tree.statements) {
    if (ts.isTypeAliasDeclaration(statement) && statement.name.text === name) return null;
    if (ts.isVariableStatement(statement)) {
      const names = statement.declarationList.declarations.map((one) => one.name.getText(source.tree));
      if (names.includes(name)) return statement;
    }
    const declares =
      ts.isFunctionDeclaration(statement) ||
      ts.isClassDeclaration(statement) ||
      ts.isInterfaceDeclaration(statement);
    if (declares && statement.name?.text === name) return statement;
  }
  return null;
}

interface Exported {
  /** As the file knows it. */
  readonly name: string;
  /** The file that it is passed on from, or null. */
  readonly from: string | null;
}

/** What a file exports by name. */
function exportsOf(source: Source): Exported[] {
  const { tree, imports } = source;
  return tree.statements.flatMap((statement): Exported[] => {
    if (ts.isExportDeclaration(statement)) {
      const line = lineOf(tree, statement);
      const from = statement.moduleSpecifier
        ? (imports.find((one) => one.line === line && one.specifier.startsWith('.'))?.target ?? null)
        : null;
      const { exportClause } = statement;
      if (exportClause === undefined || ts.isNamespaceExport(exportClause)) return [{ name: '*', from }];
      return exportClause.elements.map((element) => ({
        name: (element.propertyName ?? element.name).text,
        from,
      }));
    }
    const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined;
    if (!modifiers?.some((one) => one.kind === ts.SyntaxKind.ExportKeyword)) return [];
    if (ts.isVariableStatement(statement)) {
      return statement.declarationList.declarations.map((one) => ({
        name: one.name.getText(tree),
        from: null,
      }));
    }
    return ts.isDeclarationStatement(statement) && statement.name
      ? [{ name: statement.name.getText(tree), from: null }]
      : [];
  });
}

/** What a file hands out without a doc comment, wherever it is declared. */
function undocumented(checkout: Checkout, path: string): string[] {
  const source = checkout.sources.find((one) => one.path === path);
  if (source === undefined) return [];
  return exportsOf(source).flatMap(({ name, from }) => {
    if (name === '*') return from === null ? [] : undocumented(checkout, from);
    const home = from === null ? source : checkout.sources.find((one) => one.path === from);
    const statement = home && declarationOf(home, name);
    if (!home || !statement || ts.getJSDocCommentsAndTags(statement).length > 0) return [];
    return [`${home.path}:${lineOf(home.tree, statement)}: ${name} is exported without a doc comment`];
  });
}

const entry = { 'package.json': '{ "exports": { "./a": "./dist/src/log/a.js" } }' };

export const documentedEntries: Rule = {
  name: 'what the package exports has doc comments',
  find: (checkout) => {
    const targets = Object.values(checkout.manifest.exports ?? {}).map(sourceOf);
    return [...new Set(targets.flatMap((path) => undocumented(checkout, path)))];
  },
  bad: {
    'a function': { ...entry, 'src/log/a.ts': 'export function a(): void {}' },
    'a class': { ...entry, 'src/log/a.ts': '// No doc comment.\nexport class A {}' },
    'an interface': { ...entry, 'src/log/a.ts': 'export interface A {}' },
    'a constant': {
      ...entry,
      'src/log/a.ts': '/** The file. */\n\n/** One. */\nconst b = 1;\nexport const a = b;',
    },
    'what is passed on': {
      ...entry,
      'src/log/a.ts': `export { c as a } from './c.ts';`,
      'src/log/c.ts': 'export const c = 1;',
    },
    'what is exported in a list': { ...entry, 'src/log/a.ts': 'const a = 1;\nexport { a };' },
    'one of all that is passed on': {
      ...entry,
      'src/log/a.ts': `export * from './c.ts';`,
      'src/log/c.ts': '/** One. */\nexport const c = 1;\nexport const d = 2;',
    },
  },
  good: {
    documented: {
      ...entry,
      'src/log/a.ts': '/** One. */\nexport const a = 1;\n/** Two. */\nexport class B {}',
    },
    'no entry': { ...entry, 'src/log/b.ts': 'export const a = 1;' },
    overloads: {
      ...entry,
      'src/log/a.ts':
        '/** One. */\nexport function a(b: 1): 1;\nexport function a(b: 2): 2;\nexport function a() {}',
    },
    'passed on, and documented there': {
      ...entry,
      'src/log/a.ts': `export { c as a } from './c.ts';`,
      'src/log/c.ts': '/** One. */\nexport const c = 1;',
    },
  },
};
