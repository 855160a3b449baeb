/** Things to come, by time and then by the order in which they were planned: a binary heap. */

import type { Micros } from '../base/time.ts';

interface Planned<T> {
  readonly at: Micros;
  readonly order: number;
  readonly value: T;
}

export class EventQueue<T> {
  readonly #heap: Planned<T>[] = [];
  #planned = 0;

  get size(): number {
    return this.#heap.length;
  }

  add(at: Micros, value: T): void {
    const heap = this.#heap;
    const entry = { at, order: this.#planned++, value };
    let index = heap.length;
    heap.push(entry);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent] as Planned<T>;
      if (!before(entry, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = entry;
  }

  /** Takes the next thing out, or null when nothing is planned. */
  next(): { readonly at: Micros; readonly value: T } | null {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined) return null;
    if (heap.length > 0) this.#sink(last);
    return first;
  }

  #sink(entry: Planned<T>): void {
    const heap = this.#heap;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      const right = heap[child + 1];
      let below = heap[child];
      if (below === undefined) break;
      if (right !== undefined && before(right, below)) {
        child++;
        below = right;
      }
      if (!before(below, entry)) break;
      heap[index] = below;
      index = child;
    }
    heap[index] = entry;
  }
}

function before<T>(a: Planned<T>, b: Planned<T>): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
