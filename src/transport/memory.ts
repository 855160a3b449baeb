/**
 * Transports in one process that reach each other by name, over a network as bad as one likes. Each direction
 * of each link draws from its own stream, so its losses depend on the seed and on what it carried alone.
 */

import { assert } from '../base/assert.ts';
import { prng } from '../base/prng.ts';
import { DATAGRAM_BYTES_MAX } from '../wire/limits.ts';
import { deadlineQueue } from './deadlines.ts';
import { type Handlers, handlers } from './handlers.ts';
import { checkImpairment, checkShare, type Draws, draws, type Impairment } from './impairment.ts';
import type { Transport } from './transport.ts';

/** What {@link memoryNetwork} takes. */
export interface MemoryNetworkOptions extends Impairment {
  /** Share of the datagrams that arrive twice, each copy with its own delay, 0 .. 1. Default 0. */
  readonly duplicate?: number;
}

/** Transports of one process that reach each other by name. */
export interface MemoryNetwork {
  /**
   * A transport that the others of this network reach as `name`. Throws a TypeError unless `name` is a
   * non-empty string, and an Error when the name is taken or the network closed.
   */
  transport(name: string): Transport;
  /** Closes all its transports; what is under way is lost. May be called twice. */
  close(): Promise<void>;
}

interface Delivery {
  readonly from: string;
  readonly port: Handlers;
  readonly datagram: Uint8Array;
}

function checkName(name: string): string {
  if (typeof name === 'string' && name !== '') return name;
  throw new TypeError(`an address of a memory network is a non-empty string, not ${JSON.stringify(name)}`);
}

/** An empty network. Throws a RangeError that names the option that is out of range. */
export function memoryNetwork(options: MemoryNetworkOptions = {}): MemoryNetwork {
  const impairment = checkImpairment('memoryNetwork', options);
  const { duplicate = 0 } = options;
  checkShare('memoryNetwork', 'duplicate', duplicate);
  const source = prng(impairment.seed);
  const ports = new Map<string, Handlers>();
  const queue = deadlineQueue<Delivery>(({ from, port, datagram }) => port.deliver(from, datagram));
  let closed = false;

  function detach(name: string, port: Handlers): void {
    if (ports.get(name) !== port) return;
    ports.delete(name);
    port.clear();
    queue.drop((delivery) => delivery.port === port);
  }

  function transport(name: string): Transport {
    checkName(name);
    if (closed) throw new Error(`memoryNetwork: it is closed; make a new network for "${name}"`);
    if (ports.has(name)) {
      throw new Error(
        `memoryNetwork: a transport named "${name}" is open; close it first, or take another name`,
      );
    }
    const port = handlers();
    ports.set(name, port);
    const links = new Map<string, Draws>();

    function send(to: string, datagram: Uint8Array): void {
      assert(datagram.length <= DATAGRAM_BYTES_MAX, `a datagram has at most ${DATAGRAM_BYTES_MAX} bytes`);
      const target = ports.get(to);
      if (target === undefined || ports.get(name) !== port) return;
      const link = links.get(to) ?? draws(source.split(name).split(to));
      links.set(to, link);
      const lost = link.happens(impairment.loss);
      const copies = link.happens(duplicate) ? 2 : 1;
      for (let copy = 0; copy < copies; copy++) {
        const at = performance.now() + link.delay(impairment);
        if (!lost) queue.push(at, { from: name, port: target, datagram: new Uint8Array(datagram) });
      }
    }

    return {
      address: name,
      datagramBytesMax: DATAGRAM_BYTES_MAX,
      canonical: checkName,
      send,
      receive: (handler) => (ports.get(name) === port ? port.add(handler) : () => {}),
      async close() {
        detach(name, port);
      },
    };
  }

  return {
    transport,
    async close() {
      closed = true;
      for (const [name, port] of ports) detach(name, port);
    },
  };
}
