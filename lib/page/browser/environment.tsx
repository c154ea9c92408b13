import { useState } from "preact/hooks";
import type { Drift, Job } from "../api";
import { ask, messageOf } from "./client";
import { useLive } from "./hooks";
import { JobCard } from "./job";
import { Badge, Trouble } from "./parts";
import { addressOf } from "./words";

/** One environment, as it becomes. */
export function EnvironmentView({ id, mayPromote }: { readonly id: string; readonly mayPromote: boolean }) {
  const { jobs, verdict, trouble, isStale } = useLive(id);
  const own = jobs.filter(({ stray }) => !stray).sort(byName);
  const strays = jobs.filter(({ stray, state }) => stray && state !== "missing").sort(byName);
  return (
    <section aria-labelledby="title">
      <p>
        <a href={addressOf({ view: "environments" })}>All environments</a>
      </p>
      <h1 id="title">
        {id.slice(id.lastIndexOf(".") + 1)} {verdict !== undefined && <Badge state={verdict} isStale={isStale} />}
      </h1>
      <p class="live" role="status">
        {isStale ? "What stands here may be old." : verdict === undefined ? "Asking…" : "Live"}
      </p>
      {trouble !== undefined && <Trouble>{trouble}</Trouble>}
      <h2 class="hidden">Jobs</h2>
      <ul class="jobs">
        {own.map((job) => (
          <JobCard key={job.key} environment={id} job={job} isStale={isStale} mayPromote={mayPromote} />
        ))}
      </ul>
      {strays.length > 0 && (
        <>
          <h2>Strays</h2>
          <p class="quiet">The stack brought them, and the program of its last deployment has them no longer.</p>
          <ul class="jobs">
            {strays.map((job) => (
              <JobCard key={job.key} environment={id} job={job} isStale={isStale} mayPromote={false} />
            ))}
          </ul>
        </>
      )}
      <DriftSection id={id} />
    </section>
  );
}

function byName(a: Job, b: Job): number {
  return a.key < b.key ? -1 : 1;
}

/** What differs from the program: asked when somebody wants to know, since the program is run for it. */
function DriftSection({ id }: { readonly id: string }) {
  const [drift, setDrift] = useState<Drift>();
  const [trouble, setTrouble] = useState<string>();
  const [busy, setBusy] = useState(false);
  const compare = async () => {
    setBusy(true);
    setTrouble(undefined);
    try {
      setDrift(await ask<Drift>("GET", `/api/environments/${encodeURIComponent(id)}/drift`, { patience: 120_000 }));
    } catch (error) {
      setDrift(undefined);
      setTrouble(messageOf(error));
    }
    setBusy(false);
  };
  return (
    <section aria-labelledby="drift">
      <h2 id="drift">Drift</h2>
      <p>
        <button type="button" disabled={busy} onClick={() => void compare()}>
          {busy ? "Comparing…" : "Compare with the program"}
        </button>
      </p>
      <div role="status">{drift && <DriftShown drift={drift} />}</div>
      {trouble !== undefined && <Trouble>{trouble}</Trouble>}
    </section>
  );
}

function DriftShown({ drift }: { readonly drift: Drift }) {
  const { drifted, unchanged, jobs, consul, strays, leftovers, foreign, unknown } = drift;
  return (
    <>
      {!drifted && unknown.length === 0 && <p>All is as the program says: {unchanged} jobs.</p>}
      {unknown.map((reason) => (
        <Trouble key={reason}>Not known: {reason}</Trouble>
      ))}
      <ul>
        {jobs.map((each) => (
          <li key={`job ${each.job}`}>
            <strong>{each.job}</strong> {each.drift}
            {each.groups.map((group) => (
              <p key={group}>{group}</p>
            ))}
            <Fields fields={each.fields} />
          </li>
        ))}
        {consul.map((each) => (
          <li key={`${each.kind} ${each.name}`}>
            <strong>{each.name}</strong> in Consul: {each.change}
            <Fields fields={each.fields} />
          </li>
        ))}
        {strays.map((job) => (
          <li key={`stray ${job}`}>
            <strong>{job}</strong> is a stray: a deployment stops it
          </li>
        ))}
        {leftovers.map(({ kind, name }) => (
          <li key={`left ${kind} ${name}`}>
            <strong>{name}</strong> in Consul is left over: a deployment with --prune removes it
          </li>
        ))}
        {foreign.map(({ job, owner }) => (
          <li key={`foreign ${job}`}>
            <strong>{job}</strong> is a job of {owner}
          </li>
        ))}
      </ul>
    </>
  );
}

function Fields({ fields }: { readonly fields: Drift["jobs"][number]["fields"] }) {
  return (
    <ul class="fields">
      {fields.map(({ place, before, after, lines }) => (
        <li key={place}>
          {place}:{" "}
          {lines === undefined ? <code>{`${before ?? "nothing"} → ${after ?? "nothing"}`}</code> : <pre>{lines}</pre>}
        </li>
      ))}
    </ul>
  );
}
