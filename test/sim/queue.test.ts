import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventQueue } from '../../src/sim/queue.ts';

describe('the queue of things to come', () => {
  it('nothing is planned at first', () => {
    const queue = new EventQueue<string>();
    expect(queue.size).toBe(0);
    expect(queue.next()).toBeNull();
  });

  it('gives things by time, and of one time in the order in which they were planned', () => {
    const queue = new EventQueue<string>();
    for (const [at, name] of [
      [5, 'd'],
      [1, 'a'],
      [3, 'b'],
      [3, 'c'],
      [5, 'e'],
    ] as const)
      queue.add(at, name);
    expect(queue.size).toBe(5);
    expect([1, 2, 3, 4, 5].map(() => queue.next()?.value)).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(queue.next()).toBeNull();
  });

  it('is a sorted list, whatever is added and taken in whatever order', () => {
    const act = fc.oneof(fc.record({ add: fc.integer({ min: -5, max: 20 }) }), fc.constant('next' as const));
    fc.assert(
      fc.property(fc.array(act, { maxLength: 200 }), (acts) => {
        const queue = new EventQueue<number>();
        const model: { at: number; value: number }[] = [];
        let order = 0;
        for (const each of acts) {
          if (each === 'next') {
            model.sort((a, b) => a.at - b.at || a.value - b.value);
            const expected = model.shift() ?? null;
            const got = queue.next();
            expect(got && { at: got.at, value: got.value }).toEqual(expected);
          } else {
            queue.add(each.add, order);
            model.push({ at: each.add, value: order++ });
          }
          expect(queue.size).toBe(model.length);
        }
      }),
    );
  });
});
