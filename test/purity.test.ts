/** The pure floors are evaluated, and put to work, in a realm without clock, dice, timers or host. */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as bytes from '../src/base/bytes.ts';
import { seatOf } from '../src/base/ids.ts';
import * as players from '../src/base/players.ts';
import * as prng from '../src/base/prng.ts';
import * as time from '../src/base/time.ts';
import * as commitment from '../src/crypto/commitment.ts';
import * as hash from '../src/crypto/hash.ts';
import * as signature from '../src/crypto/signature.ts';
import * as random from '../src/protocol/random.ts';
import * as plain from '../src/wire/plain.ts';
import { createRealm } from './purity/realm.ts';
import { isPure } from './tidy/floors.ts';

const src = join(import.meta.dirname, '..', 'src');
const pureFiles = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .map((name) => `src/${name.replaceAll('\\', '/')}`)
  .filter((path) => isPure(path) && path.endsWith('.ts'));

/** What a realm makes its values with. */
interface Maker {
  readonly Bytes: Uint8ArrayConstructor;
  readonly parse: (json: string) => unknown;
}

interface Exercise {
  readonly path: string;
  readonly here: () => unknown;
  readonly there: (load: (path: string) => unknown, maker: Maker) => unknown;
}

/** Some work for a module; its answer, as JSON, must be the same in the empty realm as it is here. */
function exercise<Module>(
  path: string,
  module: Module,
  work: (module: Module, maker: Maker) => unknown,
): Exercise {
  return {
    path,
    here: () => work(module, { Bytes: Uint8Array, parse: JSON.parse }),
    there: (load, maker) => work(load(path) as Module, maker),
  };
}

const rfc8032 = {
  publicKey: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
  signature:
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
    '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
};

const exercises: readonly Exercise[] = [
  exercise(
    'src/base/bytes.ts',
    bytes,
    ({ concatBytes, fromHex, toHex, compareBytes, equalBytes }, { Bytes }) => {
      const joined = concatBytes(Bytes.of(1, 2), Bytes.of(255));
      const back = fromHex(toHex(joined)) ?? Bytes.of();
      return [toHex(joined), equalBytes(joined, back), compareBytes(joined, Bytes.of(1)) > 0];
    },
  ),
  exercise('src/base/players.ts', players, ({ add, count, firstPlayers, nobody, seatsOf, union }) => {
    const set = union(firstPlayers(3), add(nobody, seatOf(9)));
    return [count(set), seatsOf(set)];
  }),
  exercise('src/base/prng.ts', prng, ({ prng }) => {
    const stream = prng(7).split('dice');
    return [stream.next(), stream.unit(), stream.below(6)];
  }),
  exercise('src/base/time.ts', time, ({ earlier, micros }) => [
    earlier(micros(1.5), null),
    earlier(2, micros(1)),
  ]),
  exercise('src/crypto/hash.ts', hash, ({ hash }, { Bytes }) => [...hash('state', Bytes.of(1, 2, 3))]),
  exercise('src/crypto/commitment.ts', commitment, ({ commit, opens }, { Bytes }) => {
    const slot = { session: new Bytes(32), epoch: 0, round: 1, author: seatOf(0) };
    const sealed = commit(slot, new Bytes(16), Bytes.of(5));
    return [[...sealed], opens(sealed, slot, new Bytes(16), Bytes.of(6))];
  }),
  exercise('src/crypto/signature.ts', signature, ({ isValidSignature }, { Bytes }) => {
    const key = Bytes.from(bytes.fromHex(rfc8032.publicKey) ?? []);
    const proof = Bytes.from(bytes.fromHex(rfc8032.signature) ?? []);
    return [isValidSignature(key, Bytes.of(0x72), proof), isValidSignature(key, Bytes.of(0x73), proof)];
  }),
  exercise('src/wire/plain.ts', plain, ({ decodePlain, encodePlain }, { parse }) => {
    const encoded = encodePlain(parse('{ "b": [1, -2, null, true], "a": "\u00e9\u{1f3b2}" }'));
    return [[...encoded], decodePlain(encoded)];
  }),
  exercise('src/protocol/random.ts', random, ({ randomFrom }, { Bytes }) => {
    const draw = randomFrom(Bytes.of(1));
    return [draw(6), draw(2 ** 32), [...draw.bytes(40)]];
  }),
  // More work for the pure floors goes here.
];

it('finds the pure floors', () => {
  expect(pureFiles).toEqual(expect.arrayContaining(['src/base/assert.ts', 'src/crypto/hash.ts']));
});

describe('the empty realm', () => {
  it.each(pureFiles)('evaluates %s', (path) => {
    const realm = createRealm();
    realm.load(path);
    expect(realm.touched).toEqual([]);
  });

  it.each(exercises.map((one) => [one.path, one] as const))('answers as here: %s', (_, { here, there }) => {
    const realm = createRealm();
    const answer = there(realm.load, realm);
    expect(realm.touched).toEqual([]);
    expect(JSON.stringify(answer)).toBe(JSON.stringify(here()));
  });
});

const sample = 'src/base/sample.ts';

describe('what the empty realm catches', () => {
  it.each([
    ['Date', 'export const a = Date.now();'],
    ['Date', 'export class A { static readonly made = new Date(); }'],
    ['performance', 'export const a = performance.now();'],
    ['Math.random', 'export const a = Math.random();'],
    ['Math.sin', 'export const a = Math.sin(1);'],
    ['setTimeout', 'setTimeout(() => {}, 0);'],
    ['Promise', 'export const a = Promise.resolve(1);'],
    ['process', `export const a = typeof process === 'object';`],
    ['crypto', 'export const a = crypto.getRandomValues(new Uint8Array(1));'],
    ['globalThis', 'export const a = globalThis.Array;'],
    ['Buffer', 'export const a = Buffer.alloc(1);'],
    ['console', `console.log('a');`],
    ['Intl', 'export const a = new Intl.Collator();'],
    ['localeCompare', `export const a = 'a'.localeCompare('b');`],
    ['toLocaleString', 'export const a = (1).toLocaleString();'],
    ['toLocaleString', 'export const a = Uint8Array.of(1).toLocaleString();'],
  ])('%s, at load: %s', (name, text) => {
    const realm = createRealm({ [sample]: text });
    expect(() => realm.load(sample)).toThrow(`touched ${name}`);
    expect(realm.touched).toEqual([name]);
  });

  it('a touch whose error is swallowed', () => {
    const realm = createRealm({ [sample]: 'try { Date.now(); } catch {}' });
    realm.load(sample);
    expect(realm.touched).toEqual(['Date']);
  });

  it('a touch of a module that was imported, when it is called', () => {
    const realm = createRealm({
      [sample]: `import { now } from './clock.ts';\nexport const later = () => now();`,
      'src/base/clock.ts': 'export const now = () => Date.now();',
    });
    const { later } = realm.load(sample) as { later: () => number };
    expect(realm.touched).toEqual([]);
    expect(later).toThrow('touched Date');
  });

  it('code made of text', () => {
    const realm = createRealm({ [sample]: `export const a = [].constructor.constructor('return Date')();` });
    expect(() => realm.load(sample)).toThrow('Code generation from strings disallowed');
  });

  it.each(['node:fs', 'fs', 'libsodium-wrappers', '../client/session.ts', '../../test/tidy.test.ts'])(
    'an import of %s',
    (specifier) => {
      const realm = createRealm({ [sample]: `import * as a from '${specifier}';\nexport const b = a;` });
      expect(() => realm.load(sample)).toThrow(`${sample} imports ${specifier}`);
    },
  );
});
