/** A transport made worse: one-way delay and loss on what it sends, for demonstrations and measurements. */

import { assert } from '../base/assert.ts';
import { prng } from '../base/prng.ts';
import { deadlineQueue } from './deadlines.ts';
import { checkImpairment, draws, type Impairment } from './impairment.ts';
import type { Transport } from './transport.ts';

interface Departure {
  readonly to: string;
  readonly datagram: Uint8Array;
}

/**
 * Wraps a transport: what it sends leaves `delayMs` and up to `jitterMs` later, or never. A delay of 0 is at
 * once, in the same call. Datagrams of equal delay keep their order. Losses and jitter follow from the seed
 * and the order of the sends, so give every player a seed of its own. Closing drops what still waits, and
 * closes the inner transport. Throws a RangeError that names the option that is out of range.
 */
export function impaired(transport: Transport, options: Impairment = {}): Transport {
  const impairment = checkImpairment('impaired', options);
  const { delayMs, jitterMs, loss, seed } = impairment;
  const atOnce = delayMs === 0 && jitterMs === 0;
  const link = draws(prng(seed));
  const queue = deadlineQueue<Departure>(({ to, datagram }) => transport.send(to, datagram));
  let closed = false;

  return {
    address: transport.address,
    datagramBytesMax: transport.datagramBytesMax,
    canonical: (address) => transport.canonical(address),
    send(to, datagram) {
      const most = transport.datagramBytesMax;
      assert(datagram.length <= most, `a datagram has at most ${most} bytes`);
      const lost = link.happens(loss);
      const delay = link.delay(impairment);
      if (lost || closed) return;
      if (atOnce) transport.send(to, datagram);
      else queue.push(performance.now() + delay, { to, datagram });
    },
    receive: (handler) => transport.receive(handler),
    close() {
      closed = true;
      queue.drop(() => true);
      return transport.close();
    },
  };
}
