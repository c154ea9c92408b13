import { TerraformStack, TerraformVariable, Testing, Token } from "cdktf";
import {
  AdminGroup,
  BrowserVmJob,
  CsiMountOptions,
  Intentions,
  Job,
  KeyValues,
  LauncherGroup,
  NomadCsiVolume,
  NomadHostVolume,
  NomadJob,
  NomadNamespace,
  NomadNodePool,
  NomadVariable,
  Polydev,
  Program,
  RegionalJob,
  ServiceDefaults,
  setStackCluster,
  UserError,
  WarmPoolJob,
  type NomadJobProps,
} from "../../../lib";

const job = new Job({ id: "web", groups: [] });

/** What a constructor refuses, as lines of place and message. */
function refused(make: (stack: TerraformStack) => unknown): readonly string[] {
  try {
    make(new TerraformStack(Testing.app(), "dev"));
    return [];
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return error.message.split("\n");
  }
}

describe("the properties of a construct", () => {
  test("are all of names that it has; the nearest is told", () => {
    const props: object = { job, purgOnDestroy: false };
    expect(refused((stack) => new NomadJob(stack, "web", props as NomadJobProps))).toEqual([
      'dev/web.purgOnDestroy: there is no such property; write "purgeOnDestroy"',
    ]);
  });

  test("are told of all at once: what is missing, what is of another kind, what is near a value that is known", () => {
    expect(refused((stack) => new ServiceDefaults(stack, "web", { protocol: "htp" } as never))).toEqual([
      "dev/web.service: must be given; write one in quotes",
      'dev/web.protocol: expected "tcp" or "http" or "http2" or "grpc", found "htp"; write "http"',
    ]);
  });

  test.each<[string, (stack: TerraformStack) => unknown, string]>([
    [
      "a job that is none",
      (stack) => new NomadJob(stack, "x", { job: { id: "web" } } as never),
      "dev/x.job: expected a Job, found an object; write new Job({ … })",
    ],
    [
      "a construct in the place of its job",
      (stack) => new NomadJob(stack, "x", { job: new NomadJob(stack, "y", { job }) } as never),
      "dev/x.job: expected a Job, found a NomadJob; write new Job({ … })",
    ],
    [
      "a text in the place of a list",
      (stack) => new Intentions(stack, "x", { to: "b", allow: "a" } as never),
      'dev/x.allow: expected a list of texts, found "a"; write ["a", "b"]',
    ],
    [
      "values that are no texts",
      (stack) => new KeyValues(stack, "x", { prefix: "a", values: { b: 1 } } as never),
      "dev/x.values[b]: expected a text, found 1; write one in quotes",
    ],
    [
      "no values",
      (stack) => new NomadVariable(stack, "x", { path: "a" } as never),
      'dev/x.items: must be given; write { key: "value" }',
    ],
    [
      "null in a list of objects",
      (stack) => new NomadCsiVolume(stack, "x", { volumeId: "a", plugin: "b", capabilities: [null] } as never),
      "dev/x.capabilities[0]: expected an object, found null; write { name: value }",
    ],
    [
      "a rendering that there is not",
      (stack) => new RegionalJob(stack, "x", { job, regions: { regions: [] }, rendering: "fanout" } as never),
      'dev/x.rendering: expected "fanOut" or "enterprise", found "fanout"; write "fanOut"',
    ],
    [
      "a region twice",
      (stack) => new RegionalJob(stack, "x", { job, regions: { regions: [{ name: "eu" }, { name: "eu" }] } }),
      'dev/x.regions: names "eu" twice; remove one',
    ],
    [
      "a cluster by a property that would be checked by nobody",
      (stack) => setStackCluster(stack, { adress: "https://nomad.example.com" } as never),
      'dev.adress: there is no such property; write "address"',
    ],
    [
      "no cluster",
      (stack) => setStackCluster(stack, null as never),
      "dev: expected its properties as an object, found null; write { name: value }",
    ],
  ])("are of their kind: %s", (_name, make, line) => expect(refused(make)).toEqual([line]));

  test("may be known only when they are deployed", () => {
    const withTokens = (stack: TerraformStack) => {
      const text = new TerraformVariable(stack, "text", { type: "string" });
      const list = new TerraformVariable(stack, "list", { type: "list(string)" });
      const flag = new TerraformVariable(stack, "flag", { type: "bool" });
      new NomadJob(stack, "job", { job, detach: flag.booleanValue });
      new Intentions(stack, "intentions", { to: text.stringValue, allow: list.listValue });
      new KeyValues(stack, "keys", { prefix: text.stringValue, values: { a: text.stringValue } });
      new NomadVariable(stack, "variable", { path: "a", items: { b: text.stringValue } });
    };
    expect(refused(withTokens)).toEqual([]);
  });
});

describe("what stands in a property", () => {
  test("is named where it is of another kind", () => {
    expect(refused((stack) => new KeyValues(stack, "x", { prefix: "a", values: { b: 1, c: "2" } } as never))).toEqual([
      "dev/x.values[b]: expected a text, found 1; write one in quotes",
    ]);
    expect(refused((stack) => new Intentions(stack, "x", { to: "b", allow: ["a", 5] } as never))).toEqual([
      "dev/x.allow[1]: expected a text, found 5; write one in quotes",
    ]);
  });

  // Each of these was taken, and nothing came of it.
  test.each<[string, (stack: TerraformStack) => unknown, string]>([
    [
      "a timeout of Terraform",
      (stack) => new NomadJob(stack, "x", { job, timeouts: { creat: "5m" } } as never),
      'dev/x.timeouts.creat: there is no such property; write "create"',
    ],
    [
      "a setting of a resource's lifecycle",
      (stack) => new NomadJob(stack, "x", { job, lifecycle: { preventDestory: true } } as never),
      'dev/x.lifecycle.preventDestory: there is no such property; write "preventDestroy"',
    ],
    [
      "a node pool's scheduler",
      (stack) => new NomadNodePool(stack, "x", { name: "gpu", scheduler: { algoritm: "spread" } } as never),
      'dev/x.scheduler.algoritm: there is no such property; write "algorithm"',
    ],
    [
      "a namespace's drivers",
      (stack) => new NomadNamespace(stack, "x", { name: "a", drivers: { enable: ["docker"] } } as never),
      'dev/x.drivers.enable: there is no such property; write "enabled"',
    ],
    [
      "a volume's capacity",
      (stack) => new NomadHostVolume(stack, "x", { name: "a", capacity: { minimum: 1 } } as never),
      'dev/x.capacity.minimum: there is no such property; write "min"',
    ],
    [
      "a volume's mount",
      (stack) =>
        new NomadCsiVolume(stack, "x", {
          volumeId: "a",
          plugin: "b",
          capabilities: [{ access: "single-node-writer" }],
          mountOptions: { fstype: "ext4" },
        } as never),
      'dev/x.mountOptions.fstype: there is no such property; write "fsType"',
    ],
    [
      "a port of the admin",
      () => new AdminGroup({ ports: { htp: 80 } } as never),
      'AdminGroup.ports.htp: there is no such property; write "http"',
    ],
    [
      "how a binary is run",
      () => Program.binary("/bin/a", { isolatd: true } as never),
      'Program.binary.isolatd: there is no such property; write "isolated"',
    ],
    [
      "how an image is run",
      () => Program.image("a:1", { comand: "b" } as never),
      'Program.image.comand: there is no such property; write "command"',
    ],
    [
      "a pattern of the launcher",
      () =>
        new LauncherGroup({ patterns: [{ name: "a", version: "1", command: "b", port: 1, healthPort: 2 }] } as never),
      "LauncherGroup.patterns[0].port: there is no such property; it takes name, version, command, isolationLevel, healthPort",
    ],
    [
      "the size of a pool",
      (stack) => new Polydev(stack, "x", { warmPools: { opnai: 3 } } as never),
      'dev/x.warmPools.opnai: there is no such property; write "openai"',
    ],
    [
      "the image of a container",
      () => new WarmPoolJob({ provider: "openai", execution: { kind: "docker", iamge: "a:1" } } as never),
      'WarmPoolJob.execution.iamge: there is no such property; write "image"',
    ],
    [
      "the image of what is no container",
      () => new WarmPoolJob({ provider: "openai", execution: { kind: "exec", image: "a:1" } } as never),
      "WarmPoolJob.execution.image: there is no such property; it takes kind",
    ],
    [
      "the memory of a machine",
      () =>
        new BrowserVmJob({
          sessionId: "a",
          userId: "b",
          provider: "google",
          vmIp: "192.168.100.2",
          machine: { kind: "qemu", memroy: 1 },
        } as never),
      'BrowserVmJob.machine.memroy: there is no such property; write "memory"',
    ],
  ])("has the names that there are: %s", (_what, make, line) => {
    expect(refused(make)).toEqual([line]);
  });

  test("is taken as a block too, and as what is known only when it is deployed", () => {
    const made = (props: object) =>
      refused((stack) => new NomadCsiVolume(stack, "x", { volumeId: "a", plugin: "b", ...props } as never));
    const capabilities = [{ access: "single-node-writer" }];
    expect(made({ capabilities, mountOptions: new CsiMountOptions({ fsType: "ext4" }) })).toEqual([]);
    expect(made({ capabilities, secrets: Token.asStringMap({ resolve: () => ({}) }) })).toEqual([]);
    expect(
      refused((stack) => new NomadJob(stack, "x", { job, timeouts: { create: Token.asString({ resolve: () => 1 }) } })),
    ).toEqual([]);
  });
});
