import fc from "fast-check";

/*
 * Units for `fc.string`. The named ones of fast-check, "binary" and "grapheme", first make a table of a million characters in each file of tests,
 * which takes a second and a hundred megabytes, so that they could be read backwards. Nothing here is.
 */

/** Any character of Unicode, control characters and those that no one assigned among them. */
export const anyCharacter: fc.Arbitrary<string> = fc
  .nat({ max: 0x10ffff - 0x800 })
  .map((index) => String.fromCodePoint(index < 0xd800 ? index : index + 0x800));

const between = (first: number, last: number) =>
  fc.integer({ min: first, max: last }).map((code) => String.fromCodePoint(code));

/** What a reader takes for one character: of one to eleven code units. */
export const visibleCharacter: fc.Arbitrary<string> = fc.oneof(
  between(0x20, 0x7e),
  between(0xa1, 0x24f),
  between(0x391, 0x3a1),
  between(0x5d0, 0x5ea),
  between(0x627, 0x63a),
  between(0x4e00, 0x9fff),
  between(0x1f300, 0x1f5ff),
  between(0x20000, 0x2a6df),
  fc
    .tuple(between(0x61, 0x7a), fc.array(between(0x300, 0x36f), { minLength: 1, maxLength: 2 }))
    .map(([letter, marks]) => letter + marks.join("")),
  fc.tuple(between(0x1100, 0x1112), between(0x1161, 0x1175), between(0x11a8, 0x11c2)).map((parts) => parts.join("")),
  fc.constantFrom("\u{1f1eb}\u{1f1f7}", "\u{1f44d}\u{1f3fd}", "\u{1f468}\u200d\u{1f469}\u200d\u{1f467}\u200d\u{1f466}"),
);
