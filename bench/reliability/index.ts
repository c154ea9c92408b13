import { withCluster } from "../../__tests__/support/cluster";
import { NOMAD, parseWithNomad } from "../../__tests__/support/nomad-program";
import type { Figure } from "../synthesis";
import { measureAnswers } from "./answers";
import { measureCommands } from "./commands";
import { measureScalingRaces } from "./races";
import { measureSecrets } from "./secrets";
import { measureTexts } from "./texts";

/** What is drawn in large counts; the unit tests hold a small version of each. */
export async function measureReliability(): Promise<readonly Figure[]> {
  if (NOMAD === undefined) console.log("HCL is left out: there is no nomad on the PATH or in the cache");
  return [
    ...(await measureAnswers(2000)),
    ...(await measureTexts(10_000, NOMAD === undefined ? undefined : parseWithNomad)),
    ...(await measureSecrets()),
    await measureCommands(300),
    await withCluster({}, (cluster) => measureScalingRaces(cluster, 1000)),
  ];
}
