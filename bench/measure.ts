/** Median times of small pieces of work, by tinybench; each as a ratio to one hash of the same run, too. */

import { Bench } from 'tinybench';

export interface Work {
  readonly name: string;
  /** Microseconds that it may take; none unless told. */
  readonly budget?: number;
  /** How often `run` does it; 1 unless told. What takes a microsecond is done often, for the clock to see. */
  readonly times?: number;
  run(): unknown;
}

export interface Row {
  readonly name: string;
  /** Median microseconds. */
  readonly micros: number;
  readonly budget: number | null;
}

/** Measures each piece of work for a while; `smoke` only once or twice, to see that it runs. */
export function measure(works: readonly Work[], smoke: boolean): readonly Row[] {
  const bench = new Bench(smoke ? { time: 0, iterations: 2, warmup: false } : { time: 600, warmupTime: 150 });
  for (const { name, run } of works) bench.add(name, run);
  bench.runSync();
  return works.map(({ budget = null, name, times = 1 }) => {
    const result = bench.getTask(name)?.result;
    if (result?.state !== 'completed') throw new Error(`${name} did not complete: ${result?.state}`);
    return { name, micros: (result.latency.p50 * 1000) / times, budget };
  });
}

/** The middle of some numbers. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}
