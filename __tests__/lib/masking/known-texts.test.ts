import fc from "fast-check";
import { KnownTexts, type Span } from "../../../lib/masking/known-texts";
import { draws } from "../../support/draws";

// Many known texts are found at once, as each would be found alone.

/** What looking for one text after the other finds. */
function oneByOne(all: readonly { readonly text: string; readonly inside: boolean }[], text: string): readonly Span[] {
  const isLetter = (char: string | undefined) => char !== undefined && /[A-Za-z0-9_]/.test(char);
  return all.flatMap(({ text: known, inside }) => {
    const found: Span[] = [];
    for (let start = text.indexOf(known); start >= 0; start = text.indexOf(known, start + known.length)) {
      const end = start + known.length;
      if (inside || (!isLetter(text[start - 1]) && !isLetter(text[end]))) found.push({ start, end });
    }
    return found;
  });
}

const sorted = (spans: readonly Span[]) => [...spans].sort((a, b) => a.start - b.start || a.end - b.end);

/** Texts of few letters, so that they begin with, hold and overlap each other. */
const letters = (most: number) => fc.string({ unit: fc.constantFrom("a", "b", ".", "é", "𝒶"), maxLength: most });
const known = fc.record({ text: letters(12).filter((text) => text.length >= 4), inside: fc.boolean() });

test("are found where each alone is found, whenever they came to be known", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(known, { selector: ({ text }) => text, maxLength: 40 }),
      fc.array(letters(60), { minLength: 1, maxLength: 5 }),
      fc.nat(3),
      (all, texts, forgotten) => {
        const index = new KnownTexts();
        const now: (typeof all)[number][] = [];
        texts.forEach((text, at) => {
          // Some more before each text that is looked at.
          for (const each of all.filter((_, place) => place % texts.length === at)) {
            index.add(each);
            now.push(each);
          }
          const [gone] = now.length > forgotten ? now.splice(forgotten, 1) : [];
          if (gone) index.delete(gone.text);
          expect(sorted(index.spansIn(text))).toEqual(sorted(oneByOne(now, text)));
        });
      },
    ),
    { numRuns: draws(100) },
  );
});

test("are told apart after a long beginning that they share", () => {
  const begin = "k".repeat(300);
  const index = new KnownTexts();
  const all = ["one", "two", "two and more"].map((end) => ({ text: begin + end, inside: true }));
  for (const each of all) index.add(each);
  const text = `${begin}two and ${begin}one, ${begin}`;
  expect(sorted(index.spansIn(text))).toEqual(sorted(oneByOne(all, text)));
});

test("four times as many take about four times as long, and not sixteen times", () => {
  const took = (count: number) => {
    const index = new KnownTexts();
    const texts = Array.from({ length: count }, (_, at) => `token-${((at * 2_654_435_761) % 2 ** 32).toString(36)}-x`);
    const begun = process.cpuUsage().user;
    for (const text of texts) index.add({ text, inside: true });
    const found = texts.reduce((sum, text) => sum + index.spansIn(`a value ${text} of many`).length, 0);
    expect(found).toBeGreaterThanOrEqual(count);
    return process.cpuUsage().user - begun;
  };
  took(1_000);
  const few = Math.min(took(5_000), took(5_000));
  const many = Math.min(took(20_000), took(20_000));
  expect(many / few).toBeLessThan(9);
});
