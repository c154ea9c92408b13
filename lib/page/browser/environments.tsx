import type { Environment, EnvironmentList, EnvironmentStatus } from "../api";
import { useAsked } from "./hooks";
import { Badge, Trouble } from "./parts";
import { addressOf, countOf } from "./words";

/** Environments whose jobs are asked about while they are only listed; more would cost the cluster too much. */
const ASKED = 12;

/** Which environments there are. */
export function Environments() {
  const { data, trouble } = useAsked<EnvironmentList>("/api/environments", 10_000);
  return (
    <section aria-labelledby="title">
      <h1 id="title">Environments</h1>
      {trouble !== undefined && <Trouble>{trouble}</Trouble>}
      {data === undefined && trouble === undefined && <p class="quiet">Asking…</p>}
      {data?.unread.map((reason) => (
        <Trouble key={reason}>Some may be missing: {reason}</Trouble>
      ))}
      {data?.environments.length === 0 && data.unread.length === 0 && (
        <p class="quiet">No environment has a record here; one is written with each deployment: cdk-nomad deploy dev</p>
      )}
      <ul class="cards">
        {data?.environments.map((each, at) => (
          <Row
            key={each.id}
            environment={each}
            isAsked={each.recorded === true && at < ASKED}
            isStale={trouble !== undefined}
          />
        ))}
      </ul>
    </section>
  );
}

interface RowProps {
  readonly environment: Environment;
  readonly isAsked: boolean;
  readonly isStale: boolean;
}

function Row({ environment, isAsked, isStale }: RowProps) {
  const { id, environment: name, project, projectName, owner, jobs, recorded } = environment;
  const path = isAsked ? `/api/environments/${encodeURIComponent(id)}` : undefined;
  const { data, trouble } = useAsked<EnvironmentStatus>(path, 15_000);
  return (
    <li class="card">
      <h2>{recorded ? <a href={addressOf({ view: "environment", id })}>{name}</a> : name}</h2>
      <p class="quiet">
        {projectName === undefined ? project : `${projectName} (${project})`}
        {owner === undefined ? "" : `, by ${owner}`}
      </p>
      <p>
        {recorded === undefined && (
          <>
            <Badge state="unknown" /> in the program; whether it was deployed here is not known
          </>
        )}
        {recorded === false && "in the program, never deployed here"}
        {recorded && data && (
          <>
            <Badge state={data.verdict} isStale={isStale || trouble !== undefined} /> {countOf(jobs, "job")}
          </>
        )}
        {recorded && !data && (trouble === undefined ? countOf(jobs, "job") : <Badge state="unknown" />)}
      </p>
      {trouble !== undefined && <Trouble>{trouble}</Trouble>}
    </li>
  );
}
