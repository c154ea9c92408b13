import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Job } from "../../lib";
import { effective } from "../../lib/jobspec/host";
import { toTypeScript } from "../../lib/typescript";
import { comparable, corpus } from "../support/corpus";
import { NOMAD, testWithNomad } from "../support/nomad-parser";

const LIBRARY = join(__dirname, "../../lib");
let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "cdk-nomad-variables-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Value = string | number | boolean | readonly string[];
type Values = Readonly<Record<string, Value>>;

/** What Nomad makes of a file with values; undefined where it refuses them. */
function parsed(hcl: string, values: Values = {}): Job | undefined {
  const [file, given] = [join(folder, "job.nomad.hcl"), join(folder, "values.hcl")];
  writeFileSync(file, hcl);
  const lines = Object.entries(values).map(
    ([name, value]) => `${name} = ${JSON.stringify(value).replaceAll("${", "$$$${")}\n`,
  );
  writeFileSync(given, lines.join(""));
  try {
    const args = ["job", "run", "-output", `-var-file=${given}`, file];
    const said = execFileSync(NOMAD ?? "", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    return Job.fromApi(JSON.parse(said));
  } catch {
    return undefined;
  }
}

type Made = (values?: Values) => Job;
let count = 0;

/** What a module exports that was written for a file: its text, and the job of values. */
async function imported(hcl: string, job: Job): Promise<{ readonly text: string; readonly made: Made }> {
  const text = await toTypeScript([{ job, source: hcl }], { from: LIBRARY });
  const file = join(folder, `job${(count += 1)}.ts`);
  writeFileSync(file, text);
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- a module that was just written
  const [exported] = Object.values(require(file) as Record<string, Job | Made>);
  if (!exported) throw new Error("nothing is exported");
  return { text, made: typeof exported === "function" ? exported : () => exported };
}

const whole = (job: Job) => comparable(effective(job), true);
const camel = (name: string) => name.replaceAll(/[-_]+(\w?)/g, (_all, next: string) => next.toUpperCase());

const HCL = `# Who made it.

variable "image" {
  type        = string
  description = "The image */ of it."
  default     = "web:1" # the newest
}
variable "replicas" {
  default = 2
}
variable "zones" {
  type    = list(string)
  default = ["a", "b"]
}
variable "debug" {
  type    = bool
  default = false
}
variable "memory" {
  type    = string
  default = "64"
}
variable "lost" {
  default = "x"
}
locals {
  # How it is called.
  label = "web-\${local.suffix}"
  suffix = var.debug ? "debug" : "plain"
}
# The job.
job "web" {
  datacenters = var.zones
  group "g" {
    count = var.replicas
    task "t" {
      driver = "docker"
      config {
        image = var.image
        args  = ["--zones=\${join(",", var.zones)}", "\${local.label}", "\${upper(var.lost)}", "$\${x}"]
        privileged = var.debug
      }
      env {
        LABEL = local.label
        COUNT = var.replicas
        HOST  = "\${attr.unique.hostname}-\${var.image}"
        LOST  = var.lost
      }
      resources {
        memory = var.memory
      }
      template {
        destination = "local/a"
        data        = <<-EOF
          debug=\${var.debug}
          \\ \` $$\${ {{ .x }}
        EOF
      }
    }
  }
}
`.replaceAll("\\${", "${");

describe("a file with variables", () => {
  testWithNomad("becomes a function of them", async () => {
    const job = parsed(HCL) as Job;
    const { text, made } = await imported(HCL, job);
    expect(text).toContain("export interface WebVariables {");
    expect(text).toContain("readonly replicas?: number;");
    expect(text).toContain("readonly zones?: readonly string[];");
    expect(text).toContain('zones = ["a", "b"],');
    expect(text).toContain("export function web({");
    expect(text).toContain("datacenters: zones,");
    expect(text).toContain("count: replicas,");
    expect(text).toContain("memory: Memory.mebibytes(Number(memory))");
    expect(text).toContain("HOST: `\\${attr.unique.hostname}-${image}`");
    expect(text).toContain('// The value of: "${upper(var.lost)}"');
    expect(text).toContain('const lost: string = "x";');
    expect(text).not.toContain("readonly lost");
    for (const comment of ["Who made it.", "the newest", "The image */ of it.", "How it is called.", "The job."])
      expect(text).toContain(`// ${comment}`);
    expect(whole(made())).toEqual(whole(job));
    const values = { image: "api`${1}:2", replicas: 5, zones: ["c"], debug: true, memory: "128" };
    expect(whole(made(values))).toEqual(whole(parsed(HCL, values) as Job));
  });

  test("that nothing depends on, or only what Nomad alone knows, is a constant", async () => {
    const hcl = 'variable "a" {\n  default = "x"\n}\njob "j" {\n  meta {\n    a = sha256(var.a)\n  }\n}\n';
    const job = Job.fromApi({ ID: "j", Meta: { a: "2d71" } });
    const { text } = await imported(hcl, job);
    expect(text).toContain("export const j = new Job({");
    expect(text).toContain("// Written as values, since Nomad alone knows what depends on them: var.a.");
    expect(text).toContain("// The value of: sha256(var.a)");
  });

  test.each(["constructor", "toString", "__proto__", "default"])(
    "may call one %s, and whatever is in its value and its description is data",
    async (name) => {
      const value = "*/ `${x}` \u2028;//";
      const written = JSON.stringify(value).replaceAll("${", "$$$${");
      const declared = `variable "${name}" {\n  description = ${written}\n  default = ${written}\n}\n`;
      const hcl = `${declared}job "j" {\n  meta {\n    a = "<\${var.${name}}>"\n  }\n}\n`;
      const { text, made } = await imported(hcl, Job.fromApi({ ID: "j", Meta: { a: `<${value}>` } }));
      expect(text).toContain("export function j(");
      expect(made().toApi().Job).toMatchObject({ Meta: { a: `<${value}>` } });
    },
  );

  test("whose values are not those of the job is written with the job's values", async () => {
    const hcl = 'variable "a" {\n  default = "x"\n}\njob "j" {\n  meta {\n    a = var.a\n  }\n}\n';
    const { text, made } = await imported(hcl, Job.fromApi({ ID: "j", Meta: { a: "other" } }));
    expect(text).toContain('a: "other"');
    expect(made().toApi().Job).toMatchObject({ Meta: { a: "other" } });
    const given = await toTypeScript([
      { job: Job.fromApi({ ID: "j", Meta: { a: "y" } }), source: hcl, variables: { a: "y" } },
    ]);
    expect(given).toContain('export function j({ a = "y" }: JVariables = {}): Job {');
  });
});

/** Another value of the same type. */
function other(value: Value): Value {
  if (typeof value === "string") return /^\d+$/.test(value) ? String(Number(value) + 7) : `${value || "some"}-other`;
  if (typeof value === "number") return value + 1;
  return typeof value === "boolean" ? !value : [...value, "another"];
}

testWithNomad(
  "every real file is a function that makes what Nomad makes, for its defaults and for other values",
  async () => {
    const wrong: unknown[] = [];
    let [functions, others] = [0, 0];
    for (const { name, hcl } of [...corpus(), ...corpus("corpus-2.json")]) {
      if (!/^\s*(?:variables?|locals)\b/m.test(hcl)) continue;
      const job = parsed(hcl);
      if (!job) continue;
      const { text, made } = await imported(hcl, job);
      expect({ name, job: whole(made()) }).toEqual({ name, job: whole(job) });
      const parameters = [...text.matchAll(/^ {2}readonly (\w+)\?: (\S.*);$/gm)].map(([, parameter = ""]) => parameter);
      if (parameters.length === 0) continue;
      functions += 1;
      const declared = [...hcl.matchAll(/variable\s+"?([\w-]+)"?\s*\{/g)].map(([, variable = ""]) => variable);
      const defaults = defaultsIn(text);
      const values = Object.fromEntries(
        declared
          .filter((variable) => parameters.includes(camel(variable)))
          .map((variable) => [variable, other(defaults[camel(variable)] ?? "")]),
      );
      const meant = parsed(hcl, values);
      if (!meant) continue;
      others += 1;
      const given = Object.fromEntries(Object.entries(values).map(([variable, value]) => [camel(variable), value]));
      const [found, expected] = [whole(made(given)), whole(meant)];
      if (JSON.stringify(found) !== JSON.stringify(expected)) wrong.push({ name, found, expected });
    }
    console.log(`${functions} functions, of which ${others} were called with other values`);
    expect(wrong).toEqual([]);
  },
);

/** The defaults of a function's parameters, as the module says them. */
function defaultsIn(text: string): Readonly<Record<string, Value>> {
  const [, list = ""] = /export function \w+\(\{([^]*?)\}: \w+Variables/.exec(text) ?? [];
  const entries = [...list.matchAll(/(\w+) = ("(?:[^"\\]|\\.)*"|\[[^\]]*\]|[\w.-]+)/g)];
  return Object.fromEntries(
    entries.map(([, name = "", value = ""]) => [name, JSON.parse(value.replace(/,\s*\]/, "]")) as Value]),
  );
}
