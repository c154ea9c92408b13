import { addressSpans } from "./addresses";
import { commandSpans } from "./commands";
import { formSpans, SHORTEST_FORM, type SecretSpan } from "./forms";
import { jsonSpans } from "./json-text";
import { labelSpans } from "./labels";
import { nestedSpans } from "./nested";
import { pairSpans } from "./pairs";
import type { TextKind } from "./text-kind";
import { SIGNS, signsOf } from "./signs";
import { tableSpans } from "./tables";

/** The parts of a text that are secret, in their order, without overlaps; linear in the text's length. */
export function secretSpans(text: string, kind: TextKind = "prose"): readonly SecretSpan[] {
  if (text.length < SHORTEST || isWord(text)) return NONE;
  return merged(text, [...readSpans(text, kind, MOST_ENCODINGS), ...encodedSpans(text, MOST_ENCODINGS)]);
}

const NONE: readonly SecretSpan[] = [];

/** Shorter than `a=b` under any name. */
const SHORTEST = 6;

/** Whether a text is a name or a path that is too short for a key: that is what most texts of a job are. */
export function isWord(text: string): boolean {
  return text.length < SHORTEST_FORM && signsOf(text) === 0;
}

/** What is secret in a text as it stands there, and in the JSON in it, which may have JSON in its texts again. */
function readSpans(text: string, kind: TextKind, depth: number): SecretSpan[] {
  const plain = plainSpans(text, kind);
  if (depth === 0 || !text.includes('"')) return plain;
  return [...plain, ...jsonSpans(text, (inside, own) => readSpans(inside, own, depth - 1))];
}

function plainSpans(text: string, kind: TextKind): SecretSpan[] {
  const signs = signsOf(text);
  const forms = formSpans(text);
  // Everything else stands behind a sign.
  if (signs === 0) return forms;
  const pairs = kind === "document" || /[=:]|(?:^|\s)-/.test(text) ? pairSpans(text, kind, signs) : [];
  const more = [...commandSpans(text, kind, signs), ...labelSpans(text, signs), ...nestedSpans(text, signs)];
  if (kind === "document" && signs & SIGNS.space) more.push(...tableSpans(text));
  return [...forms, ...addressSpans(text), ...pairs, ...more];
}

/** Shorter texts in base64 hold nothing worth hiding. */
const SHORTEST_ENCODED = 20;
/** As much of a text is decoded to see whether it is one. */
const TASTE = 60;
/** More of a text is not decoded. */
const LONGEST_ENCODED = 120_000;

/** What is encoded in what is encoded is looked into so deep. */
const MOST_ENCODINGS = 2;

/** Texts in base64, in hexadecimal or encoded for an address that hold something secret. */
function encodedSpans(text: string, depth: number): SecretSpan[] {
  const found: SecretSpan[] = [];
  for (let start = 0; start < text.length; start += 1) {
    let end = start;
    while (isBase64(text.charCodeAt(end))) end += 1;
    if (end - start >= SHORTEST_ENCODED) {
      const hidden = encodedSpan(text.slice(start, end), depth);
      // What fills it up to a multiple of four belongs to it.
      let padded = end;
      while (padded - end < 2 && text[padded] === "=") padded += 1;
      if (hidden) found.push({ start, end: padded, ...hidden });
    }
    start = end;
  }
  if (text.includes("%"))
    for (const { index, 0: word } of text.matchAll(PERCENT_ENCODED)) {
      const hidden = spanInside(unescaped(word), "encoded for an address", depth);
      if (hidden) found.push({ start: index, end: index + word.length, ...hidden });
    }
  return found;
}

/** A word with what only stands encoded in an address: the signs of a pair, of an address, of an object, of a line. */
const PERCENT_ENCODED = /[^\s"'`<>=&?%]{0,2000}%(?:3[AaDd]|2[02Bb]|40|7[Bb]|0[AaDd])[^\s"'`<>=&]{0,20000}/g;

function unescaped(word: string): string | undefined {
  try {
    return decodeURIComponent(word);
  } catch {
    return undefined;
  }
}

function encodedSpan(text: string, depth: number): Omit<SecretSpan, "start" | "end"> | undefined {
  if (text.length % 2 === 0 && /^(?:[2-7][0-9a-f]|0[9ad]){10,}$/i.test(text.slice(0, TASTE))) {
    const pairs = text.slice(0, LONGEST_ENCODED).match(/../g) ?? [];
    const plain = String.fromCharCode(...pairs.slice(0, LONGEST_HEX).map((pair) => parseInt(pair, 16)));
    return PRINTABLE.test(plain) ? spanInside(plain, "in hexadecimal", depth) : undefined;
  }
  if (!mayBeText(text, TASTE) || decoded(text.slice(0, TASTE)) === undefined) return undefined;
  return spanInside(decoded(text.slice(0, LONGEST_ENCODED)), "in base64", depth);
}

const LONGEST_HEX = 20_000;

function spanInside(
  inside: string | undefined,
  how: string,
  depth: number,
): Omit<SecretSpan, "start" | "end"> | undefined {
  if (inside === undefined) return undefined;
  const spans = [...readSpans(inside, "document", 1), ...(depth > 1 ? encodedSpans(inside, depth - 1) : [])];
  const found = spans.find(({ certain }) => certain) ?? spans[0];
  const texts = spans.flatMap(({ start, end, inside: deeper = [] }) => [inside.slice(start, end), ...deeper]);
  return found && { what: `${found.what}, ${how}`, certain: found.certain, inside: texts };
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

/** Whether base64 may say a text: no character of one is a control character, but for the zeros between letters of two bytes. Most words that only look like base64 end here. */
function mayBeText(text: string, length: number): boolean {
  for (let at = 0; at + 4 <= Math.min(length, text.length); at += 4) {
    const bits =
      (sixBits(text.charCodeAt(at)) << 18) |
      (sixBits(text.charCodeAt(at + 1)) << 12) |
      (sixBits(text.charCodeAt(at + 2)) << 6) |
      sixBits(text.charCodeAt(at + 3));
    if (isControl(bits >> 16) || isControl((bits >> 8) & 255) || isControl(bits & 255)) return false;
  }
  return true;
}

/** The value of a character of base64, as addresses write it or not. https://www.rfc-editor.org/rfc/rfc4648#section-5 */
function sixBits(code: number): number {
  if (code >= 97) return code - 71;
  if (code >= 65 && code <= 90) return code - 65;
  if (code >= 48 && code <= 57) return code + 4;
  return code === 43 || code === 45 ? 62 : 63;
}

function isControl(byte: number): boolean {
  return byte === 127 || (byte < 32 && byte !== 0 && byte !== 9 && byte !== 10 && byte !== 13);
}

const PRINTABLE = /^[\t\n\r\x20-\x7e]*$/;

/** What a text in base64 says, where that is a text for people: of ASCII, or of UTF-8 up to where it was cut. */
function decoded(text: string): string | undefined {
  const standard = text.replaceAll("-", "+").replaceAll("_", "/").replace(/=+$/, "");
  if (standard.length % 4 === 1) return undefined;
  const bytes = atob(standard);
  // A command of PowerShell has two bytes for a letter, of which the second says nothing.
  const plain = /^(?:[\t\n\r\x20-\x7e]\0)+[\x20-\x7e]?$/.test(bytes) ? bytes.replaceAll("\0", "") : bytes;
  if (PRINTABLE.test(plain)) return plain;
  const words = wellFormed(plain);
  return words !== undefined && /^[\t\n\r\x20-\x7e\p{L}\p{M}\p{P}\p{Zs}]*$/u.test(words) ? words : undefined;
}

/** What bytes say in UTF-8, without the part of a character at their end. No failure is thrown and caught: most long names come by here. */
function wellFormed(bytes: string): string | undefined {
  const whole = bytes.replace(/[\xc2-\xf4][\x80-\xbf]{0,2}$/, "");
  for (const each of new Set([bytes, whole])) {
    const text = UTF_8.decode(Uint8Array.from({ length: each.length }, (_byte, index) => each.charCodeAt(index)));
    if (!text.includes("\ufffd")) return text;
  }
  return undefined;
}

const UTF_8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** In order, and those that overlap as one, which keeps in `inside` what each of them is: it may stand alone in another text. */
function merged(text: string, spans: SecretSpan[]): readonly SecretSpan[] {
  if (spans.length < 2) return spans;
  spans.sort((a, b) => a.start - b.start || b.end - a.end);
  const out: SecretSpan[] = [];
  /** What is in the last one, where it is several. One list for all of them, so that many take time for each once. */
  let inside: string[] | undefined;
  for (const span of spans) {
    const last = out[out.length - 1];
    if (!last || span.start >= last.end) {
      out.push(span);
      inside = undefined;
      continue;
    }
    if (span.start === last.start && span.end === last.end && !span.inside) {
      out[out.length - 1] = { ...last, ...surer(last, span) };
      continue;
    }
    inside ??= [text.slice(last.start, last.end), ...(last.inside ?? [])];
    inside.push(text.slice(span.start, span.end));
    for (const deeper of span.inside ?? []) inside.push(deeper);
    out[out.length - 1] = { start: last.start, end: Math.max(last.end, span.end), ...surer(last, span), inside };
  }
  return out;
}

/** What two that overlap are called: as the one of which there is no doubt. */
function surer(first: SecretSpan, second: SecretSpan): Pick<SecretSpan, "what" | "certain"> {
  const { what, certain } = second.certain && !first.certain ? second : first;
  return { what, certain };
}
