import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  Constraint,
  Cpu,
  Driver,
  EphemeralDisk,
  Job,
  Lifecycle,
  Memory,
  Network,
  Port,
  Resources,
  Task,
  TaskGroup,
} from "../../lib";
import type { JobJson } from "../../lib/nomad";
import { capacityOf, liveNodes } from "../../lib/operations";
import { clusterForSuite } from "../support/cluster";
import { Project } from "../support/project";

const cluster = clusterForSuite({ program: Project.SMALL_JOBS });
const { project } = cluster;

function jobOf(id: string, cpu: number, memory: number, group: object = {}, before?: Task): Job {
  const resources = new Resources({ cpu: Cpu.mhz(cpu), memory: Memory.mebibytes(memory) });
  const driver = Driver.rawExec({ command: "/bin/sleep", args: ["3600"] });
  const tasks = [new Task({ name: "work", driver, resources }), ...(before ? [before] : [])];
  return new Job({ id, groups: [new TaskGroup({ name: "work", tasks, ...group })] });
}

const before = new Task({
  name: "before",
  driver: Driver.rawExec({ command: "/bin/true" }),
  lifecycle: new Lifecycle({ hook: "prestart" }),
  resources: new Resources({ cpu: Cpu.mhz(700), memory: Memory.mebibytes(128) }),
});

const JOBS = [
  jobOf("cpu", 450, 64),
  jobOf("memory", 30, 3000),
  jobOf("disk", 20, 16, { ephemeralDisk: new EphemeralDisk({ size: Memory.gibibytes(40) }) }),
  jobOf("port", 20, 16, { networks: [new Network({ ports: [Port.static("http", 24_111)] })] }),
  jobOf("alone", 20, 16, { constraints: [Constraint.distinctHosts()] }),
  jobOf("phases", 300, 64, {}, before),
];

/** What Nomad's own plan says of a job with a count: whether all find a node, else what is exhausted. */
async function planned(job: JobJson, count: number): Promise<readonly string[] | undefined> {
  const groups = (job.TaskGroups as object[]).map((group) => ({ ...group, Count: count }));
  const { FailedTGAllocs: failed } = await cluster.nomad.plan({ ...job, TaskGroups: groups });
  const failure = failed?.work;
  if (!failure) return undefined;
  return [...Object.keys(failure.DimensionExhausted ?? {}), ...Object.keys(failure.ConstraintFiltered ?? {})];
}

/** How Nomad calls what holds an allocation back. */
const WORDS: Readonly<Record<string, RegExp>> = {
  cpu: /^cpu$/,
  memory: /^memory$/,
  disk: /^disk$/,
  port: /port collision/,
  "distinct hosts": /distinct_hosts/,
};

/** What we count, held against what Nomad plans with that many, with half of them, and with one more. */
async function heldAgainstNomad(job: Job) {
  const json = job.toApi().Job as JobJson;
  const { groups } = capacityOf([json], await liveNodes(cluster.nomad));
  const { count = 0, limits = [] } = groups[0]?.alone ?? {};
  const half = await planned(json, Math.max(1, Math.floor(count / 2)));
  const [next = "all of them found a node"] = (await planned(json, count + 1)) ?? [];
  return { some: count > 0, fits: [half, await planned(json, count)], next, word: WORDS[limits[0]?.limit ?? ""] };
}

function agreement({ word }: { readonly word?: RegExp }) {
  return { some: true, fits: [undefined, undefined], next: expect.stringMatching(word ?? "nothing binds") as string };
}

describe("as many fit as Nomad's scheduler places, and the same dimension binds", () => {
  test.each(JOBS.map((job) => [job.id, job] as const))("%s, on an empty cluster", async (_id, job) => {
    const found = await heldAgainstNomad(job);
    expect(found).toMatchObject(agreement(found));
  });

  test("and beside what runs", async () => {
    project.change({
      jobs: [
        { id: "one", count: 3, memory: 1500 },
        { id: "two", count: 2, memory: 100 },
      ],
    });
    expect((await project.run(["deploy", "dev"])).code).toBe(0);
    for (const job of JOBS) {
      const found = await heldAgainstNomad(job);
      expect([job.id, found]).toMatchObject([job.id, agreement(found)]);
    }
    const said = await project.run(["capacity", "dev", "--json"]);
    const { groups, nodes } = JSON.parse(said.stdout) as {
      groups: { job: string; placed: number; count: number }[];
      nodes: { whole: object; free: object }[];
    };
    // What runs of the stack itself is counted anew, and nothing else runs here.
    expect(groups).toMatchObject([
      { job: "one", placed: 3, count: 3 },
      { job: "two", placed: 2, count: 2 },
    ]);
    expect(nodes[0]?.free).toEqual(nodes[0]?.whole);
  });
});

test("where no node takes a group, it says what a node must have", async () => {
  const far = { ...(jobOf("far", 20, 16).toApi().Job as JobJson), Datacenters: ["elsewhere"] };
  writeFileSync(join(project.folder, "far.json"), JSON.stringify({ Job: far }));
  const { code, stdout } = await project.run(["capacity", "far.json"]);
  expect([code, stdout.replaceAll(/\s+/g, " ")]).toEqual([
    5,
    expect.stringContaining(
      "not all of it fits: far work 0 of 1 far work: no node has what it needs: its datacenter, its node pool, the driver raw_exec",
    ),
  ]);
});
