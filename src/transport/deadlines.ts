/**
 * A queue of things with deadlines, for transports that delay: never early, and late by microseconds when the
 * process is idle. One timer serves the whole queue. Timers count whole milliseconds and may fire up to one
 * early or late, so the timer only comes near, and the rest is polled from the event loop.
 */

export interface DeadlineQueue<T> {
  /** Adds an item that is due at `at`, in ms of `performance.now()`; equal deadlines keep their order. */
  push(at: number, item: T): void;
  /** Takes away the items that match. */
  drop(matches: (item: T) => boolean): void;
}

interface Entry<T> {
  readonly at: number;
  readonly order: number;
  readonly item: T;
}

/** The last stretch before a deadline, which is polled. */
const pollMs = 1.2;

/** The longest timer there is; a longer one would fire at once. */
const timerMsMax = 2 ** 31 - 1;

/** Runs `task` in the next turn of the event loop; the answer cancels it. Browsers have no setImmediate. */
function nextTurn(task: () => void): () => void {
  if (typeof setImmediate === 'function') {
    const immediate = setImmediate(task);
    return () => clearImmediate(immediate);
  }
  return later(task, 0);
}

function later(task: () => void, ms: number): () => void {
  const timer = setTimeout(task, Math.min(ms, timerMsMax));
  return () => clearTimeout(timer);
}

/** An empty queue; `deliver` is called once for each item when it is due, never within `push`. */
export function deadlineQueue<T>(deliver: (item: T) => void): DeadlineQueue<T> {
  let entries: Entry<T>[] = [];
  let pushed = 0;
  let delivering = false;
  let cancel: (() => void) | null = null;

  function arm(): void {
    if (delivering) return;
    cancel?.();
    cancel = null;
    const first = entries[0];
    if (first === undefined) return;
    const ms = Math.floor(first.at - performance.now() - pollMs);
    cancel = ms >= 1 ? later(run, ms) : nextTurn(run);
  }

  /** Delivers what is due now; what a handler adds meanwhile waits for the next turn. */
  function run(): void {
    const now = performance.now();
    const newest = pushed;
    delivering = true;
    try {
      for (let first = entries[0]; first !== undefined; first = entries[0]) {
        if (first.at > now || first.order > newest) break;
        entries.shift();
        deliver(first.item);
      }
    } finally {
      delivering = false;
      arm();
    }
  }

  return {
    push(at, item) {
      const index = entries.findLastIndex((entry) => entry.at <= at) + 1;
      pushed++;
      entries.splice(index, 0, { at, order: pushed, item });
      if (index === 0) arm();
    },
    drop(matches) {
      entries = entries.filter((entry) => !matches(entry.item));
      arm();
    },
  };
}
