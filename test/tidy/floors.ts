/** The floors of src/, and who may import whom. */

import type { Checkout, Import, Source } from './checkout.ts';
import type { Rule } from './rule.ts';

interface Floor {
  /** Folders and files directly below src/. */
  readonly rooms: readonly string[];
  /** Whether its rooms may import one another. */
  readonly doors?: boolean;
  /** Packages that it may import; `*` stands for the rest of a name. */
  readonly packages: readonly string[];
}

/** From the ground up. A file imports from its own room and from floors below. */
export const floors: readonly Floor[] = [
  { rooms: ['base'], packages: ['@noble/*'] },
  { rooms: ['crypto'], packages: ['@noble/*'] },
  { rooms: ['wire'], packages: ['@noble/*'] },
  { rooms: ['protocol', 'witness', 'identity'], doors: true, packages: ['@noble/*'] },
  {
    rooms: ['transport', 'keyring', 'directory', 'log', 'authority', 'sim'],
    packages: ['@noble/*', 'node:*', 'libsodium-wrappers', 'dgram-as-promised'],
  },
  { rooms: ['client'], packages: ['@noble/*', 'libsodium-wrappers'] },
  { rooms: ['fairstep.ts'], packages: [] },
  { rooms: ['cli'], packages: ['node:*'] },
];

/** Floors below this one are pure: no clock, no dice, no promises, no host. */
const pureFloors = 4;

/** True for the files of the pure floors. */
export function isPure(path: string): boolean {
  const floor = floorOf(path);
  return floor !== -1 && floor < pureFloors;
}

/** `src/wire/reader.ts` is in the room `wire`, `src/fairstep.ts` in `fairstep.ts`. */
function roomOf(path: string): string {
  return path.split('/')[1] ?? '';
}

function floorOf(path: string): number {
  return path.startsWith('src/') ? floors.findIndex((floor) => floor.rooms.includes(roomOf(path))) : -1;
}

function inSrc(checkout: Checkout): readonly Source[] {
  return checkout.sources.filter((source) => source.path.startsWith('src/'));
}

/** What is wrong with one import, or null. */
function judge(path: string, { specifier, target }: Import): string | null {
  const floor = floorOf(path);
  if (floor === -1) return null;
  const { packages, doors = false } = floors[floor] as Floor;
  if (target === null) {
    const known = packages.some((name) =>
      name.endsWith('*') ? specifier.startsWith(name.slice(0, -1)) : specifier === name,
    );
    return known
      ? null
      : `imports ${specifier}; src/${roomOf(path)} may import ${packages.join(', ') || 'none'}`;
  }
  const below = floorOf(target);
  if (below === -1) return `imports ${target}, which is on no floor of src/`;
  if (below > floor) return `imports ${target} from a floor above`;
  if (below === floor && !doors && roomOf(target) !== roomOf(path)) {
    return `imports ${target} from the room next door; there is no door`;
  }
  return null;
}

export const importsDown: Rule = {
  name: 'imports go down the floors, and only to packages that the floor may use',
  find: (checkout) =>
    inSrc(checkout).flatMap(({ path, imports }) => [
      ...(floorOf(path) === -1 ? [`${path}:1: is on no floor; add its folder to the table of floors`] : []),
      ...imports.flatMap((one) => {
        const wrong = judge(path, one);
        return wrong === null ? [] : [`${path}:${one.line}: ${wrong}`];
      }),
    ]),
  bad: {
    upwards: { 'src/base/a.ts': `import { b } from '../wire/b.ts';` },
    'upwards for a type': { 'src/wire/a.ts': `import type { B } from '../protocol/b.ts';` },
    'upwards by a type expression': { 'src/wire/a.ts': `export type A = import('../client/b.ts').B;` },
    'upwards on demand': { 'src/log/a.ts': `export const b = () => import('../client/b.ts');` },
    'upwards by passing on': { 'src/crypto/a.ts': `export { b } from '../sim/b.ts';` },
    'next door': { 'src/transport/a.ts': `import { b } from '../keyring/b.ts';` },
    'the front door from inside': { 'src/client/a.ts': `import { b } from '../fairstep.ts';` },
    'out of the house': { 'src/base/a.ts': `import { b } from '../../test/b.ts';` },
    'Node in a pure floor': { 'src/protocol/a.ts': `import { b } from 'node:fs';` },
    'a type of Node in a pure floor': { 'src/wire/a.ts': `import type { Buffer } from 'node:buffer';` },
    'a package in a pure floor': { 'src/crypto/a.ts': `import b from 'libsodium-wrappers';` },
    'an unknown package at an edge': { 'src/keyring/a.ts': `import b from 'left-pad';` },
    'Node without its prefix': { 'src/log/a.ts': `import b from 'fs';` },
    'Node in the client, which runs in browsers': { 'src/client/a.ts': `import b from 'node:fs';` },
    'a folder that is on no floor': { 'src/attic/a.ts': 'export const a = 1;' },
  },
  good: {
    downwards: { 'src/client/a.ts': `import { b } from '../base/b.ts'; import { c } from '../log/c.ts';` },
    'own room': { 'src/keyring/a.ts': `import { b } from './b.ts'; import 'node:crypto';` },
    'between the rooms of the engine': { 'src/protocol/a.ts': `import { b } from '../witness/b.ts';` },
    noble: { 'src/crypto/a.ts': `import { sha256 } from '@noble/hashes/sha2.js';` },
    'in a comment and in a string': {
      'src/base/a.ts': `// import 'node:fs'\nexport const a = "import 'fs'";`,
    },
    'a test, which may import anything': { 'test/a.test.ts': `import { b } from '../src/base/b.ts';` },
  },
};

/** Every cycle of imports once, as the list of its files, the smallest path first. */
function cycles(sources: readonly Source[]): string[][] {
  const next = new Map(sources.map(({ path, imports }) => [path, imports.map((one) => one.target)]));
  const found = new Map<string, string[]>();
  const done = new Set<string>();
  const walk = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start !== -1) {
      const cycle = trail.slice(start);
      found.set([...cycle].sort().join(), cycle);
    }
    if (start !== -1 || done.has(path)) return;
    for (const target of next.get(path) ?? []) if (target !== null) walk(target, [...trail, path]);
    done.add(path);
  };
  for (const { path } of sources) walk(path, []);
  return [...found.values()];
}

export const noCycles: Rule = {
  name: 'no file imports itself, by whatever detour',
  find: ({ sources }) =>
    cycles(sources).map((cycle) => `${cycle[0]}:1: imports itself: ${[...cycle, cycle[0]].join(' -> ')}`),
  bad: {
    'two files': {
      'src/base/a.ts': `import { b } from './b.ts';`,
      'src/base/b.ts': `import { a } from './a.ts';`,
    },
    'three files, one of them for a type': {
      'src/protocol/a.ts': `import { b } from './b.ts';`,
      'src/protocol/b.ts': `import type { c } from './c.ts';`,
      'src/protocol/c.ts': `export { a } from './a.ts';`,
    },
    'a test with itself': { 'test/a.ts': `import { b } from './a.ts';` },
  },
  good: {
    'two ways to one file': {
      'src/base/a.ts': `import './b.ts'; import './c.ts';`,
      'src/base/b.ts': `import './d.ts';`,
      'src/base/c.ts': `import './d.ts';`,
      'src/base/d.ts': 'export const d = 1;',
    },
  },
};
