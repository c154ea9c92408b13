import { useState } from "preact/hooks";
import type { Drift, Job } from "../api";
import { ask, messageOf } from "./client";
import { useLive } from "./hooks";
import { cardId, JobCard } from "./job";
import { Badge, Trouble } from "./parts";
import { addressOf, countOf, countsInWords, environmentName, nameOf, wantsLook, whereInWords } from "./words";

/** One environment, as it becomes. */
export function EnvironmentView({ id, mayPromote }: { readonly id: string; readonly mayPromote: boolean }) {
  const { jobs, verdict, trouble, isStale, isMissing } = useLive(id);
  const own = jobs.filter(({ stray }) => !stray).sort(byName);
  const strays = jobs.filter(({ stray, state }) => stray && state !== "missing").sort(byName);
  const places = [...new Set(own.map(whereInWords))];
  const card = (job: Job) => (
    <JobCard key={job.key} environment={id} job={job} isStale={isStale} mayPromote={mayPromote && !job.stray} />
  );
  return (
    <section aria-labelledby="title">
      <p>
        <a href={addressOf({ view: "environments" })}>All environments</a>
      </p>
      <h1 id="title">
        {environmentName(id)} {verdict !== undefined && <Badge state={verdict} isStale={isStale} />}
      </h1>
      <p class="live" role="status">
        {isMissing
          ? "There is no such environment."
          : isStale
            ? "What stands here may be old."
            : verdict === undefined
              ? "Asking…"
              : "Live"}
        {own.length > 0 && `: ${countOf(own.length, "job")}, ${countsInWords(own)}`}
      </p>
      {trouble !== undefined && <Trouble>{trouble}</Trouble>}
      <Wanting jobs={own.filter(wantsLook)} />
      {verdict !== undefined && own.length === 0 && <p class="quiet">It has no jobs.</p>}
      {places.length > 1 ? (
        places.map((place) => (
          <section key={place} aria-label={place === "" ? "The cluster's own region" : place}>
            <h2>{place === "" ? "The cluster's own region" : place}</h2>
            <ul class="jobs">{own.filter((job) => whereInWords(job) === place).map(card)}</ul>
          </section>
        ))
      ) : (
        <>
          <h2 class="hidden">Jobs</h2>
          <ul class="jobs">{own.map(card)}</ul>
        </>
      )}
      {strays.length > 0 && (
        <>
          <h2>Strays</h2>
          <p class="quiet">The stack brought them, and the program of its last deployment has them no longer.</p>
          <ul class="jobs">{strays.map(card)}</ul>
        </>
      )}
      {!isMissing && <DriftSection id={id} />}
    </section>
  );
}

/** What is not well, or waits for a person, before all that is: an environment may have a hundred jobs, which stay where they are. */
function Wanting({ jobs }: { readonly jobs: readonly Job[] }) {
  if (jobs.length === 0) return null;
  const go = (event: Event, key: string) => {
    // The part behind the # says where one is.
    event.preventDefault();
    const card = document.getElementById(cardId(key));
    card?.scrollIntoView({ block: "start" });
    card?.focus({ preventScroll: true });
  };
  return (
    <nav aria-labelledby="wanting" class="wanting">
      <strong id="wanting">What wants a look</strong>
      <ul>
        {jobs.map((job) => (
          <li key={job.key}>
            <a href={`#${cardId(job.key)}`} onClick={(event) => go(event, job.key)}>
              {nameOf(job)}
            </a>{" "}
            <Badge state={job.state} />
          </li>
        ))}
      </ul>
    </nav>
  );
}

function byName(a: Job, b: Job): number {
  return a.key < b.key ? -1 : 1;
}

/** What differs from the program: asked when somebody wants to know, since the program is run for it. */
function DriftSection({ id }: { readonly id: string }) {
  const [drift, setDrift] = useState<Drift>();
  const [at, setAt] = useState("");
  const [trouble, setTrouble] = useState<string>();
  const [busy, setBusy] = useState(false);
  const compare = async () => {
    setBusy(true);
    setTrouble(undefined);
    try {
      setDrift(await ask<Drift>("GET", `/api/environments/${encodeURIComponent(id)}/drift`, { patience: 120_000 }));
      setAt(new Date().toLocaleTimeString());
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
      <div role="status">
        {drift && (
          <>
            <p class="quiet">As it was at {at}.</p>
            <DriftShown drift={drift} />
          </>
        )}
      </div>
      {trouble !== undefined && <Trouble>{trouble}</Trouble>}
    </section>
  );
}

function DriftShown({ drift }: { readonly drift: Drift }) {
  const { drifted, unchanged, jobs, consul, strays, leftovers, foreign, unknown } = drift;
  return (
    <>
      {!drifted && unknown.length === 0 && <p>All is as the program says: {countOf(unchanged, "job")}.</p>}
      {unknown.map((reason) => (
        <Trouble key={reason}>Not known: {reason}</Trouble>
      ))}
      <ul>
        {jobs.map((each) => (
          <li key={`job ${nameOf(each)}`}>
            <strong>{nameOf(each)}</strong> {each.drift}
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
        {strays.map((each) => (
          <li key={`stray ${nameOf(each)}`}>
            <strong>{nameOf(each)}</strong> is a stray: a preview says whether a deployment stops it
          </li>
        ))}
        {leftovers.map(({ kind, name }) => (
          <li key={`left ${kind} ${name}`}>
            <strong>{name}</strong> in Consul is left over: a deployment with --prune removes it
          </li>
        ))}
        {foreign.map((each) => (
          <li key={`foreign ${nameOf(each)}`}>
            <strong>{nameOf(each)}</strong> is a job of {each.owner}
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
