import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { App, TerraformStack } from "cdktf";
import { imagesOf, Job, synthesize } from "../../lib";
import { readContents } from "../../lib/operations";
import { SynthesizedStack } from "../../lib/testing";
import { createApp } from "../../main";
import { ENVIRONMENTS, problemsOfSettings, type EnvironmentSettings, type EnvironmentStack } from "../../stacks";

const folder = mkdtempSync(join(tmpdir(), "cdk-nomad-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const synthesized = (name: string, binDir?: string): App => {
  const outdir = join(folder, name);
  const app = createApp({ app: { outdir }, inputs: { prismBinDir: binDir } });
  synthesize(app);
  return app;
};
const stackOf = (app: App, name: string) => app.node.findChild(name) as TerraformStack;
const synthesizedOf = (name: string, binDir?: string) =>
  SynthesizedStack.fromStack(
    stackOf(createApp({ app: { outdir: join(folder, "t") }, inputs: { prismBinDir: binDir } }), name),
  );
const file = (run: string, stack: string) => readFileSync(join(folder, run, "stacks", stack, "cdk.tf.json"), "utf8");

const seconds = (count: number) => count * 1e9;

describe("dev", () => {
  const job = synthesizedOf("dev").job("prism-stack") as never as {
    TaskGroups: { Name: string; Tasks: { Name: string }[] }[];
  };

  test("has every figure of the seed", () => {
    const synthesized = synthesizedOf("dev");
    synthesized.jobCountIs(10);
    synthesized.hasJob({ ID: "prism-stack", Type: "service", Datacenters: ["dc1"] });
    const restart = { Attempts: 3, Delay: seconds(10), Interval: seconds(60), Mode: "fail" };
    const logs = { MaxFiles: 5, MaxFileSizeMB: 10 };
    expect(job.TaskGroups).toEqual([
      expect.objectContaining({
        Name: "admin",
        Count: 1,
        Networks: [{ Mode: "host", ReservedPorts: [{ Label: "grpc", Value: 8981, To: 8981 }] }],
        RestartPolicy: restart,
        Tasks: [
          expect.objectContaining({
            Name: "prism-admin",
            Driver: "raw_exec",
            Resources: { CPU: 500, MemoryMB: 256 },
            LogConfig: logs,
            Services: [
              expect.objectContaining({
                Name: "prism-admin",
                PortLabel: "grpc",
                Checks: [{ Type: "grpc", Interval: seconds(10), Timeout: seconds(2) }],
              }),
            ],
          }),
        ],
      }),
      expect.objectContaining({
        Name: "launcher",
        Count: 1,
        Networks: [
          {
            Mode: "host",
            ReservedPorts: [
              { Label: "grpc", Value: 7070, To: 7070 },
              { Label: "health", Value: 9093, To: 9093 },
            ],
          },
        ],
        RestartPolicy: restart,
        Tasks: [
          expect.objectContaining({ Name: "await-prism-admin", Lifecycle: { Hook: "prestart", Sidecar: false } }),
          expect.objectContaining({
            Name: "pattern-launcher",
            Resources: { CPU: 1000, MemoryMB: 512 },
            LogConfig: logs,
            Templates: expect.arrayContaining([
              expect.objectContaining({ DestPath: "local/admin.env", Envvars: true }),
            ]),
            Services: [
              expect.objectContaining({
                PortLabel: "health",
                Checks: [{ Type: "http", Path: "/health", Interval: seconds(10), Timeout: seconds(2) }],
              }),
            ],
          }),
        ],
      }),
      expect.objectContaining({
        Name: "keyvalue",
        Count: 1,
        Networks: [{ Mode: "host" }],
        RestartPolicy: restart,
        Tasks: [
          expect.objectContaining({ Name: "await-pattern-launcher" }),
          expect.objectContaining({
            Name: "keyvalue-runner",
            Resources: { CPU: 500, MemoryMB: 256 },
            LogConfig: logs,
            Services: [
              expect.objectContaining({
                Checks: [
                  {
                    Type: "script",
                    Command: "/bin/sh",
                    Args: ["-c", "exit 0"],
                    Interval: seconds(30),
                    Timeout: seconds(5),
                  },
                ],
              }),
            ],
          }),
        ],
      }),
    ]);
  });

  test("runs Prism's own programs where they are, with what those need", () => {
    const binDir = join(folder, "binaries");
    mkdirSync(binDir, { recursive: true });
    for (const name of ["prism-admin", "pattern-launcher"]) writeFileSync(join(binDir, name), "", { mode: 0o755 });
    const synthesized = synthesizedOf("dev", binDir);
    const text = JSON.stringify(synthesized.job("prism-stack"));
    expect(text).toContain(`"command":"${binDir}/prism-admin"`);
    expect(text).toContain("manifest.yaml");
    expect(text).toContain('{"Type":"tcp"');
    // What is not there is stood in for.
    expect(text).toContain("stand-ins/keyvalue");
  });

  test("moves every port by the offset", () => {
    const app = createApp({ app: { outdir: join(folder, "t") }, inputs: { portOffset: 1000 } });
    const ports = JSON.stringify(SynthesizedStack.fromStack(stackOf(app, "dev")).job("prism-stack")).match(
      /"Value":\d+/g,
    );
    expect(ports).toEqual(['"Value":9981', '"Value":10090', '"Value":8070', '"Value":10093']);
  });
});

describe("containers", () => {
  const drivers = (dockerImages: readonly string[] | undefined) => {
    const app = createApp({ app: { outdir: join(folder, "t") }, inputs: { dockerImages } });
    const dev = app.node.findChild("dev") as EnvironmentStack;
    const jobs = SynthesizedStack.fromStack(dev).jobs() as unknown as { ID: string; TaskGroups: { Tasks: Task[] }[] }[];
    // The id of a pool's job ends with the mark of its generation.
    const driverOf = (id: string) =>
      jobs.find(({ ID }) => ID.replace(/-[0-9a-f]{8}$/, "") === id)?.TaskGroups[0]?.Tasks[0]?.Driver;
    const ids = ["runtime-openai", "warm-pool-openai", "runtime-google", "warm-pool-google", "hermes-sandbox"];
    return { drivers: ids.map(driverOf), lines: dev.containerChoices };
  };
  interface Task {
    readonly Driver: string;
    readonly Config: { readonly image?: string };
  }

  test("are taken for the jobs of which Docker has every image, and why is said", () => {
    const some = drivers(["polydev-openai-runtime:0.1.0", "polydev-google-runtime:latest", "hermes-sandbox:local"]);
    expect(some.drivers).toEqual(["docker", "docker", "raw_exec", "raw_exec", "docker"]);
    expect(some.lines).toEqual([
      "runtime-openai, warm-pool-openai: in a container, since Docker has polydev-openai-runtime:0.1.0",
      expect.stringMatching(
        /^runtime-anthropic, .*: as a process, since Docker has no image polydev-anthropic-runtime/,
      ),
      expect.stringMatching(/^runtime-google, .* no image polydev-google-runtime:0\.1\.0 \(npm run images/),
      "hermes-sandbox: in a container, since Docker has hermes-sandbox:local",
    ]);
  });

  test("are not taken where no Docker answers, nor where it has no image", () => {
    for (const images of [undefined, []])
      expect(drivers(images).drivers).toEqual(["raw_exec", "raw_exec", "raw_exec", "raw_exec", "raw_exec"]);
    expect(drivers(undefined).lines).toEqual(["no Docker answers here, so jobs run as processes"]);
  });

  test("have a fixed tag in every environment, since Nomad pulls any other before each start", () => {
    const images = ENVIRONMENTS.flatMap(({ name }) =>
      synthesizedOf(name)
        .jobs()
        .flatMap((job) => imagesOf(Job.fromApi(job))),
    );
    expect(images.length).toBeGreaterThan(10);
    expect(images.filter((image) => !/:[\w.-]+$/.test(image) || image.endsWith(":latest"))).toEqual([]);
    const staging = ENVIRONMENTS.find(({ name }) => name === "staging") as EnvironmentSettings;
    const latest = { ...staging, programs: { kind: "images", registry: "", version: "latest" } } as const;
    expect(problemsOfSettings(latest)).toEqual([
      expect.objectContaining({
        path: ["staging", "programs", "version"],
        message: expect.stringContaining("fixed tag"),
      }),
    ]);
  });
});

describe("staging", () => {
  test("runs containers with a canary of the launcher that is promoted by itself", () => {
    const synthesized = synthesizedOf("staging");
    const groups = synthesized.job("prism-stack").TaskGroups as {
      Name: string;
      Count: number;
      Update?: object;
      Tasks: { Driver: string; Config: { image: string } }[];
    }[];
    expect(
      groups.map((group) => [group.Name, group.Count, group.Tasks.at(-1)?.Driver, group.Tasks.at(-1)?.Config.image]),
    ).toEqual([
      ["admin", 1, "docker", "prism-admin:0.1.0"],
      ["launcher", 3, "docker", "pattern-launcher:0.1.0"],
      ["keyvalue", 1, "docker", "keyvalue-runner:0.1.0"],
    ]);
    expect(groups[1]?.Update).toEqual(expect.objectContaining({ Canary: 1, MaxParallel: 1, AutoPromote: true }));
    synthesized.hasConfigEntry("service-resolver", "pattern-launcher", { DefaultSubset: "stable" });
  });

  test("takes the images' version at deploy time, and nothing that is no tag", () => {
    const stack = () => stackOf(createApp({ app: { outdir: join(folder, "t") } }), "staging");
    const synthesized = SynthesizedStack.fromStack(stack(), { image_version: "1.4.2" });
    expect(JSON.stringify(synthesized.job("prism-stack"))).toContain('"prism-admin:1.4.2"');
    expect(() => SynthesizedStack.fromStack(stack(), { image_version: "no tag!" })).toThrow(/var.image_version/);
  });

  test("keeps its state in Consul", () => {
    expect(synthesizedOf("staging").toJson()).toMatchObject({
      terraform: { backend: { consul: { path: "terraform/cdk-nomad/staging" } } },
    });
  });
});

describe("prod", () => {
  test("rolls out west before east, with room to burst, and the database's password from Vault", () => {
    const synthesized = synthesizedOf("prod");
    synthesized.jobCountIs(24);
    expect(synthesized.jobs().map((job) => [job.Region, job.Datacenters])).toEqual(
      expect.arrayContaining([
        ["us-west", ["us-west-1a", "us-west-1b"]],
        ["us-east", ["us-east-1a", "us-east-1b"]],
      ]),
    );
    const groups = synthesized.jobs().find((job) => job.ID === "prism-stack")?.TaskGroups as {
      Name: string;
      Count: number;
      Tasks: { Resources: object; Vault?: object; Templates: { DestPath: string }[] }[];
    }[];
    expect(groups.map((group) => [group.Name, group.Count])).toEqual([
      ["admin", 1],
      ["launcher", 3],
      ["keyvalue", 3],
    ]);
    expect(groups[0]?.Tasks[0]).toMatchObject({
      Resources: { CPU: 2000, MemoryMB: 1024, MemoryMaxMB: 2048 },
      Vault: { Role: "prism-admin" },
      Templates: expect.arrayContaining([expect.objectContaining({ DestPath: "secrets/db.env", Envvars: true })]),
    });
  });

  test("lets nobody call whom he may not", () => {
    synthesizedOf("prod").hasConfigEntry("service-intentions", "*", { Sources: [{ Name: "*", Action: "deny" }] });
    synthesizedOf("prod").hasConfigEntry("service-intentions", "prism-admin", {
      Sources: [{ Name: "pattern-launcher", Action: "allow" }],
    });
  });
});

describe("every environment", () => {
  test("has the same kinds of resources as ever", () => {
    const counts = ENVIRONMENTS.map(({ name }) => {
      const synthesized = synthesizedOf(name);
      return [
        name,
        ...["nomad_job", "consul_config_entry", "consul_key_prefix"].map((type) => synthesized.resources(type).length),
      ];
    });
    expect(counts).toEqual([
      ["dev", 10, 6, 1],
      ["staging", 10, 6, 1],
      ["prod", 24, 7, 1],
    ]);
  });

  test("is written the same to the byte when it is synthesized again", () => {
    synthesized("one");
    synthesized("two");
    for (const { name } of ENVIRONMENTS) expect(file("two", name)).toBe(file("one", name));
  });

  test("holds no address and no token, whatever the variables say", () => {
    const secrets = {
      NOMAD_ADDR: "http://planted-nomad:1",
      NOMAD_TOKEN: "planted-token",
      CONSUL_HTTP_ADDR: "planted-consul:1",
      CONSUL_HTTP_TOKEN: "planted-consul-token",
    };
    const before = { ...process.env };
    Object.assign(process.env, secrets);
    try {
      synthesized("planted");
    } finally {
      process.env = before;
    }
    for (const { name } of ENVIRONMENTS) expect(file("planted", name)).not.toContain("planted-");
  });

  const schemas = join(__dirname, "../../../shared/provider-schemas");
  const there = existsSync(schemas);
  if (!there) console.log("skipped: the providers' schemas are not beside this clone");
  const withSchemas = there ? test : test.skip;
  withSchemas("uses only attributes that the providers know", () => {
    synthesized("schema");
    type Kinds = Record<string, { attributes?: object; blocks?: object }>;
    const known = ["nomad-2.6.1", "consul-2.23.0"].map(
      (name) => JSON.parse(readFileSync(join(schemas, `${name}.json`), "utf8")) as Record<"resources" | "data", Kinds>,
    );
    const meta = new Set(["//", "provider", "depends_on", "lifecycle"]);
    const unknown = ENVIRONMENTS.flatMap(({ name }) => {
      const stack = JSON.parse(file("schema", name)) as Record<
        "resource" | "data",
        Record<string, Record<string, object>>
      >;
      const used = [
        ...Object.entries(stack.resource).map(([type, named]) => ["resources", type, named] as const),
        ...Object.entries(stack.data).map(([type, named]) => ["data", type, named] as const),
      ];
      return used.flatMap(([kinds, type, named]) => {
        const of = known.find((schema) => type in schema[kinds])?.[kinds][type];
        const schema = { ...of?.attributes, ...of?.blocks };
        return Object.values(named).flatMap((resource) =>
          Object.keys(resource)
            .filter((key) => !meta.has(key) && !(key in schema))
            .map((key) => `${type}.${key}`),
        );
      });
    });
    expect(unknown).toEqual([]);
  });

  const terraform = ["terraform", "tofu"].find((name) => {
    try {
      execFileSync(name, ["version"], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  });
  if (!terraform) console.log("skipped: neither terraform nor tofu is on PATH to evaluate the jobs");
  const withTerraform = terraform ? test : test.skip;
  withTerraform("means the same job to Terraform as to the fast way", () => {
    synthesized("evaluated");
    for (const { name } of ENVIRONMENTS) {
      const stack = JSON.parse(file("evaluated", name)) as {
        variable: object;
        resource: {
          nomad_job: Record<string, { jobspec: string }>;
          consul_keys: Record<string, { key: { path: string; value: string }[] }>;
        };
      };
      const record = Object.values(stack.resource.consul_keys).flatMap(({ key }) => key);
      const jobs = Object.entries(stack.resource.nomad_job).map(([id, job]) => [id, { value: job.jobspec }]);
      const output = Object.fromEntries([...jobs, ...record.map(({ value }, at) => [`record-${at}`, { value }])]);
      const place = join(folder, `terraform-${name}`);
      mkdirSync(place);
      writeFileSync(join(place, "main.tf.json"), JSON.stringify({ variable: stack.variable, output }));
      const env = { ...process.env, TF_CLI_CONFIG_FILE: undefined, CHECKPOINT_DISABLE: "1" };
      const run = (...args: string[]) => execFileSync(terraform as string, args, { cwd: place, encoding: "utf8", env });
      run("init", "-input=false");
      const given: Record<string, string> = "image_version" in stack.variable ? { image_version: "1.4.2" } : {};
      const vars = Object.entries(given).map(([key, value]) => `-var=${key}=${value}`);
      run("apply", "-auto-approve", "-input=false", ...vars);
      const outputs = JSON.parse(run("output", "-json")) as Record<string, { value: string }>;
      const evaluated = Object.keys(stack.resource.nomad_job).map(
        (id) => (JSON.parse(outputs[id]?.value ?? "") as { Job: object }).Job,
      );
      const contents = readContents(join(folder, "evaluated"), name, { variables: given, env: {} });
      const fast = contents.objects.flatMap((wanted) => (wanted.kind === "job" ? [wanted.job] : []));
      // The record is the same to the byte, whichever road writes it.
      const texts = record.map(({ path }, at) => [path, outputs[`record-${at}`]?.value]);
      expect([...(contents.record?.texts ?? [])]).toEqual(texts);
      expect(new Set(fast.map((job) => JSON.stringify(job)))).toEqual(
        new Set(evaluated.map((job) => JSON.stringify(job))),
      );
    }
  });
});
