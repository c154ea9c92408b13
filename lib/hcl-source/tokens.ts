/**
 * The tokens of HCL's native syntax. A text in quotes and a heredoc are one token each, with the templates in them: whoever wants to know what
 * such a template says reads it when it is asked for. Every character is looked at a fixed number of times, whatever the text is.
 *
 * @see https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md
 */
export interface Token {
  readonly kind: "name" | "number" | "text" | "heredoc" | "sign" | "newline" | "comment";
  readonly start: number;
  readonly end: number;
}

const NAME = /[\p{ID_Start}_][\p{ID_Continue}-]*/uy;
const NUMBER = /\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const ONLY_SIGN = /[{}[\]().,=:*/<>!?&|+-]/;
const SIGNS = /==|!=|<=|>=|&&|\|\||\.\.\.|=>|[^]/y;

/** All tokens of a text but its spaces. Whatever HCL has no token for is a sign of one character. */
export function tokensOf(text: string, start = 0, end = text.length): readonly Token[] {
  const tokens: Token[] = [];
  for (let at = start; at < end;) {
    const sign = text[at] as string;
    if (sign === " " || sign === "\t" || sign === "\r" || sign === "\ufeff") {
      at += 1;
      continue;
    }
    const token = tokenAt(text, at, sign);
    tokens.push(token);
    at = token.end;
  }
  return tokens;
}

function tokenAt(text: string, start: number, sign: string): Token {
  if (sign === "\n") return { kind: "newline", start, end: start + 1 };
  if (isComment(text, start)) return { kind: "comment", start, end: afterComment(text, start) };
  if (sign === '"') return { kind: "text", start, end: afterTemplate(text, start) };
  if (heredocAt(text, start)) return { kind: "heredoc", start, end: afterTemplate(text, start) };
  if (ONLY_SIGN.test(sign)) return { kind: "sign", start, end: after(SIGNS, text, start) };
  const number = after(NUMBER, text, start);
  if (number > start) return { kind: "number", start, end: number };
  const name = after(NAME, text, start);
  if (name > start) return { kind: "name", start, end: name };
  return { kind: "sign", start, end: after(SIGNS, text, start) };
}

function after(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

/** Whether a comment begins here. */
function isComment(text: string, at: number): boolean {
  const sign = text[at];
  return sign === "#" || (sign === "/" && (text[at + 1] === "/" || text[at + 1] === "*"));
}

/** The place behind a comment: the end of its line, or behind its end mark. One that is not ended goes to the end of the text. */
function afterComment(text: string, at: number): number {
  const isLong = text[at] === "/" && text[at + 1] === "*";
  const end = isLong ? text.indexOf("*/", at + 2) : text.indexOf("\n", at);
  return end < 0 ? text.length : isLong ? end + 2 : end;
}

/** A heredoc whose first line was read. */
export interface Heredoc {
  /** The word that ends it. */
  readonly mark: string;
  /** Where its text begins. */
  readonly start: number;
  /** Whether the indentation that all of its lines have is none of its text. */
  readonly isIndented: boolean;
}

const HEREDOC = /<<(-?)([\p{ID_Start}_][\p{ID_Continue}-]*)[ \t]*\r?\n/uy;

/** The heredoc that begins here, if one does. */
export function heredocAt(text: string, at: number): Heredoc | undefined {
  if (text[at] !== "<" || text[at + 1] !== "<") return undefined;
  HEREDOC.lastIndex = at;
  const [whole, indented, mark] = HEREDOC.exec(text) ?? [];
  return whole !== undefined && mark !== undefined
    ? { mark, start: at + whole.length, isIndented: indented === "-" }
    : undefined;
}

/** What a place in a template stands in: a text in quotes, a heredoc, or an expression in braces. */
type Frame =
  { readonly of: "text" } | { readonly of: "heredoc"; readonly mark: string } | { readonly of: "expression" };

/**
 * The place behind a text in quotes or a heredoc that begins here, with the templates in it and the texts in those. A text in quotes that is not
 * ended goes to the end of its line, and a heredoc to the end of everything.
 */
function afterTemplate(text: string, start: number): number {
  const open: Frame[] = [];
  return afterFrames(text, opened(text, start, open) ?? start, open);
}

/** The place behind the brace that closes the expression of a template, which is open at a place. */
export function afterBraces(text: string, at: number): number {
  return afterFrames(text, at, [{ of: "expression" }]);
}

/** The place behind the end of everything that is open, the innermost last. */
function afterFrames(text: string, start: number, open: Frame[]): number {
  let at = start;
  for (let frame = open[open.length - 1]; frame && at < text.length; frame = open[open.length - 1]) {
    if (frame.of === "expression") at = insideExpression(text, at, open);
    else if (frame.of === "text" && text[at] === "\n") return at;
    else if (frame.of === "text" && text[at] === "\\") at += 2;
    else if (frame.of === "text" && text[at] === '"') {
      at += 1;
      open.pop();
    } else if (frame.of === "heredoc" && text[at - 1] === "\n" && isEnd(text, at, frame.mark)) {
      at = lineEnd(text, at);
      open.pop();
    } else at = insideLiteral(text, at, open);
  }
  return Math.min(at, text.length);
}

/** Goes behind the beginning of a text in quotes or a heredoc, if one begins here. */
function opened(text: string, at: number, open: Frame[]): number | undefined {
  const heredoc = heredocAt(text, at);
  if (heredoc) open.push({ of: "heredoc", mark: heredoc.mark });
  else if (text[at] === '"') open.push({ of: "text" });
  else return undefined;
  return heredoc?.start ?? at + 1;
}

function insideExpression(text: string, at: number, open: Frame[]): number {
  const inner = opened(text, at, open);
  if (inner !== undefined) return inner;
  if (isComment(text, at)) return afterComment(text, at);
  if (text[at] === "{") open.push({ of: "expression" });
  if (text[at] === "}") open.pop();
  return at + 1;
}

const NEXT = /[$%\n"\\]/g;

function insideLiteral(text: string, at: number, open: Frame[]): number {
  const sign = text[at];
  if (sign === "$" || sign === "%") {
    // A sign that is doubled is no beginning, however often it is: the last two of them before the brace count.
    let end = at;
    while (text[end] === sign) end += 1;
    if (text[end] !== "{") return end;
    if (end - at >= 2) return end + 1;
    open.push({ of: "expression" });
    return end + 1;
  }
  // A line begins here, which may be the end of a heredoc.
  if (sign === "\n") return at + 1;
  NEXT.lastIndex = at + 1;
  return NEXT.exec(text)?.index ?? text.length;
}

function isEnd(text: string, at: number, mark: string): boolean {
  return text.slice(at, lineEnd(text, at)).trim() === mark;
}

function lineEnd(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end;
}
