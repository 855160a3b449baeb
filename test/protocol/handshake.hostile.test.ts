/** The handshake under attack and on bad roads: replays, losses, restarts, floods. */

import { describe, expect, it } from 'vitest';
import { equalBytes } from '../../src/base/bytes.ts';
import { micros } from '../../src/base/time.ts';
import { HELLO } from '../../src/wire/envelope.ts';
import { decodeHello } from '../../src/wire/hello.ts';
import { Hall } from './hall.ts';
import { agreement, helloOf } from './table.ts';

const zeroes = new Uint8Array(16);

/** All hellos that left a hall. */
const hellosOf = (hall: Hall, seat: number) =>
  hall.guest(seat).leftAt.filter(({ datagram }) => datagram[1] === HELLO);

describe('replayed hellos', () => {
  it.each([
    ['of an earlier match', {}],
    ['of an earlier match of another game', { agreements: [0, 1, 2].map(() => agreement({ id: 'old' })) }],
  ])('%s neither start nor end a match', (_what, options) => {
    const old = new Hall(3, { ...options, salts: 100 }).start().run(100);
    const hall = new Hall(3, { idle: [0, 1, 2] }).start(0);
    const replay = () => {
      for (const seat of [1, 2])
        for (const { datagram } of hellosOf(old, seat)) hall.inject(seat, 0, datagram);
    };
    for (let i = 0; i < 20; i++) {
      replay();
      hall.run(50);
    }
    expect(hall.guest(0).lockstep).toBeNull();
    hall.start(1, 2);
    for (let i = 0; i < 20; i++) {
      replay();
      hall.run(50);
    }
    for (const guest of hall.guests) {
      expect(guest.lockstep.setup.session).toEqual(hall.session);
      expect(guest.heard('refused')).toEqual([]);
    }
    replay();
    expect(hall.run(1000).guest(0).lockstep.setup.session).not.toEqual(old.session);
  });

  it('of this very handshake, in any order, change nothing', () => {
    const hall = new Hall(3, { idle: [0, 1, 2] }).start();
    for (let i = 0; i < 60; i++) {
      for (const from of [0, 1, 2]) {
        for (const { datagram } of hellosOf(hall, from).slice(0, 4))
          for (const to of [0, 1, 2]) if (to !== from) hall.inject(from, to, datagram);
      }
      hall.run(20);
    }
    const [first] = hall.guests;
    for (const guest of hall.guests)
      expect(guest.lockstep.setup.session).toEqual(first?.lockstep.setup.session);
  });

  it('of a player that has drawn another nonce since: the match begins with the new one', () => {
    const hall = new Hall(2, { idle: [0, 1] });
    hall.route = () => [];
    hall.start(1).run(400);
    const stale = hellosOf(hall, 1);
    hall.crash(1, false);
    hall.route = (_from, _to, datagram) => [datagram];
    hall.start(0, 1);
    for (let i = 0; i < 40; i++) {
      for (const { datagram } of stale) hall.inject(1, 0, datagram);
      hall.run(25);
    }
    expect(hall.guest(0).lockstep.setup.session).toEqual(hall.guest(1).lockstep.setup.session);
  });

  it('a hello in the name of another is refused', () => {
    const hall = new Hall(3).start(0, 1).run(50);
    const [forged] = hellosOf(hall, 1);
    hall.inject(2, 0, (forged as { datagram: Uint8Array }).datagram);
    expect(hall.guest(0).driver?.counts.refused).toMatchObject({ sender: 1 });
    const bent = (forged as { datagram: Uint8Array }).datagram.slice();
    bent[40] = (bent[40] as number) ^ 1;
    hall.inject(1, 0, bent);
    expect(hall.guest(0).driver?.counts.refused).toMatchObject({ signature: 1 });
  });
});

describe('lost hellos', () => {
  it.each([1, 2, 3, 5, 8])(
    'the first %i of every pair are lost, and the match begins all the same',
    (lost) => {
      const hall = new Hall(4, { idle: [0, 1, 2, 3] });
      const seen = new Map<string, number>();
      hall.route = (from, to, datagram) => {
        const count = (seen.get(`${from} ${to}`) ?? 0) + 1;
        seen.set(`${from} ${to}`, count);
        return count <= lost ? [] : [datagram];
      };
      hall.start().run(10_000);
      for (const guest of hall.guests) expect(guest.lockstep.setup.session).toEqual(hall.session);
    },
  );

  it('all of one direction: nobody on either side begins, and both say whom they wait for', () => {
    const hall = new Hall(2, { handshakeMs: 3000 });
    hall.route = (from, _to, datagram) => (from === 0 ? [] : [datagram]);
    hall.start().run(3500);
    expect(hall.guest(1).heard('refused')[0]?.reason).toMatch(/^player 0 \(.*\) has not answered$/);
    expect(hall.guest(0).heard('refused')[0]?.reason).toMatch(/^player 1 \(.*\) is in another match/);
    for (const guest of hall.guests) expect(guest.lockstep).toBeNull();
  });
});

describe('a player that starts again during the handshake', () => {
  it.each([true, false])('before anybody has begun (its log kept: %s)', (keepLog) => {
    const hall = new Hall(3, { idle: [0, 1, 2] }).start(0, 1).run(400);
    hall.crash(1, keepLog);
    hall.start(1).run(300).start(2).run(1000);
    for (const guest of hall.guests) expect(guest.lockstep.setup.session).toEqual(hall.session);
  });

  it('with its log, when the others have begun without its knowing', () => {
    const hall = new Hall(3, { idle: [0, 1, 2] });
    hall.route = (_from, to, datagram) => {
      const said = datagram[1] === HELLO ? decodeHello(datagram) : null;
      return to === 2 && said?.ok && !said.value.nonces.some((nonce) => equalBytes(nonce, zeroes))
        ? []
        : [datagram];
    };
    hall.start().run(1000);
    expect([0, 1, 2].map((seat) => hall.guest(seat).lockstep !== null)).toEqual([true, true, false]);
    hall.crash(2);
    hall.route = (_from, _to, datagram) => [datagram];
    hall.start(2).run(1000);
    expect(hall.guest(2).lockstep.setup.session).toEqual(hall.session);
  });

  it('without its log, when the others have begun: it cannot come back, and is told why', () => {
    const hall = new Hall(3, { idle: [0, 1, 2], handshakeMs: 4000 }).start().run(1000);
    expect(hall.guest(0).lockstep).not.toBeNull();
    hall.crash(2, false);
    hall.start(2).run(5000);
    expect(hall.guest(2).lockstep).toBeNull();
    expect(hall.guest(2).heard('refused')[0]?.reason).toContain(
      "is in another match: it does not know this one's nonce",
    );
    expect(hall.guest(0).heard('end')).toEqual([]);
  });
});

describe('floods of hellos', () => {
  /** The most hellos that leave to one player within 100 ms. */
  function rate(hall: Hall, seat: number, to: number): number {
    const times = hellosOf(hall, seat)
      .filter((each) => each.to === to)
      .map(({ at }) => at);
    return Math.max(
      ...times.map((at) => times.filter((other) => other >= at && other < at + micros(100)).length),
    );
  }

  it('during the handshake are answered at a bounded rate, also when each brings another nonce', () => {
    const hall = new Hall(3).start(0, 1).run(50);
    for (let i = 0; i < 1000; i++) {
      const nonce = new Uint8Array(16).fill(1 + (i % 200));
      hall.inject(1, 0, helloOf(hall.people, 1, { nonce }).bytes);
      hall.run(1);
    }
    expect(rate(hall, 0, 1)).toBeLessThanOrEqual(6);
    expect(rate(hall, 0, 2)).toBeLessThanOrEqual(6);
  });

  it('in a match, too; and a flood of one keeps nobody else from an answer for long', () => {
    const hall = new Hall(3, { idle: [0, 1, 2] }).start().run(1000);
    const [old] = hellosOf(hall, 1);
    hall.crash(2);
    const before = hellosOf(hall, 0).length;
    for (let i = 0; i < 1000; i++) {
      hall.inject(1, 0, (old as { datagram: Uint8Array }).datagram);
      if (i === 500) hall.start(2);
      hall.run(1);
    }
    expect(hellosOf(hall, 0).length - before).toBeLessThanOrEqual(60);
    expect(rate(hall, 0, 1)).toBeLessThanOrEqual(6);
  });
});
