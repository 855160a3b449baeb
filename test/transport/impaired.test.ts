import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { impaired } from '../../src/transport/impaired.ts';
import type { Impairment } from '../../src/transport/impairment.ts';
import type { Transport } from '../../src/transport/transport.ts';

interface Departure {
  readonly at: number;
  readonly to: string;
  readonly first: number | undefined;
}

/** An inner transport that notes what leaves it, and when. */
function recorder(): { transport: Transport; left: Departure[]; closed: () => number } {
  const left: Departure[] = [];
  let closings = 0;
  const transport: Transport = {
    address: 'inner',
    datagramBytesMax: 100,
    canonical: (address) => `<${address}>`,
    send: (to, datagram) => void left.push({ at: performance.now(), to, first: datagram[0] }),
    receive: () => () => {},
    close: async () => void closings++,
  };
  return { transport, left, closed: () => closings };
}

function sendAll(options: Impairment): Departure[] {
  const { transport, left } = recorder();
  const outer = impaired(transport, options);
  for (let i = 0; i < 200; i++) outer.send('x', Uint8Array.of(i));
  vi.advanceTimersByTime(1000);
  return left;
}

describe('impaired', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('sends after the delay: not early, not lost, in order', () => {
    const { transport, left } = recorder();
    const outer = impaired(transport, { delayMs: 30 });
    const start = performance.now();
    outer.send('x', Uint8Array.of(1));
    vi.advanceTimersByTime(10);
    outer.send('y', Uint8Array.of(2));
    outer.send('x', Uint8Array.of(3));
    vi.advanceTimersByTime(19);
    expect(left).toEqual([]);
    vi.advanceTimersByTime(50);
    expect(left.map(({ to, first }) => [to, first])).toEqual([
      ['x', 1],
      ['y', 2],
      ['x', 3],
    ]);
    for (const [i, due] of [start + 30, start + 40, start + 40].entries()) {
      expect(left[i]?.at).toBeGreaterThanOrEqual(due);
      expect(left[i]?.at).toBeLessThanOrEqual(due + 1);
    }
    expect(vi.getTimerCount()).toBe(0);
  });

  it('sends at once when there is no delay', () => {
    const { transport, left } = recorder();
    impaired(transport).send('x', Uint8Array.of(1));
    expect(left.length).toBe(1);
  });

  it('loses and jitters by its seed', () => {
    const lossy = sendAll({ loss: 0.5, seed: 3 });
    expect(lossy.length).toBeGreaterThan(70);
    expect(lossy.length).toBeLessThan(130);
    const firsts = (departures: Departure[]) => departures.map(({ first }) => first);
    expect(firsts(sendAll({ loss: 0.5, seed: 3 }))).toEqual(firsts(lossy));
    expect(firsts(sendAll({ loss: 0.5, seed: 4 }))).not.toEqual(firsts(lossy));
    expect(firsts(sendAll({ loss: 0.5, seed: 3, delayMs: 20 }))).toEqual(firsts(lossy));
    const jittery = firsts(sendAll({ jitterMs: 50, seed: 3 }));
    expect(new Set(jittery).size).toBe(200);
    expect(jittery).not.toEqual(firsts(sendAll({})));
    expect(sendAll({ loss: 1 })).toEqual([]);
  });

  it('is in all else the transport it wraps', async () => {
    const { transport } = recorder();
    const outer = impaired(transport, { delayMs: 5 });
    expect(outer.address).toBe('inner');
    expect(outer.canonical('q')).toBe('<q>');
    expect(outer.datagramBytesMax).toBe(100);
    expect(() => outer.send('x', new Uint8Array(101))).toThrow(/at most 100 bytes/);
  });

  it('drops what waits when it closes, and closes what it wraps', async () => {
    const { transport, left, closed } = recorder();
    const outer = impaired(transport, { delayMs: 5 });
    outer.send('x', Uint8Array.of(1));
    await outer.close();
    outer.send('x', Uint8Array.of(2));
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(50);
    expect(left).toEqual([]);
    expect(closed()).toBe(1);
  });

  it('refuses options out of range, by name', () => {
    const { transport } = recorder();
    expect(() => impaired(transport, { loss: 2 })).toThrow(/impaired: loss must be between 0/);
    expect(() => impaired(transport, { delayMs: -1 })).toThrow(/impaired: delayMs must be/);
    expect(() => impaired(transport, { jitterMs: Number.NaN })).toThrow(/impaired: jitterMs must be/);
    expect(() => impaired(transport, { seed: 1.5 })).toThrow(RangeError);
  });
});
