// A reporter that repeats the failed tests at the end of the output, each with the start of its
// errors, and lists apart from them those that passed when they were retried.
import type { Reporter, TestCase, TestResult } from "@playwright/test/reporter";

const LINES = 6;

export default class Failures implements Reporter {
  private readonly failures = new Map<TestCase, string[]>();

  onTestEnd(test: TestCase, result: TestResult) {
    if (result.status === test.expectedStatus || result.status === "skipped") return;
    const errors = result.errors.map(({ message }) => firstLines(message ?? result.status));
    this.failures.set(test, [...(this.failures.get(test) ?? []), ...errors]);
  }

  onEnd() {
    this.print("Failed", (test) => test.outcome() !== "flaky");
    this.print("Passed only when retried", (test) => test.outcome() === "flaky");
  }

  private print(heading: string, belongs: (test: TestCase) => boolean) {
    const lines = [...this.failures]
      .filter(([test]) => belongs(test))
      .map(([test, errors]) => [test.titlePath().filter(Boolean).join(" › "), ...errors].join("\n"));
    if (lines.length > 0) console.log(`\n${heading}:\n${lines.join("\n")}`);
  }

  printsToStdio() {
    return false;
  }
}

function firstLines(message: string): string {
  // Without the terminal's colors.
  const lines = message.replaceAll(/\u001b\[[0-9;]*m/g, "").split("\n").filter((line) => line.trim() !== "");
  return lines.slice(0, LINES).map((line) => `    ${line}`).join("\n");
}
