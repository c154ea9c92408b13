import { getWarmPoolManager } from "../lib/pools";

/** Runs a line of shell in a container that waits, with a key that stands in no job, argument or log. */
export async function greet(user: string, key: string): Promise<string | undefined> {
  const pools = getWarmPoolManager(); // NOMAD_ADDR, CONSUL_HTTP_ADDR, WARM_POOL_OPENAI_SIZE …
  await pools.start();
  const container = await pools.allocateContainer("openai", user); // null where none is free
  if (!container) return undefined;
  try {
    const { stdout } = await pools.execute(container, "echo hello", { secrets: { OPENAI_API_KEY: key } });
    return stdout;
  } finally {
    await pools.releaseContainer(container.id);
  }
}
