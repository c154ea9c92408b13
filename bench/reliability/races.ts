import { setTimeout as sleep } from "node:timers/promises";
import { scale } from "../../__tests__/support/scale";
import type { ConsulClient, JobJson, NomadClient } from "../../lib/nomad";
import { deploy, type Wanted } from "../../lib/operations";
import type { Figure } from "../synthesis";

/** Jobs that are raced for at the same time, each with its own deployments and its own autoscaler. */
const LANES = 4;
/** The scaling happens within so many milliseconds of the deployment's beginning. */
const WITHIN = 25;
const MOST = 6;

/** What a race needs of a cluster. */
export interface RacingCluster {
  readonly nomad: NomadClient;
  readonly consul: ConsulClient;
}

/**
 * Deploys a changed job while an autoscaler changes its count, again and again: a count that Nomad took from the autoscaler and that is
 * another one afterwards was overwritten, and is lost.
 */
export async function measureScalingRaces(cluster: RacingCluster, races: number): Promise<Figure> {
  const lanes = await Promise.all(
    Array.from({ length: LANES }, (_, lane) => runLane(cluster, `race-${lane}`, Math.ceil(races / LANES))),
  );
  const sum = (key: "raced" | "scaled" | "lost" | "failed") => lanes.reduce((total, lane) => total + lane[key], 0);
  console.log(`  ${sum("raced")} races, ${sum("scaled")} scalings taken, ${sum("failed")} deployments refused`);
  const lost = sum("lost");
  const what = `${sum("raced")} deployments raced by an autoscaler within ${WITHIN} ms: counts lost, deployments refused`;
  return { what, value: `${lost}, ${sum("failed")}`, goal: "0, 0", reached: lost === 0 && sum("failed") === 0 };
}

async function runLane({ nomad, consul }: RacingCluster, id: string, races: number) {
  const found = { raced: 0, scaled: 0, lost: 0, failed: 0 };
  const bring = (release: number) =>
    deploy([wantedOf(id, release)], {
      nomad,
      consul,
      onStep: () => undefined,
      onChange: () => undefined,
      detach: true,
    });
  await bring(0);
  let expected = 1;
  for (let race = 1; race <= races; race += 1) {
    const count = ((expected + 1 + Math.floor(Math.random() * (MOST - 1))) % MOST) + 1;
    const [deployed, scaled] = await Promise.allSettled([
      bring(race),
      sleep(Math.random() * WITHIN).then(() => scale(nomad, id, "work", count)),
    ]);
    found.raced += 1;
    if (deployed.status === "rejected") found.failed += 1;
    if (scaled.status === "fulfilled") {
      found.scaled += 1;
      expected = count;
    }
    const held = ((await nomad.job(id))?.TaskGroups as readonly { readonly Count: number }[] | undefined)?.[0]?.Count;
    if (held !== expected) found.lost += 1;
    expected = held ?? expected;
  }
  return found;
}

/** A job that no node takes, so that nothing starts, and whose update makes no deployment, which would refuse every scaling. */
function wantedOf(id: string, release: number): Wanted {
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
