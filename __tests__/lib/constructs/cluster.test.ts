import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, TerraformStack, TerraformVariable } from "cdktf";
import {
  Constraint,
  Driver,
  Duration,
  Job,
  Memory,
  NomadCsiVolume,
  NomadCsiVolumeRegistration,
  NomadHostVolume,
  NomadHostVolumeRegistration,
  NomadJob,
  NomadNamespace,
  NomadNodePool,
  NomadVariable,
  pathText,
  problemsOf,
  synthesize,
  useNomadProvider,
  UserError,
} from "../../../lib";
import { readContents, refuseTerraformOnly } from "../../../lib/operations";

const outdir = mkdtempSync(join(tmpdir(), "cdk-nomad-cluster-"));
afterAll(() => rmSync(outdir, { recursive: true, force: true }));

type Resources = Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;

function synthesized(fill: (stack: TerraformStack) => void) {
  const app = new App({ outdir });
  const stack = new TerraformStack(app, "dev");
  fill(stack);
  synthesize(app);
  return JSON.parse(readFileSync(join(outdir, "stacks/dev/cdk.tf.json"), "utf8")) as {
    readonly resource: Resources;
    readonly provider: Readonly<Record<string, unknown>>;
    readonly terraform: { readonly required_providers: { readonly nomad?: { readonly version: string } } };
  };
}

/** The one resource of a type, without what cdktf writes about it. */
function only(resources: Resources, type: string) {
  const [[, { "//": _about, ...resource } = {}] = [], ...more] = Object.entries(resources[type] ?? {});
  expect(more).toEqual([]);
  return resource;
}

const webJob = (more: object = {}) =>
  new Job({
    id: "web",
    groups: [{ name: "g", tasks: [{ name: "t", driver: Driver.rawExec({ command: "/bin/true" }) }] }],
    ...more,
  });

/** One of each, as full as they can be. */
function everything(stack: TerraformStack): void {
  const secret = new TerraformVariable(stack, "secret", { type: "string", sensitive: true }).stringValue;
  new NomadNamespace(stack, "namespace", {
    name: "shop",
    description: "d",
    meta: { a: "b" },
    quota: "q",
    drivers: { enabled: ["docker"], disabled: ["raw_exec"] },
    networkModes: { enabled: ["bridge"], disabled: ["host"] },
    nodePools: { default: "gpu", allowed: ["gpu"] },
    vault: { default: "v", denied: ["w"] },
    consul: { allowed: ["c"] },
  });
  new NomadNodePool(stack, "pool", {
    name: "gpu",
    description: "d",
    meta: { a: "b" },
    scheduler: { algorithm: "spread", memoryOversubscription: true },
    nodeIdentityTtl: Duration.hours(24),
  });
  new NomadVariable(stack, "variable", {
    path: "nomad/jobs/web",
    items: { api_key: secret },
    version: 2,
    namespace: "shop",
  });
  const capacity = { min: Memory.gibibytes(1), max: Memory.gibibytes(2) };
  new NomadHostVolume(stack, "host", {
    name: "data",
    capabilities: [{ access: "single-node-multi-writer" }],
    capacity,
    nodePool: "gpu",
    nodeId: "n",
    namespace: "shop",
    parameters: { a: "b" },
    constraints: [Constraint.equals("${attr.kernel.name}", "linux"), Constraint.isSet("${meta.rack}")],
  });
  new NomadHostVolumeRegistration(stack, "registered", {
    name: "logs",
    nodeId: "n",
    hostPath: "/srv/logs",
    capacity: Memory.gibibytes(1),
  });
  const csi = {
    volumeId: "db",
    plugin: "ebs",
    capabilities: [{ access: "single-node-writer", attachment: "block-device" }],
    capacity,
    parameters: { type: "gp3" },
    secrets: { token: secret },
    mountOptions: { fsType: "ext4", mountFlags: ["noatime"] },
    requiredTopologies: [{ zone: "a" }],
    namespace: "shop",
  } as const;
  new NomadCsiVolume(stack, "csi", { ...csi, cloneId: "c", snapshotId: "s", preferredTopologies: [{ zone: "b" }] });
  new NomadCsiVolumeRegistration(stack, "csi-registered", {
    ...csi,
    volumeId: "old",
    externalId: "vol-1",
    context: { a: "b" },
  });
}

const schemas = join(__dirname, "../../../../shared/provider-schemas/nomad-2.6.1.json");
const withSchemas = existsSync(schemas) ? test : test.skip;
if (!existsSync(schemas)) console.log("skipped: the providers' schemas are not beside this clone");

interface Schema {
  readonly attributes?: Readonly<
    Record<string, { readonly required?: boolean; readonly computed?: boolean; readonly optional?: boolean }>
  >;
  readonly blocks?: Readonly<Record<string, Schema>>;
}

/** What a resource writes that the provider does not take, and what it lacks. */
function misfits(
  body: Readonly<Record<string, unknown>>,
  { attributes = {}, blocks = {} }: Schema,
  at: string,
): string[] {
  const own = Object.keys(body).filter((key) => !["//", "provider", "depends_on", "lifecycle"].includes(key));
  return [
    ...own
      .filter((key) => !(key in blocks) && !(key in attributes && attributes[key]?.optional !== false))
      .map((key) => `${at}.${key} is not known`),
    ...Object.entries(attributes).flatMap(([key, { required }]) =>
      required && body[key] === undefined ? [`${at}.${key} is missing`] : [],
    ),
    ...Object.entries(blocks).flatMap(([key, inner]) =>
      ((body[key] ?? []) as Readonly<Record<string, unknown>>[]).flatMap((each) =>
        misfits(each, inner, `${at}.${key}`),
      ),
    ),
  ];
}

withSchemas("all that the constructs write is what the provider takes, and all that it requires", () => {
  const { resources } = JSON.parse(readFileSync(schemas, "utf8")) as { resources: Readonly<Record<string, Schema>> };
  const { resource } = synthesized(everything);
  expect(
    Object.keys(resource)
      .filter((type) => type.startsWith("nomad_"))
      .sort(),
  ).toEqual([
    "nomad_csi_volume",
    "nomad_csi_volume_registration",
    "nomad_dynamic_host_volume",
    "nomad_dynamic_host_volume_registration",
    "nomad_namespace",
    "nomad_node_pool",
    "nomad_variable",
  ]);
  for (const type of Object.keys(resource))
    for (const [name, body] of Object.entries(resource[type] ?? {}))
      expect(misfits(body, resources[type] ?? {}, name)).toEqual([]);
});

test("a namespace, a node pool and volumes are written as the provider takes them", () => {
  const { resource, terraform } = synthesized(everything);
  expect(only(resource, "nomad_namespace")).toMatchObject({
    name: "shop",
    capabilities: [{ enabled_task_drivers: ["docker"], disabled_network_modes: ["host"] }],
    vault_config: [{ default: "v", denied: ["w"] }],
  });
  expect(only(resource, "nomad_node_pool")).toMatchObject({
    node_identity_ttl: "24h",
    scheduler_config: [{ scheduler_algorithm: "spread", memory_oversubscription: "enabled" }],
  });
  expect(only(resource, "nomad_dynamic_host_volume")).toMatchObject({
    plugin_id: "mkdir",
    capacity_min: "1024 MiB",
    capability: [{ access_mode: "single-node-multi-writer", attachment_mode: "file-system" }],
    constraint: [
      { attribute: "${attr.kernel.name}", operator: "=", value: "linux" },
      { attribute: "${meta.rack}", operator: "is_set" },
    ],
  });
  expect(only(resource, "nomad_csi_volume")).toMatchObject({
    secrets_wo: { token: "${var.secret}" },
    topology_request: [
      {
        required: [{ topology: [{ segments: { zone: "a" } }] }],
        preferred: [{ topology: [{ segments: { zone: "b" } }] }],
      },
    ],
  });
  expect(terraform.required_providers.nomad?.version).toBe("2.6.1");
});

test("the values of a variable are written and not kept, in the characters that they have", () => {
  const { resource } = synthesized((stack) => {
    const secret = new TerraformVariable(stack, "secret", { type: "string", sensitive: true }).stringValue;
    new NomadVariable(stack, "v", { path: "a/b", items: { key: secret, plain: 'a "quoted" ${NOMAD_x} %{ text' } });
  });
  expect(only(resource, "nomad_variable")).toEqual({
    path: "a/b",
    items_wo: '{"key":${jsonencode(var.secret)},"plain":"a \\"quoted\\" $${NOMAD_x} %%{ text"}',
    items_wo_version: 1,
  });
});

test("a namespace alone is served by the provider of the bindings", () => {
  const { terraform, provider } = synthesized((stack) => new NomadNamespace(stack, "n", { name: "shop" }));
  expect(terraform.required_providers.nomad?.version).toBe("2.5.2");
  expect(provider).toEqual({ nomad: [{}] });
});

test("what a job needs of them is brought before it, and nothing else is ordered", () => {
  const { resource } = synthesized((stack) => {
    const namespace = new NomadNamespace(stack, "namespace", { name: "shop" });
    const pool = new NomadNodePool(stack, "pool", { name: "gpu" });
    const data = new NomadHostVolume(stack, "data", { name: "data", namespace: "shop" });
    const secret = new TerraformVariable(stack, "secret", { type: "string", sensitive: true }).stringValue;
    new NomadVariable(stack, "own", { path: "nomad/jobs/web/g", items: { a: secret } });
    new NomadVariable(stack, "other", { path: "nomad/jobs/web2", items: { a: secret } });
    const job = webJob({ namespace: namespace.name, nodePool: pool.name }).withEachGroup((group) =>
      group.with({ volumes: [data.request({ readOnly: true })] }),
    );
    new NomadJob(stack, "web", { job });
    new NomadJob(stack, "free", { job: webJob({ id: "free" }) });
  });
  const before = (type: string, name: string) => resource[type]?.[name]?.depends_on;
  const fqn = (type: string, start: string) =>
    `${type}.${Object.keys(resource[type] ?? {}).find((name) => name.startsWith(start)) ?? ""}`;
  expect(before("nomad_job", "web")).toEqual([
    fqn("nomad_namespace", "namespace"),
    fqn("nomad_node_pool", "pool"),
    fqn("nomad_dynamic_host_volume", "data"),
    fqn("nomad_variable", "own"),
  ]);
  expect(before("nomad_job", "free")).toBeUndefined();
  const [, volume = ""] = fqn("nomad_dynamic_host_volume", "data").split(".");
  expect(before("nomad_dynamic_host_volume", volume)).toEqual([fqn("nomad_namespace", "namespace")]);
});

test("what a server refuses is said with its place, all at once", () => {
  const app = new App({ outdir });
  const stack = new TerraformStack(app, "dev");
  new NomadNamespace(stack, "a", { name: "no space", nodePools: { allowed: ["a"], denied: ["b"] } });
  new NomadNamespace(stack, "b", { name: "default" });
  new NomadNodePool(stack, "c", { name: "all", scheduler: { algorithm: "round" as never } });
  new NomadVariable(stack, "d", { path: "a@b", items: {}, version: 0 });
  new NomadHostVolume(stack, "e", {
    name: "v",
    capabilities: [{ access: "multi-node-multi-writer" }],
    capacity: { min: Memory.gibibytes(2), max: Memory.gibibytes(1) },
  });
  new NomadHostVolumeRegistration(stack, "f", {
    name: "v",
    nodeId: "n",
    hostPath: "relative",
    capacity: "1GiB" as never,
  });
  expect(problemsOf(app).map(({ path, severity }) => `${severity} ${pathText(path)}`)).toEqual([
    "error dev/a.name",
    "error dev/a.nodePools",
    "error dev/b.name",
    "error dev/c.name",
    "error dev/c.scheduler.algorithm",
    "error dev/d.items",
    "error dev/d.path",
    "error dev/d.version",
    "error dev/e.capabilities[0].access",
    "error dev/e.capacity.max",
    "error dev/f.capacity",
    "error dev/f.hostPath",
  ]);
});

test("no value of a variable reaches Terraform's state, whatever provider somebody insists on", () => {
  const app = new App({ outdir });
  const stack = new TerraformStack(app, "dev");
  useNomadProvider(stack, "2.5.2");
  const secret = new TerraformVariable(stack, "secret", { type: "string", sensitive: true }).stringValue;
  const held = new NomadVariable(stack, "v", { path: "nomad/jobs/web", items: { api_key: secret } });
  expect(problemsOf(app)).toEqual([
    expect.objectContaining({
      rule: "provider/write-only",
      path: ["dev/v", "items"],
      message: expect.stringContaining("nomad var put nomad/jobs/web api_key=…") as string,
    }),
  ]);
  expect(String(held.secret("api_key"))).toContain("nomad/jobs/web#api_key");
  expect(() => held.secret("api_kee")).toThrow(UserError);
});

test("a secret in plain among the values stops synthesis", () => {
  const app = new App({ outdir });
  const stack = new TerraformStack(app, "dev");
  new NomadVariable(stack, "v", { path: "a", items: { token: `ghp_${"a1B2".repeat(9)}` } });
  expect(problemsOf(app)).toEqual([expect.objectContaining({ rule: "secret/literal", severity: "error" })]);
});

test("cdk-nomad deploy refuses a stack with them, and names each with the way to bring it", () => {
  synthesized((stack) => new NomadNamespace(stack, "shop", { name: "shop" }));
  const contents = readContents(outdir, "dev", { variables: {}, env: {} });
  expect(() => refuseTerraformOnly(contents, "dev")).toThrow(
    /dev\/shop\/namespace: is a nomad_namespace, which only Terraform brings; deploy with: npx cdktf deploy dev/,
  );
});
