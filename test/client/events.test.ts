import { afterEach, describe, expect, it, vi } from 'vitest';
import { Listeners, surface } from '../../src/client/events.ts';

interface Events {
  round: number;
  end: string;
}

/** What would have been thrown where no caller is. */
function watchSurface(): readonly (() => void)[] {
  const tasks: (() => void)[] = [];
  vi.spyOn(globalThis, 'queueMicrotask').mockImplementation((task) => {
    tasks.push(task);
  });
  return tasks;
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('listeners', () => {
  it('are called in the order in which they came, each with its own event', () => {
    const listeners = new Listeners<Events>();
    const heard: string[] = [];
    listeners.add('round', (round) => heard.push(`a${round}`));
    listeners.add('end', (reason) => heard.push(reason));
    listeners.add('round', (round) => heard.push(`b${round}`));
    expect(listeners.tell('round', 1)).toBe(true);
    expect(listeners.tell('end', 'over')).toBe(true);
    expect(heard).toEqual(['a1', 'b1', 'over']);
  });

  it('nobody listening is told by the answer', () => {
    const listeners = new Listeners<Events>();
    expect(listeners.tell('round', 1)).toBe(false);
    const remove = listeners.add('round', () => {});
    expect(listeners.tell('round', 1)).toBe(true);
    remove();
    expect(listeners.tell('round', 1)).toBe(false);
  });

  it('are taken away by the answer of adding them, also twice, and while they are called', () => {
    const listeners = new Listeners<Events>();
    const heard: string[] = [];
    const removeA = listeners.add('round', () => {
      heard.push('a');
      removeA();
      removeB();
    });
    const removeB = listeners.add('round', () => heard.push('b'));
    listeners.tell('round', 1);
    listeners.tell('round', 2);
    removeA();
    expect(heard).toEqual(['a', 'b']);
  });

  it('one that is added while they are called hears from the next time on', () => {
    const listeners = new Listeners<Events>();
    const heard: number[] = [];
    listeners.add('round', (round) => {
      if (round === 1) listeners.add('round', (later) => heard.push(later));
    });
    listeners.tell('round', 1);
    listeners.tell('round', 2);
    expect(heard).toEqual([2]);
  });

  it('what is no function is refused, by the name of the event', () => {
    expect(() => new Listeners<Events>().add('end', 'no' as never)).toThrow(
      "on('end', listener): listener must be a function",
    );
  });
});

describe('what a listener throws', () => {
  it('surfaces, and does not keep the others from hearing', () => {
    const tasks = watchSurface();
    const listeners = new Listeners<Events>();
    const heard: number[] = [];
    listeners.add('round', () => {
      throw new Error('in a listener');
    });
    listeners.add('round', (round) => heard.push(round));
    expect(listeners.tell('round', 5)).toBe(true);
    expect(heard).toEqual([5]);
    expect(tasks.length).toBe(1);
    expect(tasks[0]).toThrow('in a listener');
  });

  it('surfaces also when it comes by promise', async () => {
    const tasks = watchSurface();
    const listeners = new Listeners<Events>();
    listeners.add('round', async () => {
      throw new Error('later');
    });
    listeners.tell('round', 1);
    expect(tasks).toEqual([]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(tasks.length).toBe(1);
    expect(tasks[0]).toThrow('later');
  });

  it('is thrown as it is, whatever it is', () => {
    const tasks = watchSurface();
    const thrown = { not: 'an error' };
    surface(thrown);
    expect(() => tasks[0]?.()).toThrow(expect.objectContaining(thrown));
  });
});
