import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { toHex } from '../../src/base/bytes.ts';
import { domains } from '../../src/crypto/hash.ts';
import { randomFrom } from '../../src/protocol/random.ts';
import * as limits from '../../src/wire/limits.ts';
import { statements } from '../../src/wire/statement.ts';
import { readPacket } from './checker.ts';
import { readBundle, typeOf } from './checker-datagram.ts';
import { draw, readEvidence, sessionSeed } from './checker-evidence.ts';
import { type OutcomeRead, Watcher } from './checker-match.ts';
import { fixed, type Match, matchOfFour, matchOfTwo, matchWithLiar } from './match.ts';

const root = join(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'src/wire/README.md'), 'utf8');

/** The rows of the table whose heading row begins with these cells, without formatting. */
function table(...heading: readonly string[]): string[][] {
  const rows = page.split('\n').map((line) => {
    const cells = line.startsWith('|') ? line.split('|').slice(1, -1) : [];
    return cells.map((cell) => cell.trim());
  });
  const start = rows.findIndex((row) => heading.every((cell, i) => row[i] === cell));
  expect(start, `a table with the heading ${heading.join(', ')}`).toBeGreaterThanOrEqual(0);
  const body = rows.slice(start + 2);
  return body.slice(
    0,
    body.findIndex((row) => row.length === 0),
  );
}

/** `epoch u16, round u32` as a list of names and types. */
function fieldsOf(cell: string): string[][] {
  return cell === '' ? [] : cell.split(', ').map((field) => field.split(' '));
}

describe('the page', () => {
  it('has the statements of the data table, field by field', () => {
    const rows = table('kind', 'tag', 'key fields', 'body fields').map(([kind, tag, key, body]) => [
      kind,
      { tag: Number(tag), key: fieldsOf(key ?? ''), body: fieldsOf(body ?? '') },
    ]);
    expect(rows).toEqual(Object.entries(statements));
  });

  it('has every limit with its value', () => {
    const rows = table('name', 'value', 'what it limits').map(([name, value]) => [
      name?.slice(1, -1),
      Number(value),
    ]);
    expect(Object.fromEntries(rows)).toEqual({ ...limits });
  });

  it('has every tag that is hashed or signed', () => {
    const rows = table('name', 'tag', 'in front of').map(([name, tag]) => [name, tag?.slice(1, -1)]);
    expect(Object.fromEntries(rows)).toEqual(domains);
  });

  it('names every refusal that the checks on receipt can give, and no other', () => {
    const named = table('of', 'what is checked', 'refusal').flatMap((row) => row[2]?.match(/[a-z-]+/g) ?? []);
    const unions = ['wire/envelope.ts', 'wire/packet.ts', 'protocol/refusal.ts'].flatMap((path) => {
      const source = readFileSync(join(root, 'src', path), 'utf8');
      const union = /export type \w*Refusal =([^;]*);/.exec(source)?.[1] ?? '';
      return [...union.matchAll(/'([a-z-]+)'/g)].map(([, name]) => name);
    });
    expect(unions.length).toBeGreaterThan(10);
    expect([...new Set(named)].sort()).toEqual([...new Set(unions)].sort());
  });
});

describe('the checker', () => {
  const imports = (name: string): (string | undefined)[] => {
    const source = readFileSync(join(import.meta.dirname, name), 'utf8');
    const found = [...source.matchAll(/(?:\bfrom|\bimport|\brequire)\s*\(?\s*['"`]([^'"`]+)/g)];
    return found.map(([, path]) => path);
  };

  it('imports nothing but what Node has', () => {
    expect(imports('checker.ts')).toEqual(['node:crypto']);
  });

  it('is continued by files that import nothing but Node and one another', () => {
    const files = readdirSync(import.meta.dirname).filter((name) => name.startsWith('checker-'));
    expect(files.length).toBeGreaterThan(8);
    for (const file of files) for (const path of imports(file)) expect(path).toMatch(/^(node:|\.\/checker)/);
  });
});

/** A match with what the checker makes of it. */
interface Watched {
  readonly match: Match;
  readonly watcher: Watcher;
  readonly deviations: readonly { readonly deviation: string; readonly from: number }[];
  readonly outcomes: readonly OutcomeRead[];
}

function watch(match: Match): Watched {
  const watcher = new Watcher();
  const deviations = match.sent.flatMap(({ from, bytes }) =>
    watcher.take(from, bytes).map((deviation) => ({ deviation, from })),
  );
  return { match, watcher, deviations, outcomes: watcher.outcomes() };
}

const matches = [
  { name: 'two players, one leaves', play: matchOfTwo, rounds: 4 },
  { name: 'four players, one is removed and one leaves', play: matchOfFour, rounds: 30 },
  { name: 'three players, one lies', play: matchWithLiar, rounds: 12 },
];

describe.each(matches)('a match of $name', ({ name, play, rounds }) => {
  let watched: Watched;
  beforeAll(() => {
    watched = watch(play());
  });

  it('is sent as the page says, but for the lie and what it makes of a SET', () => {
    const lies = ['contradiction', 'wrong-set'];
    const expected = name.includes('lies') ? lies : [];
    expect([...new Set(watched.deviations.map(({ deviation }) => deviation))].sort()).toEqual(expected);
    for (const { deviation, from } of watched.deviations) if (deviation === 'wrong-set') expect(from).toBe(1);
  });

  it('has the session, the seeds and the outcomes that the players came to', () => {
    const { match, outcomes, watcher } = watched;
    expect(outcomes).toHaveLength(rounds);
    const session = watcher.session as Buffer;
    for (const seat of match.seats) {
      expect(toHex(seat.began?.session ?? new Uint8Array(0))).toBe(toHex(session));
      expect(toHex(seat.began?.seed ?? new Uint8Array(0))).toBe(toHex(sessionSeed(session)));
      const played = seat.outcomes.map(({ epoch, round, inputs, seed }) => {
        return { epoch, round, inputs: inputs.map((input) => input && toHex(input)), seed: toHex(seed) };
      });
      const read = outcomes.slice(0, played.length).map(({ epoch, round, inputs, seed }) => {
        return { epoch, round, inputs: inputs.map((input) => input && toHex(input)), seed: toHex(seed) };
      });
      expect(played).toEqual(read);
    }
    expect(Math.max(...match.seats.map((seat) => seat.outcomes.length))).toBe(rounds);
  });

  it('is the same bytes when it is played again', () => {
    expect(play().sent).toEqual(watched.match.sent);
  });
});

describe('the matches together', () => {
  it('hold all that lockstep sends, each datagram, item and statement, and convict the liar alone', () => {
    const watched = matches.map(({ play }) => watch(play()));
    const types = new Set<string>();
    for (const { match, watcher } of watched) {
      for (const { bytes } of match.sent) {
        types.add(`datagram ${typeOf(bytes)}`);
        if (typeOf(bytes) !== 2) continue;
        for (const { type, content } of readBundle(watcher.session as Buffer, bytes).items) {
          types.add(`item ${type}`);
          if (type === 1) for (const { kind } of readPacket(content).entries) types.add(kind);
        }
      }
    }
    const kinds = ['commit', 'set', 'reveal', 'remove', 'wish', 'leave'];
    const all = ['datagram 1', 'datagram 2', 'item 1', 'item 2', ...kinds];
    expect([...types].sort()).toEqual(all.sort());
    expect(watched.map(({ watcher }) => [...watcher.convicted])).toEqual([[], [], [2]]);
  });

  it('hold evidence that the checker reads as the players told it', () => {
    const match = matchWithLiar();
    const told = match.seats.flatMap((seat) => seat.told.filter((effect) => effect.type === 'evidence'));
    expect(told.length).toBeGreaterThanOrEqual(2);
    for (const { evidence, kind } of told) {
      const verdict = readEvidence(evidence);
      const statement = kind === 'bad-opening' ? 'reveal' : 'commit';
      expect(verdict).toMatchObject({ kind, statement, epoch: 0, round: 3 });
      expect(toHex(verdict.session)).toBe(toHex(match.seats[0]?.began?.session as Uint8Array));
      expect(toHex(verdict.guilty)).toBe(toHex(match.players[2]?.publicKey as Uint8Array));
    }
  });
});

describe('random numbers', () => {
  it('are those of the page', () => {
    const bounds = [1, 2, 6, 100, 2 ** 31 + 1, 2 ** 32, 2 ** 31 + 1, 3, 2 ** 32 - 1];
    for (let i = 0; i < 50; i++) {
      const seed = fixed(`seed ${i}`);
      const random = randomFrom(seed);
      const drawn = Array.from({ length: 4 }, () => bounds).flat();
      expect(draw(seed, drawn)).toEqual(drawn.map((bound) => random(bound)));
    }
  });
});
