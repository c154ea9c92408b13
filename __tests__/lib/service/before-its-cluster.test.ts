import { ConsulClient, consulConnection, NomadClient, nomadConnection } from "../../../lib/nomad";
import { ConsulStore, NomadExecutor, NomadManager } from "../../../lib/pools";
import { clusterPools, type Pools } from "../../../lib/service";
import { Metrics } from "../../../lib/service/metrics";
import { PoolHistory } from "../../../lib/service/pool-history";

/** The pools of a cluster of which nothing answers. */
function unreachable(): Pools {
  const nomad = new NomadClient(nomadConnection({ NOMAD_ADDR: "http://127.0.0.1:1" }));
  const consul = new ConsulClient(consulConnection({ CONSUL_HTTP_ADDR: "http://127.0.0.1:1" }));
  const executor = new NomadExecutor(nomad);
  const runtime = new NomadManager({ nomad, executor });
  const store = new ConsulStore(consul);
  return clusterPools({ nomad, consul, store, executor, runtime, pools: ["warm-pool-openai"], onTrouble: () => {} });
}

test("a service that is started before its cluster goes on: what its pools have is not known, and nobody's mistake", async () => {
  const pools = unreachable();
  const now = () => performance.now();
  const history = new PoolHistory(pools, new Metrics(pools, now), now);
  try {
    // Whoever asks is told by the promise, and not by whatever called it: nobody hears that of a timer, and a process ends by it.
    const asked = pools.stats();
    await expect(asked).rejects.toThrow("the pool warm-pool-openai has not started yet");
    await expect(history.sample()).resolves.toBeUndefined();
    expect(history.of("warm-pool-openai")).toEqual([]);
  } finally {
    history.close();
    await pools.close();
  }
});
