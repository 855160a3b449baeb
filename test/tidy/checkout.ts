/** The checkout as the tidy rules see it: every file's text, syntax tree, comments and imports. */

import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import ts from 'typescript';

/** One way in which a file names another module. */
export interface Import {
  readonly specifier: string;
  /** The file of the checkout that it names, as a path from the top; null for a package. */
  readonly target: string | null;
  /** What is taken: names as the other module knows them, `*` for all of it. */
  readonly names: readonly string[];
  readonly line: number;
}

export interface Source {
  /** From the top of the checkout, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly tree: ts.SourceFile;
  readonly imports: readonly Import[];
  readonly comments: readonly { readonly text: string; readonly line: number }[];
  /** Uses of names that nothing in the file declares: the globals. */
  readonly globals: (names: ReadonlySet<string>) => readonly ts.Identifier[];
}

export interface Checkout {
  /** All TypeScript of {@link codeFolders}. */
  readonly sources: readonly Source[];
  /** All files that people write, sources included. */
  readonly texts: ReadonlyMap<string, string>;
  /** Names at the top level. */
  readonly top: readonly string[];
  readonly manifest: { readonly exports?: Record<string, string>; readonly bin?: Record<string, string> };
}

export const codeFolders: readonly string[] = ['src', 'test', 'proofs', 'bench', 'examples'];

/** A checkout made of the given files, by path. */
export function checkoutOf(files: Readonly<Record<string, string>>, top?: readonly string[]): Checkout {
  const paths = Object.keys(files);
  const code = paths.filter((path) => path.endsWith('.ts') && codeFolders.includes(folderOf(path)));
  return {
    sources: code.map((path) => parse(path, files[path] as string)),
    texts: new Map(Object.entries(files)),
    top: top ?? [...new Set(paths.map(folderOf))],
    manifest: JSON.parse(files['package.json'] ?? '{}'),
  };
}

/** The checkout in a folder on disk. */
export function readCheckout(root: string): Checkout {
  const files: Record<string, string> = {};
  const top = readdirSync(root, { withFileTypes: true });
  const read = (path: string): void => {
    files[path] = readFileSync(join(root, path), 'utf8');
  };
  const readBelow = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) readBelow(path);
      else if (/\.(ts|mjs|json|md|txt|html)$|^run$/.test(entry.name)) read(path);
    }
  };
  for (const entry of top) {
    if (entry.isFile() && !/\.(log|evidence)$/.test(entry.name)) read(entry.name);
    else if (entry.isDirectory() && [...codeFolders, '.ci'].includes(entry.name)) readBelow(entry.name);
  }
  const names = top.map((entry) => entry.name);
  return checkoutOf(files, names);
}

/** The first part of a path. */
export function folderOf(path: string): string {
  return path.split('/')[0] as string;
}

/** Line of a node, counted from 1. */
export function lineOf(tree: ts.SourceFile, node: ts.Node): number {
  return tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1;
}

/** All nodes below a node, itself included, in order of the text; without those of doc comments. */
export function* nodesOf(node: ts.Node): Generator<ts.Node> {
  yield node;
  const below: ts.Node[] = [];
  ts.forEachChild(node, (child) => {
    below.push(child);
  });
  for (const child of below) yield* nodesOf(child);
}

function parse(path: string, text: string): Source {
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);
  let checker: ts.TypeChecker | null = null;
  return {
    path,
    text,
    tree,
    imports: importsOf(tree),
    comments: commentsOf(tree),
    globals(names) {
      const uses = [...nodesOf(tree)].filter(
        (node): node is ts.Identifier => ts.isIdentifier(node) && names.has(node.text) && !isMemberName(node),
      );
      if (uses.length === 0) return [];
      checker ??= checkerOf(tree);
      return uses.filter((use) => !isDeclared(checker as ts.TypeChecker, use));
    },
  };
}

/** A type checker that knows this file and nothing else, not even what every program has. */
function checkerOf(tree: ts.SourceFile): ts.TypeChecker {
  const host: ts.CompilerHost = {
    fileExists: (path) => path === tree.fileName,
    readFile: () => undefined,
    getSourceFile: (path) => (path === tree.fileName ? tree : undefined),
    getDefaultLibFileName: () => '',
    getCurrentDirectory: () => '',
    getCanonicalFileName: (path) => path,
    getNewLine: () => '\n',
    useCaseSensitiveFileNames: () => true,
    writeFile: () => {},
  };
  const options: ts.CompilerOptions = {
    noLib: true,
    noResolve: true,
    types: [],
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.ESNext,
  };
  return ts.createProgram({ rootNames: [tree.fileName], options, host }).getTypeChecker();
}

/** True for the `b` of `a.b`, `{ b: 1 }` and wherever else a name is looked up in a value, not in scope. */
function isMemberName(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.name === node;
  if (ts.isQualifiedName(parent)) return parent.right === node;
  if (ts.isImportSpecifier(parent) || ts.isBindingElement(parent)) return parent.propertyName === node;
  const named =
    ts.isPropertyAssignment(parent) ||
    ts.isPropertyDeclaration(parent) ||
    ts.isPropertySignature(parent) ||
    ts.isMethodDeclaration(parent) ||
    ts.isMethodSignature(parent) ||
    ts.isAccessor(parent);
  return named && parent.name === node;
}

function isDeclared(checker: ts.TypeChecker, use: ts.Identifier): boolean {
  const symbol = ts.isShorthandPropertyAssignment(use.parent)
    ? checker.getShorthandAssignmentValueSymbol(use.parent)
    : checker.getSymbolAtLocation(use);
  const declarations = symbol?.declarations ?? [];
  // `declare` says that somebody else has made it: that is a global still.
  return declarations.some((one) => (ts.getCombinedModifierFlags(one) & ts.ModifierFlags.Ambient) === 0);
}

function importsOf(tree: ts.SourceFile): Import[] {
  const found: Import[] = [];
  const add = (node: ts.Node, specifier: ts.Node | undefined, names: readonly string[]): void => {
    if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return;
    const relative = specifier.text.startsWith('.');
    const target = relative ? posix.join(posix.dirname(tree.fileName), specifier.text) : null;
    found.push({ specifier: specifier.text, target, names, line: lineOf(tree, node) });
  };
  for (const node of nodesOf(tree)) {
    if (ts.isImportDeclaration(node)) add(node, node.moduleSpecifier, importedNames(node.importClause));
    else if (ts.isExportDeclaration(node)) add(node, node.moduleSpecifier, exportedNames(node.exportClause));
    else if (ts.isImportTypeNode(node)) {
      add(node, ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined, ['*']);
    } else if (ts.isExternalModuleReference(node)) add(node, node.expression, ['*']);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node, node.arguments[0], ['*']);
    }
  }
  return found;
}

function importedNames(clause: ts.ImportClause | undefined): string[] {
  if (clause === undefined) return [];
  const own = clause.name === undefined ? [] : ['default'];
  const { namedBindings } = clause;
  if (namedBindings === undefined) return own;
  if (ts.isNamespaceImport(namedBindings)) return [...own, '*'];
  return [...own, ...namedBindings.elements.map((element) => (element.propertyName ?? element.name).text)];
}

function exportedNames(clause: ts.NamedExportBindings | undefined): string[] {
  if (clause === undefined || ts.isNamespaceExport(clause)) return ['*'];
  return clause.elements.map((element) => (element.propertyName ?? element.name).text);
}

/** The comments, taken from between the tokens: nothing inside of a string or a regular expression is one. */
function commentsOf(tree: ts.SourceFile): { text: string; line: number }[] {
  const comments: { text: string; line: number }[] = [];
  const visit = (node: ts.Node): void => {
    const children = node.getChildren(tree).filter((child) => !ts.isJSDoc(child));
    for (const child of children) visit(child);
    if (children.length > 0) return;
    const start = node.getStart(tree, false);
    const gap = tree.text.slice(node.pos, start);
    const text = gap.trim();
    if (text === '') return;
    const at = node.pos + gap.indexOf(text);
    comments.push({ text, line: tree.getLineAndCharacterOfPosition(at).line + 1 });
  };
  visit(tree);
  return comments;
}
