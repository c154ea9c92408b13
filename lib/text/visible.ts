/**
 * Characters that act instead of being read: controls (ESC, CR, NUL, C1), formats (bidi, zero-width, tags) and the separators of lines
 * and paragraphs. The two joiners are left, since scripts and emoji are spelled with them.
 */
const ACTING = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}](?<![\u200c\u200d])/gu;
const LONE_SURROGATES = /\p{Cs}/gu;
const SHORT: ReadonlyMap<string, string> = new Map([
  ["\r", "\\r"],
  ["\0", "\\0"],
  ["\b", "\\b"],
  ["\f", "\\f"],
  ["\v", "\\v"],
]);

/**
 * A text on one line, in which what would act on a terminal is shown instead: `\x1b`, `\r`, `\u202e`. A line break is shown as ⏎ and a
 * tab as a space.
 */
export function visible(text: string): string {
  return shown(text, (sign) => (sign === "\n" ? "⏎" : sign === "\t" ? " " : escaped(sign)));
}

/**
 * A text of several lines, whose line breaks stay; what would act on a terminal is shown instead. `\r\n` is one line break.
 *
 * @param tab what is written in the place of a tab
 */
export function visibleLines(text: string, tab: string): string {
  return shown(text.replaceAll("\r\n", "\n"), (sign) => (sign === "\n" ? sign : sign === "\t" ? tab : escaped(sign)));
}

function shown(text: string, show: (sign: string) => string): string {
  return text.replaceAll(LONE_SURROGATES, "\ufffd").replaceAll(ACTING, show);
}

function escaped(sign: string): string {
  const code = sign.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  if (code > 0xffff) return `\\u{${hex}}`;
  return SHORT.get(sign) ?? (code > 0xff ? `\\u${hex.padStart(4, "0")}` : `\\x${hex.padStart(2, "0")}`);
}

/** JSON in which no character acts and no line is a command; it is the same value, since the escapes are JSON's own. */
export function visibleJson(json: string): string {
  const code = (sign: string) =>
    sign.replaceAll(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return json.replaceAll(ACTING, (sign) => (sign === "\n" ? sign : code(sign))).replaceAll("##[", "\\u0023#[");
}
