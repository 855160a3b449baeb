import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerQuery } from '../../../src/protocol/neo/subtree.ts';
import {
  ANSWERS_MAX,
  beginInquiry,
  type Inquiry,
  isComplete,
  isOver,
  openQuestions,
  ROWS_MAX,
  rowsOf,
  takeAnswer,
} from '../../../src/protocol/neo/subtree-inquiry.ts';
import {
  type Answer,
  decodeAnswer,
  decodeQuery,
  encodeAnswer,
} from '../../../src/protocol/neo/subtree-item.ts';
import { QUERY_BYTES_MAX } from '../../../src/wire/limits.ts';
import { encodePlain, type Plain } from '../../../src/wire/plain.ts';
import { differences } from '../../../src/wire/plain-diff.ts';

interface Talk {
  readonly inquiry: Inquiry;
  readonly questions: number;
  readonly bytes: number;
}

/** Asks until there is nothing to be asked; every item is encoded, read back and within its limit. */
function talk(mine: Uint8Array, answer: (query: Uint8Array) => Uint8Array): Talk {
  let inquiry = beginInquiry(7, mine);
  let questions = 0;
  let bytes = 0;
  for (let open = openQuestions(inquiry); open.length > 0; open = openQuestions(inquiry)) {
    for (const question of open) {
      const said = answer(question.bytes);
      expect(Math.max(question.bytes.length, said.length)).toBeLessThanOrEqual(QUERY_BYTES_MAX);
      inquiry = takeAnswer(inquiry, said);
      questions++;
      bytes += question.bytes.length + said.length;
    }
  }
  return { inquiry, questions, bytes };
}

const honest =
  (theirs: Uint8Array) =>
  (bytes: Uint8Array): Uint8Array => {
    const query = decodeQuery(bytes);
    if (query?.round !== 7) throw new Error('a question is about the round');
    const answer = encodeAnswer(query.id, answerQuery(theirs, query));
    if (answer === null) throw new Error('an answer fits one item');
    return answer;
  };

const compare = (a: Plain, b: Plain): Talk => talk(encodePlain(a), honest(encodePlain(b)));

const expected = (a: Plain, b: Plain): readonly object[] =>
  differences(a, b, ROWS_MAX).map(({ path, a: mine, b: theirs }) => ({ path, mine, theirs }));

function same(a: Plain, b: Plain): Talk {
  const found = compare(a, b);
  expect(rowsOf(found.inquiry)).toEqual(expected(a, b));
  expect(isComplete(found.inquiry)).toBe(differences(a, b, ROWS_MAX + 1).length <= ROWS_MAX);
  return found;
}

const anyPlain: fc.Arbitrary<Plain> = fc.letrec<{ value: Plain }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.oneof(
      fc.constant(null),
      fc.boolean(),
      fc.integer(),
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.uint8Array({ maxLength: 40 }).map((bytes) => new Uint8Array(bytes)),
      fc.integer({ min: 0, max: 3000 }).map((length) => 'x'.repeat(length)),
      fc.integer({ min: 0, max: 3000 }).map((length) => new Uint8Array(length)),
    ),
    fc.array(tie('value'), { maxLength: 6 }),
    fc.integer({ min: 0, max: 900 }).map((length): Plain => Array.from({ length }, (_, i) => i)),
    fc.dictionary(
      fc.string({ unit: 'binary', maxLength: 5 }).filter((key) => key !== '__proto__'),
      tie('value'),
      {
        maxKeys: 6,
      },
    ),
    fc
      .tuple(fc.integer({ min: 0, max: 300 }), fc.constantFrom('key', 'player name ', 'k'.repeat(60)))
      .map(([count, prefix]): Plain => {
        return Object.fromEntries(Array.from({ length: count }, (_, i) => [`${prefix}${i}`, { at: i }]));
      }),
  ),
})).value;

/** The value with so many of its places changed, added or taken away, as the numbers choose. */
function edited(value: Plain, numbers: readonly number[]): Plain {
  const [number = 0, ...rest] = numbers;
  if (numbers.length === 0) return value;
  if (typeof value === 'string') {
    const at = number % (value.length + 1);
    return `${value.slice(0, at)}é${value.slice(at + (number % 2))}`;
  }
  if (value instanceof Uint8Array) {
    return number % 5 === 0
      ? value.slice(1)
      : value.map((byte, i) => (i === number % value.length ? ~byte : byte));
  }
  if (Array.isArray(value)) {
    const list = [...(value as Plain[])];
    const at = number % (list.length + 1);
    if (number % 7 === 0) list.length = at;
    else list[at] = at < value.length ? edited(list[at] as Plain, rest) : number;
    return list;
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value as { [key: string]: Plain });
    const at = number % (entries.length + 1);
    const [key, inner] = entries[at] ?? [`new ${number}`, null];
    if (number % 7 === 0) return Object.fromEntries(entries.filter((_, i) => i !== at));
    return { ...(value as object), [key]: edited(inner, rest) } as Plain;
  }
  return number % 2 === 0 ? number : [number];
}

/** A well-formed string: half a pair is no plain data. */
const wellFormed = (value: Plain): boolean => {
  try {
    return encodePlain(value).length > 0;
  } catch {
    return false;
  }
};

describe('what differs between two states', () => {
  it('is what it is side by side, for any two', () => {
    fc.assert(
      fc.property(anyPlain, anyPlain, (a, b) => {
        fc.pre(wellFormed(a) && wellFormed(b));
        same(a, b);
      }),
      { numRuns: 150 },
    );
  });

  it('is what it is side by side, for a state and a changed copy', () => {
    const edits = fc.array(fc.array(fc.nat(5000), { minLength: 1, maxLength: 5 }), { maxLength: 5 });
    fc.assert(
      fc.property(anyPlain, edits, (a, list) => {
        const b = list.reduce(edited, a);
        fc.pre(wellFormed(a) && wellFormed(b));
        same(a, b);
        same(b, a);
      }),
      { numRuns: 200 },
    );
  });

  it('is nothing for equal states, for the price of one question', () => {
    const state = { list: Array.from({ length: 5000 }, (_, i) => ({ x: i })) };
    const { inquiry, questions } = compare(state, state);
    expect(rowsOf(inquiry)).toEqual([]);
    expect(isComplete(inquiry)).toBe(true);
    expect(questions).toBeLessThanOrEqual(2);
  });

  it.each<[string, (i: number) => Plain]>([
    [
      'players in an array',
      (i) => Array.from({ length: 20_000 }, (_, at) => ({ x: at, y: at === i ? 40 : 41 })),
    ],
    [
      'items by name',
      (i) =>
        Object.fromEntries(
          Array.from({ length: 20_000 }, (_, at) => [`item-${at}`, { y: at === i ? 1 : 2 }]),
        ),
    ],
    [
      'a map of bytes',
      (i) => ({ map: new Uint8Array(300_000).fill(1).map((byte, at) => (at === i ? 2 : byte)) }),
    ],
    ['a long text', (i) => `${'a'.repeat(i)}b${'a'.repeat(200_000 - i)}`],
  ])('is found in a large state with far fewer bytes: %s', (_, make) => {
    const [a, b] = [make(-1 + 12_345 + 1), make(17)] as [Plain, Plain];
    const { bytes, questions } = same(a, b);
    expect(bytes).toBeLessThan(encodePlain(a).length / 20);
    expect(questions).toBeLessThan(20);
  });

  it('is the first byte of many, and the first letter', () => {
    const bytes = new Uint8Array(3000);
    const { inquiry } = same(
      bytes,
      bytes.map((byte, i) => (i === 1000 || i === 1001 || i === 2500 ? 7 : byte)),
    );
    expect(rowsOf(inquiry)).toEqual([{ path: 'state[1000]', mine: '0', theirs: '7' }]);
    same('x'.repeat(3000), `${'x'.repeat(1000)}yy${'x'.repeat(998)}y`);
  });

  it('is listed up to a bound, from the first on', () => {
    const a = Array.from({ length: 3000 }, (_, i) => ({ x: i }));
    const b = a.map(({ x }) => ({ x: x + 1 }));
    const { inquiry } = same(a, b);
    expect(rowsOf(inquiry)).toHaveLength(ROWS_MAX);
    expect(rowsOf(inquiry)[2]).toEqual({ path: 'state[2].x', mine: '2', theirs: '3' });
  });

  it('names a place as a programmer writes it', () => {
    const players = [{ x: 1 }, { x: 2 }, { x: 40 }];
    const { inquiry } = compare({ players }, { players: players.with(2, { x: 41 }) });
    expect(rowsOf(inquiry)).toEqual([{ path: 'players[2].x', mine: '40', theirs: '41' }]);
  });
});

describe("a state of the game's own codec", () => {
  const own = Uint8Array.of(0xff, 1, 2);

  it('is only said to differ', () => {
    expect(beginInquiry(7, own)).toMatchObject({ failed: 'opaque' });
    expect(openQuestions(beginInquiry(7, own))).toEqual([]);
    const { inquiry } = talk(encodePlain({ x: 1 }), honest(own));
    expect(inquiry.failed).toBe('opaque');
    expect(rowsOf(inquiry)).toEqual([]);
  });
});

describe('an answer of somebody hostile', () => {
  const state: Plain = {
    list: Array.from({ length: 2000 }, (_, i) => i),
    map: Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`key ${i}`, 'x'.repeat(20)])),
    text: 'x'.repeat(2000),
  };
  const mine = encodePlain(state);
  const digest = new Uint8Array(8);
  const anyAnswer: fc.Arbitrary<Answer> = fc.oneof(
    fc.record({ type: fc.constant('missing' as const) }),
    anyPlain
      .filter((value) => wellFormed(value) && encodePlain(value).length < 900)
      .map((value): Answer => ({ type: 'value', bytes: encodePlain(value) })),
    fc
      .uint8Array({ maxLength: 30 })
      .map((bytes): Answer => ({ type: 'value', bytes: new Uint8Array(bytes) })),
    fc.record({
      type: fc.constant('sequence' as const),
      kind: fc.constantFrom('array' as const, 'bytes' as const, 'string' as const),
      count: fc.oneof(fc.nat(3000), fc.nat(1 << 24)),
      size: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 1 << 24 })),
      head: fc.constant(new Uint8Array(4)),
      digests: fc.integer({ min: 0, max: 70 }).map((count) => new Array<Uint8Array>(count).fill(digest)),
    }),
    fc
      .uniqueArray(fc.constantFrom('', 'a', 'key', 'key 3', 'key 40', 'list', 'map', 'toString', 'x'), {
        maxLength: 9,
      })
      .chain((keys) =>
        fc.constantFrom('parts' as const, 'entries' as const).map((type): Answer => {
          const sorted = keys.sort();
          const digests = [...sorted, ...(type === 'parts' ? [''] : [])].map(() => digest);
          return { type, count: 9, keys: sorted, digests };
        }),
      ),
  );

  it('makes the list no longer and the questions no more than agreed, whatever it says', () => {
    fc.assert(
      fc.property(fc.infiniteStream(anyAnswer), (answers) => {
        const { inquiry, questions } = talk(mine, (bytes) => {
          const id = decodeQuery(bytes)?.id ?? 0;
          return (
            encodeAnswer(id, answers.next().value as Answer) ??
            (encodeAnswer(id, { type: 'missing' }) as Uint8Array)
          );
        });
        expect(questions).toBeLessThanOrEqual(ANSWERS_MAX + 5);
        expect(rowsOf(inquiry).length).toBeLessThanOrEqual(ROWS_MAX);
        expect(isOver(inquiry)).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  it('ends although it parts what there is not, for ever', () => {
    const count = 1 << 24;
    const { inquiry, questions } = talk(encodePlain([]), (bytes) => {
      const { id = 0, path = [], range } = decodeQuery(bytes) ?? {};
      const size = range ? Math.ceil(((range.to as number) - (range.from as number)) / 2) : count / 2;
      const halves: Answer = {
        type: 'sequence',
        kind: 'array',
        count,
        size,
        head: new Uint8Array(0),
        digests: [digest, digest],
      };
      return encodeAnswer(id, path.length > 0 ? { type: 'missing' } : halves) as Uint8Array;
    });
    expect(inquiry.failed).toBe('nonsense');
    expect(questions).toBeGreaterThan(ANSWERS_MAX / 2);
    expect(questions).toBeLessThanOrEqual(ANSWERS_MAX + 5);
  });

  it('is taken for nonsense where it goes beyond what was asked', () => {
    const inquiry = beginInquiry(7, mine);
    const told = (answer: Answer): Inquiry => takeAnswer(inquiry, encodeAnswer(0, answer) as Uint8Array);
    const odd = {
      type: 'sequence' as const,
      kind: 'array' as const,
      count: 9,
      size: 2,
      head: new Uint8Array(0),
    };
    expect(told({ ...odd, digests: [digest] }).failed).toBe('nonsense');
    expect(told({ type: 'value', bytes: Uint8Array.of(9) }).failed).toBe('nonsense');
    expect(told({ type: 'parts', count: 1, keys: [], digests: [digest] }).failed).toBe('nonsense');
    const halves = told({ type: 'parts', count: 2, keys: ['m'], digests: [digest, digest] });
    expect(halves.failed).toBe(null);
    const beyond = encodeAnswer(1, {
      type: 'entries',
      count: 2,
      keys: ['z'],
      digests: [digest],
    }) as Uint8Array;
    expect(takeAnswer(halves, beyond).failed).toBe('nonsense');
  });

  it('changes nothing when nobody has asked, or when it is none', () => {
    const inquiry = beginInquiry(7, mine);
    expect(takeAnswer(inquiry, encodeAnswer(5, { type: 'missing' }) as Uint8Array)).toBe(inquiry);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const decoded = decodeAnswer(bytes);
        expect(decoded === null || decoded.id >= 0).toBe(true);
        if (decoded === null) expect(takeAnswer(inquiry, bytes)).toBe(inquiry);
      }),
    );
  });

  it('tells of other rounds when it has not that one', () => {
    const told = takeAnswer(
      beginInquiry(7, mine),
      encodeAnswer(0, { type: 'unknown', rounds: [9, 10] }) as Uint8Array,
    );
    expect(told).toMatchObject({ failed: 'unknown', rounds: [9, 10] });
    expect(isOver(told)).toBe(true);
  });
});

describe('a question of somebody hostile', () => {
  it('is read or refused, never more', () => {
    const bytes = encodePlain({ a: [1, 2, 3], text: 'x'.repeat(3000), map: { k: 1 } });
    const step = fc.constantFrom<string | number>('a', 'text', 'map', 'k', 'toString', '__proto__', 0, 2, 99);
    const item = fc
      .tuple(fc.nat(9), fc.nat(9), fc.array(step, { maxLength: 4 }), fc.option(step), fc.option(step))
      .map((list) => encodePlain(list));
    fc.assert(
      fc.property(fc.oneof(item, fc.uint8Array({ maxLength: 40 })), (asked) => {
        const query = decodeQuery(asked);
        if (query === null) return;
        const answer = encodeAnswer(query.id, answerQuery(bytes, query));
        expect(answer === null ? null : decodeAnswer(answer)?.id).toBe(query.id);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['no list', {}],
    ['too short', [1, 2, []]],
    ['a negative number', [-1, 2, [], null, null]],
    ['a step that is none', [1, 2, [null], null, null]],
    ['ends of two kinds', [1, 2, [], 'a', 3]],
    ['an end without a beginning', [1, 2, [], null, 3]],
    ['no end of a sequence', [1, 2, [], 3, null]],
    ['a path too long', [1, 2, new Array(65).fill(0), null, null]],
  ])('is refused: %s', (_, list) => {
    expect(decodeQuery(encodePlain(list))).toBe(null);
  });
});
