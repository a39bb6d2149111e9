// The operations on a browser tab that the engine tests need. Chromium runs the whole suite.
// Firefox and WebKit run a part of it, each with its own automation protocol.

/** The ARIA role of a control. */
export type Role = "button" | "link" | "textbox";

export interface Tab {
  /** Opens an address, and returns once the page is loaded. */
  goto(url: string): Promise<void>;
  /** Goes back by one entry of the history. */
  back(): Promise<void>;
  /** Reloads the page. */
  reload(): Promise<void>;
  /** Runs a function in the page. It can use only its arguments. Arguments and result are JSON. */
  evaluate<Args extends unknown[], Result>(run: (...args: Args) => Result, ...args: Args): Promise<Awaited<Result>>;
  /** Clicks a visible control with the mouse. */
  click(role: Role, name: string): Promise<void>;
  /** Types into a text box with the keyboard, at the end of what it contains. */
  type(name: string, text: string): Promise<void>;
}

/** A running browser engine. */
export interface Engine {
  /** Opens a tab with its own profile. */
  newTab(): Promise<{ tab: Tab; close: () => Promise<void> }>;
  close(): Promise<void>;
}

/** Returns the XPath of a control by its label, or of the element in it that shows its text. */
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
