import { aroundElements, aroundKey, DEEPEST, isSecretHere, isSentence, NOTHING_AROUND, type Around } from "./around";
import type { SecretSpan } from "./forms";
import type { TextKind } from "./text-kind";

/** Longer texts are not read as JSON. */
const LONGEST = 2_000_000;

/** What is secret in a text by itself. */
export type SpansOf = (text: string, kind: TextKind) => readonly SecretSpan[];

/**
 * What is secret in a text that is JSON, or has JSON in it, such as a line of a log: by the keys and the lists around it, as in any other
 * data, and inside of its texts as they read without the escapes of JSON.
 *
 * @param spansOf what is secret in a text by itself
 */
export function jsonSpans(text: string, spansOf: SpansOf): SecretSpan[] {
  const found: SecretSpan[] = [];
  for (const { at, literal } of escapedLiterals(text))
    for (const span of insideLiteral(literal, at, spansOf)) found.push(span);
  for (const [whole, spans] of secretsOf(parsedIn(text), spansOf)) {
    const literal = JSON.stringify(whole);
    const places = placesInLiteral(
      whole,
      spans.flatMap(({ start, end }) => [start, end]),
    );
    for (let at = text.indexOf(literal); at >= 0; at = text.indexOf(literal, at + literal.length))
      for (const { start, end, what } of spans) {
        const [from = 0, to = 0] = [places.get(start), places.get(end)];
        found.push({ start: at + from, end: at + to, what, certain: false });
      }
  }
  return found;
}

/** Where places of a text are in its literal of JSON: found in one pass, since a text may hold many secrets. */
function placesInLiteral(text: string, places: readonly number[]): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  let [before, inLiteral] = [0, 1];
  for (const place of [...new Set(places)].sort((a, b) => a - b)) {
    inLiteral += JSON.stringify(text.slice(before, place)).length - 2;
    before = place;
    found.set(place, inLiteral);
  }
  return found;
}

/**
 * The literals of JSON that have an escape in them: what these say is not what stands there. By hand, since a search by a pattern begins anew at
 * every quote of a literal that does not end, and takes time by the cube of its length.
 */
function* escapedLiterals(text: string): Generator<{ readonly at: number; readonly literal: string }> {
  if (!text.includes("\\")) return;
  for (let at = text.indexOf('"'); at >= 0;) {
    const { end, isClosed, isEscaped } = literalFrom(text, at);
    if (isClosed && isEscaped) yield { at, literal: text.slice(at, end + 1) };
    // The quote that ends a literal without an escape may begin the next. In one that does not end, every quote is escaped, so none begins there.
    at = isClosed && !isEscaped ? end : text.indexOf('"', end + 1);
  }
}

/** Where a literal that begins with the quote at `from` ends: at its quote, else with its line. */
function literalFrom(text: string, from: number): { end: number; isClosed: boolean; isEscaped: boolean } {
  let isEscaped = false;
  let at = from + 1;
  for (; at < text.length && text[at] !== "\n"; at += 1) {
    if (text[at] === '"') return { end: at, isClosed: true, isEscaped };
    if (text[at] !== "\\") continue;
    isEscaped ||= /[nrt"\\/u]/.test(text[at + 1] ?? "");
    if (text[at + 1] !== "\n") at += 1;
  }
  return { end: at, isClosed: false, isEscaped };
}

/** The JSON in a text: all of it, or from its first bracket to its last. */
function parsedIn(text: string): unknown {
  if (text.length > LONGEST) return undefined;
  const start = text.search(/[[{]/);
  const end = Math.max(text.lastIndexOf("]"), text.lastIndexOf("}"));
  // An object or a list of texts; all else is found without it.
  if (start < 0 || end <= start || !/^(?:\{\s*["}]|\[\s*["[{])/.test(text.slice(start, start + 1000))) return undefined;
  try {
    return JSON.parse(text.slice(start, end + 1));
  } catch {
    return undefined;
  }
}

type Spans = readonly Pick<SecretSpan, "start" | "end" | "what">[];

/** The texts of data that are or hold secrets, each once: wherever one stands, it is found by what it says. */
function secretsOf(data: unknown, spansOf: SpansOf): ReadonlyMap<string, Spans> {
  const found = new Map<string, Map<string, Spans[number]>>();
  const add = (whole: string, spans: Spans) => {
    const own = found.get(whole) ?? new Map<string, Spans[number]>();
    found.set(whole, own);
    for (const span of spans) own.set(`${span.start}-${span.end}`, span);
  };
  const walk = (value: unknown, around: Around, depth: number): void => {
    if (depth > DEEPEST) return;
    if (typeof value === "string") {
      const what = `the value of ${around.name}`;
      if (isSecretHere(value, around)) add(value, [{ start: 0, end: value.length, what }]);
      else {
        const own = /\s/.test(value) ? spansOf(value, isSentence(around.name) ? "prose" : "document") : [];
        const spans = [...(around.spans ?? []), ...own];
        if (spans.length > 0) add(value, spans);
      }
    } else if (Array.isArray(value)) {
      const aroundElement = aroundElements(around, value);
      value.forEach((item, index) => walk(item, aroundElement(index), depth + 1));
    } else if (typeof value === "object" && value !== null) {
      const object = value as Readonly<Record<string, unknown>>;
      for (const key of Object.keys(object)) walk(object[key], aroundKey(around, object, key), depth + 1);
    }
  };
  walk(data, NOTHING_AROUND, 0);
  return new Map([...found].map(([whole, own]) => [whole, [...own.values()]] as const));
}

/** What is secret in a literal, in the places that its characters have in the text. */
function insideLiteral(literal: string, from: number, spansOf: SpansOf): SecretSpan[] {
  const places: number[] = [];
  let inside = "";
  for (let at = 1; at < literal.length - 1;) {
    const length = literal[at] !== "\\" ? 1 : literal[at + 1] === "u" ? 6 : 2;
    const own = literal.slice(at, at + length);
    places.push(at);
    inside += length === 1 ? own : unescaped(own);
    at += length;
  }
  places.push(literal.length - 1);
  return spansOf(inside, inside.includes("\n") ? "document" : "prose").map((span) => ({
    ...span,
    start: from + (places[span.start] ?? 0),
    end: from + (places[span.end] ?? literal.length - 1),
  }));
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", b: "\b", f: "\f" };

function unescaped(escape: string): string {
  const char = escape[1] ?? "";
  return char === "u" ? String.fromCharCode(parseInt(escape.slice(2), 16) || 0xfffd) : (ESCAPES[char] ?? char);
}
