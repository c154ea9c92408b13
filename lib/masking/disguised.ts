import { encodedIn } from "./encoded";
import type { KnownTexts, Span } from "./known-texts";
import { hasBreak, through, unescaped, withoutSeams, withoutUnseen, type View } from "./views";

/** What is encoded in what is encoded is looked into so deep. */
const DEEPEST = 3;
/** A shorter text that stands in two lines does so by chance. */
const SHORTEST_BROKEN = 8;
/** Longer texts are no message, and no value that somebody encoded. */
const LONGEST = 16 * 1024 * 1024;

/**
 * Where known texts stand in a text that somebody reads otherwise than letter by letter: with colours and signs of no width between the letters, broken into lines, with letters written by their
 * numbers, in base64, base 16 or bytes, packed, with two bytes for a letter; and all that in one another, a few deep. Linear in the text's length.
 */
export function disguisedSpans(text: string, known: KnownTexts): readonly Span[] {
  if (known.isEmpty || text.length > LONGEST) return [];
  return spansOf(text, known, DEEPEST);
}

function spansOf(text: string, known: KnownTexts, depth: number): Span[] {
  const found: Span[] = [];
  const seen = withoutUnseen(text);
  const plain = seen?.text ?? text;
  if (seen) for (const span of known.spansIn(plain)) found.push(seen.original(span));
  const whole = withoutSeams(plain);
  if (whole)
    for (const span of known.spansIn(whole.text)) {
      const own = through(seen, whole).original(span);
      if (span.end - span.start >= SHORTEST_BROKEN && hasBreak(text.slice(own.start, own.end))) found.push(own);
    }
  const written = unescaped(plain);
  if (written && depth > 0) add(found, spansWithin(written.text, known, depth - 1), through(seen, written));
  for (const { start, end, readings, unread } of depth > 0 ? encodedIn(plain) : []) {
    const holds = unread ?? readings.some((reading) => spansWithin(reading, known, depth - 1).length > 0);
    if (holds) add(found, [{ start, end }], seen);
  }
  return found;
}

function spansWithin(text: string, known: KnownTexts, depth: number): readonly Span[] {
  return [...known.spansIn(text), ...spansOf(text, known, depth)];
}

function add(to: Span[], spans: readonly Span[], view: View | undefined): void {
  for (const span of spans) to.push(view?.original(span) ?? span);
}
