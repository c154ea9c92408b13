import { withCluster } from "../../__tests__/support/cluster";
import type { Figure } from "../synthesis";
import { measureBrowsers } from "./browsers";
import { measureChaos } from "./chaos";
import { measureClaims } from "./claims";
import { measureExecutions } from "./executions";
import { measureReplacement } from "./replacement";
import { measureSandboxServers } from "./sandbox";
import { measureService } from "./service";
import { measureServiceLoad } from "./service-load";
import { measureSlots } from "./slots";

export { measurePoolsLong } from "./long";

/** The themes, each in a file of its own. */
const THEMES: Readonly<Record<string, () => Promise<readonly Figure[]>>> = {
  claims: () => withCluster({}, measureClaims),
  executions: () => withCluster({}, measureExecutions),
  service: () => withCluster({}, measureService),
  "service-load": () => withCluster({}, measureServiceLoad),
  replacement: () => withCluster({}, measureReplacement),
  sandbox: measureSandboxServers,
  slots: () => withCluster({}, measureSlots),
  chaos: () => withCluster({}, measureChaos),
  browsers: () => withCluster({}, measureBrowsers),
};

/** What the pools promise. @param only one theme. Default: all of them */
export async function measurePools(only?: string): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const [name, measure] of Object.entries(THEMES))
    if (only === undefined || only === name) figures.push(...(await measure()));
  return figures;
}
