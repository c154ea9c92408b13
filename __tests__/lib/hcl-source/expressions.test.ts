import fc from "fast-check";
import { readExpression, readSource, referencesIn, type Expression } from "../../../lib/hcl-source";
import { corpus, testWithCorpus } from "../../support/corpus";
import { parseWithNomad, testWithNomad } from "../../support/nomad-parser";
import { growth, LINEAR } from "../../support/growth";

const read = (text: string): Expression => readExpression(text, { start: 0, end: text.length });
const reference = (name: string) => ({ kind: "reference", names: name.split(".") });

describe("an expression", () => {
  test.each([
    ["1.5e3", { kind: "literal", value: 1500 }],
    ["null", { kind: "literal", value: null }],
    ['"a\\n\\u00e9$${b}%%{"', { kind: "literal", value: "a\né${b}%{" }],
    ["var.a.b", reference("var.a.b")],
    ['"${var.a}"', reference("var.a")],
    ["<<E\na\nE\n", { kind: "literal", value: "a\n" }],
    ["<<-E\n    a\n   b\n\n  E\n", { kind: "literal", value: " a\nb\n\n" }],
    ["!(a)", { kind: "unary", sign: "!", of: reference("a") }],
    [
      "1 + 2 * a",
      {
        kind: "binary",
        sign: "+",
        left: { kind: "literal", value: 1 },
        right: { kind: "binary", sign: "*", left: { kind: "literal", value: 2 }, right: reference("a") },
      },
    ],
    ["a ? b : c", { kind: "conditional", condition: reference("a"), yes: reference("b"), no: reference("c") }],
    [
      'f(\n  a, # of a\n  "}",\n)',
      { kind: "call", name: "f", arguments: [reference("a"), { kind: "literal", value: "}" }] },
    ],
    [
      "[for x in var.a : upper(x)]",
      { kind: "other", references: [["for"], ["x"], ["in"], ["var", "a"], ["upper"], ["x"]] },
    ],
    ["var.a[0]", { kind: "other", references: [["var", "a"]] }],
    ["var.a[*].b", { kind: "other", references: [["var", "a"]] }],
  ])("%s", (text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  test("a template has its parts with their places", () => {
    const text = '"a-${var.b}-$${c}"';
    const found = read(text);
    expect(found).toEqual({
      kind: "template",
      parts: ["a-", { of: reference("var.b"), range: { start: 3, end: 11 } }, "-${c}"],
    });
    expect(read('"%{ if var.a }x%{ endif }"')).toMatchObject({ kind: "template" });
    expect(referencesIn(read('"${f("${~ var.a }")}"'))).toEqual([["var", "a"]]);
  });

  test("elements of lists and objects have their comments", () => {
    const list = read('[\n  # first\n  "a", # of a\n  "b" # of b\n  , "c"\n  # at the end\n]');
    if (list.kind !== "list") throw new Error(list.kind);
    const words = (comments: readonly { readonly lines: readonly string[] }[]) =>
      comments.flatMap(({ lines }) => lines);
    expect(list.items.map(({ before, after }) => [words(before), words(after)])).toEqual([
      [["first"], ["of a"]],
      [[], ["of b"]],
      [[], []],
    ]);
    expect(words(list.inside)).toEqual(["at the end"]);
    const object = read('{\n  a = 1 # of a\n  # before b\n  "b" : 2, c = 3\n}');
    if (object.kind !== "object") throw new Error(object.kind);
    expect(object.items.map(({ key, before, after }) => [key, words(before), words(after)])).toEqual([
      ["a", [], ["of a"]],
      ["b", ["before b"], []],
      ["c", [], []],
    ]);
  });

  test.each(["[", "(", "{a=", "!", "-", "f(", "a?", "1+", '"${', "a?b:", "1||"])(
    "%s as often as it will is read in a time that grows with it, and as what it names",
    async (unit) => {
      const nested = (length: number) => `${unit.repeat(length / unit.length)}var.a`;
      expect(read(nested(300_000))).toMatchObject({ kind: "other" });
      expect(await growth((length) => read(nested(length)), 100_000)).toBeLessThan(LINEAR);
    },
  );
});

/** A text in a template in a text in a template, where each stands beside something of no kind that is known. */
function inTemplates(depth: number, inner: string): string {
  return `${'"${'.repeat(depth)}${inner}${'}" y'.repeat(depth)}`;
}

describe("templates within each other, in what is of no kind that is known", () => {
  test("are read once each, and named once", () => {
    const named = referencesIn(read(inTemplates(24, "var.a")));
    expect(named).toEqual([["var", "a"], ...Array.from({ length: 24 }, () => ["y"])]);
  });

  test("are read in a time that grows with what stands in them", async () => {
    expect(await growth((length) => read(inTemplates(20, "x ".repeat(length / 2))), 80_000)).toBeLessThan(LINEAR);
  });

  test("may name as much as they like", () => {
    expect(referencesIn(read(inTemplates(1, `[${"a,".repeat(200_000)}]`)))).toHaveLength(200_001);
  });
});

/** Pieces of texts that mean something in one place or another. */
const piece = fc.constantFrom(
  ..."a b é \u0301 😀 $ $$ $$$ % %% a{ } \\ # // /* EOF - , = : ~ ' <<E".split(" "),
  " ",
  "  ",
  "\t",
  "$${",
  "%%{",
  "$$${",
  "$a",
);
const escaped = fc.constantFrom('\\"', "\\n", "\\\\", "\\t", "\\u00e9", "\\U0001f600", "\\r");
const quotedText = fc
  .array(
    fc.oneof(
      piece.filter((each) => each !== "\\"),
      escaped,
    ),
    { maxLength: 8 },
  )
  .map((parts) => `"${parts.join("")}"`);
const line = fc.array(piece, { maxLength: 6 }).map((parts) => parts.join(""));
const heredoc = fc
  .tuple(
    fc.constantFrom("<<E", "<<-E", "<<-EOT_1"),
    fc.array(line, { maxLength: 5 }),
    fc.constantFrom("", "  ", "\t"),
    fc.constantFrom("\n", "\r\n"),
  )
  .map(([begin, lines, indent, end]) => [begin, ...lines, indent + begin.replace(/^<<-?/, "")].join(end));

testWithNomad("texts are what Nomad's own parser reads them as", () => {
  const drawn = fc.sample(fc.oneof(quotedText, heredoc), { numRuns: 600, seed: 5 });
  const texts = drawn.filter((text) => !/\n\s*E(?:OT_1)?\s*\n/.test(text));
  const entries = texts.map((text, index) => `    k${index} = ${text}\n`);
  const { Meta: meta } = parseWithNomad(`job "a" {\n  meta {\n${entries.join("")}  }\n}\n`) as {
    readonly Meta: Readonly<Record<string, string>>;
  };
  for (const [index, text] of texts.entries()) {
    const found = read(`${text}\n`);
    // Nomad brings every text into the composed form.
    const value = found.kind === "literal" ? String(found.value).normalize("NFC") : found;
    expect({ text, value }).toEqual({ text, value: meta[`k${index}`] });
  }
});

testWithCorpus("what the real jobs write is read, but for loops, splats and directives", () => {
  let [all, others] = [0, 0];
  const unread = [...corpus(), ...corpus("corpus-2.json")].flatMap(({ hcl }) => {
    const source = readSource(hcl);
    const walk = (block: (typeof source.blocks)[number]): readonly string[] => [
      ...block.children.flatMap(walk),
      ...[...block.attributes.values()].flatMap(({ value }) => {
        all += 1;
        if (readExpression(hcl, value).kind !== "other") return [];
        others += 1;
        return [hcl.slice(value.start, value.end)];
      }),
    ];
    return source.blocks.flatMap(walk);
  });
  expect(all).toBeGreaterThan(11_000);
  expect(others / all).toBeLessThan(0.005);
  expect(unread.filter((text) => !/\bfor\b|\[\*?\w*\]|\[|\.\.\.|^(?:\w+)\(/.test(text))).toEqual([]);
});
