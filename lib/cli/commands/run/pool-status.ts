import { setTimeout as sleep } from "node:timers/promises";
import { ConsulStore, NomadStore } from "../../../pools";
import { joinLines, shellQuoted, table, term, type TerminalText } from "../../../text";
import { type CliContext, clients, clusterHere } from "../../context";
import { EXIT } from "../../exit-codes";
import { sayWhere } from "../../meant-cluster";
import { deployedPools, type DeployedPool } from "../../deployed-pools";
import type { Input } from "../pool-status";

/** How the pools do, asked of the cluster itself: it works without the service. */
export async function run({ pool, watch, store: where, json: asJson }: Input, context: CliContext) {
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
}

/** Between two looks of --watch, in milliseconds. */
const LOOK = 1000;

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
    .map(({ pool }) => term`${pool} takes no new leases until cdk-nomad pool fill ${shellQuoted(pool)}`);
  const head = [term`POOL`, term`JOB`, term`RUNNING`, term`LEASED`, term`NEW LEASES`];
  const leases = pools.flatMap((pool) => pool.leases);
  const all = joinLines([table(head, rows), ...(fill.length > 0 ? [term``, ...fill] : [])]);
  if (leases.length === 0) return all;
  const held = leases.map(({ slot, pool, owner, generation }) => [slot, pool, owner, generation]);
  const heldHead = [term`CONTAINER`, term`POOL`, term`OWNER`, term`GENERATION`];
  return joinLines([all, term``, table(heldHead, held)]);
}
