// Statistics of the benchmarks, and the file that they record figures in.
import { appendFileSync, mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";

/** The file that `scripts/compare-figures` reads. The benchmarks in Rust write it, too. */
const FILE = resolve(__dirname, "../../target/bench/figures.jsonl");

/** Records the median of `values`, to be compared with the last run. Less is better. */
export function record(name: string, unit: string, values: number[]): void {
  const value = median(values);
  const noise = (quantile(values, 0.75) - quantile(values, 0.25)) / 2 / Math.abs(value || 1);
  mkdirSync(dirname(FILE), { recursive: true });
  appendFileSync(FILE, `${JSON.stringify({ name, unit, better: "lower", value, noise })}\n`);
}

/**
 * Returns the value that the share `q` of `values` is below: `quantile(values, 0.5)` is the median.
 */
export function quantile(values: number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

/** Returns the median. */
export const median = (values: number[]): number => quantile(values, 0.5);

/** Returns, for example, `12.3 ms`. */
export const ms = (milliseconds: number): string => `${milliseconds.toFixed(1)} ms`;
