import { evaluateTemplate, NeedsTerraform, variableValues } from "../../../lib/operations";

const variables = new Map<string, string | number | boolean | readonly string[]>([
  ["name", 'a"b${c}'],
  ["count", 3],
  ["list", ["x", "y"]],
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
    ['${contains(["debug","info"], "info")}', true],
    ['${contains(var.list, "z")}', false],
    ['${can(regex("^[0-9]+$", "12"))}', true],
    ['${can(regex("^[()]+$", "12"))}', false],
    ["${upper(var.name)}", 'A"B${C}'],
    ["${length(var.list)}", 2],
  ])("%s", (template, value) => {
    expect(evaluateTemplate(template, variables)).toEqual(value);
  });

  test.each([
    ["${data.consul_keys.a.var.b}"],
    ["${var.unknown}"],
    ['${file("x")}'],
    ["%{ if true }a%{ endif }"],
    ["${var.count + 1}"],
    ['${"${var.name}"}'],
  ])("leaves %s to Terraform", (template) => {
    expect(() => evaluateTemplate(template, variables)).toThrow(NeedsTerraform);
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
