/**
 * Runs a function while the clocks of the engine are ahead: two runs in the same millisecond would
 * else hide that a game reads the time. For tests of games only; nothing is left changed.
 */

/** Somewhat more than a day: no multiple of a second, a minute, an hour or a day. */
const AHEAD_MS = 91_425_307;

function shiftedDate(real: DateConstructor): DateConstructor {
  const now = (): number => real.now() + AHEAD_MS;
  return new Proxy(real, {
    construct: (target, args, newTarget) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as Date,
    apply: (target) => new target(now()).toString(),
    get: (target, key) => (key === 'now' ? now : (Reflect.get(target, key) as unknown)),
  });
}

/** Replaces a property; the answer puts back what was there. An engine that forbids it goes without. */
function replace(owner: object, key: string, value: unknown): () => void {
  const before = Object.getOwnPropertyDescriptor(owner, key);
  if (!Reflect.defineProperty(owner, key, { value, configurable: true, writable: true })) return () => {};
  return () => {
    if (before === undefined) Reflect.deleteProperty(owner, key);
    else Object.defineProperty(owner, key, before);
  };
}

/** The result of `run`, which must not be asynchronous. */
export function withShiftedClock<T>(run: () => T): T {
  const clock = globalThis.performance;
  const elapsed = clock.now.bind(clock);
  const restoreDate = replace(globalThis, 'Date', shiftedDate(Date));
  const restoreClock = replace(clock, 'now', () => elapsed() + AHEAD_MS);
  try {
    return run();
  } finally {
    restoreClock();
    restoreDate();
  }
}
