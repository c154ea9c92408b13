import fc from "fast-check";
import { evaluateTemplate, NeedsTerraform, variableValues, type TerraformValue } from "../../../lib/operations";
import { times } from "../../../lib/operations/stack/functions";
import { growth, LINEAR } from "../../support/growth";
import { hostile, RUNS } from "../../support/hostile";

const variables = new Map<string, TerraformValue>([
  ["name", 'a"b${c}'],
  ["count", 3],
  ["list", ["x", "y"]],
  ["map", { b: 1, a: { d: ["x"], c: null } }],
]);

describe("evaluateTemplate", () => {
  test.each([
    ["plain", "plain"],
    ["", ""],
    ["$${NOMAD_ADDR} %%{if} $ % $$", "${NOMAD_ADDR} %{if} $ % $$"],
    ["${var.name}", 'a"b${c}'],
    ["v${var.count}!", "v3!"],
    ["${var.count}", 3],
    ["${jsonencode(var.name)}", '"a\\"b${c}"'],
    ['${trimsuffix(trimprefix(jsonencode(var.name), "\\""), "\\"")}', 'a\\"b${c}'],
    ["${jsonencode(var.list)}", '["x","y"]'],
    ["${jsonencode(var.map)}", '{"a":{"c":null,"d":["x"]},"b":1}'],
    ["${jsonencode((var.count * 60000000000))}", "180000000000"],
    ["${jsonencode((0.1 * var.count))}", "0.3"],
    ['${jsonencode(("1.5" * 1024))}', "1536"],
    ['${contains(["debug","info"], "info")}', true],
    ['${contains(var.list, "z")}', false],
    ['${can(regex("^[0-9]+$", "12"))}', true],
    ['${can(regex("^[()]+$", "12"))}', false],
    ["${upper(var.name)}", 'A"B${C}'],
    ["${length(var.list)}", 2],
    ['${length("e\\u0301")}', 1],
    ['${trimsuffix("ab", "")}', "ab"],
    ["${var.count}}", "3}"],
    ["$$${var.count}", "$${var.count}"],
    // Terraform's expressions are Go's: \\z is the end, and the groups are the value.
    ['${regex("^(\\\\d+)-(x)?\\\\z", "12-")}', ["12", null]],
    ['${can(regex("^a(?i)B$", "ab"))}', true],
  ])("%s", (template, value) => {
    expect(evaluateTemplate(template, variables)).toEqual(value);
  });

  test.each([
    ["${data.consul_keys.a.var.b}"],
    ["${var.unknown}"],
    ['${file("x")}'],
    ["%{ if true }a%{ endif }"],
    ["${var.count + 1}"],
    ["${var.count * 2 + 1}"],
    ["${var.list * 2}"],
    ["v${var.map}"],
    ['${"${var.name}"}'],
    ['${constructor("x")}'],
    ['${__proto__("x")}'],
    ['${toString("x")}'],
    ["${var.constructor}"],
    ["${var.__proto__}"],
    ['${"not ended'],
    ['${upper("a\nb")}'],
    ["${[1 2]}"],
    ['${regex("(?P<a>x)", "x")}'],
    [`\${length("${"é".repeat(1001)}")}`],
    [`\${${"upper(".repeat(100_000)}`],
    [`\${${"[".repeat(100_000)}`],
    [`\${${"can(".repeat(100_000)}`],
  ])("leaves %s to Terraform", (template) => {
    expect(() => evaluateTemplate(template, variables)).toThrow(NeedsTerraform);
  });
});

describe("a template of somebody else", () => {
  test("has a value, or is left to Terraform", () => {
    fc.assert(
      fc.property(hostile, hostile, (before, inside) => {
        for (const text of [
          before,
          `${before}\${${inside}}`,
          `\${jsonencode("${inside}")}`,
          `\${regex("${inside}", "x")}`,
        ]) {
          let left = false;
          try {
            evaluateTemplate(text, variables);
          } catch (error) {
            left = error instanceof NeedsTerraform;
            if (!left) throw error;
          }
          expect(typeof left).toBe("boolean");
        }
      }),
      RUNS,
    );
  });

  test.each([
    ["words", "a ", ""],
    ["escapes", "$${", ""],
    ["dollars", "$", ""],
    ["variables", "${var.count}", ""],
    ["a long name", "", "a"],
    ["a long number", "", "1"],
    ["a long text", "", '"a", '],
  ])("of %s is evaluated in a time that grows with its length", async (_name, unit, inside) => {
    const work = (length: number) => {
      const count = length / (unit || inside).length;
      const text = unit === "" ? `\${contains([${inside.repeat(count)}], 1)}` : unit.repeat(count);
      try {
        return evaluateTemplate(text, variables);
      } catch (error) {
        if (error instanceof NeedsTerraform) return undefined;
        throw error;
      }
    };
    expect(await growth(work, 800_000)).toBeLessThan(LINEAR);
  });

  test.each([
    ["digits", "1".repeat(15_000_000)],
    ["digits behind a dot", `1.${"1".repeat(15_000_000)}`],
    ["digits and a letter", `${"1".repeat(15_000_000)}x`],
  ])("multiplies no text of 15 million %s, and does not read it", (_what, text) => {
    expect(() => times(text, 2)).toThrow(/more than 400 characters/);
    expect(() => evaluateTemplate("${(var.name * 2)}", new Map([["name", text]]))).toThrow(NeedsTerraform);
  });

  test("has expressions that no text makes slow", () => {
    const text = `\${can(regex("^(a+)+$", "${"a".repeat(30_000)}!"))}`;
    expect(evaluateTemplate(text, variables)).toBe(false);
  });
});

describe("variableValues", () => {
  const declared = {
    level: {
      type: "string",
      default: "info",
      validation: [{ condition: '${contains(["info","debug"], var.level)}', error_message: "Write info or debug." }],
    },
    count: { type: "number", default: 1 },
    flag: { type: "bool", default: false },
  };

  test("come from the command line, then from TF_VAR_, then from the default", () => {
    const values = variableValues(declared, { count: "5" }, { TF_VAR_count: "4", TF_VAR_flag: "true" });
    expect(Object.fromEntries(values)).toEqual({ level: "info", count: 5, flag: true });
  });

  test("are refused all at once", () => {
    const given = { level: "loud", count: "many", other: "1" };
    expect(() => variableValues({ ...declared, needed: { type: "string" } }, given, {})).toThrow(
      /var\.count: "many" is no number[^]*var\.needed: has no value[^]*var\.other: is not declared[^]*var\.level: "loud" is refused/,
    );
  });

  test("whose rule only Terraform can judge are left to it", () => {
    const rule = { validation: [{ condition: '${file(var.level) == "x"}', error_message: "no" }] };
    expect(variableValues({ level: { type: "string", default: "a", ...rule } }, {}, {}).get("level")).toBe("a");
  });
});
