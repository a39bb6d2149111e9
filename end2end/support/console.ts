import type { BrowserContext } from "@playwright/test";

/** Collects what a browser complains of: errors and warnings on the console, uncaught exceptions, unhandled rejections. */
export class ConsoleWatch {
  private readonly complaints: string[] = [];
  private readonly allowed: RegExp[] = [];

  /** Watches every page of the context, those it opens later too. */
  watch(context: BrowserContext): void {
    context.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") {
        this.complaints.push(`console ${message.type()}: ${message.text()} (${message.location().url})`);
      }
    });
    context.on("weberror", (error) => {
      this.complaints.push(`uncaught: ${error.error().stack ?? error.error()}`);
    });
  }

  /** This test expects complaints like these, wherever in it they come. */
  allow(...patterns: RegExp[]): void {
    this.allowed.push(...patterns);
  }

  /** What nobody expected. */
  unexpected(): string[] {
    return this.complaints.filter((complaint) => !this.allowed.some((pattern) => pattern.test(complaint)));
  }
}
