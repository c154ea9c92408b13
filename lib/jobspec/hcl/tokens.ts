/** The tokens of HCL that a scanner has to tell apart. Each function looks at what it passes over once, and none calls itself. */

/** Whether a comment begins here. */
export function isComment(text: string, at: number): boolean {
  const sign = text[at];
  return sign === "#" || (sign === "/" && (text[at + 1] === "/" || text[at + 1] === "*"));
}

/** The place behind a comment: the end of its line, or behind its end mark. One that is not ended goes to the end of the text. */
export function afterComment(text: string, at: number): number {
  const long = text[at] === "/" && text[at + 1] === "*";
  const end = long ? text.indexOf("*/", at + 2) : text.indexOf("\n", at);
  return end < 0 ? text.length : long ? end + 2 : end;
}

/** The place behind a name; the same place where none begins. */
export function afterWord(text: string, at: number): number {
  if (!isLetter(text.charCodeAt(at))) return at;
  let end = at + 1;
  for (let code = text.charCodeAt(end); isLetter(code) || isDigit(code) || code === 45; code = text.charCodeAt(end))
    end += 1;
  return end;
}

function isLetter(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** The place behind a text in quotes, with the templates in it and the texts in those; the end of the line where it is not ended. */
export function afterString(text: string, start: number): number {
  // Quotes and braces that are open, the innermost last.
  const open = ['"'];
  let at = start + 1;
  while (at < text.length) {
    const sign = text[at];
    if (open[open.length - 1] === "{") {
      if (sign === '"' || sign === "{") open.push(sign);
      else if (sign === "}") open.pop();
      at += 1;
    } else if (sign === "\\") at += 2;
    else if (sign === "\n") return at;
    else if (sign === '"') {
      open.pop();
      at += 1;
      if (open.length === 0) return at;
    } else if ((sign === "$" || sign === "%") && text[at + 1] === sign && text[at + 2] === "{") at += 3;
    else if ((sign === "$" || sign === "%") && text[at + 1] === "{") {
      open.push("{");
      at += 2;
    } else at += 1;
  }
  return text.length;
}

/** A heredoc whose first line was read. */
export interface Heredoc {
  /** The word that ends it. */
  readonly mark: string;
  /** Where its text begins. */
  readonly start: number;
}

/** The heredoc that begins here, if one does. */
export function heredocAt(text: string, at: number): Heredoc | undefined {
  if (text[at] !== "<" || text[at + 1] !== "<") return undefined;
  const from = text[at + 2] === "-" ? at + 3 : at + 2;
  const to = afterWord(text, from);
  if (to === from) return undefined;
  let end = to;
  while (text[end] === " " || text[end] === "\t" || text[end] === "\r") end += 1;
  return text[end] === "\n" ? { mark: text.slice(from, to), start: end + 1 } : undefined;
}

/** The place behind the line that ends a heredoc; the end of the text where none does. */
export function afterHeredoc(text: string, { mark, start }: Heredoc): number {
  for (let at = start; at < text.length;) {
    const found = text.indexOf("\n", at);
    const end = found < 0 ? text.length : found;
    if (text.slice(at, end).trim() === mark) return end;
    at = end + 1;
  }
  return text.length;
}
