import type { SecretSpan } from "./forms";
import { suspicionOf, type Suspicion } from "./names";
import { backslashes, Scanner, type Part } from "./scanner";
import { SIGNS, signsOf } from "./signs";
import type { TextKind } from "./text-kind";
import { isFilledIn, isPlainlyNoSecret, isPlainWords, isUserAndPassword, looksDrawn } from "./values";

/** Whether a value under a name is a secret by the name. */
export function isSecretPair(name: string, value: string): boolean {
  return isSecretUnder(name, suspicionOf(name), value);
}

function isSecretUnder(name: string, suspicion: Suspicion, value: string): boolean {
  if (suspicion === "none") return false;
  if (suspicion === "likely" && isPlainWords(value.trim())) return false;
  if (suspicion === "maybe") {
    const isPassword = /^pwd$/i.test(name) && !/^[/~.]|^[A-Za-z]:\\/.test(value.trim());
    if (!isPassword && !looksDrawn(value) && !/^\d{4,12}$/.test(value) && !isUser(name, value)) return false;
  }
  return !isPlainlyNoSecret(value);
}

/** User and password in one, as names that end with "auth" have them: `mail:winter`, `neo4j/winter`. */
function isUser(name: string, value: string): boolean {
  if (!/auth$/i.test(name)) return false;
  return isUserAndPassword(value) || (/^[\w.@-]{1,64}[:/][^\s/:]{4,200}$/.test(value) && !/^\w+:\d+$/.test(value));
}

/** The values in a text that stand behind a secret's name; linear in its length. */
export function pairSpans(text: string, kind: TextKind, signs = signsOf(text)): SecretSpan[] {
  const found: SecretSpan[] = [];
  if ((signs & ~SIGNS.fillsIn) === 0) return found;
  const scanner = new Scanner(text);
  const suspicions = new Map<string, Suspicion>();
  const judged = (name: string) => {
    let known = suspicions.get(name);
    if (known === undefined) suspicions.set(name, (known = suspicionOf(name)));
    return known;
  };
  for (let at = 1; at < text.length; at += 1) {
    if (!isSeparator(text, at, kind)) continue;
    const left = nameBefore(text, at, kind);
    const suspicion = left ? judged(left.name) : "none";
    if (!left || suspicion === "none") continue;
    const value = valueBehind(scanner, at, left, kind, suspicion);
    if (!value || value.end <= value.start || isRelease(text, at, left.start, value.start)) continue;
    // "the option --token is missing" goes on with a sentence.
    if (kind === "prose" && isSpace(text.charCodeAt(at)) && isOfSentence(text.slice(value.start, value.end))) continue;
    // A list or a block of what a template fills in.
    if (value.whole && isFilledIn(text.slice(value.start, value.end))) continue;
    if (!value.whole && !isSecretUnder(left.name, suspicion, unquoted(text.slice(value.start, value.end)))) continue;
    found.push({ start: value.start, end: value.end, what: `the value of ${left.name}`, certain: false });
    at = Math.max(value.end - 1, at);
  }
  return found;
}

/** Releases, and the names that they go by, as the tags of images are: `5.11.0`, `v2-alpine`, `latest`; four digits alone are rather a PIN. */
const TAG =
  /^(?:(?:v?\d{1,4}(?:\.\d{1,8})+|v\d{1,4}|\d{1,2})(?:[-_.][a-z0-9]{1,12}){0,4}|latest|stable|edge|main|master|nightly)(?![^\s"'`,;)\]}@])/;
const LONGEST_TAG = 120;

/**
 * Whether this is an image or a plugin and its release, whatever the last step of its name is called: `ghcr.io/web/service-authorization:5.11.0`,
 * and as a line of its own, `plain-credentials:latest`.
 */
function isRelease(text: string, separator: number, name: number, value: number): boolean {
  if (text[separator] !== ":" || value !== separator + 1) return false;
  const before = text[name - 1];
  if (before !== "/" && !(before === "\n" && text.slice(name, separator).includes("-"))) return false;
  const [tag] = TAG.exec(text.slice(value, value + LONGEST_TAG)) ?? [];
  if (tag === undefined) return false;
  return before === "/" || text[value + tag.length] === "\n" || value + tag.length === text.length;
}

const [SPACE, TAB, DASH, DOT, UNDERSCORE, BACKSLASH, COLON, EQUALS, LESS, GREATER] = [
  32, 9, 45, 46, 95, 92, 58, 61, 60, 62,
];

/** Whether a name may end here: `name=`, `name:`; in documents also `--name ` and `<name>`. */
function isSeparator(text: string, at: number, kind: TextKind): boolean {
  const code = text.charCodeAt(at);
  if (code === EQUALS || code === COLON) return true;
  if (code !== SPACE && code !== TAB && (code !== GREATER || kind === "prose")) return false;
  let start = at;
  while (start > 0 && at - start < LONGEST_NAME && isOfName(text.charCodeAt(start - 1))) start -= 1;
  if (start === at) return false;
  if (code !== GREATER) return text.charCodeAt(start) === DASH;
  // With a prefix too: `<c:password>`.
  if (text.charCodeAt(start - 1) === COLON) {
    start -= 1;
    while (start > 0 && at - start < LONGEST_NAME && isOfName(text.charCodeAt(start - 1))) start -= 1;
  }
  return text.charCodeAt(start - 1) === LESS;
}

interface Name {
  readonly name: string;
  readonly quoted: boolean;
  /** Where it begins, with its quote. */
  readonly start: number;
}

const LONGEST_NAME = 100;
const MOST_SPACES = 40;

/** The name before a separator: `"name"`, `name`, `--name`. */
function nameBefore(text: string, separator: number, kind: TextKind): Name | undefined {
  // `:=` of Go.
  let end = text[separator] === "=" && text[separator - 1] === ":" ? separator - 1 : separator;
  while (separator - end < MOST_SPACES && isSpace(text.charCodeAt(end - 1))) end -= 1;
  // An element of a map: `config["password"] =`, `$config{password} =`.
  const closing = text[end - 1];
  if (text[separator] === "=" && ((closing === "]" && isQuote(text.charCodeAt(end - 2))) || closing === "}")) end -= 1;
  const quoted = isQuote(text.charCodeAt(end - 1));
  // In prose only a quoted name may stand away from its separator, and the name of what is a line of a program: `password = "winter"`.
  if (end < separator && !quoted && kind === "prose" && !isOfProgram(text, separator)) return undefined;
  if (quoted) for (end -= 1; text.charCodeAt(end - 1) === BACKSLASH && separator - end < MOST_SPACES;) end -= 1;
  let start = end;
  while (start > 0 && end - start < LONGEST_NAME && isOfName(text.charCodeAt(start - 1))) start -= 1;
  let first = start;
  while (first < end && !isLetter(text.charCodeAt(first))) first += 1;
  return first === end ? undefined : { name: text.slice(first, end), quoted, start: quoted ? start - 1 : start };
}

/** Whether a text in quotes is assigned, spaces or not, as in the lines of a file that its parser's refusal shows. */
function isOfProgram(text: string, separator: number): boolean {
  if (text[separator] !== "=") return false;
  let at = separator + 1;
  while (at - separator < MOST_SPACES && isSpace(text.charCodeAt(at))) at += 1;
  return isQuote(text.charCodeAt(at));
}

/** Words that go on with a sentence: "set the token to …", "option --password is missing". */
const OF_A_SENTENCE = new Set(
  (
    "a an and are argument as at be been before but by can cannot could did do does else expected expects failed fails flag for found from given " +
    "had has have if in into invalid is it its may missing must need needs no not of on option or parameter provided required requires " +
    "set should specified than that the then this to too unknown unless until use used using value was were when where which while will " +
    "with without would you your"
  ).split(" "),
);

/** No word of a sentence is longer, with the signs behind it. */
const LONGEST_OF_SENTENCE = 100;

/** Whether a word that stands where a value could goes on with a sentence. */
export function isOfSentence(word: string): boolean {
  // The search for the signs at its end begins anew at each of them.
  if (word.length > LONGEST_OF_SENTENCE) return false;
  return OF_A_SENTENCE.has(word.toLowerCase().replace(/[.,;:!?]+$/, ""));
}

function isSpace(code: number): boolean {
  return code === SPACE || code === TAB;
}

function isQuote(code: number): boolean {
  return code === 34 || code === 39 || code === 96;
}

function isLetter(code: number): boolean {
  // Of other alphabets all above the signs of Latin-1.
  return (
    (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 0xc0 && code < 0x2000) || isIdeograph(code)
  );
}

/** Letters of East Asian scripts. */
function isIdeograph(code: number): boolean {
  return code >= 0x3040 && code < 0xd800;
}

function isOfName(code: number): boolean {
  return isLetter(code) || (code >= 48 && code <= 57) || code === UNDERSCORE || code === DASH || code === DOT;
}

/** Headers whose value is a secret where their names say so. */
const HEADER =
  /^(?:x-.*|authorization|proxy-authorization|cookie|set-cookie|private-token|deploy-token|job-token|api-key|apikey)$/i;
const LINE_START = /(?:^|\n)[ \t]*(?:export[ \t]+|-[ \t]+)?$/;

function valueBehind(
  scanner: Scanner,
  separator: number,
  left: Name,
  kind: TextKind,
  suspicion: Suspicion,
): Part | undefined {
  const { text } = scanner;
  const sign = text[separator];
  const isDocument = kind === "document";
  let start = separator + 1;
  if (sign === ":" && !isDocument && !left.quoted && !HEADER.test(left.name)) return undefined;
  // `${NAME:-value}` of a shell is no setting, and read as a whole.
  if (sign === ":" && text.startsWith("${", left.start - 2)) return undefined;
  // An address, and an assignment inside of a template.
  if (sign === ":" && (text.startsWith("//", start) || text[start] === "=")) return undefined;
  // `=>` and `==` of programs.
  if (sign === "=" && (text[start] === ">" || text[start] === "=")) start += 1;
  const mayStandAway = isDocument || left.quoted || sign === ":" || isOfProgram(text, separator);
  while (mayStandAway && start - separator < MOST_SPACES && (text[start] === " " || text[start] === "\t")) start += 1;
  const before = BEFORE_LITERAL.exec(text.slice(start, start + LONGEST_NAME));
  // A declaration in a template, `{{ $password := key "x" }}`, says where its value comes from.
  if (text[separator - 1] === ":" && sign === "=" && !isQuote(text.charCodeAt(start)) && !before) return undefined;
  // `: string = "winter"`, `= String::from("winter")`.
  if (before && isDocument && (sign === "=" || !left.quoted)) start += before[0].length - 1;
  const run = text[start] === "\\" ? backslashes(text, start) : 0;
  const escapes = /["']/.test(text[start + run] ?? "") ? run : 0;
  const first = text[start + escapes] ?? "";
  // Another option, and not a value.
  if ((sign === " " || sign === "\t") && first === "-") return undefined;
  if (first === '"' || first === "'" || first === "`") {
    // Three quotes of TOML and Python open a text of several lines.
    const isLong = text[start + 1] === first && text[start + 2] === first;
    return isLong ? scanner.long(start, first.repeat(3)) : scanner.quoted(start + escapes, escapes);
  }
  const filledIn = text.startsWith("{{", start);
  // `PWD={winter};` of ODBC.
  const braced =
    sign === "=" &&
    first === "{" &&
    !filledIn &&
    /^\{([^{}\n"=:]{1,400})\}(?=;|$)/.exec(text.slice(start, start + 410));
  if (braced) return { start: start + 1, end: start + braced[0].length - 1 };
  if ((first === "[" || first === "{") && !filledIn)
    return suspicion === "secret" && (left.quoted || isDocument) ? scanner.structure(start) : undefined;
  const assigned = sign === "=" && isDocument ? assignedAt(scanner, start, left) : undefined;
  if (assigned) return assigned;
  if (isDocument && sign === ":" && (first === "\n" || first === "\r")) {
    const below = scanner.below(start, indentBefore(text, left.start), suspicion === "secret" && /s$/i.test(left.name));
    if (below) return below;
  }
  if (sign === ":" && !left.quoted) {
    if ((first === "|" || first === ">") && isDocument)
      return scanner.blockScalar(start, indentBefore(text, left.start));
    return scanner.lineUpToQuote(start);
  }
  if (sign === ">") return scanner.element(start);
  return scanner.word(start);
}

/** What a document assigns over its line, or over several: up to the mark of a heredoc, or to the last line that goes on. */
function assignedAt(scanner: Scanner, start: number, left: Name): Part | undefined {
  const { text } = scanner;
  const heredoc = scanner.heredoc(start);
  if (heredoc) return heredoc;
  if (/^\\\r?\n/.test(text.slice(start, start + 3))) return scanner.continued(start);
  if (!beginsLine(text, left.start)) return undefined;
  const line = scanner.line(start);
  // Files of properties go on in the next line; so do commands whose answer is the value.
  const goesOn = text[line.end - 1] === "\\" && !isPlainlyNoSecret(text.slice(start, line.end - 1));
  return goesOn ? { ...scanner.continued(start), start } : line;
}

/** What stands before the literal that a program gives a name: its type, or the call that makes one of it. */
const BEFORE_LITERAL =
  /^(?:&?(?:'static[ ])?[A-Za-z][\w.<>?]{0,60}[ ]?=[ ]?["'`]|(?:new[ ])?(?:String::from|String|Secret(?:Str|String|Box)?(?:::new|::from)?|SecureString|StringName|Some|Buffer\.from|bytes|b|r|u|@)\(?["'`])/;

/** Whether a name is the first thing on its line; an option, `--name=value`, is part of a command. */
function beginsLine(text: string, start: number): boolean {
  if (text.charCodeAt(start) === DASH) return false;
  const before = text.slice(Math.max(0, start - MOST_SPACES), start);
  return LINE_START.test(start <= MOST_SPACES ? before : `x${before}`);
}

/** How far in from the left a name stands; of a list's item the dash counts. */
function indentBefore(text: string, start: number): number {
  const before = text.slice(Math.max(0, start - 200), start);
  return start - (Math.max(0, start - 200) + before.lastIndexOf("\n") + 1) - (/-[ \t]+$/.exec(before)?.[0].length ?? 0);
}

function unquoted(text: string): string {
  const first = text[0] ?? "";
  return text.length > 1 && /["'`]/.test(first) && text.endsWith(first) ? text.slice(1, -1) : text;
}
