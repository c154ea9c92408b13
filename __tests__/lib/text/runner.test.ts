import fc from "fast-check";
import { joinLines, renderTerminal, term, withoutCommands, workflowCommand } from "../../../lib/text";
import { hostile, RUNS } from "../../support/hostile";
import { runnerCommands } from "../../support/runner-grammar";

const plain = { color: false, mask: (text: string) => text };

describe("the runner's grammar, as the tests have it", () => {
  it.each([
    [
      "::error file=a.ts,line=3::no",
      {
        name: "error",
        properties: [
          ["file", "a.ts"],
          ["line", "3"],
        ],
        data: "no",
      },
    ],
    ["\t\u00a0::debug::a%0Ab", { name: "debug", properties: [], data: "a\nb" }],
    [
      "words ##[warning a=1;b=2]x%5D",
      {
        name: "warning",
        properties: [
          ["a", "1"],
          ["b", "2"],
        ],
        data: "x]",
      },
    ],
  ])("reads %j", (line, expected) => {
    const [command] = runnerCommands(line);
    expect({ ...command, properties: [...(command?.properties ?? [])] }).toEqual(expected);
  });

  it.each(["x ::error::no", "::error", "# #[error]x", "##[error"])("finds no command in %j", (line) => {
    expect(runnerCommands(line)).toEqual([]);
  });
});

it("a command comes back with its values, and nothing else becomes one", () => {
  fc.assert(
    fc.property(hostile, hostile, hostile, (file, title, message) => {
      const command = workflowCommand("error", { file, title, line: 3, col: undefined }, message);
      const [found, ...more] = runnerCommands(renderTerminal(joinLines([title, command, message]), plain));
      expect(more).toEqual([]);
      // The grammar takes "=" at the beginning of a value for a separator.
      const expected = Object.entries({ file, title, line: "3" }).flatMap(([name, value]) => {
        const kept = value.toWellFormed().replace(/^=+/, "");
        return kept === "" ? [] : [[name, kept]];
      });
      expect(found?.name).toBe("error");
      expect([...(found?.properties ?? [])]).toEqual(expected);
      expect(found?.data).toBe(message.toWellFormed());
    }),
    RUNS,
  );
});

it("a command's values are masked", () => {
  const mask = (text: string) => text.replaceAll("s3cret", "***");
  const command = workflowCommand("warning", { title: "s3cret" }, "is s3cret");
  expect(renderTerminal(command, { color: false, mask })).toBe("::warning title=***::is ***");
});

it("a name that comes from elsewhere is refused", () => {
  expect(() => workflowCommand("error::x", {}, "")).toThrow("is not the name of a workflow command");
});

it("a command is one only on a line of its own", () => {
  expect(runnerCommands(renderTerminal(term`x ${workflowCommand("error", {}, "y")}`, plain))).toEqual([]);
});

test.each([" ", "\t", "\u0085", "\u00a0", "\r", "\n", " \n"])("a text of a million %j is no more than that", (sign) => {
  const text = sign.repeat(1_000_000);
  expect(withoutCommands(`${text}::error::no`).slice(-12)).toBe("\\::error::no");
});
