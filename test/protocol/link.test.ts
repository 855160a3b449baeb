import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seatOf } from '../../src/base/ids.ts';
import { micros } from '../../src/base/time.ts';
import {
  cutOff,
  flush,
  heard,
  interruptions,
  type Link,
  linkWakeAt,
  offer,
  openLink,
  reconcileAll,
} from '../../src/protocol/link.ts';
import type { lacks } from '../../src/protocol/standing.ts';
import type { Standing } from '../../src/wire/envelope.ts';
import { encodeBundle } from '../../src/wire/envelope.ts';
import { DATAGRAM_BYTES_MAX } from '../../src/wire/limits.ts';
import { Hall } from './hall.ts';

type Holding = Parameters<typeof lacks>[1];
const me = seatOf(0);
const ms = (count: number) => micros(count);

function holding(
  author: number,
  { kind = 'commit' as Holding['kind'], round = 1, bytes = 105, epoch = 0 } = {},
): Holding {
  const filled = new Uint8Array(bytes).fill(author + 1);
  return { kind, epoch, round, author: seatOf(author), item: { type: 'packet', bytes: filled } };
}

function standing(change: Partial<Record<keyof Standing, number>> = {}): Standing {
  return { epoch: 0, round: 1, commits: 0, opens: 0, removes: 0, causes: 0, ...change } as Standing;
}

/** Everything that leaves for a seat until then, and when; the link is looked at whenever it wants to be. */
function leaving(start: Link, to: number, until: number) {
  const out: { readonly at: number; readonly items: readonly Uint8Array[] }[] = [];
  let link = start;
  for (let at = linkWakeAt(link); at !== null && at <= until; at = linkWakeAt(link)) {
    const [next, sendings] = flush(link, at);
    const when = at;
    link = interruptions(next, at)[0];
    out.push(
      ...sendings.flatMap((each) =>
        each.to === to ? [{ at: when, items: each.items.map(({ bytes }) => bytes) }] : [],
      ),
    );
  }
  return { link, out };
}

/** When that item leaves for that seat. */
const timesOf = ({ out }: ReturnType<typeof leaving>, { item }: Holding) =>
  out.filter(({ items }) => items.includes(item.bytes)).map(({ at }) => at);

describe('what a player lacks is sent until its standing says that it holds it', () => {
  const own = holding(0);

  it('own packets leave at once, to everybody', () => {
    const link = offer(openLink(3, me, 0), 0, own);
    const [, sendings] = flush(link, 0);
    expect(sendings.map(({ items, to }) => [to, items])).toEqual([
      [1, [own.item]],
      [2, [own.item]],
    ]);
  });

  it('again, later and later, but at least once a second', () => {
    const times = timesOf(leaving(offer(openLink(2, me, 0), 0, own), 1, ms(20_000)), own);
    const gaps = times.slice(1).map((at, index) => at - (times[index] as number));
    expect(gaps[0]).toBeLessThanOrEqual(ms(300));
    for (const [index, gap] of gaps.slice(1).entries()) {
      expect(gap).toBe(Math.min(2 * (gaps[index] as number), ms(1000)));
    }
    expect(gaps.length).toBeGreaterThan(15);
  });

  it('never again once it is acknowledged', () => {
    let { link } = leaving(offer(openLink(2, me, 0), 0, own), 1, ms(50));
    link = heard(link, seatOf(1), ms(51), { standing: standing({ commits: 1 }), carried: false }, () => [
      own,
    ]);
    expect(timesOf(leaving(link, 1, ms(30_000)), own)).toEqual([]);
    expect(link.peers[1]?.pending).toEqual([]);
  });

  it('nor when the player has gone on to where it is of no use', () => {
    for (const where of [standing({ round: 2 }), standing({ epoch: 1 })]) {
      const { link } = leaving(offer(openLink(2, me, 0), 0, own), 1, ms(50));
      const after = heard(link, seatOf(1), ms(51), { standing: where, carried: false }, () => [own]);
      expect(timesOf(leaving(after, 1, ms(30_000)), own)).toEqual([]);
    }
  });

  it('an acknowledgement of one player is none of another', () => {
    const { link } = leaving(offer(openLink(3, me, 0), 0, own), 1, ms(50));
    const after = heard(
      link,
      seatOf(1),
      ms(51),
      { standing: standing({ commits: 1 }), carried: false },
      () => [own],
    );
    expect(timesOf(leaving(after, 2, ms(5000)), own).length).toBeGreaterThan(4);
  });

  it('nothing goes back to its author, but a cause goes to everybody', () => {
    const theirs = offer(openLink(3, me, 0), 0, holding(1));
    expect(theirs.peers[1]?.pending).toEqual([]);
    expect(theirs.peers[2]?.pending.length).toBe(1);
    const cause = offer(openLink(3, me, 0), 0, holding(1, { kind: 'cause', round: 0 }));
    expect([1, 2].map((seat) => cause.peers[seat]?.pending.length)).toEqual([1, 1]);
  });
});

describe('packets of others', () => {
  it('are relayed only after a patience, which is longer the further the seat is from the author', () => {
    const theirs = holding(5);
    const waits = [6, 7, 0, 1, 2].map((seat) => {
      const { out } = leaving(offer(openLink(8, seatOf(seat), 0), 0, theirs), 4, ms(5000));
      return out.find(({ items }) => items.length > 0)?.at as number;
    });
    expect(waits[0]).toBeGreaterThanOrEqual(ms(50));
    expect([...waits].sort((a, b) => a - b)).toEqual(waits);
    expect(new Set(waits).size).toBe(5);
    expect(Math.max(...waits)).toBeLessThan(ms(1000));
  });

  it('not at all when their author has delivered them by then', () => {
    const theirs = holding(1);
    let link = offer(openLink(3, me, 0), 0, theirs);
    link = heard(link, seatOf(2), ms(40), { standing: standing({ commits: 0b010 }), carried: true }, () => [
      theirs,
    ]);
    expect(timesOf(leaving(link, 2, ms(30_000)), theirs)).toEqual([]);
  });

  it('on a good network nothing is relayed, and nothing sent twice', () => {
    const hall = new Hall(4).start().run(1500);
    for (const { seat } of hall.guests) {
      const left = hall.guest(seat).leftAt;
      const packets = left.flatMap(({ datagram, to }) =>
        hall.packetsIn(datagram).map((each) => ({ to, each })),
      );
      expect(
        packets.filter(({ each }) => each.sender !== seat),
        `player ${seat} relays`,
      ).toEqual([]);
      const named = packets.map(({ to, each }) => `${to} ${String(each.signature)}`);
      expect(new Set(named).size).toBe(named.length);
    }
  });
});

describe('datagrams', () => {
  it('carry as many packets as fit, in order, and never more than their limit', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 1173 }), { minLength: 1, maxLength: 60 }), (sizes) => {
        let link = openLink(2, me, 0);
        const items = sizes.map((bytes) => holding(0, { bytes }));
        for (const each of items) link = offer(link, 0, each);
        const [, sendings] = flush(link, 0);
        expect(sendings.flatMap((each) => each.items)).toEqual(items.map(({ item }) => item));
        for (const each of sendings) {
          const datagram = encodeBundle(new Uint8Array(32), { standing: standing(), items: each.items });
          expect(datagram.length).toBeLessThanOrEqual(DATAGRAM_BYTES_MAX);
          expect(each.items.length).toBeLessThanOrEqual(32);
        }
        const total = sizes.reduce((all, size) => all + size + 3, 0);
        expect(sendings.length).toBeLessThanOrEqual(
          Math.ceil((2 * total) / 1176) + Math.ceil(sizes.length / 32),
        );
      }),
    );
  });

  it('of what is due at once, one leaves', () => {
    let link = openLink(2, me, 0);
    for (const kind of ['commit', 'open'] as const) link = offer(link, 0, holding(0, { kind }));
    expect(flush(link, 0)[1].length).toBe(1);
  });
});

describe('the standing alone', () => {
  it('leaves soon after something has come that wants an answer, and once', () => {
    const link = heard(
      openLink(2, me, 0),
      seatOf(1),
      ms(10),
      { standing: standing(), carried: true },
      () => [],
    );
    const { out } = leaving(link, 1, ms(900));
    expect(out.map(({ items }) => items)).toEqual([[]]);
    expect(out[0]?.at).toBeLessThanOrEqual(ms(60));
  });

  it('not after a standing alone: two that have nothing to say stay quiet', () => {
    const link = heard(
      openLink(2, me, 0),
      seatOf(1),
      ms(10),
      { standing: standing(), carried: false },
      () => [],
    );
    expect(leaving(link, 1, ms(900)).out).toEqual([]);
  });

  it('travels with a packet instead, if one leaves in time', () => {
    let link = heard(
      openLink(2, me, 0),
      seatOf(1),
      ms(10),
      { standing: standing(), carried: true },
      () => [],
    );
    link = offer(link, ms(11), holding(0));
    link = flush(link, ms(11))[0];
    link = heard(link, seatOf(1), ms(12), { standing: standing({ commits: 1 }), carried: false }, () => []);
    expect(leaving(link, 1, ms(900)).out).toEqual([]);
  });

  it('at least once a second, so that silence means something', () => {
    const { out } = leaving(openLink(2, me, 0), 1, ms(10_500));
    expect(out.map(({ at }) => at)).toEqual(Array.from({ length: 10 }, (_, index) => ms(1000 * (index + 1))));
  });
});

describe('silence', () => {
  it('interrupts a player once, and any datagram of it ends that', () => {
    const [at3, early] = interruptions(openLink(3, me, 0), ms(3499));
    expect(early).toEqual([]);
    const [silent, seats] = interruptions(at3, ms(3500));
    expect(seats).toEqual([1, 2]);
    expect(interruptions(silent, ms(9000))[1]).toEqual([]);
    const back = heard(silent, seatOf(1), ms(9000), { standing: null, carried: false }, () => []);
    expect([1, 2].map((seat) => back.peers[seat]?.interrupted)).toEqual([false, true]);
    expect(interruptions(back, ms(12_499))[1]).toEqual([]);
    expect(interruptions(back, ms(12_500))[1]).toEqual([1]);
  });

  it('is told as interrupted and resumed, once each', () => {
    const hall = new Hall(3, { delayMs: 50 }).start().run(500);
    hall.crash(2);
    hall.run(20_000);
    hall.start(2).run(2000);
    for (const seat of [0, 1]) {
      const told = hall.guest(seat).notices('player');
      expect(told.map(({ player, status }) => [player, status])).toEqual([
        [2, 'interrupted'],
        [2, 'resumed'],
      ]);
    }
  });

  it('wakes nobody for a player that is cut off', () => {
    const link = cutOff(offer(openLink(2, me, 0), 0, holding(0)), [seatOf(1)]);
    expect(linkWakeAt(link)).toBeNull();
    expect(flush(link, ms(5000))[1]).toEqual([]);
    expect(heard(link, seatOf(1), ms(1), { standing: standing(), carried: true }, () => [])).toBe(link);
  });
});

describe('the round trip', () => {
  /** A link to a player that has said where it is. */
  const known = () =>
    heard(openLink(2, me, 0), seatOf(1), 0, { standing: standing(), carried: false }, () => []);

  it('is measured by what was sent once only, and paces the resends', () => {
    const own = holding(0);
    let { link } = leaving(offer(known(), 0, own), 1, 0);
    link = heard(link, seatOf(1), ms(40), { standing: standing({ commits: 1 }), carried: false }, () => [
      own,
    ]);
    expect(link.peers[1]?.roundTrip).toBe(ms(40));
    const next = holding(0, { round: 2, bytes: 77 });
    const [first, again] = timesOf(leaving(offer(link, ms(100), next), 1, ms(1000)), next) as [
      number,
      number,
    ];
    expect(first).toBe(ms(100));
    expect(again - first).toBeGreaterThanOrEqual(ms(40));
    expect(again - first).toBeLessThanOrEqual(ms(120));
  });

  it('not by what was sent twice (Karn), unless the answer came too soon to be one to the last', () => {
    const own = holding(0);
    const measured = (ackMs: number) => {
      const start = heard(known(), seatOf(1), 0, { standing: standing(), carried: false }, () => []);
      let { link } = leaving(offer(start, 0, own), 1, 0);
      link = heard(link, seatOf(1), ms(40), { standing: standing({ commits: 1 }), carried: false }, () => [
        own,
      ]);
      const next = holding(0, { round: 2 });
      const sent = leaving(offer(link, ms(100), next), 1, ms(250));
      const last = timesOf(sent, next).at(-1) as number;
      expect(timesOf(sent, next).length).toBeGreaterThan(1);
      const acked = { standing: standing({ round: 2, commits: 1 }), carried: false };
      return heard(sent.link, seatOf(1), last + ms(ackMs), acked, () => [next]).peers[1]?.roundTrip;
    };
    expect(measured(30)).toBe(ms(40));
    expect(measured(2)).toBeGreaterThan(ms(40));
  });
});
describe('what is held no more', () => {
  it('holdings that are gone are taken out of every link', () => {
    let link = openLink(3, me, 0);
    for (let round = 1; round <= 5; round++) link = offer(link, 0, holding(0, { round }));
    const last = holding(0, { round: 5 });
    link = reconcileAll(link, ms(1), [last]);
    for (const seat of [1, 2]) expect(link.peers[seat]?.pending.length).toBe(1);
  });
});
