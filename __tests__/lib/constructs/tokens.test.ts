import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, Lazy, TerraformOutput, TerraformStack, TerraformVariable, Testing, Token } from "cdktf";
import {
  Cpu,
  Driver,
  Duration,
  Job,
  Memory,
  NomadJob,
  nomadProvider,
  Port,
  problemsOf,
  synthesize,
  type Block,
  type Resolvable,
  pathText,
} from "../../../lib";
import { terraformJson } from "../../../lib/constructs/terraform-text";
import { definitionOf, unknownPlaces, type Field } from "../../../lib/jobspec/engine";
import { evaluateTemplate, variableValues, type VariableDeclaration } from "../../../lib/operations";
import { BLOCKS, sampleOf, samplesOf, type Props } from "../../support/every-field";
import { hasTerraform, terraformEnv } from "../../support/terraform";

const withTerraform = hasTerraform();
if (!withTerraform) console.log("skipped: no terraform is on PATH to evaluate what was meant");

/** Variables by their values, each of which is a token. */
class Variables {
  readonly #made = new Map<string, TerraformVariable>();

  constructor(private readonly stack: TerraformStack) {}

  of(type: string, value: unknown): TerraformVariable {
    const key = `${type} ${JSON.stringify(value)}`;
    const known =
      this.#made.get(key) ?? new TerraformVariable(this.stack, `v${this.#made.size}`, { type, default: value });
    this.#made.set(key, known);
    return known;
  }
  text = (value: string): string => this.of("string", value).stringValue;
  number = (value: number): number => this.of("number", value).numberValue;
}

function isUnit(value: unknown): boolean {
  return value instanceof Duration || value instanceof Memory;
}

/** A value as tokens that come to the same: the whole of it, its elements, or a Lazy. */
function tokenFor(field: Field, value: unknown, form: "whole" | "elements" | "lazy", v: Variables): unknown {
  if (form === "lazy" && !field.kind.startsWith("block") && field.kind !== "special" && !isUnit(value))
    return Lazy.anyValue({ produce: () => value });
  const lazy = (count: number): number =>
    form === "lazy" ? Lazy.numberValue({ produce: () => count }) : v.number(count);
  switch (field.kind) {
    case "string":
      return form === "elements"
        ? `${v.text((value as string).slice(0, 1))}${(value as string).slice(1)}`
        : v.text(value as string);
    case "int":
      return v.number(value as number);
    case "bool":
      return v.of("bool", value).booleanValue;
    case "duration":
      return form === "whole" ? Duration.minutes(lazy(1.5)) : Duration.seconds(lazy(90));
    case "mebibytes":
      return form === "whole" ? Memory.gibibytes(lazy(0.0625)) : Memory.mebibytes(lazy(64));
    case "strings":
      return form === "whole" ? v.of("list(string)", value).listValue : (value as string[]).map(v.text);
    case "numbers":
      return form === "whole"
        ? Token.asNumberList(v.of("list(number)", value).value)
        : (value as number[]).map(v.number);
    case "string-map":
      return form === "whole"
        ? Token.asStringMap(v.of("map(string)", value).value)
        : Object.fromEntries(Object.entries(value as Record<string, string>).map(([key, text]) => [key, v.text(text)]));
    case "strings-map":
      return Object.fromEntries(
        Object.entries(value as Record<string, string[]>).map(([key, list]) => [
          key,
          form === "whole" ? v.of("list(string)", list).listValue : list.map(v.text),
        ]),
      );
    case "any-map":
      return { A: { list: [v.number(1), { deep: v.text("d") }] }, B: v.of("bool", true).booleanValue };
    case "special":
      if (value instanceof Cpu) return Cpu.mhz(lazy(500));
      if (value instanceof Driver)
        return Driver.custom("mine", { args: [v.text("a")], nested: [{ deep: { er: v.text("d") } }] });
      return value;
    default:
      return value;
  }
}

const make = (type: (typeof BLOCKS)[number], props: Props): Block => new type(props as never);
const FORMS = ["whole", "elements", "lazy"] as const;

/** Every field of every block as tokens, beside what they come to. */
function everyField(stack: TerraformStack) {
  const v = new Variables(stack);
  return BLOCKS.flatMap((type) =>
    FORMS.map((form) => {
      const literal = samplesOf(type, 1);
      const tokens = Object.fromEntries(
        definitionOf(type).list.map(({ name, field }) => [name, tokenFor(field, sampleOf(field, name, 1), form, v)]),
      );
      return { name: `${type.name}_${form}`, written: make(type, tokens), meant: make(type, literal).toApi() };
    }),
  );
}

test("every field of every block is written with a token, in each of its forms", () => {
  const stack = new TerraformStack(new App({ outdir: mkdtempSync(join(tmpdir(), "cdk-nomad-")) }), "tokens");
  for (const { name, written } of everyField(stack)) {
    const known = new Set(unknownPlaces(written).map(([first]) => first));
    const literal = definitionOf(written).list.filter(
      ({ field, name: own }) => !known.has(own) && !(field.of !== undefined && BLOCKS.includes(field.of() as never)),
    );
    expect([name, literal.map((field) => field.name)]).toEqual([name, []]);
  }
});

test("a token in every field of every block comes to what the literal does, for Terraform and for cdk-nomad", () => {
  const folder = mkdtempSync(join(tmpdir(), "cdk-nomad-"));
  try {
    const stack = new TerraformStack(new App({ outdir: folder }), "tokens");
    const cases = everyField(stack);
    for (const { name, written } of cases) new TerraformOutput(stack, name, { value: terraformJson(written.toApi()) });
    const text = Testing.synth(stack);
    const { variable, output } = JSON.parse(text) as {
      variable: Record<string, VariableDeclaration>;
      output: Record<string, { value: string }>;
    };
    const values = variableValues(variable, {}, {});
    for (const { name, meant } of cases)
      expect([name, JSON.parse(String(evaluateTemplate(output[name]?.value ?? "", values)))]).toEqual([name, meant]);
    if (!withTerraform) return;
    writeFileSync(join(folder, "cdk.tf.json"), JSON.stringify({ variable, output }));
    const run = (...args: string[]) =>
      execFileSync("terraform", args, { cwd: folder, env: terraformEnv(), encoding: "utf8", maxBuffer: 1 << 28 });
    run("init", "-input=false", "-no-color");
    run("apply", "-auto-approve", "-input=false", "-no-color");
    const evaluated = JSON.parse(run("output", "-json")) as Record<string, { value: string }>;
    for (const { name, meant } of cases)
      expect([name, JSON.parse(evaluated[name]?.value ?? "null")]).toEqual([name, meant]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 180_000);

test("a unit of a token comes to what a driver reads", () => {
  const stack = new TerraformStack(new App({ outdir: mkdtempSync(join(tmpdir(), "cdk-nomad-")) }), "tokens");
  const v = new Variables(stack);
  const [ten, lazy] = [v.number(10), Lazy.numberValue({ produce: () => 10 })];
  for (const [index, count] of [ten, lazy].entries()) {
    const drivers = {
      [`docker${index}`]: Driver.docker({
        image: "a",
        imagePullTimeout: Duration.minutes(count),
        shmSize: Memory.mebibytes(count),
      }),
      [`podman${index}`]: Driver.podman({
        image: "a",
        imagePullTimeout: Duration.hours(count),
        shmSize: Memory.kibibytes(count),
      }),
    };
    for (const [name, driver] of Object.entries(drivers))
      new TerraformOutput(stack, name, { value: terraformJson(driver.toApi()) });
  }
  const { variable, output } = JSON.parse(Testing.synth(stack)) as {
    variable: Record<string, VariableDeclaration>;
    output: Record<string, { value: string }>;
  };
  const values = variableValues(variable, {}, {});
  for (const [name, { value }] of Object.entries(output))
    expect(JSON.parse(String(evaluateTemplate(value, values)))).toEqual(
      name.startsWith("docker")
        ? { image: "a", image_pull_timeout: "10m", shm_size: 10 * 1024 ** 2 }
        : { image: "a", image_pull_timeout: "10h", shm_size: "10k" },
    );
  const days = { image: "a", imagePullTimeout: Duration.days(ten) };
  const job = new Job({ id: "a", groups: [{ name: "g", tasks: [{ name: "t", driver: Driver.docker(days) }] }] });
  expect(job.validate().map(({ message }) => message)).toEqual([
    "is an amount that cannot be written here; write Duration.minutes(5)",
  ]);
});

test("a token in the place of a block is one clear error", () => {
  const token: Resolvable = Lazy.anyValue({ produce: () => ({}) });
  const task = { name: "t", driver: Driver.docker({ image: "web:1" }) };
  const wrong = [
    { update: token },
    { groups: token },
    { groups: [token] },
    { groups: Token.asList(token) },
    { groups: [{ name: "g", tasks: [{ name: "t", driver: token }] }] },
    { groups: [{ name: "g", tasks: [{ ...task, resources: token }] }] },
  ];
  for (const props of wrong) {
    const job = new Job({ id: "web", groups: [{ name: "g", tasks: [task] }], ...props } as never);
    const problems = job.validate();
    expect(problems).toEqual([expect.objectContaining({ rule: "field/type", severity: "error" })]);
    expect(problems[0]?.message).toContain("a token stands in the place of");
  }
});

test("figures that only Terraform knows are judged by nobody", () => {
  const app = new App({ outdir: mkdtempSync(join(tmpdir(), "cdk-nomad-")) });
  const stack = new TerraformStack(app, "a");
  nomadProvider(stack);
  const count = new TerraformVariable(stack, "count", { type: "number", default: -7 }).numberValue;
  const job = new Job({
    id: "web",
    priority: count,
    update: { minHealthyTime: Duration.seconds(count), healthyDeadline: Duration.minutes(count), maxParallel: count },
    groups: [
      {
        name: "g",
        count,
        ephemeralDisk: { size: Memory.mebibytes(count) },
        scaling: { min: count, max: count, enabled: true },
        networks: [{ ports: [Port.dynamic("http")] }],
        tasks: [
          {
            name: "t",
            driver: Driver.docker({ image: "web:1" }),
            killTimeout: Duration.seconds(count),
            resources: { cpu: Cpu.cores(count), memory: Memory.gibibytes(count), memoryMax: Memory.mebibytes(count) },
            logs: { maxFiles: count, maxFileSize: Memory.mebibytes(count) },
            services: [
              {
                name: "web",
                provider: "nomad",
                port: "http",
                checks: [{ type: "tcp", interval: Duration.seconds(count), timeout: Duration.seconds(count) }],
              },
            ],
            identities: [{ name: "i", audience: ["a"], ttl: Duration.minutes(count) }],
          },
        ],
      },
    ],
  });
  new NomadJob(stack, "web", { job });
  expect(problemsOf(app).map(({ path, rule }) => `${rule} ${pathText(path)}`)).toEqual([]);
});

test("a job with tokens everywhere is synthesized, and nothing that depends on one is said", () => {
  const late = (value: unknown) => Lazy.anyValue({ produce: () => value });
  const app = new App({ outdir: mkdtempSync(join(tmpdir(), "cdk-nomad-")) });
  const stack = new TerraformStack(app, "a");
  nomadProvider(stack);
  const job = new Job({
    id: late("web"),
    name: late("web"),
    region: late("global"),
    namespace: late("default"),
    type: late("service"),
    datacenters: late(["dc1"]),
    meta: late({ pool: "web" }),
    groups: [
      {
        name: late("g"),
        count: late(2),
        meta: { pool: late("web") },
        constraints: [{ attribute: late("${node.class}"), operator: late("="), value: late("a") }],
        networks: [{ mode: late("bridge"), ports: [{ label: late("http"), to: late(80) }] }],
        volumes: [{ name: "v", type: late("host"), source: late("v"), readOnly: late(true) }],
        tasks: [
          {
            name: late("t"),
            driver: Driver.docker({ image: late("web:1"), ports: late(["http"]) }),
            env: late({ A: "a" }),
            kind: late("connect-proxy:web"),
            leader: late(true),
            user: late("nobody"),
            volumeMounts: [{ volume: late("v"), destination: late("/v"), readOnly: late(true) }],
            templates: [
              { destination: late("local/a"), data: late("a"), perms: late("0644"), changeMode: late("noop") },
            ],
            artifacts: [{ source: late("https://example.com/a"), destination: late("local") }],
            services: [
              {
                name: late("web"),
                provider: late("nomad"),
                port: late("http"),
                tags: [late("a")],
                checks: [
                  {
                    type: late("http"),
                    path: late("/"),
                    method: late("GET"),
                    port: late("http"),
                    interval: Duration.seconds(late(3)),
                    timeout: Duration.seconds(2),
                  },
                ],
              },
            ],
          },
        ],
      },
    ],
  });
  new NomadJob(stack, "web", { job });
  expect(problemsOf(app).map(({ path, rule }) => `${rule} ${pathText(path)}`)).toEqual([]);
  expect(synthesize(app)).toEqual([]);
});
