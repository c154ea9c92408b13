import { setTimeout as sleep } from "node:timers/promises";
import { scale } from "../../__tests__/support/scale";
import type { ConsulClient, JobJson, NomadClient } from "../../lib/nomad";
import { deploy, type StackObject } from "../../lib/operations";
import type { Figure } from "../synthesis";
import { Masking } from "../../lib/masking";

/** Jobs that are raced for at the same time, each with its own deployments and its own autoscaler. */
const LANES = 4;
/** Scalings one after another while one deployment is raced, each within so many milliseconds of the one before. */
const SCALINGS = 4;
const WITHIN = 12;
const MOST = 6;

/** What a race needs of a cluster. */
export interface RacingCluster {
  readonly nomad: NomadClient;
  readonly consul: ConsulClient;
}

/**
 * Deploys a changed job while an autoscaler changes its count, again and again. Once both have ended, the newest version must have the
 * count that Nomad acknowledged last, else that scaling is lost; and be the program's release, else the deployment is, which said that
 * it went well.
 */
export async function measureScalingRaces(cluster: RacingCluster, races: number): Promise<Figure> {
  const lanes = await Promise.all(
    Array.from({ length: LANES }, (_, lane) => runLane(cluster, `race-${lane}`, Math.ceil(races / LANES))),
  );
  const sum = (key: keyof (typeof lanes)[number]) => lanes.reduce((total, lane) => total + lane[key], 0);
  console.log(
    `  ${sum("scaled")} scalings acknowledged; in ${sum("met")} races one side overwrote the other, and it was mended`,
  );
  const ends = [sum("lostScalings"), sum("lostDeployments"), sum("refused")];
  return {
    what: `${sum("raced")} deployments each raced by ${SCALINGS} scalings: scalings lost, deployments lost, deployments refused`,
    value: ends.join(", "),
    goal: "0, 0, 0",
    reached: ends.every((end) => end === 0),
  };
}

async function runLane({ nomad, consul }: RacingCluster, id: string, races: number) {
  const found = { raced: 0, scaled: 0, met: 0, lostScalings: 0, lostDeployments: 0, refused: 0 };
  const bring = (release: number) =>
    deploy([wantedOf(id, release)], {
      nomad,
      consul,
      onStep: () => undefined,
      onChange: () => undefined,
      masking: new Masking(),
      detach: true,
    });
  await bring(0);
  let expected = { Count: 1, release: 0 };
  for (let race = 1; race <= races; race += 1) {
    const before = Number((await nomad.job(id))?.Version);
    const [deployed, scaled] = await Promise.allSettled([bring(race), scaleAtRandom(nomad, id)]);
    found.raced += 1;
    const counts = scaled.status === "fulfilled" ? scaled.value : [];
    found.scaled += counts.length;
    if (deployed.status === "rejected") {
      found.refused += 1;
      console.log(`  ${id}, race ${race}: ${String(deployed.reason)}`);
    }
    expected = {
      Count: counts.at(-1) ?? expected.Count,
      release: deployed.status === "fulfilled" ? race : expected.release,
    };
    const held = await nomad.job(id);
    const now = stateOf(held);
    // One version for each, and one more for whatever was registered again.
    if (Number(held?.Version) > before + 1 + counts.length) found.met += 1;
    if (now.Count !== expected.Count) found.lostScalings += 1;
    if (now.release !== expected.release) found.lostDeployments += 1;
    if (now.Count !== expected.Count || now.release !== expected.release)
      console.log(`  ${id}, race ${race}: ${JSON.stringify(now)} instead of ${JSON.stringify(expected)}`);
    expected = now;
  }
  return found;
}

/** An autoscaler: the counts that Nomad acknowledged, in their order. */
async function scaleAtRandom(nomad: NomadClient, id: string): Promise<readonly number[]> {
  const counts: number[] = [];
  for (let scaling = 0; scaling < SCALINGS; scaling += 1) {
    await sleep(Math.random() * WITHIN);
    const count = 1 + Math.floor(Math.random() * MOST);
    await scale(nomad, id, "work", count);
    counts.push(count);
  }
  return counts;
}

/** The count and the release of the newest version. */
function stateOf(job: JobJson | undefined) {
  type Group = { readonly Count: number; readonly Tasks: readonly [{ readonly Env: { readonly RELEASE: string } }] };
  const [group] = (job?.TaskGroups ?? []) as readonly Group[];
  return { Count: group?.Count ?? 0, release: Number(group?.Tasks[0].Env.RELEASE ?? -1) };
}

/** A job that no node takes, so that nothing starts, and whose update makes no deployment, which would refuse every scaling. */
function wantedOf(id: string, release: number): StackObject {
  const job: JobJson = {
    ID: id,
    Name: id,
    Type: "service",
    Datacenters: ["*"],
    Constraints: [{ LTarget: "${meta.nowhere}", RTarget: "yes", Operand: "=" }],
    TaskGroups: [
      {
        Name: "work",
        Count: 1,
        Scaling: { Enabled: true, Min: 1, Max: MOST, Type: "horizontal" },
        Update: { MaxParallel: 0 },
        Tasks: [
          {
            Name: "wait",
            Driver: "raw_exec",
            Config: { command: "/bin/sleep", args: ["1"] },
            Env: { RELEASE: String(release) },
            Resources: { CPU: 20, MemoryMB: 16 },
          },
        ],
      },
    ],
  };
  return { kind: "job", path: `bench/${id}`, job, after: [] };
}
