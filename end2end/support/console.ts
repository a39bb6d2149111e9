import type { BrowserContext } from "@playwright/test";

/** Collects errors and warnings on the console, uncaught exceptions and unhandled rejections. */
export class ConsoleWatch {
  private readonly messages: string[] = [];
  private readonly allowed: RegExp[] = [];
  private ended = false;

  /** Watches every page of the context, including later ones. */
  watch(context: BrowserContext): void {
    context.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") {
        this.add(`console ${message.type()}: ${message.text()} (${message.location().url})`);
      }
    });
    context.on("weberror", (error) => {
      this.add(`uncaught: ${error.error().stack ?? error.error()}`);
    });
  }

  private add(message: string): void {
    if (!this.ended) this.messages.push(message);
  }

  /** Allows messages that match these patterns, for the rest of the test. */
  allow(...patterns: RegExp[]): void {
    this.allowed.push(...patterns);
  }

  /** Ignores later messages: the test is over, and its pages have lost their routes. */
  end(): void {
    this.ended = true;
  }

  /** Returns the messages that are not allowed. */
  unexpected(): string[] {
    return this.messages.filter((message) => !this.allowed.some((pattern) => pattern.test(message)));
  }
}
