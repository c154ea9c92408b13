import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, Fn, LocalBackend, TerraformOutput, TerraformStack, TerraformVariable } from "cdktf";
import { terraformJson } from "../../../lib/constructs/terraform-text";
import { evaluateTemplate } from "../../../lib/operations";

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

testWhere("Terraform evaluates the text to exactly what was meant", () => {
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
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
