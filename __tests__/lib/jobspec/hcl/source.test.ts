import { sourceBlocks } from "../../../../lib/jobspec/host";
import { growth, LINEAR } from "../../../support/growth";

const shape = (text: string): unknown =>
  sourceBlocks(text).map(function own({ name, labels, children, comments, attributes }): unknown {
    return [name, labels, comments, [...attributes.keys()], children.map(own)];
  });

describe("blocks of a text of HCL", () => {
  test.each([
    ['a "b" c { x = 1 }', [["a", ["b", "c"], [], ["x"], []]]],
    ["# one\r\n# two\r\na {}", [["a", [], ["one", "two"], [], []]]],
    ["# one\n\n# two\na {}", [["a", [], ["two"], [], []]]],
    ["/* one\n * two */\na {}", [["a", [], ["one", "two"], [], []]]],
    ["x = 1 # of x\na {}", [["a", [], [], [], []]]],
    ["a {\n x = <<-EOF\n b {\n  EOF\n y = 1\n}", [["a", [], [], ["x", "y"], []]]],
    ['a {\n x = "${f("}", "{")}" \n y = "$${"\n z = 1\n}', [["a", [], [], ["x", "y", "z"], []]]],
    ['a {\n x = [1, { b = "}" }]\n y = 2\n}', [["a", [], [], ["x", "y"], []]]],
    ["a {\n x == 1\n y = 1\n}", [["a", [], [], ["y"], []]]],
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
    ["slashes", "/"],
    ["backslashes", '"\\'],
    ["dollars", 'a = "$$'],
  ])("of %s are found in a time that grows with the text", async (_name, unit) => {
    expect(await growth((length) => sourceBlocks(unit.repeat(length / unit.length)), 800_000)).toBeLessThan(LINEAR);
  });
});
