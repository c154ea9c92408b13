import { readSource } from "../../../lib/hcl-source";
import { corpus, testWithCorpus } from "../../support/corpus";
import { growth, LINEAR } from "../../support/growth";

const shape = (text: string): unknown =>
  readSource(text).blocks.map(function own({ name, labels, children, before, attributes }): unknown {
    const comments = before.flatMap(({ lines }) => lines);
    return [name, labels, comments, [...attributes.keys()], children.map(own)];
  });

describe("blocks of a text of HCL", () => {
  test.each([
    ['a "b" c { x = 1 }', [["a", ["b", "c"], [], ["x"], []]]],
    ["# one\r\n# two\r\na {}", [["a", [], ["one", "two"], [], []]]],
    ["# one\n\n# two\na {}", [["a", [], ["one", "two"], [], []]]],
    ["/* one\n * two */\na {}", [["a", [], ["one", "two"], [], []]]],
    ["x = 1 # of x\na {}", [["a", [], [], [], []]]],
    ["a {\n x = <<-EOF\n b {\n  EOF\n y = 1\n}", [["a", [], [], ["x", "y"], []]]],
    ['a {\n x = "${f("}", "{")}" \n y = "$${"\n z = 1\n}', [["a", [], [], ["x", "y", "z"], []]]],
    ['a {\n x = [1, { b = "}" }]\n y = 2\n}', [["a", [], [], ["x", "y"], []]]],
    ["a {\n x == 1\n y = 1\n}", [["a", [], [], ["y"], []]]],
    ['a {\n x = "${replace("}", "a", "b")}" # of x\n # of y\n y = 1\n}', [["a", [], [], ["x", "y"], []]]],
    ['a {\n x = "${f(/* "}" */ 1)}"\n y = 1\n}', [["a", [], [], ["x", "y"], []]]],
    ['a {\n x = <<EOF\n${f("\nEOF\n")}\nEOF\n y = 1\n}', [["a", [], [], ["x", "y"], []]]],
    ['a {\n x = "$$${"\n y = "%%{"\n z = 1\n}', [["a", [], [], ["x", "y", "z"], []]]],
    ['a "ü" {\n größe-2 = 1\n}', [["a", ["ü"], [], ["größe-2"], []]]],
    ["a {\n b {\n x = 1", [["a", [], [], [], [["b", [], [], ["x"], []]]]]],
    ["a { # behind\n b {}\n}", [["a", [], [], [], [["b", [], [], [], []]]]]],
  ])("of %j", (text, expected) => {
    expect(shape(text)).toEqual(expected);
  });

  test.each([
    ["comments", "/**/"],
    ["comments that are not ended", "/*"],
    ["lines of comments", "# a\n"],
    ["names", "a "],
    ["one long name", "a"],
    ["quotes", '"'],
    ["quotes that are not ended", '"a\n'],
    ["templates in texts", 'x = "${'],
    ["braces", "{"],
    ["blocks within blocks", "a {"],
    ["attributes", "a = [\n"],
    ["heredocs", "a = <<EOF\n"],
    ["heredocs that begin", "a = << "],
    ["heredocs that end", "a = <<E\nE\n"],
    ["spaces", "  "],
    ["tabs before a value", "a\t"],
    ["heredocs in templates", 'x = "${<<E\n"'],
    ["brackets", "a = [["],
    ["slashes", "/"],
    ["backslashes", '"\\'],
    ["dollars", 'a = "$$'],
  ])("of %s are found in a time that grows with the text", async (_name, unit) => {
    // What is made of a long text may outlive the youngest of the garbage, and then takes more than its share. Nothing that grows with the square ends in a second.
    const read = (length: number) => readSource(unit.repeat(length / unit.length));
    expect(await growth(read, 800_000, 1000)).toBeLessThan(LINEAR);
  });
});

const commentOf = (comments: readonly { readonly lines: readonly string[] }[]) =>
  comments.map(({ lines }) => lines.join("|"));

test("comments belong to what they stand before, behind, or in", () => {
  const source = readSource(`# head

# of a
a "x" { # behind the brace
  # of one
  one = 1 # behind one
  /* of b,
   * too */
  b {
    # in b, at its end
  } // behind b
  # at the end of a
} # behind a
# at the end`);
  const [a] = source.blocks;
  const [b] = a?.children ?? [];
  const one = a?.attributes.get("one");
  expect(commentOf(a?.before ?? [])).toEqual(["head", "of a"]);
  expect(commentOf(a?.after ?? [])).toEqual(["behind the brace", "behind a"]);
  expect([commentOf(one?.before ?? []), commentOf(one?.after ?? [])]).toEqual([["of one"], ["behind one"]]);
  expect([commentOf(b?.before ?? []), commentOf(b?.after ?? [])]).toEqual([["of b,|too"], ["behind b"]]);
  expect(source.comments).toHaveLength(11);
  expect(source.text.slice(b?.start, b?.end)).toBe("b {\n    # in b, at its end\n  }");
});

testWithCorpus("every block and attribute of the real jobs has its place, and no comment is missed", () => {
  for (const { hcl } of [...corpus(), ...corpus("corpus-2.json")]) {
    const source = readSource(hcl);
    const lines = hcl.split("\n");
    const walk = ({ name, line, start, end, children, attributes }: (typeof source.blocks)[number]): void => {
      expect(lines[line - 1]).toContain(name);
      expect([hcl.slice(start, start + name.length), hcl[end - 1]]).toEqual([name, "}"]);
      for (const attribute of attributes.values()) expect(lines[attribute.line - 1]).toContain(attribute.name);
      children.forEach(walk);
    };
    source.blocks.forEach(walk);
  }
});
