/**
 * Mutants: the real sources with a rule taken away, compiled and run. They show that a defence is
 * what stops a cheat, and that a check can fail. Nothing in the library itself can be switched off.
 */

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import ts from 'typescript';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const cache = join(root, 'node_modules', '.cache', 'fairstep-mutants', String(process.pid));

/** One change of a source file: `find` must stand there exactly once. */
export interface Edit {
  /** Path below src/, such as `protocol/round.ts`. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

function sources(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}

function compile(text: string): string {
  const { outputText } = ts.transpileModule(text, {
    compilerOptions: {
      module: ts.ModuleKind.ESNext,
      target: ts.ScriptTarget.ES2023,
      verbatimModuleSyntax: true,
      rewriteRelativeImportExtensions: true,
    },
  });
  return outputText;
}

function original(): string {
  const folder = join(cache, 'original');
  if (existsSync(folder)) return folder;
  const src = join(root, 'src');
  for (const file of sources(src)) {
    const target = join(folder, file.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, compile(readFileSync(join(src, file), 'utf8')));
  }
  return folder;
}

/** A copy of the library with those edits. */
export class Mutant {
  readonly #folder: string;

  constructor(name: string, edits: readonly Edit[]) {
    this.#folder = join(cache, name.replaceAll(/[^a-z0-9]+/gi, '-'));
    rmSync(this.#folder, { recursive: true, force: true });
    cpSync(original(), this.#folder, { recursive: true });
    const texts = new Map<string, string>();
    for (const { file, find, replace } of edits) {
      const text = texts.get(file) ?? readFileSync(join(root, 'src', file), 'utf8');
      const times = text.split(find).length - 1;
      if (times !== 1)
        throw new Error(`mutant ${name}: ${JSON.stringify(find)} stands ${times} times in ${file}`);
      texts.set(
        file,
        text.replace(find, () => replace),
      );
    }
    for (const [file, text] of texts)
      writeFileSync(join(this.#folder, file.replace(/\.ts$/, '.js')), compile(text));
  }

  /** Imports a module of the mutant, given by its path below src/. */
  async load<Module>(file: string): Promise<Module> {
    return (await import(
      /* @vite-ignore */ pathToFileURL(join(this.#folder, file.replace(/\.ts$/, '.js'))).href
    )) as Module;
  }
}

/** Removes what this process's mutants left on disk. */
export function removeMutants(): void {
  rmSync(cache, { recursive: true, force: true });
}
