import { addressSpans } from "./addresses";
import { formSpans, type SecretSpan } from "./forms";
import { pairSpans, type TextKind } from "./pairs";

/** The parts of a text that are secret, in their order, without overlaps; linear in the text's length. */
export function secretSpans(text: string, kind: TextKind = "prose"): readonly SecretSpan[] {
  if (text.length < SHORTEST) return [];
  return merged([...plainSpans(text, kind), ...encodedSpans(text)]);
}

/** Shorter than `a=b` under any name. */
const SHORTEST = 6;

function plainSpans(text: string, kind: TextKind): SecretSpan[] {
  const pairs = text.includes("=") || text.includes(":") || kind === "document" ? pairSpans(text, kind) : [];
  return [...formSpans(text), ...addressSpans(text), ...pairs];
}

/** Shorter texts in base64 hold nothing worth hiding. */
const SHORTEST_ENCODED = 20;
/** As much of a text is decoded to see whether it is one. */
const TASTE = 60;
/** More of a text is not decoded. */
const LONGEST_ENCODED = 120_000;

/** Texts in base64 that hold something secret, decoded once: what is encoded twice is not looked into. */
function encodedSpans(text: string): SecretSpan[] {
  const found: SecretSpan[] = [];
  for (let start = 0; start < text.length; start += 1) {
    let end = start;
    while (isBase64(text.charCodeAt(end))) end += 1;
    if (end - start >= SHORTEST_ENCODED) {
      const hidden = encodedSpan(text.slice(start, end));
      // What fills it up to a multiple of four belongs to it.
      let padded = end;
      while (padded - end < 2 && text[padded] === "=") padded += 1;
      if (hidden) found.push({ start, end: padded, ...hidden });
    }
    start = end;
  }
  return found;
}

function encodedSpan(text: string): Pick<SecretSpan, "what" | "certain"> | undefined {
  if (decoded(text.slice(0, TASTE)) === undefined) return undefined;
  const inside = decoded(text.slice(0, LONGEST_ENCODED));
  const spans = inside === undefined ? [] : plainSpans(inside, "document");
  const found = spans.find(({ certain }) => certain) ?? spans[0];
  return found && { what: `${found.what}, in base64`, certain: found.certain };
}

function isBase64(code: number): boolean {
  return (
    (code >= 97 && code <= 122) ||
    (code >= 65 && code <= 90) ||
    // Digits and the slash before them; plus, dash and underscore.
    (code >= 47 && code <= 57) ||
    code === 43 ||
    code === 45 ||
    code === 95
  );
}

/** What a text in base64 says, where that is a text for people. */
function decoded(text: string): string | undefined {
  const standard = text.replaceAll("-", "+").replaceAll("_", "/").replace(/=+$/, "");
  if (standard.length % 4 === 1) return undefined;
  const plain = atob(standard);
  return /^[\t\n\r\x20-\x7e]*$/.test(plain) ? plain : undefined;
}

/** In order, and those that overlap as one. */
function merged(spans: SecretSpan[]): readonly SecretSpan[] {
  if (spans.length < 2) return spans;
  spans.sort((a, b) => a.start - b.start || b.end - a.end);
  const out: SecretSpan[] = [];
  for (const span of spans) {
    const last = out[out.length - 1];
    if (!last || span.start >= last.end) out.push(span);
    else {
      const certain = last.certain || span.certain;
      const what = span.certain && !last.certain ? span.what : last.what;
      out[out.length - 1] = { start: last.start, end: Math.max(last.end, span.end), what, certain };
    }
  }
  return out;
}
