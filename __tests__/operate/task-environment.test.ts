import { Cpu, Driver, Job, Memory, Resources, Task, TaskGroup } from "../../lib/jobspec";
import type { JobJson } from "../../lib/nomad";
import { TestCluster } from "../support/cluster";
import { Project } from "../support/project";
import { until } from "../support/until";

// What a task is told of whoever started the cluster.

const cluster = new TestCluster({ program: Project.SMALL_JOBS });
const OTHERS = {
  GITHUB_TOKEN: "planted-1",
  AWS_ACCESS_KEY_ID: "planted-2",
  DATABASE_URL: "postgres://app:planted-3@db.example/app",
  HTTPS_PROXY: "http://user:planted-4@127.0.0.1:9",
  NPM_CONFIG__AUTH: "planted-5",
};
beforeAll(() => cluster.start({ ...OTHERS, LANG: "C.UTF-8" }));
afterAll(() => cluster.end());

test("a task is told where programs are, and nothing of what whoever ran up had in the environment", async () => {
  const task = new Task({
    name: "t",
    driver: Driver.rawExec({ command: "/bin/sh", args: ["-c", "env; echo end; exec sleep 3600"] }),
    resources: new Resources({ cpu: Cpu.mhz(50), memory: Memory.mebibytes(32) }),
  });
  const job = new Job({ id: "shows", type: "service", groups: [new TaskGroup({ name: "g", tasks: [task] })] });
  await cluster.nomad.register(job.toApi().Job as JobJson);
  let said = "";
  await until("what the task says", async () => {
    const [running] = (await cluster.nomad.allocations("shows")).filter(
      ({ ClientStatus }) => ClientStatus === "running",
    );
    if (!running) return false;
    const path = `/v1/client/fs/logs/${running.ID}?task=t&type=stdout&plain=true`;
    said = await (await cluster.ask("nomad", path)).text();
    return said.endsWith("end\n");
  });
  const names = said.split("\n").map((line) => line.split("=")[0]);
  expect(names).toEqual(expect.arrayContaining(["PATH", "LANG", "NOMAD_JOB_ID"]));
  expect(said).not.toContain("planted");
  expect(Object.keys(OTHERS).filter((name) => names.includes(name))).toEqual([]);
});
