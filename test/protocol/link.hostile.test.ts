/** Links under attack and on bad roads: forged standings, silent and flooding peers, loss. */

import { describe, expect, it } from 'vitest';
import type { Seat } from '../../src/base/ids.ts';
import { prng } from '../../src/base/prng.ts';
import { micros } from '../../src/base/time.ts';
import { encodeBundle, type Standing } from '../../src/wire/envelope.ts';
import { statementOf } from '../../src/wire/packet.ts';
import { Hall } from './hall.ts';
import { packet } from './table.ts';

function standing(change: Partial<Record<keyof Standing, number>> = {}): Standing {
  return { epoch: 0, round: 1, commits: 0, opens: 0, removes: 0, causes: 0, ...change } as Standing;
}

describe('on a bad network', () => {
  it.each([1, 5, 20])('loss costs a resend, not a second: one-way delay %i ms, a fifth lost', (delayMs) => {
    const hall = new Hall(3, { delayMs }).start().run(500);
    const random = prng(delayMs);
    hall.route = (_from, _to, datagram) => (random.below(5) === 0 ? [] : [datagram]);
    const { round } = hall.guest(0);
    hall.run(20_000);
    const perRound = 20_000 / (hall.guest(0).round - round);
    expect(perRound).toBeLessThan(100 + 6 * delayMs);
  });
});

describe('forged standings', () => {
  it('one that a member cannot have is ignored', () => {
    const hall = new Hall(3).start().run(333);
    hall.route = (from, to, datagram) => (from === 1 && to === 0 ? [] : [datagram]);
    hall.run(500);
    const before = hall.guest(0).driver?.session.link.peers[1]?.standing;
    for (const lie of [
      standing({ epoch: 2, round: 1 }),
      standing({ round: 4_000_000_000 }),
      standing({ epoch: 1, round: 5000 }),
    ]) {
      hall.inject(1, 0, encodeBundle(hall.session, { standing: lie, items: [] }));
      expect(hall.guest(0).driver?.session.link.peers[1]?.standing).toEqual(before);
    }
  });

  it('a plausible one delays a resend until the next genuine one, and no longer', () => {
    const hall = new Hall(3).start().run(333);
    hall.route = (from, to, datagram) => {
      if (to === 1 && from !== 1)
        return [hall.without(datagram, (each) => statementOf(each, 'reveal') !== null)];
      return [datagram];
    };
    hall.run(100);
    const { round } = hall.guest(1);
    for (const from of [0, 2]) {
      const lie = standing({ round: round + 1, commits: 7, opens: 7 });
      hall.inject(1, from, encodeBundle(hall.session, { standing: lie, items: [] }));
    }
    expect(hall.guest(0).driver?.session.link.peers[1]?.pending).toEqual([]);
    hall.route = (_from, _to, datagram) => [datagram];
    hall.run(2500);
    expect(hall.guest(1).round).toBeGreaterThan(round + 5);
  });

  it('whatever they say, once a second, play goes on', () => {
    const hall = new Hall(3, { delayMs: 50, stallMs: 60_000 }).start().run(500);
    const dice = (bound: number, salt: number) => (salt * 2654435761) % bound;
    for (let second = 1; second <= 20; second++) {
      const { epoch, round } = hall.guest(0).lockstep;
      const lie = standing({
        epoch: epoch + dice(2, second),
        round: round + dice(3, second * 7) - 1,
        commits: dice(8, second),
        opens: dice(8, second * 3),
        removes: dice(8, second * 5),
        causes: dice(8, second * 11),
      });
      for (const [from, to] of [
        [1, 0],
        [2, 1],
        [0, 2],
      ] as const)
        hall.inject(from, to, encodeBundle(hall.session, { standing: lie, items: [] }));
      hall.run(1000);
    }
    expect(hall.guest(0).round).toBeGreaterThan(20);
    for (const guest of hall.guests) expect(guest.heard('evidence')).toEqual([]);
  });
});

describe('memory', () => {
  /** The most that a link holds for one player: two rounds, the parked one and all removal of all. */
  const most = (seats: number) => 8 * seats;
  const pending = (hall: Hall, seat: number) =>
    hall.guest(seat).driver?.session.link.peers.map((peer) => peer?.pending.length ?? 0) as number[];

  it('a peer that never answers holds no more than a few packets a player, however long the match', () => {
    const hall = new Hall(3, { delayMs: 25 }).start().run(500);
    hall.route = (from, to, datagram) => (from + to === 2 && from !== 1 ? [] : [datagram]);
    for (let part = 0; part < 6; part++) {
      hall.run(5000);
      expect(Math.max(...pending(hall, 0), ...pending(hall, 2))).toBeLessThanOrEqual(most(3));
    }
    expect(hall.guest(0).round).toBeGreaterThan(50);
    const bytes = hall.guest(0).driver?.counts.bytesOut ?? 0;
    hall.run(5000);
    expect((hall.guest(0).driver?.counts.bytesOut ?? 0) - bytes).toBeLessThan(bytes / 3);
  });

  it('a liar that wishes without end adds nothing', () => {
    const hall = new Hall(4).start().run(300);
    const of = { ...hall.people, session: hall.session };
    for (let index = 0; index < 200; index++) {
      const { round } = hall.guest(0);
      const wish = packet(of, 3, { kind: 'wish', epoch: 0, index, target: index % 3, round });
      hall.inject(3, 0, hall.bundle(3, wish));
    }
    expect(Math.max(...pending(hall, 0))).toBeLessThanOrEqual(most(4));
    hall.run(3000);
    for (const seat of [0, 1, 2]) expect(Math.max(...pending(hall, seat))).toBeLessThanOrEqual(most(4));
    expect(hall.guest(0).round).toBeGreaterThan(50);
  });

  it('a wish that nobody takes up is not repeated for ever', () => {
    const hall = new Hall(4).start().run(300);
    hall.crash(3);
    hall.run(1500);
    hall.guest(0).driver?.dispatch({ type: 'wish', at: hall.now, target: 3 as Seat });
    hall.run(30_000);
    for (const seat of [0, 1, 2]) {
      const late = hall.guest(seat).leftAt.filter(({ at }) => at > hall.now - micros(10_000));
      expect(late.length).toBeGreaterThan(5);
      const wishes = late.filter(({ datagram }) =>
        hall.packetsIn(datagram).some((each) => statementOf(each, 'wish')),
      );
      expect(wishes, `player ${seat}`).toEqual([]);
    }
  });
});
