import { spawn } from "node:child_process";
import { join } from "node:path";
import { RuntimeJob } from "../../lib";
import { TestCluster } from "../support/cluster";
import { OwnDocker } from "../support/own-docker";
import { ended, flat } from "../support/project";
import { until } from "../support/until";
import type { EnvironmentsProgram } from "./programs/environments";

const ROOT = join(__dirname, "../..");
const reason = OwnDocker.whyNot();
if (reason !== undefined) console.log(`skipped: jobs in containers of a real Docker; ${reason}`);
const withDocker = reason === undefined ? describe : describe.skip;

withDocker("jobs in containers", () => {
  const docker = new OwnDocker();
  const cluster = new TestCluster({ program: join(__dirname, "programs/environments.ts") });
  const { project } = cluster;
  const run = (...args: string[]) => project.run(args, { DOCKER_HOST: docker.host });

  beforeAll(async () => {
    await docker.start();
    await cluster.start({ DOCKER_HOST: docker.host });
  });

  afterAll(async () => {
    await cluster.end();
    await docker.remove();
  });

  /** The driver of a job's main task. */
  async function driverOf(name: string): Promise<string | undefined> {
    // The id of a pool's job ends with the mark of its generation; a changed one stands beside the one before it.
    const ids = (await cluster.nomad.jobs(name)).map(({ ID }) => ID);
    const jobs = await Promise.all(ids.map((id) => cluster.nomad.job(id)));
    const newest = jobs.sort((a, b) => Number(b?.CreateIndex) - Number(a?.CreateIndex))[0];
    const groups = newest?.TaskGroups as
      readonly { readonly Tasks: readonly { readonly Driver: string }[] }[] | undefined;
    return groups?.[0]?.Tasks.at(-1)?.Driver;
  }

  const running = () => (docker.docker("ps", "--format", "{{.Image}}") ?? "").split("\n");

  test("a Docker without the images: processes, why is said, and all of it is healthy", async () => {
    const said = await run("deploy", "dev");
    expect([said.code, flat(said)]).toEqual([
      0,
      expect.stringMatching(
        /dev: runtime-openai, warm-pool-openai: as a process, since Docker has no image polydev-openai-runtime:0\.1\.0.*hermes-sandbox: as a process/,
      ),
    ]);
    expect([await driverOf("warm-pool-openai"), await driverOf("hermes-sandbox")]).toEqual(["raw_exec", "raw_exec"]);
  });

  test("with the images that npm run images makes: Polydev and Hermes move into containers and are healthy", async () => {
    const env = { ...process.env, DOCKER_HOST: docker.host };
    const child = spawn("npm", ["run", "--silent", "images"], { cwd: ROOT, env, stdio: ["ignore", "pipe", "pipe"] });
    const made = await ended(child);
    expect([made.code, made.stderr]).toEqual([0, expect.not.stringContaining("✗")]);

    const said = await run("deploy", "dev");
    expect([said.code, flat(said)]).toEqual([
      0,
      expect.stringContaining("hermes-sandbox: in a container, since Docker has hermes-sandbox:local"),
    ]);
    for (const job of ["warm-pool-openai", "warm-pool-anthropic", "warm-pool-google", "hermes-sandbox"]) {
      expect([job, await driverOf(job)]).toEqual([job, "docker"]);
      // The service of the pools, which dev runs, takes the processes of the generation before away.
      await until(`one healthy container of ${job}`, async () => {
        const instances = await cluster.consul.instances(job, { passing: true });
        return instances.length === 1 && (await cluster.nomad.jobs(job)).length === 1;
      });
    }
    expect(running()).toEqual(expect.arrayContaining(["hermes-sandbox:local", "polydev-google-runtime:0.1.0"]));
  });

  test("dispatched runtimes run their commands in containers, and the output of each is there when it has ended", async () => {
    // The shortest of containers are those whose output is lost where nothing is done for it: one of ten.
    const ids = await Promise.all(
      Array.from({ length: 6 }, async (_, number) => {
        const request = RuntimeJob.dispatch({
          userId: "ada",
          command: "echo $GREETING; cat /proc/1/comm",
          timestamp: number,
          env: { GREETING: `hello ${number}` },
        });
        const response = await cluster.ask("nomad", "/v1/job/runtime-openai/dispatch", {
          method: "PUT",
          body: JSON.stringify(request),
        });
        return ((await response.json()) as { readonly DispatchedJobID: string }).DispatchedJobID;
      }),
    );
    const states = async () =>
      (await Promise.all(ids.map((id) => cluster.nomad.allocations(id)))).map(([first]) => first?.ClientStatus);
    await until("their ends", async () => (await states()).every((state) => state === "complete"));
    for (const [number, id] of ids.entries()) {
      const said = await run("logs", "runtime", "--job", id);
      expect(said.stdout).toMatch(new RegExp(`^hello ${number}\n(docker-init|tini|sh)`));
    }
  });

  test("Prism in containers: every group is healthy, and the launcher registers with its admin", async () => {
    project.change({ prismImages: true } satisfies EnvironmentsProgram);
    const said = await run("deploy", "dev");
    expect([said.code, flat(said)]).toEqual([0, expect.stringMatching(/prism-stack version \d+ is healthy/)]);
    expect(await driverOf("prism-stack")).toBe("docker");
    for (const service of ["prism-admin", "pattern-launcher", "keyvalue-runner"])
      expect([service, (await cluster.consul.instances(service, { passing: true })).length]).toEqual([service, 1]);
    expect(running()).toEqual(
      expect.arrayContaining(["prism-admin:0.1.0", "pattern-launcher:0.1.0", "keyvalue-runner:0.1.0"]),
    );
    expect((await run("logs", "pattern-launcher")).stdout).toMatch(/registered with 127\.0\.0\.1:\d+: welcome/);
  });
});
