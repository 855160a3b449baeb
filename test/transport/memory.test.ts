import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type MemoryNetwork, type MemoryNetworkOptions, memoryNetwork } from '../../src/transport/memory.ts';
import { arrivals, counting } from './arrivals.ts';

/** Which of 200 numbered datagrams from a arrive at b, in the order they come. */
function received(options: MemoryNetworkOptions, before?: (network: MemoryNetwork) => void): number[] {
  const network = memoryNetwork(options);
  const [a, b] = [network.transport('a'), network.transport('b')];
  const atB = arrivals(b);
  before?.(network);
  for (let i = 0; i < 200; i++) a.send('b', Uint8Array.of(i));
  vi.advanceTimersByTime(1000);
  expect(vi.getTimerCount()).toBe(0);
  return atB.all.filter(({ from }) => from === 'a').map(({ datagram }) => datagram[0] as number);
}

const numbers = [...counting(200)];

describe('memory network', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is faithful and in order by default', () => {
    expect(received({})).toEqual(numbers);
    expect(received({ delayMs: 40 })).toEqual(numbers);
  });

  it('delivers after the delay, not before', () => {
    const network = memoryNetwork({ delayMs: 40, jitterMs: 20 });
    const [a, b] = [network.transport('a'), network.transport('b')];
    const atB = arrivals(b);
    for (let i = 0; i < 100; i++) a.send('b', counting(1));
    vi.advanceTimersByTime(39);
    expect(atB.all).toEqual([]);
    vi.advanceTimersByTime(10);
    expect(atB.all.length).toBeGreaterThan(20);
    expect(atB.all.length).toBeLessThan(80);
    vi.advanceTimersByTime(12);
    expect(atB.all.length).toBe(100);
  });

  it('reorders by jitter, the same way for the same seed', () => {
    const first = received({ jitterMs: 50, seed: 5 });
    expect(first).not.toEqual(numbers);
    expect([...first].sort((x, y) => x - y)).toEqual(numbers);
    expect(received({ jitterMs: 50, seed: 5 })).toEqual(first);
    expect(received({ jitterMs: 50, seed: 6 })).not.toEqual(first);
  });

  it('loses the share asked for, the same ones for the same seed', () => {
    const first = received({ loss: 0.3, seed: 5 });
    expect(first.length).toBeGreaterThan(110);
    expect(first.length).toBeLessThan(170);
    expect(received({ loss: 0.3, seed: 5 })).toEqual(first);
    expect(received({ loss: 0.3, seed: 6 })).not.toEqual(first);
    expect(received({ loss: 1 })).toEqual([]);
  });

  it('draws losses for each link by itself', () => {
    const alone = received({ loss: 0.3, delayMs: 10 });
    const crowded = received({ loss: 0.3, delayMs: 10 }, (network) => {
      const c = network.transport('c');
      for (let i = 0; i < 37; i++) {
        c.send('b', Uint8Array.of(0));
        c.send('a', Uint8Array.of(0));
      }
    });
    expect(crowded).toEqual(alone);
  });

  it('draws different losses for different links', () => {
    const network = memoryNetwork({ loss: 0.5 });
    const names = ['a', 'b', 'c'];
    const transports = names.map((name) => network.transport(name));
    const inboxes = transports.map(arrivals);
    for (let i = 0; i < 50; i++) {
      for (const transport of transports) for (const to of names) transport.send(to, Uint8Array.of(i));
    }
    vi.advanceTimersByTime(5);
    const fates = inboxes.flatMap(({ all }) =>
      names.map((name) =>
        all
          .filter(({ from }) => from === name)
          .map(({ datagram }) => datagram[0])
          .join(),
      ),
    );
    expect(new Set(fates).size).toBe(9);
  });

  it('doubles the share asked for', () => {
    const doubled = received({ duplicate: 0.25 });
    expect(new Set(doubled).size).toBe(200);
    expect(doubled.length).toBeGreaterThan(220);
    expect(doubled.length).toBeLessThan(280);
    expect(received({ duplicate: 1, jitterMs: 30 }).length).toBe(400);
    expect(received({ duplicate: 1, loss: 1 })).toEqual([]);
  });

  it('copies: neither the sender nor another copy can change what was sent', () => {
    const network = memoryNetwork({ duplicate: 1 });
    const [a, b] = [network.transport('a'), network.transport('b')];
    const atB = arrivals(b);
    const mine = counting(4);
    a.send('b', mine);
    mine.fill(9);
    vi.advanceTimersByTime(5);
    atB.all[0]?.datagram.fill(7);
    expect(atB.all[1]?.datagram).toEqual(counting(4));
  });

  it('names a name that is taken, until its transport is closed', async () => {
    const network = memoryNetwork();
    const a = network.transport('a');
    expect(() => network.transport('a')).toThrow(/named "a" is open; close it first/);
    await a.close();
    const again = network.transport('a');
    const atAgain = arrivals(again);
    await a.close();
    network.transport('b').send('a', counting(1));
    vi.advanceTimersByTime(5);
    expect(atAgain.all.length).toBe(1);
  });

  it('loses what is under way to a transport that closes, and what a closed one sends', async () => {
    const network = memoryNetwork({ delayMs: 10 });
    const [a, b] = [network.transport('a'), network.transport('b')];
    const atA = arrivals(a);
    b.send('a', counting(1));
    a.send('b', counting(2));
    await b.close();
    b.send('a', counting(3));
    const atNew = arrivals(network.transport('b'));
    vi.advanceTimersByTime(20);
    expect(atNew.all).toEqual([]);
    expect(atA.all.map(({ datagram }) => datagram.length)).toEqual([1]);
  });

  it('leaves nothing running once closed', async () => {
    const network = memoryNetwork({ delayMs: 1000 });
    const [a, b] = [network.transport('a'), network.transport('b')];
    a.send('b', counting(1));
    b.send('a', counting(1));
    expect(vi.getTimerCount()).toBe(1);
    await a.close();
    await b.close();
    expect(vi.getTimerCount()).toBe(0);
    const c = network.transport('c');
    c.send('c', counting(1));
    await network.close();
    await network.close();
    expect(vi.getTimerCount()).toBe(0);
    expect(() => network.transport('d')).toThrow(/closed/);
  });

  it('refuses options out of range, by name', () => {
    const wrong: [keyof MemoryNetworkOptions, unknown[]][] = [
      ['loss', [-0.1, 1.1, Number.NaN, '0.5x']],
      ['duplicate', [-0.1, 2, Number.NaN]],
      ['delayMs', [-1, Number.NaN, Number.POSITIVE_INFINITY]],
      ['jitterMs', [-1, Number.NaN, Number.POSITIVE_INFINITY]],
      ['seed', [0.5, Number.NaN, '1']],
    ];
    for (const [option, values] of wrong) {
      for (const value of values) {
        const options = { [option]: value } as MemoryNetworkOptions;
        expect(() => memoryNetwork(options), `${option} ${value}`).toThrow(RangeError);
        expect(() => memoryNetwork(options)).toThrow(new RegExp(`memoryNetwork: ${option} must be`));
      }
    }
    expect(() => memoryNetwork().transport('')).toThrow(TypeError);
  });
});
