import { setTimeout as sleep } from "node:timers/promises";
import { ConsulStore, NomadStore } from "../../pools";
import { joinLines, table, term, type TerminalText } from "../../text";
import { choice, command, flag, optionalArgument } from "../command";
import { clients, clusterHere } from "../context";
import { EXIT } from "../exit-codes";
import { sayWhere } from "../meant-cluster";
import { json } from "../options";
import { deployedPools, type DeployedPool } from "../deployed-pools";

/** Between two looks of --watch, in milliseconds. */
const LOOK = 1000;

/** How the pools do, asked of the cluster itself: it works without the service. */
export const poolStatus = command({
  name: "status",
  summary: "say how the pools do, and who has what; asks Nomad and the store, and no service",
  arguments: { pool: optionalArgument("only this pool, by its name or by the id of its job") },
  options: {
    watch: flag("go on, as it changes"),
    store: choice("store", "where leases are kept", ["consul", "nomad"], "consul"),
    ...json,
  },
  examples: ["cdk-nomad pool status", "cdk-nomad pool status warm-pool-openai --watch"],
  exitCodes: { [EXIT.ok]: "it is printed" },
  interrupted: term`nothing was changed`,
  async run({ pool, watch, store: where, json: asJson }, context) {
    const { terminal, signal } = context;
    const { nomad, consul } = clients(context, clusterHere(context));
    const store = where === "nomad" ? new NomadStore(nomad.http.connection) : new ConsulStore(consul.http.connection);
    try {
      sayWhere({ nomad, consul }, context);
      for (let shown = ""; ;) {
        const pools = await deployedPools(nomad, store, pool);
        const text = JSON.stringify(pools);
        if (asJson && text !== shown) terminal.json({ pools });
        else if (watch && terminal.moves) terminal.live(() => statusText(pools));
        else if (text !== shown) terminal.print(statusText(pools));
        shown = text;
        if (!watch) return EXIT.ok;
        await sleep(LOOK, undefined, { signal });
      }
    } finally {
      await Promise.all([nomad.close(), consul.close(), store.close()]);
    }
  },
});

function statusText(pools: readonly DeployedPool[]): TerminalText {
  if (pools.length === 0) return term`no pool is deployed; deploy one first: cdk-nomad deploy dev`;
  const rows = pools.flatMap(({ pool, jobs, leases, drained }) =>
    jobs.map(({ job, count, running }) => [
      pool,
      job,
      `${running}/${count}`,
      leases.length,
      drained ? "drained" : "open",
    ]),
  );
  const fill = pools
    .filter(({ drained }) => drained)
    .map(({ pool }) => term`${pool} takes no new leases until cdk-nomad pool fill ${pool}`);
  const head = [term`POOL`, term`JOB`, term`RUNNING`, term`LEASED`, term`NEW LEASES`];
  const leases = pools.flatMap((pool) => pool.leases);
  const all = joinLines([table(head, rows), ...(fill.length > 0 ? [term``, ...fill] : [])]);
  if (leases.length === 0) return all;
  const held = leases.map(({ slot, pool, owner, generation }) => [slot, pool, owner, generation]);
  const heldHead = [term`CONTAINER`, term`POOL`, term`OWNER`, term`GENERATION`];
  return joinLines([all, term``, table(heldHead, held)]);
}
