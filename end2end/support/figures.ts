// How the benchmarks sum up what they measured, and where they write it down.
import { appendFileSync, mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";

/** As `scripts/compare-figures` reads it, and as the benchmarks in Rust write it. */
const FILE = resolve(__dirname, "../../target/bench/figures.jsonl");

/** Records the median of what was measured under `name`, for this run to be compared with the last. Less is better. */
export function record(name: string, unit: string, values: number[]): void {
  const value = median(values);
  const noise = (quantile(values, 0.75) - quantile(values, 0.25)) / 2 / Math.abs(value || 1);
  mkdirSync(dirname(FILE), { recursive: true });
  appendFileSync(FILE, `${JSON.stringify({ name, unit, better: "lower", value, noise })}\n`);
}

/** The value that so many of the `values` are below: `quantile(values, 0.5)` is the median. */
export function quantile(values: number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

/** The value in the middle. */
export const median = (values: number[]): number => quantile(values, 0.5);

/** As in `12.3 ms`. */
export const ms = (milliseconds: number): string => `${milliseconds.toFixed(1)} ms`;
