import { createServer, type Server } from "node:net";
import { liveNodes } from "../../lib/operations";
import { clusterForSuite } from "../support/cluster";
import { flat, Project } from "../support/project";
import { until } from "../support/until";
import type { SmallJob } from "./programs/small-jobs";

// What this machine has is looked at before anything is started or registered.

const cluster = clusterForSuite({ program: Project.SMALL_JOBS, started: false });
const { project } = cluster;
const port = () => cluster.port(1);
const web = (): SmallJob => {
  const server = `require("node:http").createServer((_, answer) => answer.end("here")).listen(${port()}, "127.0.0.1")`;
  return { id: "web", checkedPort: port(), script: `exec ${process.execPath} -e '${server}'` };
};
const program = (...jobs: SmallJob[]) => project.change({ jobs });

let holder: Server | undefined;
/** Somebody else has the port of the job: this process. */
async function hold(address: string): Promise<void> {
  const listens = (server: Server) =>
    new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false)).once("listening", () => resolve(true));
      server.listen(port(), address);
    });
  // A job that was stopped a moment ago may have it still.
  await until("the port", async () => listens((holder = createServer())));
}
async function letGo(): Promise<void> {
  await new Promise((closed) => (holder ? holder.close(closed) : closed(undefined)));
  holder = undefined;
}
afterEach(letGo);

const named = () =>
  expect.stringContaining(`job "web", group "work", port ${port()}: is taken by process ${process.pid}, `);

test("start begins nothing where somebody else has a port of a job, and says who", async () => {
  program(web());
  await hold("0.0.0.0");
  const said = await project.run(["start", "--port-offset", String(cluster.offset)]);
  expect([said.code, flat(said)]).toEqual([1, named()]);
  expect(project.leftovers().processes).toEqual([]);
});

test("start goes on once the port is free, and what the cluster has itself is no obstacle", async () => {
  program(web());
  expect((await project.run(["start", "--port-offset", String(cluster.offset)])).code).toBe(0);
  program({ ...web(), env: { CHANGED: "yes" } });
  const said = await project.run(["deploy", "dev"]);
  expect([said.code, flat(said)]).toEqual([0, expect.not.stringContaining("is taken")]);
});

test.each(["127.0.0.1", "::"])("deploy registers nothing where somebody has a port on %s", async (address) => {
  await cluster.purge();
  program({ id: "other" }, web());
  await hold(address);
  const said = await project.run(["deploy", "dev"]);
  expect([said.code, flat(said)]).toEqual([1, named()]);
  expect(await cluster.nomad.jobs()).toEqual([]);
});

test("what is missing of this machine's memory and disk is said before it is deployed", async () => {
  await cluster.purge();
  program({ id: "large", memory: 5_000_000 }, { id: "web" });
  const said = await project.run(["deploy", "dev", "--detach"]);
  expect(flat(said)).toMatch(/large work: 0 of 1 find a place; this machine lacks \d+ MiB of memory/);
  expect(flat(said)).not.toContain("web work:");
  expect(said.code).toBe(0);
});

test("room that Nomad makes by preemption, where its configuration has that on, is told as that, and as no shortage", async () => {
  await cluster.purge();
  const configure = async (service: boolean) => {
    const PreemptionConfig = { SystemSchedulerEnabled: true, ServiceSchedulerEnabled: service };
    const body = JSON.stringify({ SchedulerAlgorithm: "binpack", PreemptionConfig });
    const { ok } = await cluster.ask("nomad", "/v1/operator/scheduler/configuration", { method: "PUT", body });
    expect(ok).toBe(true);
  };
  const [room] = await liveNodes(cluster.nomad);
  const memory = Math.floor((room?.free.memory ?? 0) * 0.7);
  project.change({ environment: "other", jobs: [{ id: "low", memory, priority: 20 }] });
  expect((await project.run(["deploy", "other"])).code).toBe(0);
  program({ id: "high", memory, priority: 80 });
  const off = await project.run(["preview", "dev"]);
  const left = /asks for (\d+) MiB; the node with the most has (\d+) MiB left/.exec(flat(off)) ?? [];
  expect([Number(left[1]), Number(left[2]) < memory]).toEqual([memory, true]);
  try {
    await configure(true);
    const said = await project.run(["deploy", "dev"]);
    expect([said.code, flat(said)]).toEqual([
      0,
      expect.stringMatching(/high work: it finds a place only since Nomad stops .* lower priority for it, of low \(/),
    ]);
    expect(flat(said)).not.toContain("0 of 1 find a place");
  } finally {
    await configure(false);
  }
});

test("a socket that this folder is too deep for is said, and Nomad does not make it", async () => {
  await cluster.purge();
  const script = 'if [ -S "$NOMAD_SECRETS_DIR/api.sock" ]; then echo there; else echo missing; fi; exec sleep 3600';
  program({ id: "talker", script });
  const said = await project.run(["deploy", "dev"]);
  expect([said.code, flat(said)]).toEqual([
    0,
    expect.stringMatching(/talker work: the Task API of script will not work: .* whose path is \d+ shorter/),
  ]);
  expect((await project.run(["logs", "script"])).stdout).toBe("missing\n");
});
