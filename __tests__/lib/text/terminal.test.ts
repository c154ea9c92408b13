import fc from "fast-check";
import {
  block,
  fit,
  joinLines,
  jsonText,
  renderTerminal,
  style,
  table,
  term,
  widthOf,
  withoutCommands,
  wrap,
} from "../../../lib/text";
import { hostile, RUNS } from "../../support/hostile";
import { runnerCommands } from "../../support/runner-grammar";
import { ACTS, OWN_CODES, terminalWays } from "../../support/written";

const plain = { color: false, mask: (text: string) => text };
const colored = { ...plain, color: true };

describe("a foreign text on a terminal", () => {
  it.each([undefined, 40, 3])("is shown and never obeyed, with a width of %s", (width) => {
    fc.assert(
      fc.property(hostile, (text) => {
        for (const options of [plain, colored]) {
          const rendered = renderTerminal(terminalWays(text), {
            ...options,
            ...(width === undefined ? {} : { width }),
          });
          expect(rendered.replaceAll(OWN_CODES, "")).not.toMatch(ACTS);
          expect(runnerCommands(rendered)).toEqual([]);
        }
      }),
      RUNS,
    );
  });

  it("stays on one line, but for a block", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(renderTerminal(term`a ${text} b`, plain)).not.toContain("\n");
        const lines = text.replaceAll("\r\n", "\n").split("\n").length;
        expect(renderTerminal(block(text), plain).split("\n")).toHaveLength(lines);
      }),
      RUNS,
    );
  });

  it("is as it was where nothing in it acts", () => {
    for (const text of ["plain words", "C:\\bin\\x", "${NOMAD_PORT_http}", "é 🚀 👩‍💻", "a::b ## [x]"])
      expect(renderTerminal(term`${text}`, plain)).toBe(text);
  });

  it("says in escapes what it does not do", () => {
    expect(renderTerminal(term`${"\u001b[31ma\rb\0\u202e\u2028\u0085\n\u{e0041}\ud800"}`, plain)).toBe(
      "\\x1b[31ma\\rb\\0\\u202e\\u2028\\x85⏎\\u{e0041}\ufffd",
    );
  });

  it("is masked before it is escaped, and what is ours is not", () => {
    const mask = (text: string) => text.replaceAll("s\u001be", "***");
    expect(renderTerminal(term`ours s\u001be: ${"s\u001be"}`, { color: false, mask })).toBe("ours s\u001be: ***");
    expect(renderTerminal(jsonText({ a: ["s\u001be"] }), { color: false, mask })).toContain('"***"');
  });
});

it("styles become codes where there are colours, each line its own", () => {
  expect(renderTerminal(style.red("x"), plain)).toBe("x");
  expect(renderTerminal(style.red(block("x\ny")), colored)).toBe("\u001b[31mx\u001b[39m\n\u001b[31my\u001b[39m");
});

describe("JSON", () => {
  it("is the same value, of which nothing acts and no line is a command", () => {
    fc.assert(
      fc.property(fc.dictionary(hostile, fc.oneof(hostile, fc.array(hostile))), (value) => {
        const rendered = renderTerminal(jsonText(value), plain);
        expect(JSON.stringify(JSON.parse(rendered))).toBe(JSON.stringify(value));
        expect(rendered).not.toMatch(ACTS);
        expect(runnerCommands(rendered)).toEqual([]);
      }),
      RUNS,
    );
  });
});

describe("layout", () => {
  it("is left out where the width is not known", () => {
    const long = "word ".repeat(60).trim();
    expect(renderTerminal(wrap(long, { indent: 2 }), plain)).toBe(`  ${long}`);
    expect(renderTerminal(fit(long), plain)).toBe(long);
    expect(renderTerminal(table(["A"], [[long]]), plain)).toBe(`A\n${long}`);
  });

  it("keeps every line within the width", () => {
    fc.assert(
      fc.property(hostile, fc.integer({ min: 40, max: 100 }), (text, width) => {
        const laid = joinLines([wrap(text, { indent: 2, hanging: 2 }), fit(text), table(["A", "B"], [[text, text]])]);
        for (const line of renderTerminal(laid, { ...colored, width }).split("\n"))
          // A backslash that breaks a command takes a column of its own.
          expect(widthOf(line.replaceAll(/\\(?=::|#\[)/g, ""))).toBeLessThanOrEqual(width);
      }),
      RUNS,
    );
  });
});

it("a text whose lines were broken once stays as it is", () => {
  fc.assert(
    fc.property(hostile, (text) => {
      const once = withoutCommands(text);
      expect(withoutCommands(once)).toBe(once);
    }),
    RUNS,
  );
});
