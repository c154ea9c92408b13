import { spawnSync } from "node:child_process";
import { Cpu, Driver, Job, Memory, Resources, Task, TaskGroup } from "../../lib/jobspec";
import type { ClusterStatus } from "../../lib/local";
import type { JobJson } from "../../lib/nomad";
import { TestCluster } from "../support/cluster";
import { OwnDocker } from "../support/own-docker";
import { flat, Project } from "../support/project";
import { until } from "../support/until";

// What a Nomad that was killed leaves in Docker.

const reason = OwnDocker.whyNot();
if (reason !== undefined) console.log(`skipped: containers that a killed Nomad leaves; ${reason}`);
const withDocker = reason === undefined ? describe : describe.skip;

const job = new Job({
  id: "contained",
  type: "service",
  groups: [
    new TaskGroup({
      name: "g",
      tasks: [
        new Task({
          name: "t",
          driver: Driver.docker({ image: "smallest:1", command: "sleep", args: ["3600"] }),
          resources: new Resources({ cpu: Cpu.mhz(50), memory: Memory.mebibytes(32) }),
        }),
      ],
    }),
  ],
});

withDocker("containers of a cluster whose Nomad was killed", () => {
  const docker = new OwnDocker();
  const cluster = new TestCluster({ program: Project.SMALL_JOBS });
  const { project } = cluster;
  const run = (...args: string[]) => project.run(args, { DOCKER_HOST: docker.host });
  const containers = () => (docker.docker("ps", "--quiet", "--no-trunc") ?? "").split("\n").filter(Boolean);
  let foreign = "";

  beforeAll(async () => {
    await docker.start();
    docker.importSmallest("smallest:1");
    const label = "com.hashicorp.nomad.alloc_id=12345678-1111-2222-3333-123456789abc";
    foreign = (
      docker.docker("run", "--detach", "--network=none", "--label", label, "smallest:1", "sleep", "3600") ?? ""
    ).trim();
    await cluster.start({ DOCKER_HOST: docker.host });
  });
  afterAll(async () => {
    await cluster.end();
    await docker.remove();
  });

  async function contained(): Promise<void> {
    await cluster.nomad.register(job.toApi().Job as JobJson);
    await until("its container", () => containers().length === 2);
    const { agents } = await project.cluster.status();
    process.kill(agents.find(({ name }) => name === "nomad")?.pid ?? 0, "SIGKILL");
    await until("the end of Nomad", () => !project.runs("nomad"));
  }

  test("are told of by status, ended by up and by down, and nobody else's are", async () => {
    expect(foreign).not.toBe("");
    await contained();
    const told = await run("status", "--json");
    expect([told.code, (JSON.parse(told.stdout) as ClusterStatus).abandoned]).toEqual([6, expect.any(Number)]);
    expect((JSON.parse(told.stdout) as ClusterStatus).abandoned).toBeGreaterThan(0);
    const up = await run("up");
    expect([up.code, flat(up), containers()]).toEqual([0, expect.stringMatching(/nomad had ended.*ended/), [foreign]]);
    await contained();
    expect([(await run("down")).code, containers()]).toEqual([0, [foreign]]);
  });

  test("are found without the cluster's folder too", async () => {
    expect((await run("up", "--port-offset", String(cluster.offset))).code).toBe(0);
    await contained();
    // What is mounted in it cannot be removed.
    spawnSync("rm", ["-rf", project.cluster.folder]);
    expect([(await run("down")).code, containers()]).toEqual([0, [foreign]]);
  });
});
