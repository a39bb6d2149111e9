// A tab of any browser engine, as far as the engine tests need one. The whole suite runs in
// Chromium; a part of it runs in Firefox and WebKit, each with its own automation protocol.

/** What a control is, for readers of all kinds. */
export type Role = "button" | "link" | "textbox";

export interface Tab {
  /** Opens an address, and returns once the page is loaded. */
  goto(url: string): Promise<void>;
  /** Goes back by one entry of the history. */
  back(): Promise<void>;
  /** Reloads the page. */
  reload(): Promise<void>;
  /** Runs a function in the page. It can use only its arguments; all values are sent as JSON. */
  evaluate<Args extends unknown[], Result>(run: (...args: Args) => Result, ...args: Args): Promise<Awaited<Result>>;
  /** Clicks a visible control with the mouse. */
  click(role: Role, name: string): Promise<void>;
  /** Types into a text box with the keyboard, at the end of what it contains. */
  type(name: string, text: string): Promise<void>;
}

/** A browser engine that is running. */
export interface Engine {
  /** Opens a tab with a profile of its own. */
  newTab(): Promise<{ tab: Tab; close: () => Promise<void> }>;
  close(): Promise<void>;
}

/** The XPath of a control by its label, or of the element in it that shows its text. */
export function xpath(role: Role, name: string): string {
  const label = `@aria-label='${name}'`;
  const labelled = (element: string) => `//${element}[${label}] | //${element}/descendant-or-self::*[text()[normalize-space()='${name}']]`;
  switch (role) {
    case "button":
      return labelled("button");
    case "link":
      return labelled("a");
    case "textbox":
      return `//*[(self::input or self::textarea) and (${label} or @id=//label[normalize-space()='${name}']/@for or ancestor::label[normalize-space()='${name}'])]`;
  }
}
