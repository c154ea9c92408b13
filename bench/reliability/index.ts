import { withCluster } from "../../__tests__/support/cluster";
import { NOMAD, parseWithNomad } from "../../__tests__/support/nomad-program";
import type { Figure } from "../synthesis";
import { measureAccidents } from "./accidents";
import { measureAnswers } from "./answers";
import { measureCommands } from "./commands";
import { measureDraws } from "./draws";
import { measureScalingRaces } from "./races";
import { measureSecrets } from "./secrets";
import { measureTexts } from "./texts";

/** The themes, each in a file of its own. */
const THEMES: Readonly<Record<string, () => Promise<readonly Figure[]>>> = {
  answers: () => measureAnswers(2000),
  texts: () => {
    if (NOMAD === undefined) console.log("HCL is left out: there is no nomad on the PATH or in the cache");
    return measureTexts(10_000, NOMAD === undefined ? undefined : parseWithNomad);
  },
  secrets: measureSecrets,
  commands: async () => [await measureCommands(300)],
  accidents: () => measureAccidents(7),
  draws: () => Promise.resolve([measureDraws(25)]),
  races: async () => [await withCluster({}, (cluster) => measureScalingRaces(cluster, 1000))],
};

/** What is drawn in large counts; the unit tests hold a small version of each. @param only one theme. Default: all of them */
export async function measureReliability(only?: string): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const [name, measure] of Object.entries(THEMES))
    if (only === undefined || only === name) figures.push(...(await measure()));
  return figures;
}
