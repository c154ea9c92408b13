import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import ts from "typescript";
import { ownProgram } from "../../../scripts/reference/own-types";
import { Job } from "../../../lib";
import { effective } from "../../../lib/jobspec/host";
import { toTypeScript } from "../../../lib/typescript";
import { jobs } from "../../support/arbitraries";
import { comparable, corpus, testWithCorpus } from "../../support/corpus";
import { draws } from "../../support/draws";
import { exportedJob } from "../../support/exported-job";
import { lostComments } from "../../support/lost-comments";

const LIBRARY = join(__dirname, "../../../lib");
let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), "cdk-nomad-import-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Writes a module and runs it; jest compiles it as it does the tests. */
async function run(job: Job, name: string, source?: string): Promise<Job> {
  const file = join(folder, `${name}.ts`);
  writeFileSync(file, await toTypeScript([{ job, source }], { from: LIBRARY }));
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- a module that was just written
  return exportedJob(require(file));
}

/** What the compiler has against modules, under the project's options and stricter ones. */
function complaints(files: readonly string[]): readonly string[] {
  const program = ownProgram(files, { exactOptionalPropertyTypes: true });
  return files.flatMap((file) => {
    const source = program.getSourceFile(file);
    if (!source) throw new Error(`${file} is no module`);
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      ({ messageText }) => `${file}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`,
    );
  });
}

/** What a server makes of a job, whether or not somebody wrote what nobody has to write. */
function whole(job: Job): unknown {
  return comparable(effective(job), true);
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
  groups: [
    // One a node.
    new TaskGroup({
      name: "web",
      count: 3,
      networks: [new Network({ ports: [Port.static("http", 80)] })],
      tasks: [
        new Task({
          name: "nginx",
          // As built by CI.
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
      restart: Restart.fail(),
    }),
  ],
});
`);
  });

  test("is the same job when it is run", async () => {
    expect(whole(await run(Job.fromApi(API), "api"))).toEqual(whole(Job.fromApi(API)));
  });

  test("keeps what is not known here, and what means something to JavaScript", async () => {
    const api = JSON.parse(
      '{"ID":"default","Tomorrow":{"a":[1]},"Meta":{"__proto__":"x","a-b":"`${y}`\\n2"}}',
    ) as object;
    expect(comparable((await run(Job.fromApi(api), "odd")).toApi().Job)).toEqual(comparable({ ...api }));
    expect(await toTypeScript([{ job: Job.fromApi(api) }])).toContain("export const jobDefault = new Job(");
  });

  test("declares nothing that a module of CommonJS has already", async () => {
    for (const taken of ["exports", "module", "require"]) {
      const code = await toTypeScript([{ job: Job.fromApi({ ...API, ID: taken }) }]);
      const [, name = ""] = /export const (\w+) =/.exec(code) ?? [];
      // As Node wraps a module.
      expect(() => new Function("exports", "require", "module", `const ${name} = 1;`)).not.toThrow();
    }
  });

  test("is the same job whatever job it was", async () => {
    let count = 0;
    await fc.assert(
      fc.asyncProperty(jobs, async (json) => {
        const job = Job.fromApi(json);
        expect(whole(await run(job, `drawn-${(count += 1)}`))).toEqual(whole(job));
      }),
      { numRuns: draws(8) },
    );
  });

  testWithCorpus("compiles under strict, for every real job, is the same job and has its comments", async () => {
    const place = join(folder, "corpus");
    mkdirSync(place);
    // The second drawing is imported beside a server, with the operate tests.
    const entries = corpus();
    for (const [index, { name, job: json, hcl }] of entries.entries()) {
      const job = Job.fromApi(json);
      expect({ name, job: whole(await run(job, `corpus/job${index}`, hcl)) }).toEqual({ name, job: whole(job) });
      expect(lostComments(hcl, readFileSync(join(place, `job${index}.ts`), "utf8"))).toEqual([]);
    }
    // Values that no type has, and jobs that lack what the classes require.
    const odd = Job.fromApi({
      ID: "odd",
      Type: "Service",
      TaskGroups: [
        {
          Name: "g",
          Services: [{ Name: "s", Checks: [{}, { Type: "HTTP", Path: "/" }] }],
          Constraints: [{ LTarget: "a", Operand: "~" }, {}],
          Tasks: [{ Name: "t", Lifecycle: { Hook: "later" }, Templates: [{}], VolumeMounts: [{}] }, {}],
          RestartPolicy: { Mode: "again" },
          Volumes: { v: { Name: "v", Type: "nfs" } },
        },
      ],
      Periodic: {},
    });
    writeFileSync(join(place, "odd.ts"), await toTypeScript([{ job: odd }], { from: LIBRARY }));
    // What it is asked is seen to be asked.
    writeFileSync(join(place, "wrong.ts"), "export const wrong: number = '';\n");
    const modules = ["wrong", "odd", ...entries.map((_entry, index) => `job${index}`)];
    const wrong = complaints(modules.map((name) => join(place, `${name}.ts`)));
    expect(wrong).toEqual([expect.stringMatching(/wrong\.ts: Type 'string' is not assignable/)]);
  });
});
