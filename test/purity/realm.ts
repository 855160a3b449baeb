/**
 * A realm for the pure floors: the language, and no world around it. Whoever reaches for a clock, dice,
 * a timer, the host or a locale gets an error that names what was touched.
 */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, posix, relative, sep } from 'node:path';
import { compileFunction, createContext, runInContext } from 'node:vm';
import ts from 'typescript';
import { bannedGlobals, exactMath } from '../tidy/bans.ts';
import { isPure } from '../tidy/floors.ts';

const root = join(import.meta.dirname, '..', '..');
const { resolve } = createRequire(join(root, 'package.json'));

/** What the host has and the pure floors may use: functions of their arguments alone, the same everywhere. */
const admitted: Readonly<Record<string, unknown>> = { TextDecoder, TextEncoder };

export interface Realm {
  /** Evaluates a module, by its path from the top of the checkout, with all that it imports. */
  readonly load: (path: string) => unknown;
  /** The realm's own; a value made by the test would have strange prototypes there. */
  readonly Bytes: Uint8ArrayConstructor;
  readonly parse: (json: string) => unknown;
  /** What was reached for, even if the error was swallowed. */
  readonly touched: readonly string[];
}

/** A fresh realm. `extra` are files, by path, that stand in front of those on disk. */
export function createRealm(extra: Readonly<Record<string, string>> = {}): Realm {
  const touched: string[] = [];
  const context = emptyContext((name) => {
    touched.push(name);
    throw new Error(`touched ${name}`);
  });
  const loaded = new Map<string, { exports: unknown }>();

  function load(path: string): unknown {
    const known = loaded.get(path);
    if (known !== undefined) return known.exports;
    const module = { exports: {} };
    loaded.set(path, module);
    const run = compileFunction(
      compiled(path, extra[path]),
      ['exports', 'require', 'module', ...shadows(path)],
      {
        parsingContext: context,
        filename: path,
      },
    );
    run(module.exports, (specifier: string) => load(target(path, specifier)), module, {});
    return module.exports;
  }

  return {
    load,
    touched,
    Bytes: runInContext('Uint8Array', context),
    parse: runInContext('JSON.parse', context),
  };
}

const nobleFolder = 'node_modules/@noble/';

/**
 * Noble looks once for randomness, as `globalThis.crypto`, to blind secret scalars with. No pure floor has a
 * secret, so it may find nothing there; whatever else it reaches for counts, as ours would.
 */
function shadows(path: string): readonly string[] {
  return path.startsWith(nobleFolder) ? ['globalThis'] : [];
}

/** The file that a pure file means; an error for all that is neither pure nor noble. */
function target(from: string, specifier: string): string {
  if (specifier.startsWith('@noble/')) return relative(root, resolve(specifier)).split(sep).join('/');
  const path = posix.join(posix.dirname(from), specifier);
  if (specifier.startsWith('.') && (isPure(path) || path.startsWith(nobleFolder))) return path;
  throw new Error(`${from} imports ${specifier}`);
}

const cache = new Map<string, string>();

/** The module as a function body that takes `exports`, `require` and `module`. */
function compiled(path: string, text: string | undefined): string {
  const ready = text === undefined ? cache.get(path) : undefined;
  if (ready !== undefined) return ready;
  const source = text ?? readFileSync(join(root, path), 'utf8');
  const { outputText } = ts.transpileModule(source, {
    fileName: path,
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2023, allowJs: true },
  });
  if (text === undefined) cache.set(path, outputText);
  return outputText;
}

function emptyContext(touch: (name: string) => never): object {
  const globals: Record<string, unknown> = { ...admitted };
  for (const name of Object.keys(bannedGlobals)) {
    Object.defineProperty(globals, name, { get: () => touch(name) });
  }
  globals.Math = new Proxy(Math, {
    get: (math, name) =>
      exactMath.has(String(name)) ? Reflect.get(math, name) : touch(`Math.${String(name)}`),
  });
  const context = createContext(globals, { codeGeneration: { strings: false, wasm: false } });
  const kinds = 'Object, String, Number, BigInt, Array, Object.getPrototypeOf(Uint8Array)';
  for (const { prototype } of runInContext(`[${kinds}]`, context)) {
    for (const name of Object.getOwnPropertyNames(prototype)) {
      if (!/^(toLocale|localeCompare)/.test(name)) continue;
      Object.defineProperty(prototype, name, { value: () => touch(name) });
    }
  }
  return context;
}
