import type { Transport } from '../../src/transport/transport.ts';

export interface Arrival {
  readonly from: string;
  readonly datagram: Uint8Array;
}

export interface Arrivals {
  readonly all: readonly Arrival[];
  /** Resolves when at least `count` have come, with all of them. */
  reach(count: number): Promise<readonly Arrival[]>;
}

/** Collects what a transport receives from now on. */
export function arrivals(transport: Transport): Arrivals {
  const all: Arrival[] = [];
  let waiting: { count: number; resolve: (all: readonly Arrival[]) => void }[] = [];
  transport.receive((from, datagram) => {
    all.push({ from, datagram });
    for (const { count, resolve } of waiting) if (all.length >= count) resolve(all);
    waiting = waiting.filter(({ count }) => all.length < count);
  });
  return {
    all,
    reach: (count) =>
      new Promise((resolve) => {
        if (all.length >= count) resolve(all);
        else waiting.push({ count, resolve });
      }),
  };
}

/** Bytes 0, 1, 2, ... of a given length, beginning at `first`. */
export function counting(length: number, first = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (first + i) & 0xff);
}
