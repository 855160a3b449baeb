/** Whole matches of neo as the page has them: every datagram, every rule of a round, every digest. */

import { describe, expect, it } from 'vitest';
import { toHex } from '../../src/base/bytes.ts';
import { stateDigest } from '../../src/protocol/neo/digest.ts';
import { emptyUpdate, encodeUpdate } from '../../src/protocol/neo/update.ts';
import { cheats } from '../../src/sim/cheats.ts';
import { encodePlain } from '../../src/wire/plain.ts';
import type { NeoWatcher } from './checker-neo.ts';
import { type NeoMatch, type Options, playNeo, watchNeo } from './match-neo.ts';

/** Every state that an honest player still holds is the one that the checker came to. */
function expectSame({ simulation }: NeoMatch, watcher: NeoWatcher, honest: readonly number[]): void {
  for (const seat of honest) {
    const neo = simulation.neoSession(seat as never)?.neo;
    const held = (neo?.past ?? []).filter(({ log }) => log.round <= (neo?.final ?? 0));
    const newest = held.at(-1)?.log.round ?? 0;
    expect(newest).toBeLessThan(watcher.finals.length);
    for (const played of held) {
      const read = watcher.finals[played.log.round];
      expect(toHex(stateDigest(played))).toBe(read?.stateDigest.toString('hex'));
      expect(toHex(played.stateHash)).toBe(read?.gameDigest.toString('hex'));
      expect(toHex(played.seed)).toBe(read?.seed.toString('hex'));
    }
  }
}

interface Case {
  readonly name: string;
  readonly options: Options;
  /** Who lies, and what is found of it. */
  readonly liar?: number;
  readonly lies?: readonly string[];
  readonly gone?: number;
  /** What must have been sent, beside commits, votes and openings. */
  readonly kinds: readonly string[];
}

const update = encodeUpdate({ ...emptyUpdate, input: encodePlain(-1) });

const cases: readonly Case[] = [
  { name: 'two', options: { players: 2, rounds: 25 }, kinds: [] },
  {
    name: 'four, one of whom leaves',
    options: { rounds: 24, faults: [{ atMs: 400, type: 'leave', player: 2 }] },
    gone: 2,
    kinds: ['hold'],
  },
  {
    name: 'three on a bad network',
    options: { players: 3, rounds: 25, network: { delayMs: 15, jitterMs: 30, loss: 0.12, duplicate: 0.05 } },
    kinds: ['hold', 'confirm', 'change', 'propose', 'prepare', 'item 3'],
  },
  {
    name: 'five, one of whom is gone for good in the middle of a round',
    options: { players: 5, rounds: 40, faults: [{ atMs: 500, type: 'crash', player: 2, downMs: Infinity }] },
    gone: 2,
    kinds: ['hold', 'confirm'],
  },
  {
    name: 'four, one of whom comes back from its log',
    options: { rounds: 25, faults: [{ atMs: 500, type: 'crash', player: 1, downMs: 300 }] },
    kinds: ['hold', 'confirm'],
  },
  {
    name: 'four, one of whom commits to two things',
    options: { rounds: 30, cheats: { 3: cheats.inconsistency({ fromRound: 6 }) } },
    liar: 3,
    lies: ['contradiction'],
    gone: 3,
    kinds: ['hold'],
  },
  {
    name: 'four, one of whom opens something else',
    options: { rounds: 30, cheats: { 1: cheats.badOpening({ fromRound: 6 }) } },
    liar: 1,
    lies: ['opening'],
    gone: 1,
    kinds: ['hold', 'change', 'propose', 'prepare'],
  },
  {
    name: 'four, one of whom breaks the rules of the game',
    options: { rounds: 40, cheats: { 0: cheats.illegalInput({ fromRound: 6, input: update }) } },
    liar: 0,
    lies: [],
    gone: 0,
    kinds: ['hold'],
  },
];

describe.each(cases)('a match of $name', ({ options, liar, lies = [], gone, kinds }) => {
  it('is sent as the page says, and comes to what the page says', () => {
    const match = playNeo(options);
    const watcher = watchNeo(match.sent);
    const blamed = [...new Set(watcher.deviations.map(({ deviation, by }) => `${deviation} of ${by}`))];
    for (const each of blamed) expect(each).toMatch(new RegExp(` of ${liar}$`));
    for (const lie of lies) expect(blamed).toContain(`${lie} of ${liar}`);
    const { players = 4, rounds = 0 } = options;
    const all = Array.from({ length: players }, (_, seat) => seat);
    expect(watcher.finals.length).toBeGreaterThan(rounds);
    expectSame(
      match,
      watcher,
      all.filter((seat) => seat !== liar && seat !== gone),
    );
    const { members = 0 } = watcher.finals.at(-1)?.log ?? {};
    expect(all.filter((seat) => !((members >> seat) & 1))).toEqual(gone === undefined ? [] : [gone]);
    expect([...watcher.seen]).toEqual(
      expect.arrayContaining(['commit', 'vote', 'reveal', 'item 1', ...kinds]),
    );
    for (const kind of ['set', 'remove', 'wish', 'leave']) expect([...watcher.seen]).not.toContain(kind);
  });
});
