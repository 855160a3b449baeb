import { describe, expect, it } from 'vitest';
import { toHex } from '../../src/base/bytes.ts';
import { seatOf } from '../../src/base/ids.ts';
import { micros } from '../../src/base/time.ts';
import {
  agreedNonces,
  beginHandshake,
  type Handshake,
  hearHello,
  nextHello,
  noncesOf,
  obstacles,
  ownHello,
  rosterOf,
  sessionOf,
} from '../../src/protocol/handshake.ts';
import type { HelloBody } from '../../src/wire/hello.ts';
import { Hall } from './hall.ts';
import { agreement, helloOf, nonceOf, people, rules } from './table.ts';

const of = people(3);
const zeroes = new Uint8Array(16);
const name = (key: Uint8Array | undefined) => `${toHex(key as Uint8Array).slice(0, 8)}…`;
const mine = (): Handshake =>
  beginHandshake({ me: seatOf(0), keys: of.keys, agreement: rules, nonce: nonceOf(0) }, 0);
const complete = of.keys.map((_, seat) => nonceOf(seat));

/** A handshake that has heard those hellos. */
function having(...hellos: readonly (readonly [seat: number, Partial<HelloBody>])[]): Handshake {
  return hellos.reduce(
    (heard, [seat, body]) => hearHello(heard, seatOf(seat), helloOf(of, seat, body)).handshake,
    mine(),
  );
}

describe('the roster', () => {
  it('seats are in the order of the public keys, whatever order they are given in', () => {
    expect(rosterOf([...of.keys].reverse())).toEqual(of.keys);
    expect(() => rosterOf([of.keys[0] as never, of.keys[0] as never])).toThrow('keys differ');
    expect(() => rosterOf([of.keys[0] as never])).toThrow('2 to 16');
  });
});

describe('the session id', () => {
  it('depends on the agreement, on every key and on every nonce', () => {
    const ids = [
      sessionOf(rules, of.keys, complete),
      sessionOf(agreement({ version: 2 }), of.keys, complete),
      sessionOf(rules, people(4).keys.slice(0, 3), complete),
      ...[0, 1, 2].map((seat) =>
        sessionOf(
          rules,
          of.keys,
          complete.map((nonce, each) => (each === seat ? zeroes : nonce)),
        ),
      ),
    ];
    expect(new Set(ids.map(toHex)).size).toBe(ids.length);
  });
});

describe('a hello is fresh if it repeats my nonce', () => {
  it('then it counts; a difference in it ends the handshake', () => {
    const { difference, handshake } = hearHello(
      mine(),
      seatOf(1),
      helloOf(of, 1, { nonces: [nonceOf(0), nonceOf(1), zeroes], agreement: agreement({ version: 9 }) }),
    );
    expect(difference).toBe('game.version: 1 here, 9 there');
    expect(agreedNonces(handshake)).toBeNull();
  });

  it('one that is not makes me answer, ends nothing, and never takes the place of one that is', () => {
    const fresh = helloOf(of, 1, { nonces: complete });
    const old = helloOf(of, 1, { nonce: new Uint8Array(16).fill(77), agreement: agreement({ id: 'other' }) });
    const first = hearHello(mine(), seatOf(1), old);
    expect(first).toMatchObject({ answer: true, difference: null });
    const { handshake } = hearHello(first.handshake, seatOf(1), fresh);
    expect(handshake.hellos[1]).toBe(fresh);
    const replayed = hearHello(handshake, seatOf(1), old);
    expect(replayed).toEqual({ handshake, answer: true, difference: null });
  });

  it('one that says nothing new is not answered', () => {
    const fresh = helloOf(of, 1, { nonces: [nonceOf(0), nonceOf(1), zeroes] });
    const { handshake, answer } = hearHello(mine(), seatOf(1), fresh);
    expect(answer).toBe(true);
    expect(hearHello(handshake, seatOf(1), fresh).answer).toBe(false);
  });

  it('a player that has drawn another nonce since is heard', () => {
    const before = having([1, { nonces: complete }]);
    const anew = new Uint8Array(16).fill(99);
    const { handshake } = hearHello(
      before,
      seatOf(1),
      helloOf(of, 1, { nonce: anew, nonces: [nonceOf(0), anew, zeroes] }),
    );
    expect(noncesOf(handshake)).toEqual([nonceOf(0), anew, zeroes]);
  });

  it('what I say repeats what I hold', () => {
    const body = ownHello(having([2, {}]));
    expect(body).toEqual({
      publicKey: of.keys[0],
      nonce: nonceOf(0),
      agreement: rules,
      roster: of.keys,
      nonces: [nonceOf(0), zeroes, nonceOf(2)],
    });
    expect(nextHello(mine(), 1000).sayAt).toBe(micros(151));
  });
});

describe('the match begins when all hold the same nonces of all', () => {
  it('with the last hello that says so, and not before', () => {
    expect(agreedNonces(mine())).toBeNull();
    expect(agreedNonces(having([1, { nonces: complete }]))).toBeNull();
    expect(
      agreedNonces(having([1, { nonces: complete }], [2, { nonces: [nonceOf(0), zeroes, nonceOf(2)] }])),
    ).toBeNull();
    expect(agreedNonces(having([1, { nonces: complete }], [2, { nonces: complete }]))).toEqual(complete);
  });

  it.each<[string, Partial<HelloBody>]>([
    ['another nonce of somebody', { nonces: [nonceOf(0), nonceOf(7), nonceOf(2)] }],
    ['another nonce of mine', { nonces: [nonceOf(7), nonceOf(1), nonceOf(2)] }],
    ['another agreement', { nonces: complete, agreement: agreement({ version: 2 }) }],
    ['another roster', { nonces: complete.slice(0, 2), roster: of.keys.slice(0, 2) }],
  ])('not with %s', (_what, body) => {
    expect(agreedNonces(having([1, { nonces: complete }], [2, body]))).toBeNull();
  });
});

describe('what keeps the match from starting, in words', () => {
  const [, one, two] = of.keys.map(name);
  it('nobody has answered', () => {
    expect(obstacles(mine())).toEqual([
      `player 1 (${one}) has not answered`,
      `player 2 (${two}) has not answered`,
    ]);
  });

  it('somebody waits for another', () => {
    expect(obstacles(having([1, { nonces: [nonceOf(0), nonceOf(1), zeroes] }]))).toContain(
      `player 2 (${two}) has not answered`,
    );
    const both = having([1, { nonces: [nonceOf(0), nonceOf(1), zeroes] }], [2, { nonces: complete }]);
    expect(obstacles(both)).toEqual([`player 1 (${one}) has not heard from everybody`]);
  });

  it('somebody is in another match', () => {
    const stuck = having([1, { nonces: [nonceOf(9), nonceOf(1), nonceOf(2)] }], [2, { nonces: complete }]);
    expect(obstacles(stuck)).toEqual([
      `player 1 (${one}) is in another match: it does not know this one's nonce`,
    ]);
  });

  it('somebody wants something else, also when its hello is not fresh', () => {
    const other = having([1, { agreement: agreement({ id: 'chess' }) }], [2, { nonces: complete }]);
    expect(obstacles(other)[0]).toBe(
      `player 1 (${one}) wants something else: game.id: "test" here, "chess" there`,
    );
  });

  it('nothing', () => {
    expect(obstacles(having([1, { nonces: complete }], [2, { nonces: complete }]))).toEqual([]);
  });
});

const outsider = people(4).keys.find(
  (key) => !of.keys.some((other) => toHex(other) === toHex(key)),
) as Uint8Array;
const roster = (...keys: readonly (Uint8Array | undefined)[]) => rosterOf(keys as readonly Uint8Array[]);

const [, two] = people(2).keys;
/** What differs, the options that make it differ, and what each side says of it. */
const cases: [
  string,
  { agreements?: Record<number, Uint8Array>; rosters?: Record<number, readonly Uint8Array[]> },
  RegExp,
  RegExp,
][] = [
  [
    'game id',
    { agreements: { 1: agreement({ id: 'chess' }) } },
    /game\.id: "test" here, "chess" there/,
    /game\.id: "chess" here, "test" there/,
  ],
  [
    'version',
    { agreements: { 1: agreement({ version: 2 }) } },
    /game\.version: 1 here, 2 there/,
    /game\.version: 2 here, 1 there/,
  ],
  [
    'rules',
    { agreements: { 1: agreement({ rules: { lives: 3 } }) } },
    /game\.rules.*here.*there/,
    /game\.rules.*here.*there/,
  ],
  [
    'protocol',
    { agreements: { 1: agreement({ protocol: 'neo' }) } },
    /protocol\.name: "lockstep" here, "neo" there/,
    /protocol\.name: "neo" here/,
  ],
  [
    'parameters',
    { agreements: { 1: agreement({ parameters: { stallMs: 7 } }) } },
    /protocol\.parameters\.stallMs: 1000 here, 7 there/,
    /stallMs: 7 here, 1000 there/,
  ],
  [
    'an additional player',
    { rosters: { 1: roster(...people(2).keys, outsider) } },
    new RegExp(`roster: ${name(outsider)} only there`),
    new RegExp(`roster: ${name(outsider)} only here`),
  ],
  [
    'a missing player',
    { rosters: { 0: roster(...people(2).keys, outsider) } },
    new RegExp(`roster: ${name(outsider)} only here`),
    new RegExp(`roster: ${name(outsider)} only there`),
  ],
  [
    'another key',
    {
      rosters: { 0: roster(...people(2).keys, outsider), 1: roster(...people(2).keys, two && of.keys[0]) },
    },
    /roster: .* only here; roster: .* only there/,
    /roster: .* only here; roster: .* only there/,
  ],
];

describe('any difference is refused by both sides, with an error that names it', () => {
  for (const apart of [0, 3, 11, 75, 500, 2000]) {
    it.each(cases)(`%s, ${apart} ms apart`, (_what, options, here, there) => {
      const hall = new Hall(2, { ...options, handshakeMs: 60_000 }).start(0).run(apart).start(1);
      for (const guest of hall.guests) {
        const tell = guest.told.push.bind(guest.told);
        guest.told.push = (effect) => {
          if (effect.type === 'refused') guest.driver?.stop();
          return tell(effect);
        };
      }
      hall.run(5000);
      expect(hall.guest(0).heard('refused')[0]?.reason).toMatch(here);
      expect(hall.guest(1).heard('refused')[0]?.reason).toMatch(there);
      for (const guest of hall.guests) expect(guest.lockstep).toBeNull();
    });
  }
});
