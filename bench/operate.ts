import { join } from "node:path";
import pLimit from "p-limit";
import type { ConsulClient, NomadClient } from "../lib/nomad";
import { AT_ONCE, deploy, previewStack, readContents, synthesizeProject, type StackContents } from "../lib/operations";
import { withCluster } from "../__tests__/support/cluster";
import { Project } from "../__tests__/support/project";
import { median } from "./measure";
import type { Figure } from "./synthesis";
import { Masking } from "../lib/masking";

const JOBS = 100;

interface Bench {
  readonly nomad: NomadClient;
  readonly consul: ConsulClient;
  /** The stack with one job changed in a round, and canaries for that job where they are asked for. */
  readonly contents: (round: number, canary?: number) => Promise<StackContents>;
}

/** Preview, deployment and canaries of a stack of 100 jobs on the embedded cluster. */
export async function measureOperations(rounds: number): Promise<Figure[]> {
  return withCluster({ program: Project.SMALL_JOBS }, async ({ nomad, consul, project }) => {
    const contents: Bench["contents"] = async (round, canary = 0) => {
      const jobs = Array.from({ length: JOBS }, (_, number) => ({
        id: `job-${number}`,
        env: { RELEASE: number === 50 ? String(round) : "0" },
        ...(number === 50 ? { canary } : {}),
      }));
      project.change({ jobs });
      const outdir = join(project.folder, "synth");
      await synthesizeProject({ project: project.folder, outdir, env: process.env });
      return readContents(outdir, "dev", { variables: {}, env: {} });
    };
    const bench = { nomad, consul, contents };
    console.log(`  deploying ${JOBS} jobs`);
    await deploy((await contents(0)).objects, {
      nomad,
      consul,
      onStep: () => undefined,
      onChange: () => undefined,
      masking: new Masking(),
    });
    return [
      await previewFigure(bench, rounds),
      ...(await deployFigures(bench, rounds)),
      await canaryFigure(bench, rounds, project),
    ];
  });
}

/** The plan calls and nothing else, as many at once as a preview makes. */
async function barePlans(nomad: NomadClient, { objects }: StackContents): Promise<number> {
  const limit = pLimit(AT_ONCE);
  const started = performance.now();
  await Promise.all(objects.map((item) => limit(async () => (item.kind === "job" ? nomad.plan(item.job) : undefined))));
  return performance.now() - started;
}

async function previewFigure({ nomad, consul, contents }: Bench, rounds: number): Promise<Figure> {
  const stack = await contents(1);
  const ours: number[] = [];
  const bare: number[] = [];
  for (let round = 0; round <= 3 * rounds; round += 1) {
    const plans = await barePlans(nomad, stack);
    const started = performance.now();
    await previewStack("dev", stack, { nomad, consul, masking: new Masking() });
    if (round === 0) continue;
    bare.push(plans);
    ours.push(performance.now() - started);
  }
  console.log(
    `  ${median(ours).toFixed(0)} ms  preview of ${JOBS} jobs\n  ${median(bare).toFixed(0)} ms  bare plan calls`,
  );
  const ratio = median(ours) / median(bare);
  const what = `preview of ${JOBS} jobs, times the bare plan calls at the same concurrency`;
  return { what, value: ratio.toFixed(2), goal: "at most 1.3", reached: ratio <= 1.3 };
}

async function deployFigures({ nomad, consul, contents }: Bench, rounds: number): Promise<Figure[]> {
  const beyond: number[] = [];
  let most = 0;
  for (let round = 1; round <= rounds; round += 1) {
    const { objects, ...rest } = await contents(round);
    const plans = await barePlans(nomad, { objects, ...rest });
    const started = performance.now();
    const registering: number[] = [];
    const onStep = (text: string) => {
      if (text.startsWith("registering")) registering.push(performance.now() - started);
    };
    await deploy(objects, { nomad, consul, onStep, onChange: () => undefined, masking: new Masking() });
    most = Math.max(most, registering.length);
    beyond.push((registering[0] ?? Infinity) - plans);
  }
  const decided = median(beyond) / 1000;
  return [
    {
      what: `deploy of one changed job among ${JOBS}: jobs registered`,
      value: String(most),
      goal: "1",
      reached: most === 1,
    },
    {
      what: `deploy of one changed job among ${JOBS}: decided, beyond the plan calls`,
      value: `${decided.toFixed(2)} s`,
      goal: "under 1 s",
      reached: decided < 1,
    },
  ];
}

/**
 * From the moment that Nomad's servers know of the canary's health until the whole command has ended. The node that found out tells them
 * some 0.2 to 0.8 s later, which nobody who asks the servers can make up for; that is printed beside it.
 */
async function canaryFigure({ nomad, contents }: Bench, rounds: number, project: Project): Promise<Figure> {
  const late: number[] = [];
  const lateForNode: number[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    await contents(100 + round, 1);
    const { code, stderr } = await project.run(["deploy", "dev"]);
    const returned = Date.now();
    if (code !== 3) throw new Error(`expected a canary that waits, found ${code}: ${stderr}`);
    const [deployment] = await nomad.deployments("job-50");
    const allocations = await nomad.deploymentAllocations(deployment?.ID ?? "");
    const [canary] = allocations.filter((allocation) => allocation.DeploymentStatus?.Canary);
    late.push((returned - (canary?.ModifyTime ?? 0) / 1e6) / 1000);
    lateForNode.push((returned - Date.parse(canary?.DeploymentStatus?.Timestamp ?? "")) / 1000);
    await project.run(["promote", "dev"]);
  }
  const seconds = Math.max(...late);
  console.log(`  ${Math.max(...lateForNode).toFixed(2)} s  the same from when the node found out, the slowest`);
  return {
    what: "canary healthy, as the servers know, until the command has returned, the slowest",
    value: `${seconds.toFixed(2)} s`,
    goal: "under 1 s",
    reached: seconds < 1,
  };
}
