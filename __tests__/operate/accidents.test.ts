import { spawnSync } from "node:child_process";
import type { ClusterStatus } from "../../lib/local";
import { clusterForSuite } from "../support/cluster";
import { processesNaming } from "../support/processes";
import { flat, Project } from "../support/project";
import { until } from "../support/until";
import type { SmallJob } from "./programs/small-jobs";

const cluster = clusterForSuite({ program: Project.SMALL_JOBS });
const { project } = cluster;

/** The process of an agent, asked of status. */
async function pidOf(agent: string): Promise<number> {
  const { agents } = await project.cluster.status();
  const pid = agents.find(({ name }) => name === agent)?.pid;
  if (pid === undefined) throw new Error(`${agent} does not run`);
  return pid;
}

/** Ends an agent as the kernel does that runs out of memory, and waits until it is gone. */
async function kill(agent: string): Promise<void> {
  const pid = await pidOf(agent);
  process.kill(pid, "SIGKILL");
  await until("its end", () => Promise.resolve(!project.runs(agent)));
}

const program = (...jobs: SmallJob[]) => project.change({ jobs });
/** A job that holds a port, and a mark by which its processes are found however they were started. */
const web = (): SmallJob => {
  const port = cluster.port(1);
  const server = `require("node:http").createServer((_, answer) => answer.end("here")).listen(${port}, "127.0.0.1")`;
  return {
    id: "web",
    checkedPort: port,
    env: { MARK: project.folder },
    script: `exec ${process.execPath} -e '${server}'`,
  };
};
const tasks = () => processesNaming(`MARK=${project.folder}`);
const status = async () => {
  const said = await project.run(["status", "--json"]);
  return { code: said.code, ...(JSON.parse(said.stdout) as ClusterStatus) };
};

describe("a Nomad that was killed", () => {
  test("leaves tasks, which status tells of; up ends them and says so, and the next deployment has their ports", async () => {
    program(web());
    expect((await project.run(["deploy", "dev"])).code).toBe(0);
    await kill("nomad");
    const left = tasks();
    expect(left).not.toEqual([]);
    expect(await status()).toMatchObject({ code: 6, phase: "partial" });
    expect(flat(await project.run(["status"]))).toMatch(
      /\d+ process(es)? of tasks run without a Nomad|1 process of tasks runs without a Nomad/,
    );

    const consul = await pidOf("consul");
    const up = await project.run(["up"]);
    expect([up.code, flat(up)]).toEqual([
      0,
      expect.stringMatching(
        /nomad had ended, and its jobs with it; \d+ processes of its tasks were ended; deploy again/,
      ),
    ]);
    expect(tasks().filter(({ pid }) => left.some((old) => old.pid === pid))).toEqual([]);
    expect(await pidOf("consul")).toBe(consul);
    // What the dead Nomad had put into Consul would be taken for the new job's.
    expect(await cluster.consul.instances("web")).toEqual([]);
    expect((await project.run(["deploy", "dev"])).code).toBe(0);
    expect((await status()).code).toBe(0);
  });
});

describe("a Consul that was killed", () => {
  test("takes all with it that jobs read and may do, and up begins anew", async () => {
    const left = tasks();
    await kill("consul");
    expect((await status()).code).toBe(6);
    const up = await project.run(["up"]);
    expect([up.code, flat(up)]).toEqual([
      0,
      expect.stringMatching(/consul had ended, and what ran with it; nomad was ended too/),
    ]);
    expect(tasks().filter(({ pid }) => left.some((old) => old.pid === pid))).toEqual([]);
    expect((await project.run(["deploy", "dev"])).code).toBe(0);
  });
});

/** As somebody does it: what is mounted below, as the secrets of tasks are, stays. */
function removeFolder(): void {
  spawnSync("rm", ["-rf", project.cluster.folder], { stdio: "ignore" });
}

describe("a folder that is removed while its cluster runs", () => {
  test("is told of by status, and down ends all that lives", async () => {
    removeFolder();
    expect(await status()).toMatchObject({ code: 6, phase: "partial", forgotten: true });
    expect(flat(await project.run(["status"]))).toContain("was removed while it ran");
    expect(tasks()).not.toEqual([]);
    expect((await project.run(["down"])).code).toBe(0);
    expect([tasks(), project.leftovers()]).toEqual([[], { processes: [], mounts: [] }]);
    expect((await status()).code).toBe(7);
  });

  test("is made again by up, which ends what was left and keeps the ports", async () => {
    expect((await project.run(["up", "--port-offset", String(cluster.offset)])).code).toBe(0);
    expect((await project.run(["deploy", "dev"])).code).toBe(0);
    const old = [await pidOf("nomad"), await pidOf("consul")];
    const left = tasks();
    removeFolder();
    const up = await project.run(["up"]);
    expect([up.code, flat(up)]).toEqual([0, expect.stringMatching(/was removed while its cluster ran: .* were ended/)]);
    const { portOffset, agents, code } = await status();
    expect([code, portOffset]).toEqual([0, cluster.offset]);
    expect(agents.filter(({ pid }) => old.includes(pid ?? 0))).toEqual([]);
    expect(tasks().filter(({ pid }) => left.some((each) => each.pid === pid))).toEqual([]);
    expect((await project.run(["deploy", "dev"])).code).toBe(0);
  });
});
