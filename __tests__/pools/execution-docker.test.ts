import * as v from "valibot";
import { Driver } from "../../lib/jobspec";
import { apiPath, type JobJson } from "../../lib/nomad";
import { ExecutionLostError, isolationOf, NomadExecutor, type Place } from "../../lib/pools";
import { TestCluster } from "../support/cluster";
import { OwnDocker } from "../support/own-docker";
import { forksAway, nap, processesWith } from "../support/processes";
import { until } from "../support/until";
import { waitingJob } from "../support/waiting-job";

const reason = OwnDocker.whyNot();
if (reason !== undefined) console.log(`skipped: commands in containers of a real Docker; ${reason}`);
const withDocker = reason === undefined ? describe : describe.skip;

/** The task's own process. */
const TASK = "sleep 71000001";

withDocker("a command in a container", () => {
  const docker = new OwnDocker();
  const cluster = new TestCluster();
  let executor: NomadExecutor;
  let place: Place;

  beforeAll(async () => {
    await docker.start();
    docker.importSmallest("tiny:1");
    await cluster.start({ DOCKER_HOST: docker.host });
    executor = new NomadExecutor(cluster.nomad);
    const driver = Driver.docker({ image: "tiny:1", command: "/bin/sleep", args: [TASK.slice(-8)], init: true });
    const job = waitingJob("wait", driver);
    await cluster.nomad.register(job.toApi().Job as JobJson);
    await until("a running container", async () => {
      const found = (await cluster.nomad.allocations("wait")).find(({ ClientStatus }) => ClientStatus === "running");
      place = { allocation: found?.ID ?? "", task: "t", isolation: isolationOf(driver.name) };
      return found !== undefined;
    });
  }, 240_000);

  afterAll(async () => {
    await cluster.end();
    await docker.remove();
  }, 120_000);

  const seconds = nap();
  const left = () => processesWith(`sleep ${seconds}`);

  test("has its environment, its secrets and its input, and its exit code comes back", async () => {
    const value = 'a\'b\n$x "q" é Á\n';
    const said = await executor.execute(place, 'printf %s "$A$S"; cat; exit 7', {
      env: { A: value },
      secrets: { S: value },
      stdin: "input",
    });
    expect(said).toMatchObject({ exitCode: 7, stdout: `${value}${value}input`, stderr: "", isolation: "container" });
  });

  test("with large variables gets its input after them", async () => {
    const env = { A: "x".repeat(100_000) };
    expect((await executor.execute(place, "echo ${#A}; cat", { env, stdin: "input" })).stdout).toBe("100000\ninput");
  });

  test("that is out of time, cancelled, or has ended leaves nothing", async () => {
    const timeout = await executor.execute(place, `${forksAway(seconds)} sleep ${seconds}`, { timeout: 1500 });
    expect([timeout.ended, timeout.exitCode]).toEqual(["timeout", 124]);
    await until("the end of what it began", () => left().length === 0);
    const cancel = new AbortController();
    const cancelling = executor.execute(place, `${forksAway(seconds)} sleep ${seconds}`, { signal: cancel.signal });
    await until("the children", () => left().length > 4);
    cancel.abort();
    const cancelled = await cancelling;
    expect([cancelled.ended, cancelled.exitCode]).toEqual(["cancelled", 130]);
    await until("the end of what it began", () => left().length === 0);
    expect(await executor.execute(place, `${forksAway(seconds)} echo done; exit 5`)).toMatchObject({
      exitCode: 5,
      stdout: "done\n",
    });
    await until("the end of what it began", () => left().length === 0);
    expect(processesWith(TASK)).not.toEqual([]);
  });

  test("is followed by a wipe that leaves neither files nor processes", async () => {
    const running = executor.execute(place, `echo x > file; mkdir -p /tmp/a/b; touch /tmp/.c; setsid sleep ${seconds}`);
    await until("the command", () => left().length > 0);
    await executor.wipe(place);
    expect((await running).exitCode).toBe(137);
    expect(left()).toEqual([]);
    expect((await executor.execute(place, "ls -A . /tmp")).stdout).toBe(".:\n\n/tmp:\n");
  });

  test("without an end fills no memory", async () => {
    const said = await executor.execute(place, "yes", { timeout: 1500, outputLimit: 1000 });
    expect(said).toMatchObject({ ended: "timeout", truncated: true });
    expect(said.stdout).toHaveLength(1000);
  });

  test("whose container is stopped is lost, and that is said", async () => {
    let begun = false;
    const onStdout = () => void (begun = true);
    const running = executor.execute(place, "echo begun; sleep 1000", { timeout: 60_000, onStdout });
    running.catch(() => undefined);
    await until("its beginning", () => begun);
    await cluster.nomad.http.post(apiPath`/v1/allocation/${place.allocation}/stop`, v.unknown());
    await expect(running).rejects.toThrow(ExecutionLostError);
  });
});
