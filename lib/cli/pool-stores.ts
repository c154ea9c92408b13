import { messageOf } from "../nomad";
import { ConsulStore, keepsPool, NomadStore, type ReadOptions, type Store } from "../pools";
import type { OpenStack } from "./open-stack";

/** Whose stores are asked. */
export interface PoolClients extends Pick<OpenStack, "nomad" | "consul"> {
  /** Gives up the questions. Default: nothing does. */
  readonly signal?: AbortSignal;
}

/** What a pool's store is asked. */
type Ask<T> = (store: Store, pool: string, options: ReadOptions) => Promise<T | undefined>;

/** Says that something is not known, and why. */
export interface Unknown {
  readonly unknown: string;
}

/**
 * Asks where pools keep their leases: Consul, and Nomad's variables where Consul has nothing to say.
 *
 * @param ask answers undefined where a store has nothing to say
 * @returns for each pool the first answer that says something; undefined where there is none; why it is not known, where one of them cannot be read and
 *   the other one has nothing of the pool at all
 * @throws the signal's reason
 */
export async function askPoolStores<T extends object | boolean>(
  pools: Iterable<string>,
  { nomad, consul, signal }: PoolClients,
  ask: Ask<T>,
): Promise<ReadonlyMap<string, T | Unknown | undefined>> {
  const stores = [new ConsulStore(consul.http.connection), new NomadStore(nomad.http.connection)];
  try {
    const asked = [...new Set(pools)].map(
      async (pool) => [pool, await firstAnswer(stores, pool, ask, signal)] as const,
    );
    return new Map(await Promise.all(asked));
  } finally {
    await Promise.all(stores.map((store) => store.close()));
  }
}

async function firstAnswer<T>(
  stores: readonly Store[],
  pool: string,
  ask: Ask<T>,
  signal: AbortSignal | undefined,
): Promise<T | Unknown | undefined> {
  const unknown: Unknown[] = [];
  const silent: Store[] = [];
  for (const store of stores)
    try {
      const answer = await ask(store, pool, { signal });
      if (answer !== undefined) return answer;
      silent.push(store);
    } catch (error) {
      signal?.throwIfAborted();
      unknown.push({ unknown: messageOf(error) });
    }
  // A pool has its leases in one of them: what the other one does not tell is of no use where this one knows the pool.
  if (unknown.length > 0)
    for (const store of silent) if (await keepsPool(store, pool, { signal }).catch(() => false)) return undefined;
  signal?.throwIfAborted();
  return unknown[0];
}
