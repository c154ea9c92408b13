import { shortened } from "./shortened";

/** What Node's `util.inspect`, and so `console.error` and an error that nobody catches, asks an object for. */
const INSPECT = Symbol.for("nodejs.util.inspect.custom");

/** How many places in the stack of whoever called are shown. */
const PLACES = 3;
/** The longest cause that is shown, in characters. */
const LONGEST = 300;

/**
 * An error that is printed as a person reads it: its message, its code, its cause in a line, and where in their own program it came up. What else is known,
 * such as the whole `stack` and the `cause` with all that it has, stays in its properties.
 */
export abstract class ReadableError extends Error {
  /** What went wrong, for programs. */
  abstract readonly code: string;

  /**
   * Leaves properties out of what Node prints of an error that nobody catches, since the message has their words: it does not ask {@link INSPECT} then, and prints
   * whatever is enumerable. Of each subclass that is all but its code.
   */
  protected quietly(...names: readonly (keyof this)[]): void {
    for (const name of names) Object.defineProperty(this, name, { enumerable: false });
  }

  /** @internal What Node prints of an error that nobody catches. */
  [INSPECT](): string {
    return [
      `${this.name}: ${this.message}`,
      `  code: ${this.code}`,
      ...(this.cause === undefined ? [] : [`  cause: ${inOneLine(this.cause)}`]),
      ...placesIn(this.stack ?? "").map((place) => `  ${place}`),
    ].join("\n");
  }
}

function inOneLine(cause: unknown): string {
  const { code, message } = Object(cause) as { readonly code?: unknown; readonly message?: unknown };
  const words = typeof message === "string" ? message : String(cause);
  const text = typeof code === "string" && !words.includes(code) ? `${code}: ${words}` : words;
  return shortened(text.replaceAll(/\s+/g, " "), LONGEST);
}

/** This package's own files, where they are not below node_modules. */
const OWN = /(?:file:\/\/)?\/[^\s()]*(?=\/errors\/readable-error\.)/.exec(new Error().stack ?? "")?.[0];

/** The lines of a stack that are of the caller's program. */
function placesIn(stack: string): readonly string[] {
  const foreign = (line: string) =>
    /\(?node:|[\\/]node_modules[\\/]/.test(line) || (OWN !== undefined && line.includes(`${OWN}/`));
  const lines = stack.split("\n").filter((line) => /^\s+at /.test(line));
  return lines
    .filter((line) => !foreign(line) && /:\d+:\d+\)?$/.test(line))
    .slice(0, PLACES)
    .map((line) => line.trim());
}

/** What an error says, whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
