import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../errors";
import { nomadOf, type Tokens } from "./access";
import { type Agent, LOOPBACK } from "./agents";

/** How long the first Nomad may take until it knows all regions, in milliseconds. */
const LIMIT = 30_000;

/**
 * Makes one federation of the Nomads of several regions, as `nomad server join` does, and waits until the first knows all of them.
 *
 * @see https://developer.hashicorp.com/nomad/docs/deploy/clusters/federate-regions
 */
export async function federate(
  agents: readonly Agent[],
  tokens: Tokens | undefined,
  signal?: AbortSignal,
): Promise<void> {
  const [first, ...others] = agents.filter((agent) => agent.program === "nomad");
  if (!first) return;
  const nomad = nomadOf(first, tokens);
  try {
    for (const { ports } of others) await nomad.join(`${LOOPBACK}:${ports["Nomad Serf"]}`);
    const wanted = [first, ...others].map(({ region }) => region);
    for (const end = performance.now() + LIMIT; ; await sleep(100, undefined, { signal })) {
      const known = await nomad.regions();
      if (wanted.every((region) => known.includes(region))) return;
      if (performance.now() > end)
        throw UserError.at(
          "--regions",
          `only ${known.join(", ")} found each other within ${LIMIT / 1000} s`,
          "regions",
        );
    }
  } finally {
    await nomad.close();
  }
}
