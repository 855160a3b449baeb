import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seatOf } from '../../src/base/ids.ts';
import { prng } from '../../src/base/prng.ts';
import { micros } from '../../src/base/time.ts';
import { rawTime, virtualTime } from '../../src/sim/clocks.ts';
import { Network, type NetworkOptions } from '../../src/sim/network.ts';

const [a, b, c] = [seatOf(0), seatOf(1), seatOf(2)] as const;
const arrivals = (options: NetworkOptions, count: number, seed = 1) => {
  const network = new Network(prng(seed), options);
  return Array.from({ length: count }, (_, index) => network.arrivals(a, b, index * 1000));
};

describe('a simulated network', () => {
  it('delays by 20 ms and loses nothing, unless told', () => {
    expect(arrivals({}, 100)).toEqual(Array.from({ length: 100 }, (_, index) => [index * 1000 + micros(20)]));
  });

  it('adds jitter evenly between nothing and all of it', () => {
    const extra = arrivals({ delayMs: 10, jitterMs: 4 }, 4000).map(
      ([at], index) => (at as number) - index * 1000 - micros(10),
    );
    expect(Math.min(...extra)).toBeGreaterThanOrEqual(0);
    expect(Math.min(...extra)).toBeLessThan(20);
    expect(Math.max(...extra)).toBeLessThanOrEqual(micros(4));
    expect(Math.max(...extra)).toBeGreaterThan(micros(4) - 20);
    const mean = extra.reduce((all, each) => all + each, 0) / extra.length;
    expect(Math.abs(mean - micros(2))).toBeLessThan(100);
  });

  it('loses and doubles the share that it is told', () => {
    const all = arrivals({ loss: 0.3, duplicate: 0.5 }, 10_000);
    const lost = all.filter(({ length }) => length === 0).length;
    const twice = all.filter(({ length }) => length === 2).length;
    expect(Math.abs(lost / 10_000 - 0.3)).toBeLessThan(0.02);
    expect(Math.abs(twice / (10_000 - lost) - 0.5)).toBeLessThan(0.02);
  });

  it('loses all or nothing, doubles all or nothing', () => {
    expect(arrivals({ loss: 1 }, 100).flat()).toEqual([]);
    expect(arrivals({ duplicate: 1 }, 100).every(({ length }) => length === 2)).toBe(true);
    expect(arrivals({ loss: 0, duplicate: 0 }, 100).every(({ length }) => length === 1)).toBe(true);
  });

  it('reorders when the jitter is longer than the time between datagrams', () => {
    const times = arrivals({ jitterMs: 30 }, 200).flat();
    expect([...times].sort((x, y) => x - y)).not.toEqual(times);
  });

  it('is the same for the same seed, and differs for another', () => {
    const bad = { jitterMs: 7, loss: 0.2, duplicate: 0.2 };
    expect(arrivals(bad, 200)).toEqual(arrivals(bad, 200));
    expect(arrivals(bad, 200, 2)).not.toEqual(arrivals(bad, 200));
  });
});

describe('a partition', () => {
  it('lets only players of one group reach each other, and ends', () => {
    const network = new Network(prng(1));
    network.partition([[0, 1], [2]]);
    expect(
      [network.arrivals(a, b, 0), network.arrivals(b, c, 0), network.arrivals(c, a, 0)].map(
        ({ length }) => length,
      ),
    ).toEqual([1, 0, 0]);
    network.partition(null);
    expect(network.arrivals(b, c, 0).length).toBe(1);
  });

  it('groups may share players; who is in none reaches nobody', () => {
    const network = new Network(prng(1));
    network.partition([
      [0, 1],
      [1, 2],
    ]);
    expect(
      [network.arrivals(a, c, 0), network.arrivals(a, b, 0), network.arrivals(b, c, 0)].map(
        ({ length }) => length,
      ),
    ).toEqual([0, 1, 1]);
    network.partition([[0, 1]]);
    expect([network.arrivals(a, c, 0), network.arrivals(c, b, 0)]).toEqual([[], []]);
  });

  it('does not change what happens to the others: it draws as if it were not there', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const options = { jitterMs: 5, loss: 0.3, duplicate: 0.3 };
        const [whole, cut] = [
          new Network(prng(seed), { ...options, jitterMs: 0 }),
          new Network(prng(seed), { ...options, jitterMs: 0 }),
        ];
        cut.partition([[0, 1], [2]]);
        for (let at = 0; at < 50; at++) {
          const [from, to] = at % 3 === 0 ? [a, c] : [a, b];
          const [free, kept] = [whole.arrivals(from, to, at), cut.arrivals(from, to, at)];
          expect(kept).toEqual(to === c ? [] : free);
        }
      }),
    );
  });
});

describe('options out of range', () => {
  it.each<[NetworkOptions, RegExp]>([
    [{ delayMs: -1 }, /^simulate: network\.delayMs must be 0 \.\. 3600000 \(milliseconds\); got -1$/],
    [{ jitterMs: Number.NaN }, /network\.jitterMs .*got NaN/],
    [{ delayMs: 4_000_000 }, /network\.delayMs/],
    [{ loss: 1.1 }, /^simulate: network\.loss must be 0 \.\. 1; got 1\.1$/],
    [{ loss: -0.1 }, /network\.loss/],
    [{ duplicate: Number.NaN }, /network\.duplicate/],
  ])('%j', (options, text) => {
    expect(() => new Network(prng(1), options)).toThrow(text);
    expect(() => new Network(prng(1), options)).toThrow(RangeError);
  });
});

describe('what is wrong for a while', () => {
  it('is wrong in one direction of the links it is about, until it is over', () => {
    const network = new Network(prng(1), { delayMs: 10 });
    const over = network.impair({ from: 0, to: 1, loss: 1 });
    const slow = network.impair({ from: null, to: 2, delayMs: 5 });
    expect(network.arrivals(a, b, 0)).toEqual([]);
    expect(network.arrivals(b, a, 0)).toEqual([micros(10)]);
    expect(network.arrivals(a, c, 0)).toEqual([micros(15)]);
    expect(network.arrivals(b, c, 0)).toEqual([micros(15)]);
    over();
    slow();
    expect(network.arrivals(a, b, 0)).toEqual([micros(10)]);
    expect(network.arrivals(a, c, 0)).toEqual([micros(10)]);
  });

  it('ends all at once when the network becomes calm', () => {
    const network = new Network(prng(1), { delayMs: 100, jitterMs: 50, loss: 1, duplicate: 1 });
    network.partition([[0], [1]]);
    network.impair({ from: null, to: null, loss: 1 });
    network.calm();
    expect(network.arrivals(a, b, 0)).toEqual([micros(20)]);
  });
});

describe('a clock', () => {
  it('reads what it should, and says when it will read something', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1_800_000 }),
        fc.integer({ min: -1000, max: 1000 }),
        fc.integer({ min: 0, max: 1e10 }),
        (offsetMs, driftPpm, at) => {
          const clock = { offsetMs, driftPpm };
          const raw = rawTime(clock, at);
          expect(Math.abs(raw - micros(offsetMs) - at * (1 + driftPpm / 1e6))).toBeLessThanOrEqual(1);
          const again = virtualTime(clock, raw);
          expect(rawTime(clock, again)).toBeGreaterThanOrEqual(raw);
          if (again > 0) expect(rawTime(clock, again - 1)).toBeLessThan(raw);
        },
      ),
    );
  });
});
