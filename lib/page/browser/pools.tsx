import { useState } from "preact/hooks";
import { ask } from "./client";
import { Chart } from "./chart";
import { useAsked, useNow } from "./hooks";
import { Confirm, Trouble } from "./parts";
import { agoInWords } from "./words";

interface Pool {
  readonly pool: string;
  readonly free: number;
  readonly leased: number;
  readonly coming: number;
  readonly target: number;
  readonly queue: number;
  readonly draining: boolean;
  readonly upToDate: boolean;
}

interface Sample extends Partial<Record<"free" | "leased" | "queue", number>> {
  readonly age: number;
  readonly hitRate?: number;
  readonly median?: number;
  readonly p99?: number;
}

interface Container {
  readonly id: string;
  readonly pool: string;
  readonly owner: string;
  readonly generation: number;
  /** Absent where it is not known. */
  readonly isolation?: string;
}

/** So many leases are shown; a page of thousands is read by nobody. */
const SHOWN = 200;

/** The pools that the service hands out, and who has what. */
export function Pools({ scopes }: { readonly scopes: readonly string[] }) {
  const { data, trouble, at, again } = useAsked<{ readonly pools: readonly Pool[] }>("/api/pools", 3000);
  const all = scopes.includes("any-owner") ? "?all=true" : "";
  const leases = useAsked<{ readonly containers: readonly Container[] }>(`/api/containers${all}`, 5000);
  const now = useNow(1000);
  const isStale = trouble !== undefined;
  return (
    <section aria-labelledby="title">
      <h1 id="title">Pools</h1>
      {isStale && (
        <Trouble>
          {trouble}
          {at === undefined ? "" : `; what stands here is of ${agoInWords(now - at)}`}
        </Trouble>
      )}
      {data === undefined && !isStale && <p class="quiet">Asking…</p>}
      {data?.pools.length === 0 && <p class="quiet">No pool is served here.</p>}
      {data?.pools.map((pool) => (
        <PoolCard
          key={pool.pool}
          pool={pool}
          isStale={isStale || !pool.upToDate}
          mayChange={scopes.includes("admin")}
          onChanged={again}
        />
      ))}
      <h2 id="leases">{all === "" ? "Your leases" : "Leases"}</h2>
      {leases.trouble !== undefined && <Trouble>{leases.trouble}</Trouble>}
      {leases.data?.containers.length === 0 && leases.trouble === undefined && (
        <p class="quiet">{all === "" ? "You hold none." : "Nobody holds one."}</p>
      )}
      {leases.data !== undefined && leases.data.containers.length > 0 && <Leases containers={leases.data.containers} />}
    </section>
  );
}

/** Who has what, in a table with the heading "leases". */
function Leases({ containers }: { readonly containers: readonly Container[] }) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-labelledby="leases">
      <table>
        <thead>
          <tr>
            {["Container", "Pool", "Owner", "Generation", "Kept apart by"].map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {containers.slice(0, SHOWN).map(({ id, pool, owner, generation, isolation }) => (
            <tr key={`${pool} ${id}`}>
              <td>
                <code>{id.slice(0, 8)}</code>
              </td>
              <td>{pool}</td>
              <td>{owner}</td>
              <td>{generation}</td>
              <td>{isolation === undefined ? "not known" : isolation === "none" ? "nothing" : isolation}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {containers.length > SHOWN && (
        <p class="quiet">{containers.length - SHOWN} more are not shown: cdk-nomad pool status has all.</p>
      )}
    </div>
  );
}

interface CardProps {
  readonly pool: Pool;
  readonly isStale: boolean;
  readonly mayChange: boolean;
  readonly onChanged: () => void;
}

/** What somebody is asked to confirm about a pool. */
type Change = "drain" | "fill" | "resize";

function PoolCard({ pool, isStale, mayChange, onChanged }: CardProps) {
  const [change, setChange] = useState<Change>();
  const name = encodeURIComponent(pool.pool);
  const { data } = useAsked<{ readonly samples: readonly Sample[] }>(`/api/pools/${name}/history`, 10_000);
  return (
    <article class="pool" aria-label={pool.pool}>
      <div class="head">
        <h2>{pool.pool}</h2>
        <span class={`badge ${isStale ? "unknown" : pool.draining ? "waiting" : "good"}`}>
          {isStale ? "? not known" : pool.draining ? "◔ drained" : "✓ open"}
        </span>
        {mayChange && (
          <>
            <button type="button" onClick={() => setChange(pool.draining ? "fill" : "drain")}>
              {pool.draining ? "Fill" : "Drain"}
              <span class="hidden"> {pool.pool}</span>
            </button>
            <button type="button" onClick={() => setChange("resize")}>
              Resize<span class="hidden"> {pool.pool}</span>
            </button>
          </>
        )}
      </div>
      {!pool.upToDate && (
        <Trouble>
          How it does now is not known, since Nomad or the store of its leases was not heard lately; what stands here
          may be old.
        </Trouble>
      )}
      <dl class="figures">
        {(["free", "leased", "coming", "target", "queue"] as const).map((each) => (
          <div key={each}>
            <dt>{each}</dt>
            <dd>{pool[each]}</dd>
          </div>
        ))}
      </dl>
      <PoolCharts samples={data?.samples ?? []} />
      {change !== undefined && (
        <ConfirmChange pool={pool} change={change} onClose={() => setChange(undefined)} onChanged={onChanged} />
      )}
    </article>
  );
}

/** How a pool did over the last hour. */
function PoolCharts({ samples }: { readonly samples: readonly Sample[] }) {
  if (samples.length < 2) return <p class="quiet">Charts come once the service has run for 20 seconds.</p>;
  const since = samples[0] ? agoInWords(samples[0].age) : "now";
  return (
    <div class="charts">
      <Chart
        title="Containers"
        unit=""
        since={since}
        series={[
          { name: "leased", values: samples.map(({ leased }) => leased) },
          { name: "free", values: samples.map(({ free }) => free) },
        ]}
      />
      <Chart
        title="Queue"
        unit=""
        since={since}
        series={[{ name: "waiting", values: samples.map(({ queue }) => queue) }]}
      />
      <Chart
        title="Latency of claims"
        absent="no claim"
        unit=" ms"
        since={since}
        series={[
          { name: "half within", values: samples.map(({ median }) => median) },
          { name: "99 % within", values: samples.map(({ p99 }) => p99) },
        ]}
      />
      <Chart
        title="Hit rate"
        absent="no claim"
        unit=" %"
        since={since}
        most={100}
        series={[
          {
            name: "answered by the pool",
            values: samples.map(({ hitRate }) => (hitRate === undefined ? undefined : hitRate * 100)),
          },
        ]}
      />
    </div>
  );
}

interface ChangeProps {
  readonly pool: Pool;
  readonly change: Change;
  readonly onClose: () => void;
  readonly onChanged: () => void;
}

/** Asks whether a pool shall be changed, and changes it. */
function ConfirmChange({ pool, change, onClose, onChanged }: ChangeProps) {
  const [size, setSize] = useState(String(pool.target));
  const send = async (body?: object) => {
    await ask("POST", `/api/pools/${encodeURIComponent(pool.pool)}/${change}`, body === undefined ? {} : { body });
    onChanged();
  };
  if (change === "drain")
    return (
      <Confirm title={`Drain ${pool.pool}?`} action="Drain" onClose={onClose} onConfirm={() => send()}>
        <p>
          It takes no new leases until it is filled again. Free containers end;{" "}
          {pool.leased === 1 ? "1 lease goes" : `${pool.leased} leases go`} on.
        </p>
      </Confirm>
    );
  if (change === "fill")
    return (
      <Confirm title={`Fill ${pool.pool}?`} action="Fill" onClose={onClose} onConfirm={() => send()}>
        <p>It takes leases again, with the size that it had.</p>
      </Confirm>
    );
  return (
    <Confirm
      title={`Resize ${pool.pool}?`}
      action="Resize"
      onClose={onClose}
      onConfirm={() => send({ containers: Number(size) })}
    >
      <p>
        <label>
          Containers, 0 to 100{" "}
          <input
            type="number"
            min="0"
            max="100"
            required
            value={size}
            onInput={(event) => setSize(event.currentTarget.value)}
          />
        </label>
      </p>
      <p class="quiet">It keeps that size whatever the demand, until its job changes.</p>
    </Confirm>
  );
}
