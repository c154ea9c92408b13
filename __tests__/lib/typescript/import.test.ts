import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { Job } from "../../../lib";
import { toTypeScript } from "../../../lib/typescript";
import { jobs } from "../../support/arbitraries";
import { comparable, corpus, testWithCorpus } from "../../support/corpus";

const LIBRARY = join(__dirname, "../../../lib");
let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "cdk-nomad-import-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Writes a module and runs it; jest compiles it as it does the tests. */
async function run(job: Job, name: string, source?: string): Promise<unknown> {
  const file = join(folder, `${name}.ts`);
  writeFileSync(file, await toTypeScript([{ job, source }], { from: LIBRARY }));
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- a module that was just written
  const [exported] = Object.values(require(file) as Record<string, Job>);
  return exported?.toApi().Job;
}

const HCL = `# How the web is served.
job "web-server" {
  # One a node.
  group "web" {
    network {
      port "http" { static = 80 }
    }
    task "nginx" {
      driver = "docker"
      # As built by CI.
      config {
        image = "nginx:1"
      }
    }
  }
}
`;

const API = {
  ID: "web-server",
  Name: "web-server",
  Type: null,
  TaskGroups: [
    {
      Name: "web",
      Count: 3,
      Networks: [{ Mode: "", ReservedPorts: [{ Label: "http", Value: 80, To: 0, HostNetwork: "" }] }],
      RestartPolicy: { Attempts: 2, Mode: "fail" },
      Tasks: [
        {
          Name: "nginx",
          Driver: "docker",
          User: "",
          Leader: false,
          Config: { image: "nginx:1" },
          KillTimeout: 90e9,
          Services: [
            {
              Name: "web",
              PortLabel: "http",
              Checks: [{ Type: "http", Path: "/", Interval: 10e9, Timeout: 5e9 }],
            },
          ],
          Resources: { CPU: 500, MemoryMB: 2048 },
        },
      ],
    },
  ],
};

describe("a job as TypeScript", () => {
  test("is what a person would have written", async () => {
    const written = await toTypeScript([{ job: Job.fromApi(API), source: HCL }]);
    expect(written)
      .toBe(`import { Check, Cpu, Driver, Duration, Job, Memory, Network, Port, Restart, Service, Task, TaskGroup } from "cdk-nomad";

// How the web is served.
export const webServer = new Job({
  id: "web-server",
  name: "web-server",
  groups: [
    // One a node.
    new TaskGroup({
      name: "web",
      count: 3,
      networks: [new Network({ ports: [Port.static("http", 80)] })],
      tasks: [
        new Task({
          name: "nginx",
          driver: Driver.docker({ image: "nginx:1" }),
          resources: { cpu: Cpu.mhz(500), memory: Memory.gibibytes(2) },
          services: [
            new Service({
              name: "web",
              port: "http",
              checks: [Check.http({ timeout: Duration.seconds(5), path: "/" })],
            }),
          ],
          killTimeout: Duration.seconds(90),
        }),
      ],
      restart: Restart.fail({ attempts: 2 }),
    }),
  ],
});
`);
  });

  test("renders the same JSON when it is run", async () => {
    expect(comparable(await run(Job.fromApi(API), "api"), true)).toEqual(comparable(API, true));
  });

  test("keeps what is not known here, and what means something to JavaScript", async () => {
    const api = JSON.parse(
      '{"ID":"default","Tomorrow":{"a":[1]},"Meta":{"__proto__":"x","a-b":"`${y}`\\n2"}}',
    ) as object;
    expect(comparable(await run(Job.fromApi(api), "odd"))).toEqual(comparable({ ...api }));
    expect(await toTypeScript([{ job: Job.fromApi(api) }])).toContain("export const jobDefault = new Job(");
  });

  test("renders the same JSON whatever job it was", async () => {
    let count = 0;
    await fc.assert(
      fc.asyncProperty(jobs, async (json) => {
        const job = Job.fromApi(json);
        expect(comparable(await run(job, `drawn-${(count += 1)}`), true)).toEqual(comparable(job.toApi().Job, true));
      }),
      { numRuns: 20 },
    );
  });

  testWithCorpus("compiles under strict, for every real job, and renders the same JSON", async () => {
    const place = join(folder, "corpus");
    mkdirSync(place);
    for (const [index, { job, hcl }] of corpus().entries()) {
      const again = await run(Job.fromApi(job), `corpus/job${index}`, hcl);
      expect({ index, job: comparable(again, true) }).toEqual({
        index,
        job: comparable(known(job), true),
      });
    }
    const tsc = join(__dirname, "../../../node_modules/typescript/bin/tsc");
    const { stdout } = spawnSync(
      process.execPath,
      [
        tsc,
        "--noEmit",
        "--strict",
        "--exactOptionalPropertyTypes",
        "--skipLibCheck",
        "--target",
        "es2023",
        "--module",
        "node16",
        "--moduleResolution",
        "node16",
        "--typeRoots",
        join(__dirname, "../../../node_modules/@types"),
        "--types",
        "node",
        ...corpus().map((_entry, index) => join(place, `job${index}.ts`)),
      ],
      { encoding: "utf8" },
    );
    // One job has a template that is written nowhere, which Nomad refuses too.
    const own = stdout.split("\n").filter((line) => /job\d+\.ts\(/.test(line));
    expect(own.filter((line) => !line.includes("is not assignable to parameter of type 'TemplateProps'"))).toEqual([]);
  });
});

/** What only a server sets is not written. */
function known(job: Record<string, unknown>): unknown {
  const { Dispatched: _dispatched, ...rest } = job;
  return rest;
}
