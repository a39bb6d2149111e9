// How the benchmarks sum up what they measured.

/** The value that so many of the `values` are below: `quantile(values, 0.5)` is the median. */
export function quantile(values: number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

/** The value in the middle. */
export const median = (values: number[]): number => quantile(values, 0.5);

/** As in `12.3 ms`. */
export const ms = (milliseconds: number): string => `${milliseconds.toFixed(1)} ms`;
