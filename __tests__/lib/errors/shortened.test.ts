import fc from "fast-check";
import { CUT, shortened } from "../../../lib/errors";
import { anyCharacter } from "../../support/characters";
import { draws } from "../../support/draws";

test("a text that fits stays as it is", () => {
  expect(shortened("as it is", 8)).toBe("as it is");
});

test.each([
  ["refused: Zebra-Quilt-77", 15, `refused:${CUT}`],
  ["refused: Zebra-Quilt-77 then", 23, `refused: Zebra-Quilt-77${CUT}`],
  ["refused\nZebra-Quilt-77", 15, `refused${CUT}`],
  ["Zebra-Quilt-77", 5, `Zebra${CUT}`],
])("a longer one is cut between words, where there are any: %s", (text, most, cut) => {
  expect(shortened(text, most)).toBe(cut);
});

test("what is kept is a beginning of the text, no longer than it may be, and of characters that are whole", () => {
  fc.assert(
    fc.property(fc.string({ unit: anyCharacter, maxLength: 60 }), fc.nat(40), (text, most) => {
      const kept = shortened(text, most).replace(/…$/, "");
      expect(kept.length).toBeLessThanOrEqual(Math.max(most, 0));
      const whole = kept.replace(/\ufffd$/, "");
      expect(text.toWellFormed().startsWith(whole)).toBe(true);
    }),
    { numRuns: draws(500) },
  );
});
