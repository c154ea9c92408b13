import type { Span } from "./known-texts";

/** A text as somebody else reads it, of which each part is found again in the text itself. */
export interface View {
  readonly text: string;
  /** Where a part of it stands in the text that it was made of. */
  original(span: Span): Span;
}

/** Colours and titles of terminals, controls, and what has no width or turns the direction: nobody sees them, and a text that they stand in reads as one without. */
const UNSEEN =
  /\x1b(?:\[[0-?]{0,40}[ -/]{0,10}[@-~]|\][^\x07\x1b\n]{0,200}(?:\x07|\x1b\\)|[ -/]{0,2}[0-~])|[\p{Cc}\p{Cf}\u034f\u115f\u1160\u17b4\u17b5\u3164\ufe00-\ufe0f\uffa0](?<![\t\n\r])/gu;

/** What stands between two words, or where a line was broken: spaces, a backslash or the sign of quoted-printable before the break, the bars of Terraform's frames behind it. */
const SEAM = /(?:\\{1,2}|=)?(?:\r?\n|\\r\\n|\\n)(?:[ \t]{0,40}[│╷╵|>#*]){0,2}|[ \t\r]+/g;

/** Characters that a language writes by their numbers, in base 16, 10 or 8. */
const ESCAPE =
  /(?:\\{1,4}x|%|\\{1,4}u\{0{0,6})([0-9A-Fa-f]{2})\}?|\\{1,4}u([0-9A-Fa-f]{4})|&#[xX]0{0,6}([0-9A-Fa-f]{1,6});|&#0{0,6}(\d{1,7});|\\{1,4}([0-3][0-7]{2})/g;
const BASES = [16, 16, 16, 10, 8];

/** A text without what is not seen in it; undefined where everything is. */
export function withoutUnseen(text: string): View | undefined {
  return replaced(text, UNSEEN, () => "");
}

/** A text without its spaces and the breaks of its lines; undefined where it is one line. */
export function withoutSeams(text: string): View | undefined {
  return hasBreak(text) ? replaced(text, SEAM, () => "") : undefined;
}

/** Whether a line ends in a text, also where it is a text of JSON. */
export function hasBreak(text: string): boolean {
  return text.includes("\n") || text.includes("\\n");
}

/** A text in which characters stand for themselves that are written by their numbers; undefined where none is. */
export function unescaped(text: string): View | undefined {
  return replaced(text, ESCAPE, (groups) => {
    const at = groups.findIndex((group) => group !== undefined);
    const code = Number.parseInt(groups[at] ?? "", BASES[at]);
    return code > 0x10ffff ? "\ufffd" : String.fromCodePoint(code);
  });
}

/** A view of a view; of the text itself where there is no outer one. */
export function through(outer: View | undefined, inner: View): View {
  return outer ? { text: inner.text, original: (span) => outer.original(inner.original(span)) } : inner;
}

/** A part of a view, and what of the text it stands for. */
interface Piece {
  readonly inView: number;
  readonly inText: number;
  /** Of what stands in the place of something else, the length of that. */
  readonly instead?: number;
}

function replaced(
  text: string,
  pattern: RegExp,
  by: (groups: readonly (string | undefined)[]) => string,
): View | undefined {
  const pieces: Piece[] = [{ inView: 0, inText: 0 }];
  const parts: string[] = [];
  let length = 0;
  let done = 0;
  for (const match of text.matchAll(pattern)) {
    const [whole, ...groups] = match;
    const { index } = match;
    const instead = by(groups);
    parts.push(text.slice(done, index), instead);
    length += index - done;
    if (instead !== "") pieces.push({ inView: length, inText: index, instead: whole.length });
    length += instead.length;
    done = index + whole.length;
    pieces.push({ inView: length, inText: done });
  }
  if (parts.length === 0) return undefined;
  parts.push(text.slice(done));
  const pieceOf = (place: number) => {
    let [low, high] = [0, pieces.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((pieces[middle]?.inView ?? 0) <= place) low = middle + 1;
      else high = middle;
    }
    return pieces[low - 1] ?? { inView: 0, inText: 0 };
  };
  return {
    text: parts.join(""),
    original({ start, end }) {
      const [first, last] = [pieceOf(start), pieceOf(end - 1)];
      return {
        start: first.inText + (first.instead === undefined ? start - first.inView : 0),
        end: last.inText + (last.instead ?? end - last.inView),
      };
    },
  };
}
