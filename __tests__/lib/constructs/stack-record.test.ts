import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, TerraformStack, TerraformVariable } from "cdktf";
import {
  Driver,
  Job,
  KeyValues,
  NomadJob,
  nomadProvider,
  setStackOwner,
  StackRecord,
  synthesize,
  Task,
  TaskGroup,
} from "../../../lib";
import { readContents, readDeclaration, refuseLargeRecord, desiredRecord } from "../../../lib/operations";
import { recordPath } from "../../../lib/stack-record";

const outdir = mkdtempSync(join(tmpdir(), "cdk-nomad-record-"));
afterAll(() => rmSync(outdir, { recursive: true, force: true }));

const context = { "cdk-nomad/project": "shop" };
const head = recordPath({ project: "shop", environment: "dev" });

/** Synthesizes a stack and reads it as commands do. */
function readBack(fill: (stack: TerraformStack) => void, variables: Readonly<Record<string, string>> = {}) {
  const app = new App({ outdir, context });
  const stack = new TerraformStack(app, "dev");
  fill(stack);
  synthesize(app);
  const contents = readContents(outdir, "dev", { variables, env: {} });
  return { contents, record: desiredRecord(contents, { project: "none", environment: "none" }) };
}

function addJob(stack: TerraformStack, id: string, more: { region?: string; namespace?: string } = {}): NomadJob {
  const task = new Task({ name: "main", driver: Driver.rawExec({ command: "/bin/sleep", args: ["9"] }) });
  const job = new Job({
    id,
    type: "service",
    datacenters: ["dc1"],
    groups: [new TaskGroup({ name: "main", tasks: [task] })],
    ...more,
  });
  return new NomadJob(stack, `job-${stack.node.children.length}`, { job, provider: nomadProvider(stack) });
}

test("where jobs go that do not say it is in the record of every stack, where the environment says it", () => {
  process.env.NOMAD_NAMESPACE = "apps";
  try {
    const { record } = readBack((stack) => {
      addJob(stack, "web");
      addJob(stack, "worker", { namespace: "shop" });
    });
    expect(record.content).toMatchObject({
      environmentVariables: { NOMAD_NAMESPACE: "apps" },
      jobs: [
        { id: "web", namespace: "apps" },
        { id: "worker", namespace: "shop" },
      ],
    });
  } finally {
    delete process.env.NOMAD_NAMESPACE;
  }
  expect(readBack((stack) => void addJob(stack, "web")).record.content.environmentVariables).toEqual({});
});

test("a stack that says nothing of it has a record in Nomad's variables, of its jobs", () => {
  const { contents, record } = readBack((stack) => {
    addJob(stack, "web", { region: "us-west", namespace: "shop" });
    addJob(stack, "worker");
  });
  expect(contents.terraformOnly).toEqual([]);
  expect(record).toMatchObject({ store: "nomad", project: "shop", environment: "dev" });
  // Known before any variable has a value, so that the record can be read first.
  expect(readDeclaration(outdir, "dev")).toMatchObject({ store: "nomad", project: "shop" });
  expect(record.content).toMatchObject({
    owner: "cdk-nomad",
    jobs: [{ id: "web", region: "us-west", namespace: "shop" }, { id: "worker" }],
    consul: [],
    variables: {},
    environmentVariables: {},
  });
  expect([...record.texts.keys()]).toEqual([head, `${head}/jobs/0`]);
});

test("a stack with something in Consul has it there, with what it makes", () => {
  const { contents, record } = readBack((stack) => {
    setStackOwner(stack, "terraform");
    new KeyValues(stack, "keys", { prefix: "shop/dev", values: { a: "1" } });
    addJob(stack, "web");
  });
  expect(contents.terraformOnly).toEqual([]);
  expect(record).toMatchObject({
    store: "consul",
    content: { owner: "terraform", consul: [{ kind: "keys", name: "shop/dev/" }], jobs: [{ id: "web" }] },
  });
});

test("values of variables are spliced in, whatever is in them, and never those that may be secret", () => {
  const value = 'say "hi" to <a&b> ${x} %{y} \\ é\u2028\n';
  const { record } = readBack(
    (stack) => {
      const name = new TerraformVariable(stack, "name", { type: "string", default: "web" });
      new TerraformVariable(stack, "greeting", { type: "string" });
      new TerraformVariable(stack, "count", { type: "number", default: 2 });
      new TerraformVariable(stack, "zones", { type: "list(string)", default: ["a", "b"] });
      new TerraformVariable(stack, "hidden", { type: "string", sensitive: true, default: "winter-night" });
      new TerraformVariable(stack, "db_password", { type: "string", default: "summer-night" });
      addJob(stack, `shop-${name.stringValue}`, { region: name.stringValue });
    },
    { greeting: value, name: "api" },
  );
  expect(record.content.variables).toEqual({ count: 2, greeting: value, name: "api", zones: ["a", "b"] });
  expect(record.content.defaults).toEqual({ count: 2, name: "web", zones: ["a", "b"] });
  expect(record.content.jobs).toEqual([{ id: "shop-api", region: "api" }]);
  expect([...record.texts.values()].join("")).not.toMatch(/winter-night|summer-night|hidden|password/);
  // As Terraform writes JSON.
  expect(record.texts.get(head)).toContain(String.raw`\u003ca\u0026b\u003e`);
});

test("environment variables are recorded with those that are not set, and without what has the form of a secret", () => {
  const { record } = readBack((stack) => {
    addJob(stack, "web");
    const environmentVariables = { BIN_DIR: "/opt/bin", SIZE: undefined, IMAGE: `x:ghp_${"a1B2".repeat(9)}` };
    new StackRecord(stack, "record", { environmentVariables });
  });
  expect(record.content.environmentVariables).toEqual({ BIN_DIR: "/opt/bin", SIZE: null });
});

test("it changes no job, and is the same to the byte when it is synthesized again", () => {
  const jobText = (withRecord: boolean) => {
    const stack = new TerraformStack(new App({ outdir, context }), "dev");
    const job = addJob(stack, "web");
    if (withRecord) new StackRecord(stack, "record");
    return JSON.stringify(job.toTerraform());
  };
  expect(jobText(true)).toBe(jobText(false));
  const texts = () => [...readBack((stack) => void addJob(stack, "web")).record.texts];
  expect(texts()).toEqual(texts());
});

test("a record that was made before all jobs were there is refused where it cannot grow", () => {
  const stack = new TerraformStack(new App({ outdir, context }), "dev");
  const record = new StackRecord(stack, "record");
  expect(record.node.validate()).toEqual([]);
  addJob(stack, "web");
  expect(record.node.validate()).toEqual([expect.stringMatching(/make it once all jobs of the stack are there/)]);
});

test("many jobs are split into parts that a variable of Nomad takes", () => {
  const { record } = readBack((stack) => {
    for (let at = 0; at < 250; at += 1) addJob(stack, `${"long-".repeat(60)}${at}`);
  });
  expect(record.texts.size).toBeGreaterThan(2);
  expect(Math.max(...[...record.texts.values()].map((text) => Buffer.byteLength(text)))).toBeLessThan(60 * 1024);
  expect(record.content.jobs).toHaveLength(250);
});

test.each([
  ["nomad", 64 * 1024],
  ["consul", 256 * 1024],
] as const)(
  "values that a record in %s has no room for are refused before anything is brought, by either road",
  (store, most) => {
    const brought = (length: number) =>
      readBack(
        (stack) => {
          new TerraformVariable(stack, "text", { type: "string" });
          if (store === "consul") new KeyValues(stack, "keys", { prefix: "shop/dev", values: { a: "1" } });
          addJob(stack, "web");
        },
        { text: "x".repeat(length) },
      ).record;
    expect(() => refuseLargeRecord(brought(most - 1024))).not.toThrow();
    expect(() => refuseLargeRecord(brought(most))).toThrow(/KiB, more than the \d+ KiB .*sensitive/);
    const file = readFileSync(join(outdir, "stacks/dev/cdk.tf.json"), "utf8");
    expect(file).toMatch(/"postcondition": \[\s*\{\s*"condition": "\$\{.*length\(base64encode\(/);
  },
);
