import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Cpu, Driver, Job, Memory, Resources, Task, TaskGroup } from "../../lib/jobspec";
import type { JobJson } from "../../lib/nomad";
import { clusterForSuite } from "../support/cluster";
import { nap, processesNaming } from "../support/processes";
import { flat, Project } from "../support/project";
import { until } from "../support/until";

// Where a Nomad died, whoever took its port was told the token by every program that asked there.

const REGIONS = ["us-west", "us-east"];
const cluster = clusterForSuite({ program: Project.SMALL_JOBS, regions: REGIONS, acl: "closed" });
const { project } = cluster;

/** A task that is known by its arguments. */
const MARK = nap();
const running = () => processesNaming(MARK).filter(({ command }) => /^\S*sleep \d+/.test(command));

const job = new Job({
  id: "kept",
  type: "service",
  groups: [
    new TaskGroup({
      name: "g",
      tasks: [
        new Task({
          name: "t",
          driver: Driver.rawExec({ command: "sleep", args: [MARK] }),
          resources: new Resources({ cpu: Cpu.mhz(50), memory: Memory.mebibytes(32) }),
        }),
      ],
    }),
  ],
});

test("the token of a Nomad that died holds in no region after up, and what runs in the others goes on", async () => {
  const east = () => cluster.nomad.where({ Region: "us-east" });
  await east().register(job.toApi().Job as JobJson);
  await until("its task", () => running().length === 1);
  const [task] = running();
  const old = cluster.environment.NOMAD_TOKEN ?? "";
  const { agents } = await project.cluster.status();
  const addressOf = (region: string) => agents.find((agent) => agent.region === region)?.address ?? "";
  const ask = async (region: string, token: string) =>
    (await fetch(`${addressOf(region)}/v1/acl/token/self`, { headers: { "X-Nomad-Token": token } })).status;
  expect(await ask("us-east", old)).toBe(200);
  process.kill(agents.find(({ region }) => region === "us-west")?.pid ?? 0, "SIGKILL");
  await until("its end", () => !project.runs("nomad"));

  const again = await project.run(["up"]);
  expect([again.code, flat(again)]).toEqual([0, expect.stringMatching(/nomad-us-east is started again.*goes on/)]);
  const token = readFileSync(join(project.cluster.folder, "tokens/nomad"), "utf8").trim();
  expect(token).not.toBe(old);
  for (const region of REGIONS)
    expect([region, await ask(region, token), await ask(region, old)]).toEqual([region, 200, 403]);
  expect(running().map(({ pid }) => pid)).toEqual([task?.pid]);
  const [allocation] = await east().allocations("kept");
  expect(allocation?.ClientStatus).toBe("running");
  await east().deregister("kept", { purge: true });
  await until("the end of its task", () => running().length === 0);
});
