import { Agents } from "./agents";
import { Server } from "./recording";
import { Steps } from "./states/context";
import { recordDeployments } from "./states/deployments";
import { recordKinds } from "./states/kinds";
import { recordNodes } from "./states/nodes";
import { recordPlacement } from "./states/placement";
import { recordRefusals } from "./states/refusals";
import { recordServices } from "./states/services";
import { recordStreams } from "./states/streams";

const THEMES = {
  placement: recordPlacement,
  deployments: recordDeployments,
  kinds: recordKinds,
  services: recordServices,
  refusals: recordRefusals,
  streams: recordStreams,
  // Last, since a node that is lost stays in the list of nodes.
  nodes: recordNodes,
};

/**
 * Records what a real Nomad and a real Consul answer, in many states, into `__tests__/fixtures/servers`: `npm run record`, or one theme of
 * states, such as `npm run record placement`. It starts agents of its own on ports from 16646 on, and takes some minutes.
 */
async function main(): Promise<void> {
  const wanted = process.argv.slice(2);
  const agents = new Agents();
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => void agents.end().finally(() => process.exit(1)));
  try {
    const consul = new Server(await agents.consul("consul", 0));
    await consul.until("a leader of Consul", "/v1/status/leader", (leader) => leader !== "");
    const nomad = new Server(await agents.nomad("node-1", 0));
    await nomad.until<readonly { Status: string; Drivers: Record<string, { Healthy: boolean }> }[]>(
      "a ready node",
      "/v1/nodes",
      (all) => all.some(({ Status, Drivers }) => Status === "ready" && Drivers.raw_exec?.Healthy),
    );
    const steps = new Steps({ agents, nomad, consul });
    for (const [theme, record] of Object.entries(THEMES))
      if (wanted.length === 0 || wanted.includes(theme)) await record(steps);
  } finally {
    await agents.end();
  }
}

void main();
