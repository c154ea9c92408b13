import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { binaryHere } from "../__tests__/support/binaries";
import type { JobJson } from "../lib/nomad";
import { deploy, readStack, synthesizeProject } from "../lib/operations";
import { withCluster, type TestCluster } from "../__tests__/support/cluster";
import { median } from "./measure";
import type { Figure } from "./synthesis";
import { Masking } from "../lib/masking";

const ROOT = join(__dirname, "..");
/** The one job of the stack that is deployed by both. */
const JOB = "prism-stack";

/**
 * From submission to healthy, by this library and by `nomad job run`, with the very same job: dev's, but looked at every second. With checks
 * every 10 s Consul's random first look would decide who wins.
 */
export async function measureDeployment(rounds: number): Promise<Figure[]> {
  return withCluster({}, async (cluster) => {
    const { nomad, consul, project } = cluster;
    const { folder } = project;
    const outdir = join(folder, "synth");
    await synthesizeProject({
      project: ROOT,
      outdir,
      env: { ...process.env, CDK_NOMAD_PORT_OFFSET: String(cluster.offset) },
    });
    const wanted = readStack(outdir, "dev", { variables: {}, env: {} })
      .filter((item) => item.kind !== "job" || item.job.ID === JOB)
      .map((item) => (item.kind === "job" ? { ...item, job: quick(item.job) } : item));
    const job = wanted.find((item) => item.kind === "job")?.job as JobJson;
    const file = join(folder, "job.json");
    writeFileSync(file, JSON.stringify({ Job: job }));
    const binary = await binaryHere("nomad");

    const ours: number[] = [];
    const theirs: number[] = [];
    const gone = async () => {
      await nomad.deregister(job.ID, { purge: true });
      while (
        (await nomad.allAllocations()).some((allocation) => ["pending", "running"].includes(allocation.ClientStatus))
      )
        await new Promise((resolve) => setTimeout(resolve, 200));
      while (
        Object.keys(await consul.services()).some((name) => name.startsWith("prism") || name.startsWith("pattern"))
      )
        await new Promise((resolve) => setTimeout(resolve, 200));
    };
    for (let round = 0; round <= rounds; round += 1) {
      let started = Date.now();
      const [outcome] = await deploy(wanted, {
        nomad,
        consul,
        onStep: () => undefined,
        onChange: () => undefined,
        masking: new Masking(),
      });
      if (outcome?.result !== "healthy") throw new Error(`our deployment was ${outcome?.result}`);
      if (round > 0) ours.push((Date.now() - started) / 1000);
      await gone();

      started = Date.now();
      await run(binary.path, ["job", "run", "-json", file], { ...process.env, ...cluster.environment });
      if (round > 0) theirs.push((Date.now() - started) / 1000);
      await gone();
    }
    console.log(`  ${median(ours).toFixed(1)} s  cdk-nomad deploy\n  ${median(theirs).toFixed(1)} s  nomad job run`);
    const ratio = median(ours) / median(theirs);
    return [
      {
        what: "cdk-nomad deploy from submission to healthy, times nomad job run",
        value: ratio.toFixed(2),
        goal: "at most 1.15",
        reached: ratio <= 1.15,
      },
      await closedFigure(cluster, rounds),
      await startFigure(cluster),
    ];
  });
}

/** The same job with every check every second. */
function quick(job: JobJson): JobJson {
  return JSON.parse(JSON.stringify(job), (key, value: unknown) =>
    key === "Checks" ? (value as object[]).map((check) => ({ ...check, Interval: 1e9, Timeout: 1e9 })) : value,
  ) as JobJson;
}

function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
    child.once("close", (code) =>
      code === 0 ? resolve() : reject(new Error(`${command} ended with ${code}: ${said}`)),
    );
  });
}

/** How much longer a cluster takes to start that is closed to everybody without a token, than one that `--open` leaves open: in turn, the medians. */
async function closedFigure({ project, offset }: TestCluster, rounds: number): Promise<Figure> {
  await project.run(["down"]);
  const taken = async (...more: readonly string[]) => {
    const begun = performance.now();
    const { code, stderr } = await project.run(["up", "--port-offset", String(offset), ...more]);
    if (code !== 0) throw new Error(stderr);
    const seconds = (performance.now() - begun) / 1000;
    await project.run(["down"]);
    return seconds;
  };
  const [closed, open]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    closed.push(await taken());
    open.push(await taken("--open"));
  }
  const longer = median(closed) - median(open);
  return {
    what: "cdk-nomad up, closed, beyond cdk-nomad up --open",
    value: `${longer.toFixed(1)} s (${median(closed).toFixed(1)} s, ${median(open).toFixed(1)} s)`,
    goal: "at most 3 s",
    reached: longer <= 3,
  };
}

/** The whole of npm start, with nomad and consul cached. */
async function startFigure({ project, offset }: TestCluster): Promise<Figure> {
  await project.run(["down"]);
  const begun = Date.now();
  const { code, stderr } = await project.run(["start", "--port-offset", String(offset)]);
  if (code !== 0) throw new Error(stderr);
  const seconds = (Date.now() - begun) / 1000;
  return {
    what: "npm start to healthy, nomad and consul cached",
    value: `${seconds.toFixed(1)} s`,
    goal: "at most 45 s",
    reached: seconds <= 45,
  };
}
