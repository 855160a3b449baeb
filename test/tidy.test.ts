/** The shape of the checkout, kept by rules; each rule is first shown to catch what it should. */

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { noWallClock, purity } from './tidy/bans.ts';
import { checkoutOf, readCheckout } from './tidy/checkout.ts';
import { importsDown, noCycles } from './tidy/floors.ts';
import {
  namesThatSay,
  narrowLines,
  noClutter,
  noDeadFiles,
  shortFiles,
  shortFunctions,
} from './tidy/layout.ts';
import {
  documentedEntries,
  noMachinePaths,
  noMarkers,
  oneGate,
  silence,
  wholeTests,
} from './tidy/manners.ts';
import type { Rule } from './tidy/rule.ts';

const rules: readonly Rule[] = [
  importsDown,
  noCycles,
  purity,
  noWallClock,
  oneGate,
  noClutter,
  namesThatSay,
  noDeadFiles,
  shortFiles,
  shortFunctions,
  narrowLines,
  noMarkers,
  silence,
  wholeTests,
  noMachinePaths,
  documentedEntries,
];

const checkout = readCheckout(join(import.meta.dirname, '..'));

it('reads the checkout', () => {
  const paths = checkout.sources.map(({ path }) => path);
  expect(paths).toContain('src/base/bytes.ts');
  expect(paths).toContain('test/tidy.test.ts');
  expect([...checkout.texts.keys()]).toEqual(
    expect.arrayContaining(['package.json', '.ci/run', '.gitignore']),
  );
  expect(checkout.top).toContain('src');
});

describe.each(rules.map((rule) => [rule.name, rule] as const))('%s', (_, { find, bad, good }) => {
  it.each(Object.entries(bad))('catches: %s', (_, files) => {
    expect(find(checkoutOf(files))).toEqual([expect.stringMatching(/^[^:]+:\d+: ./)]);
  });

  it.each(Object.entries(good))('passes: %s', (_, files) => {
    expect(find(checkoutOf(files))).toEqual([]);
  });

  it('holds', () => {
    expect(find(checkout).join('\n')).toBe('');
  });
});
