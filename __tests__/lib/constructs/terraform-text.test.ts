import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, Fn, Lazy, LocalBackend, TerraformOutput, TerraformStack, TerraformVariable, Token } from "cdktf";
import { Duration } from "../../../lib";
import { terraformJson } from "../../../lib/constructs/terraform-text";
import { evaluateTemplate, variableValues, type VariableDeclaration } from "../../../lib/operations";

const program = ["terraform", "tofu"].find((name) => {
  try {
    execFileSync(name, ["version"], { stdio: "ignore", env: environment() });
    return true;
  } catch {
    return false;
  }
});
if (!program) console.log("skipped: neither terraform nor tofu is on PATH to evaluate what was meant");

function environment(): NodeJS.ProcessEnv {
  return { ...process.env, TF_CLI_CONFIG_FILE: undefined, CHECKPOINT_DISABLE: "1" };
}

const HOSTILE = 'quote " back\\slash ${NOMAD_ADDR} %{ if } \n newline é \u{1F600} <>&';

/** Texts for Nomad that mean something to Terraform too, and a neighbour for each kind of token. */
function sample(stack: TerraformStack) {
  const text = new TerraformVariable(stack, "text", { type: "string", default: HOSTILE });
  const number = new TerraformVariable(stack, "number", { type: "number", default: 3 });
  const flag = new TerraformVariable(stack, "flag", { type: "bool", default: true });
  const list = new TerraformVariable(stack, "list", { type: "list(string)", default: ['a"', "b"] });
  const late = (value: unknown) => Lazy.anyValue({ produce: () => value });
  const lateText = (value: string) => Lazy.stringValue({ produce: () => value });
  const literal = '${NOMAD_PORT_http} %{ if } $${x} %%{y} $$${z} $$$${w} $ % $$ %% "q" \\ é \u{1F600}';
  return {
    written: {
      literal,
      text: text.stringValue,
      inside: `a-${text.stringValue}-b-${number.numberValue}`,
      dollar: `costs $${text.stringValue} %${number.numberValue}`,
      number: number.numberValue,
      flag: flag.booleanValue,
      list: list.listValue,
      elements: [text.stringValue, number.numberValue],
      [`key-${text.stringValue}`]: 1,
      upper: Fn.upper(text.stringValue),
      object: { resolvable: list.value as unknown },
      late: [HOSTILE, literal, 3, true, null, [literal], { a: [literal] }, Duration.seconds(3)].map(late),
      lateTokens: [text.stringValue, number.numberValue, [text.value], `a-${text.stringValue}`, late(flag.value)].map(
        late,
      ),
      lateInside: [HOSTILE, literal, "{x}", "a$", "%", ""].map((each) => `$${lateText(each)}{b}`),
      lateTokensInside: `a-${lateText(text.stringValue)}-b-${lateText(`${number.numberValue}`)}-c`,
      lateNumbers: [Lazy.numberValue({ produce: () => 1.5 }), `a-${Lazy.numberValue({ produce: () => 2 })}`],
      lateLists: [Lazy.listValue({ produce: () => [HOSTILE, text.stringValue] })],
      intrinsic: [Token.asAny("text"), Token.asAny({ a: [HOSTILE] }), Token.asString(7), Token.asList([1, text.value])],
    },
    meant: {
      literal,
      text: HOSTILE,
      inside: `a-${HOSTILE}-b-3`,
      dollar: `costs $${HOSTILE} %3`,
      number: 3,
      flag: true,
      list: ['a"', "b"],
      elements: [HOSTILE, 3],
      [`key-${HOSTILE}`]: 1,
      upper: HOSTILE.toUpperCase(),
      object: { resolvable: ['a"', "b"] },
      late: [HOSTILE, literal, 3, true, null, [literal], { a: [literal] }, 3e9],
      lateTokens: [HOSTILE, 3, [HOSTILE], `a-${HOSTILE}`, true],
      lateInside: [HOSTILE, literal, "{x}", "a$", "%", ""].map((each) => `$${each}{b}`),
      lateTokensInside: `a-${HOSTILE}-b-3-c`,
      lateNumbers: [1.5, "a-2"],
      lateLists: [[HOSTILE, HOSTILE]],
      intrinsic: ["text", { a: [HOSTILE] }, 7, [1, HOSTILE]],
    },
  };
}

test("texts without tokens are escaped from Terraform and stay as they are for Nomad", () => {
  expect(terraformJson({ a: "${NOMAD_PORT_http}", b: "%{x}" })).toBe('{"a":"$${NOMAD_PORT_http}","b":"%%{x}"}');
  for (const text of ["$${x}", "$$${x}", "%%{x}", "a$", "$", "%", "${", "$${", '"${a}"']) {
    expect(JSON.parse(String(evaluateTemplate(terraformJson({ text }), new Map())))).toEqual({ text });
  }
});

const testWhere = program ? test : test.skip;

testWhere("Terraform and cdk-nomad evaluate the text to exactly what was meant", () => {
  const folder = mkdtempSync(join(tmpdir(), "cdk-nomad-"));
  try {
    const app = new App({ outdir: folder });
    const stack = new TerraformStack(app, "sample");
    new LocalBackend(stack, { path: join(folder, "terraform.tfstate") });
    const { written, meant } = sample(stack);
    new TerraformOutput(stack, "json", { value: terraformJson(written) });
    app.synth();
    const run = (...args: string[]) =>
      execFileSync(program as string, args, {
        cwd: join(folder, "stacks/sample"),
        encoding: "utf8",
        env: environment(),
      });
    run("init", "-input=false");
    run("apply", "-auto-approve", "-input=false");
    expect(JSON.parse(run("output", "-raw", "json"))).toEqual(meant);
    const { variable, output } = JSON.parse(readFileSync(join(folder, "stacks/sample/cdk.tf.json"), "utf8")) as {
      variable: Record<string, VariableDeclaration>;
      output: { json: { value: string } };
    };
    expect(JSON.parse(String(evaluateTemplate(output.json.value, variableValues(variable, {}, {}))))).toEqual(meant);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
