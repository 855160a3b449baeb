/** What package.json and package-lock.json promise. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sourceOf } from './tidy/layout.ts';

const root = join(import.meta.dirname, '..');

function readJson<Shape>(name: string): Shape {
  return JSON.parse(readFileSync(join(root, name), 'utf8'));
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly type: string;
  readonly engines: { readonly node: string };
  readonly files: readonly string[];
  readonly bin: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string>>;
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly integrity?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

interface Lock {
  readonly lockfileVersion: number;
  readonly packages: Readonly<Record<string, Locked & Partial<Manifest>>>;
}

const manifest = readJson<Manifest>('package.json');
const lock = readJson<Lock>('package-lock.json');
const installed = Object.entries(lock.packages).filter(([path]) => path !== '');

describe('package.json', () => {
  it('says what the package is', () => {
    expect(manifest).toMatchObject({
      name: 'fairstep',
      license: 'MIT',
      type: 'module',
      engines: { node: '>=20.19' },
    });
  });

  const targets = [...Object.entries(manifest.exports), ...Object.entries(manifest.bin)];

  it.each(targets)('%s stands for a file that is there: %s', (_, target) => {
    expect(existsSync(join(root, sourceOf(target))), `${sourceOf(target)} exists`).toBe(true);
  });

  it.each(targets)('%s is in what is published: %s', (_, target) => {
    const path = target.replace(/^\.\//, '');
    expect(path === 'package.json' || manifest.files.some((folder) => path.startsWith(`${folder}/`))).toBe(
      true,
    );
  });

  it('depends on nothing but the four', () => {
    expect(Object.keys(manifest.dependencies).sort()).toEqual([
      '@noble/curves',
      '@noble/hashes',
      'dgram-as-promised',
      'libsodium-wrappers',
    ]);
  });

  it('pins each version exactly', () => {
    const versions = { ...manifest.dependencies, ...manifest.devDependencies };
    const loose = Object.entries(versions).filter(
      ([, version]) => !/^(\d+\.\d+\.\d+|file:\.)$/.test(version),
    );
    expect(loose).toEqual([]);
  });

  it.each(['start', 'test', 'check', 'lint', 'bench', 'proofs', 'coverage', 'prepack'])(
    'sets the checkout up before "npm run %s"',
    (name) => {
      expect(manifest.scripts[name]).toMatch(/^node \.ci\/setup\.mjs( && |$)/);
    },
  );
});

describe('package-lock.json', () => {
  it('is of this package.json', () => {
    const { name, version, dependencies, devDependencies, bin, engines } = manifest;
    expect(lock.lockfileVersion).toBe(3);
    expect(lock.packages['']).toMatchObject({ name, version, dependencies, devDependencies, bin, engines });
  });

  it('names no registry but the public one', () => {
    const strange = installed.filter(([, { resolved = '' }]) => {
      return resolved !== '' && !resolved.startsWith('https://registry.npmjs.org/');
    });
    expect(strange).toEqual([]);
  });

  it('knows the content of every package', () => {
    const unknown = installed.filter(([, { link, integrity }]) => !link && !/^sha512-/.test(integrity ?? ''));
    expect(unknown).toEqual([]);
  });

  it('has the optional packages of every platform, without which npm ci refuses it', () => {
    const absent = installed.flatMap(([path, { optionalDependencies = {} }]) => {
      const names = Object.keys(optionalDependencies);
      return names.filter(
        (name) => !lock.packages[`${path}/node_modules/${name}`] && !lock.packages[`node_modules/${name}`],
      );
    });
    expect(absent).toEqual([]);
  });
});
