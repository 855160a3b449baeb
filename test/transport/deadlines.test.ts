import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { deadlineQueue } from '../../src/transport/deadlines.ts';

describe('deadline queue', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('delivers by deadline, equal ones in the order they came, none early, all once', () => {
    const pushes = fc.array(fc.tuple(fc.nat(2), fc.nat(40)), { maxLength: 40 });
    fc.assert(
      fc.property(pushes, (plan) => {
        const seen: { at: number; order: number; seenAt: number }[] = [];
        const queue = deadlineQueue<{ at: number; order: number }>((item) => {
          seen.push({ ...item, seenAt: performance.now() });
        });
        let last = performance.now();
        for (const [order, [wait, delay]] of plan.entries()) {
          const at = performance.now() + delay;
          queue.push(at, { at, order });
          vi.advanceTimersByTime(wait);
          last = Math.max(last, at);
        }
        vi.advanceTimersByTime(Math.max(0, last - performance.now()) + 5);
        expect(seen.length).toBe(plan.length);
        expect(new Set(seen.map(({ order }) => order)).size).toBe(plan.length);
        for (const { at, seenAt } of seen) {
          expect(seenAt).toBeGreaterThanOrEqual(at);
          expect(seenAt).toBeLessThanOrEqual(at + 1);
        }
        expect(seen).toEqual([...seen].sort((a, b) => a.at - b.at || a.order - b.order));
        expect(vi.getTimerCount()).toBe(0);
      }),
    );
  });

  it('never delivers within push, even what is long due', () => {
    const seen: string[] = [];
    const queue = deadlineQueue<string>((item) => seen.push(item));
    queue.push(performance.now() - 1000, 'due');
    expect(seen).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(seen).toEqual(['due']);
  });

  it('keeps one timer for everything, and sets it anew for an earlier deadline', () => {
    const seen: string[] = [];
    const queue = deadlineQueue<string>((item) => seen.push(item));
    const now = performance.now();
    for (let i = 0; i < 10; i++) queue.push(now + 500 + i, 'late');
    queue.push(now + 20, 'soon');
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(19);
    expect(seen).toEqual([]);
    vi.advanceTimersByTime(2);
    expect(seen).toEqual(['soon']);
  });

  it('leaves what a delivery adds for the next turn, so that an echo cannot hold the event loop', () => {
    let turns = 0;
    const queue = deadlineQueue<number>((depth) => {
      turns++;
      queue.push(performance.now(), depth + 1);
    });
    queue.push(performance.now(), 0);
    vi.advanceTimersToNextTimer();
    expect(turns).toBe(1);
    vi.advanceTimersToNextTimer();
    expect(turns).toBe(2);
    queue.drop(() => true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('drops what matches, also while it delivers, and leaves no timer when empty', () => {
    const seen: string[] = [];
    const queue = deadlineQueue<string>((item) => {
      seen.push(item);
      queue.drop((other) => other === 'b');
    });
    for (const item of ['a', 'b', 'c', 'b']) queue.push(performance.now(), item);
    vi.advanceTimersByTime(5);
    expect(seen).toEqual(['a', 'c']);
    queue.push(performance.now() + 100, 'b');
    queue.drop((item) => item === 'b');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('goes on after a delivery that throws', () => {
    const seen: string[] = [];
    const queue = deadlineQueue<string>((item) => {
      if (item === 'bad') throw new Error('bad');
      seen.push(item);
    });
    queue.push(performance.now(), 'bad');
    queue.push(performance.now(), 'good');
    expect(() => vi.advanceTimersByTime(5)).toThrow('bad');
    vi.advanceTimersByTime(5);
    expect(seen).toEqual(['good']);
  });

  it('waits through deadlines beyond the longest timer', () => {
    const seen: string[] = [];
    const timers = vi.spyOn(globalThis, 'setTimeout');
    const queue = deadlineQueue<string>((item) => seen.push(item));
    queue.push(performance.now() + 2 ** 31 + 5000, 'far');
    vi.advanceTimersByTime(2 ** 31 + 4000);
    expect(seen).toEqual([]);
    vi.advanceTimersByTime(1001);
    expect(seen).toEqual(['far']);
    expect(timers.mock.calls.length).toBeGreaterThan(1);
    for (const [, ms] of timers.mock.calls) expect(ms).toBeLessThan(2 ** 31);
    timers.mockRestore();
  });

  it('manages without setImmediate, as browsers must', () => {
    vi.stubGlobal('setImmediate', undefined);
    try {
      const seen: string[] = [];
      const queue = deadlineQueue<string>((item) => seen.push(item));
      queue.push(performance.now(), 'now');
      queue.push(performance.now() + 10, 'later');
      vi.advanceTimersByTime(2);
      expect(seen).toEqual(['now']);
      vi.advanceTimersByTime(10);
      expect(seen).toEqual(['now', 'later']);
      queue.push(performance.now(), 'never');
      queue.drop(() => true);
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.unstubAllGlobals();
    }
  });
});
