/** The handlers of one transport. */

import type { DatagramHandler } from './transport.ts';

export interface Handlers {
  /** Adds a handler, a second time too if it is given twice; the answer takes this one away. */
  add(handler: DatagramHandler): () => void;
  /** Calls every handler, in the order they came. */
  deliver: DatagramHandler;
  /** Takes all away. */
  clear(): void;
}

export function handlers(): Handlers {
  const entries = new Set<{ readonly handler: DatagramHandler }>();
  return {
    add(handler) {
      const entry = { handler };
      entries.add(entry);
      return () => {
        entries.delete(entry);
      };
    },
    deliver(from, datagram) {
      for (const { handler } of entries) handler(from, datagram);
    },
    clear() {
      entries.clear();
    },
  };
}
