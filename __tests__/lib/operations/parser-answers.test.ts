import { diagnostics, parserProblems } from "../../../lib/operations/hcl/problems";

const SOURCE = "<stdin>";
const problemsOf = (answer: string, text: string) =>
  parserProblems(diagnostics(answer), { text, source: SOURCE, given: [] });

test.each([1, 200, 1_000_000, 3_999_990])(
  "of a line of megabytes what is around the mark is shown: column %d",
  (at) => {
    const line = `${"a".repeat(at - 1)}?${"b".repeat(4_000_000 - at)}`;
    const [{ message } = { message: "" }] = problemsOf(
      `${SOURCE}:1,${at}-${at + 1}: Invalid character; Not used.`,
      line,
    );
    expect(message.length).toBeLessThan(500);
    const [mark = "", shown = ""] = message.split("\n").reverse();
    expect(shown[mark.indexOf("^")]).toBe("?");
  },
);

test("a parser that ends by a fault of its own is told in a sentence, without where it was in its own program", () => {
  const trace =
    "goroutine 1 [running]:\ngithub.com/hashicorp/hcl/v2/hclsyntax.(*parser).ParseBody(0x301cf484d218)\n".repeat(200);
  const said = (first: string) => problemsOf(`${first}\n\n${trace}`, "a {").map(({ message }) => message);
  expect(said("runtime: goroutine stack exceeds 1000000000-byte limit")).toEqual([
    "is nested deeper than Nomad's own parser reads, which ran out of stack; flatten it",
  ]);
  expect(said("panic: runtime error: index out of range")).toEqual([
    "Nomad's own parser ended by a fault of its own, and did not say where (panic: runtime error: index out of range)",
  ]);
});

test("of tens of thousands of mistakes the first hundred are told, with no value of tens of thousands", () => {
  const numbers = Array.from({ length: 60_000 }, (_none, number) => number);
  const answer = numbers.map((number) => `many.vars:${number + 1},1-3: Undeclared variable; "SECRET-${number}".`);
  const given = numbers.map((number) => ({ name: `a${number}`, value: `SECRET-${number}` }));
  const before = process.cpuUsage();
  const problems = parserProblems(diagnostics(answer.join("\n")), { text: "", source: SOURCE, given });
  expect(process.cpuUsage(before).user / 1000).toBeLessThan(5000);
  expect(problems).toHaveLength(101);
  expect(problems.at(-1)?.message).toBe("there are 59900 more mistakes; mend the first ones, and look again");
  expect(JSON.stringify(problems)).not.toContain("SECRET");
});
