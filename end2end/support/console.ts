import type { BrowserContext } from "@playwright/test";

/** Collects errors and warnings on the console, uncaught exceptions and unhandled rejections. */
export class ConsoleWatch {
  private readonly messages: string[] = [];
  private readonly allowed: RegExp[] = [];

  /** Watches every page of the context, including later ones. */
  watch(context: BrowserContext): void {
    context.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") {
        this.messages.push(`console ${message.type()}: ${message.text()} (${message.location().url})`);
      }
    });
    context.on("weberror", (error) => {
      this.messages.push(`uncaught: ${error.error().stack ?? error.error()}`);
    });
  }

  /** Allows messages that match these patterns, for the rest of the test. */
  allow(...patterns: RegExp[]): void {
    this.allowed.push(...patterns);
  }

  /** Returns the messages that are not allowed. */
  unexpected(): string[] {
    return this.messages.filter((message) => !this.allowed.some((pattern) => pattern.test(message)));
  }
}
