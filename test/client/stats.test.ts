import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Latencies, statsOf, Timings } from '../../src/client/stats.ts';
import { Hall } from '../protocol/hall.ts';

function latencies(samples: readonly number[]): Latencies {
  const all = new Latencies();
  for (const sample of samples) all.add(sample);
  return all;
}

/** Rounds with those times to `advance`, each final as long after it. */
function timings(samples: readonly number[]): Timings {
  const all = new Timings();
  for (const [index, sample] of samples.entries()) {
    all.advanced(index + 1, 1000, 1000 + sample);
    all.finalized(index + 1, 1000 + 2 * sample);
  }
  return all;
}

describe('percentiles', () => {
  it('there is none of nothing', () => {
    expect(latencies([]).percentile(0.5)).toBeUndefined();
  });

  it('are of the nearest rank, in milliseconds', () => {
    const all = latencies([5000, 1000, 3000, 2000, 4000]);
    expect([0, 0.2, 0.21, 0.5, 0.99, 1].map((share) => all.percentile(share))).toEqual([1, 1, 2, 3, 5, 5]);
  });

  it('at least that share of the samples is not above them, and they are samples', () => {
    const samples = fc.array(fc.nat(1_000_000), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(samples, fc.double({ min: 0, max: 1, noNaN: true }), (list, share) => {
        const value = latencies(list).percentile(share) as number;
        expect(list.map((sample) => sample / 1000)).toContain(value);
        expect(list.filter((sample) => sample / 1000 <= value).length).toBeGreaterThanOrEqual(
          Math.floor(share * list.length),
        );
        expect(list.filter((sample) => sample / 1000 < value).length).toBeLessThan(
          Math.max(1, share * list.length),
        );
      }),
    );
  });

  it('are of the newest 4096 samples', () => {
    const all = latencies(Array.from({ length: 5000 }, (_, index) => index * 1000));
    expect(all.percentile(0)).toBe(5000 - 4096);
    expect(all.percentile(1)).toBe(4999);
  });
});

describe('the figures of a session', () => {
  const hall = new Hall(3).start().run(800);
  const driver = hall.guest(0).driver as NonNullable<ReturnType<Hall['guest']>['driver']>;
  const stats = statsOf(driver, 'node', 7, timings([4000, 8000]), hall.now);

  it('are those of its driver', () => {
    const { bytesIn, bytesOut, datagramsIn, datagramsOut, signed, verified } = driver.counts;
    expect(stats).toMatchObject({ bytesIn, bytesOut, datagramsIn, datagramsOut, signed, verified });
    expect(stats).toMatchObject({ protocol: 'lockstep', keyring: 'node', epoch: 0, rounds: 7 });
    expect(stats.advanceMs).toEqual({ p50: 4, p99: 8 });
    expect(stats.finalMs).toEqual({ p50: 8, p99: 16 });
    expect(stats).toMatchObject({ slowRounds: 0, newest: [] });
    expect(statsOf(driver, 'node', 0, timings([]), hall.now).advanceMs).toBeUndefined();
  });

  it('the links are those to the others, with how long nothing was heard', () => {
    expect(stats.links.map(({ player }) => player)).toEqual([1, 2]);
    for (const link of stats.links) {
      expect(link.roundTripMs).toBeGreaterThanOrEqual(20);
      expect(link.roundTripMs).toBeLessThan(80);
      expect(link.silentMs).toBeLessThan(50);
      expect(link.interrupted).toBe(false);
    }
    const [later] = statsOf(driver, 'node', 7, timings([]), hall.now + 1_000_000).links;
    expect(later?.silentMs).toBeGreaterThanOrEqual(1000);
  });

  it('are a copy: what is counted later changes nothing in them', () => {
    const refused = { ...stats.refused };
    driver.receive(1 as never, Uint8Array.of(1));
    expect(stats.refused).toEqual(refused);
    expect(statsOf(driver, 'node', 7, timings([]), hall.now).refused.length).toBe(1);
  });

  it('before the match there is no round trip', () => {
    const waiting = new Hall(2).start(0).run(100);
    const alone = statsOf(waiting.guest(0).driver as never, 'node', 0, timings([]), waiting.now);
    expect(alone).toMatchObject({ epoch: 0, rounds: 0 });
    expect(alone.links).toEqual([{ player: 1, roundTripMs: undefined, silentMs: 100, interrupted: false }]);
  });
});

describe('timings', () => {
  it('a round whose commitment left at no known time counts for nothing', () => {
    const all = new Timings();
    all.advanced(1, null, 5000);
    all.finalized(1, 6000);
    expect([all.advance.percentile(1), all.final.percentile(1)]).toEqual([undefined, undefined]);
  });

  it('a round that is played again after it was taken back is final but once', () => {
    const all = new Timings();
    all.advanced(1, 1000, 3000);
    all.advanced(2, 2000, 4000);
    all.advanced(1, null, 9000);
    all.finalized(2, 12_000);
    all.finalized(2, 13_000);
    expect(all.advance.percentile(1)).toBe(2);
    expect([0, 1].map((share) => all.final.percentile(share))).toEqual([10, 10]);
  });
});
