/** Time as the pure floors know it: a number that arrives inside events. */

/** Integer microseconds of some monotonic clock; only differences mean anything. */
export type Micros = number;

/** Microseconds of a number of milliseconds. */
export function micros(ms: number): Micros {
  return Math.round(ms * 1000);
}

/** The earlier of two instants, where null means "never". */
export function earlier(a: Micros | null, b: Micros | null): Micros | null {
  if (a === null) return b;
  if (b === null) return a;
  return a < b ? a : b;
}
