import { afterEach, describe, expect, it } from 'vitest';
import { equalBytes } from '../../src/base/bytes.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { arrivals, counting } from './arrivals.ts';

export interface Subject {
  readonly name: string;
  /** A new transport that reaches, and is reached by, the others opened since the last test. */
  open(): Promise<Transport>;
  /** The address of nobody, canonical. */
  readonly nobody: string;
  /** What is no address of this transport. */
  readonly malformed: readonly unknown[];
}

/** What every transport must do. Losses are not expected of a subject at rest. */
export function transportContract(subject: Subject): void {
  describe(`transport contract: ${subject.name}`, { timeout: 30_000 }, () => {
    let opened: Transport[] = [];

    async function open(): Promise<Transport> {
      const transport = await subject.open();
      opened.push(transport);
      return transport;
    }

    afterEach(async () => {
      await Promise.all(opened.map((transport) => transport.close()));
      opened = [];
    });

    it('has an address that is canonical, and differs from those of others', async () => {
      const [a, b] = [await open(), await open()];
      expect(a.canonical(a.address)).toBe(a.address);
      expect(a.canonical(b.address)).toBe(b.address);
      expect(a.address).not.toBe(b.address);
    });

    it('refuses what is no address, with a TypeError that shows one', async () => {
      const a = await open();
      expect(a.canonical(subject.nobody)).toBe(subject.nobody);
      expect(subject.malformed.length).toBeGreaterThan(0);
      for (const address of subject.malformed) {
        expect(() => a.canonical(address as string), String(address)).toThrow(TypeError);
        expect(() => a.canonical(address as string), String(address)).toThrow(/address .*(is|looks like)/);
      }
    });

    it('carries datagrams of every length both ways, and says from whom', async () => {
      const [a, b] = [await open(), await open()];
      const [atA, atB] = [arrivals(a), arrivals(b)];
      const lengths = [0, 1, 2, 200, a.datagramBytesMax - 1, a.datagramBytesMax];
      expect(a.datagramBytesMax).toBe(1200);
      for (const [i, length] of lengths.entries()) {
        a.send(b.address, counting(length, i));
        b.send(a.address, counting(length, i + 100));
        await Promise.all([atA.reach(i + 1), atB.reach(i + 1)]);
        expect(atB.all[i]).toEqual({ from: a.address, datagram: counting(length, i) });
        expect(atA.all[i]).toEqual({ from: b.address, datagram: counting(length, i + 100) });
      }
    });

    it('delivers plain byte arrays that stay as they are when others come', async () => {
      const [a, b] = [await open(), await open()];
      const atB = arrivals(b);
      for (let i = 0; i < 100; i++) a.send(b.address, counting(64, i));
      for (const [i, { datagram }] of (await atB.reach(100)).entries()) {
        expect(datagram.constructor).toBe(Uint8Array);
        expect(datagram).toEqual(counting(64, i));
      }
      const [first, second] = atB.all;
      first?.datagram.fill(255);
      expect(second?.datagram).toEqual(counting(64, 1));
    });

    it('delivers to itself, and never within send', async () => {
      const a = await open();
      const atA = arrivals(a);
      a.send(a.address, counting(3));
      expect(atA.all).toEqual([]);
      await Promise.resolve();
      expect(atA.all).toEqual([]);
      expect(await atA.reach(1)).toEqual([{ from: a.address, datagram: counting(3) }]);
    });

    it('refuses a datagram that is too long, at the call', async () => {
      const [a, b] = [await open(), await open()];
      expect(() => a.send(b.address, counting(1201))).toThrow(/broken rule: .*1200 bytes/);
    });

    it('serves every handler until it is taken away', async () => {
      const [a, b] = [await open(), await open()];
      const calls: string[] = [];
      const twice = (): void => void calls.push('twice');
      const stopFirst = b.receive(() => void calls.push('first'));
      b.receive(twice);
      const stopTwice = b.receive(twice);
      const atB = arrivals(b);
      a.send(b.address, counting(1));
      await atB.reach(1);
      expect(calls.splice(0)).toEqual(['first', 'twice', 'twice']);
      stopFirst();
      stopFirst();
      stopTwice();
      a.send(b.address, counting(1));
      await atB.reach(2);
      expect(calls).toEqual(['twice']);
    });

    it('lets a handler answer, and take itself away', async () => {
      const [a, b] = [await open(), await open()];
      const atA = arrivals(a);
      const stop = b.receive((from, datagram) => {
        stop();
        b.send(from, datagram);
      });
      const atB = arrivals(b);
      a.send(b.address, counting(5));
      a.send(b.address, counting(6));
      await atB.reach(2);
      a.send(a.address, counting(7));
      const lengths = (await atA.reach(2)).map(({ datagram }) => datagram.length);
      expect(lengths.sort()).toEqual([5, 7]);
    });

    it('loses nothing while an asynchronous handler is at work', async () => {
      const [a, b] = [await open(), await open()];
      const handled: number[] = [];
      const atB = arrivals(b);
      b.receive(async (_from, datagram) => {
        await new Promise((resolve) => setImmediate(resolve));
        handled.push(datagram.length);
      });
      for (let batch = 1; batch <= 20; batch++) {
        for (let i = 0; i < 50; i++) a.send(b.address, counting(i));
        await atB.reach(50 * batch);
      }
      while (handled.length < 1000) await new Promise((resolve) => setImmediate(resolve));
      expect(handled.length).toBe(1000);
    });

    it('goes on when nobody is there to receive', async () => {
      const [a, b] = [await open(), await open()];
      const atB = arrivals(b);
      for (let i = 0; i < 10; i++) a.send(subject.nobody, counting(10));
      a.send(b.address, counting(3));
      expect(await atB.reach(1)).toEqual([{ from: a.address, datagram: counting(3) }]);
      for (const address of subject.malformed) {
        if (typeof address === 'string') expect(() => a.send(address, counting(1))).not.toThrow();
      }
      b.send(b.address, counting(4));
      expect((await atB.reach(2)).at(1)?.datagram).toEqual(counting(4));
    });

    it('is silent once closed, and may be closed twice', async () => {
      const [a, b, c] = [await open(), await open(), await open()];
      const [atA, atB, atC] = [arrivals(a), arrivals(b), arrivals(c)];
      const closing = b.close();
      b.send(a.address, counting(1));
      await Promise.all([closing, b.close()]);
      await b.close();
      b.send(a.address, counting(1));
      const late = arrivals(b);
      a.send(b.address, counting(2));
      a.send(c.address, counting(3));
      await atC.reach(1);
      c.send(a.address, counting(4));
      expect(await atA.reach(1)).toEqual([{ from: c.address, datagram: counting(4) }]);
      expect([...atB.all, ...late.all]).toEqual([]);
    });

    it('delivers ten thousand datagrams, whole, in paced batches', async () => {
      const [a, b] = [await open(), await open()];
      const atB = arrivals(b);
      for (let batch = 0; batch < 200; batch++) {
        for (let i = 0; i < 50; i++) a.send(b.address, counting(160, batch + i));
        await atB.reach(50 * (batch + 1));
      }
      expect(atB.all.length).toBe(10_000);
      const wrong = atB.all.filter(({ from, datagram }, k) => {
        const sent = counting(160, Math.floor(k / 50) + (k % 50));
        return from !== a.address || !equalBytes(datagram, sent);
      });
      expect(wrong).toEqual([]);
    });
  });
}
