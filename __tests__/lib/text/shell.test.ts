import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { join, joinLines, renderTerminal, shellWord, term } from "../../../lib/text";
import { hostile } from "../../support/hostile";
import { runnerCommands } from "../../support/runner-grammar";

const plain = { color: false, mask: (text: string) => text };
const words = fc.array(
  hostile.map((text) => text.replaceAll("\0", "").toWellFormed()),
  { minLength: 200, maxLength: 200 },
);

it.each(["bash", "sh"])("every word comes back from %s as it went in", (shell) => {
  fc.assert(
    fc.property(words, (texts) => {
      const script = renderTerminal(
        joinLines([
          term`printf '%s\\0' ${join(texts.map(shellWord), term` `)}`,
          ...texts.map((text) => term`export X=${shellWord(text)}; printf '%s\\0' "$X"`),
        ]),
        plain,
      );
      expect(runnerCommands(script)).toEqual([]);
      const printed = execFileSync(shell, ["-s"], { input: script, encoding: "utf8", env: { LC_ALL: "C" } });
      expect(printed.split("\0").slice(0, -1)).toEqual([...texts, ...texts]);
    }),
    { numRuns: 3 },
  );
});

it("a NUL is refused, since no argument can hold it", () => {
  expect(() => shellWord("a\0b")).toThrow("NUL");
});
