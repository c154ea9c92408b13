import { useState } from "preact/hooks";
import type { Allocation, Job } from "../api";
import { ask } from "./client";
import { LogDialog, type LogOf } from "./log";
import { Badge, Confirm } from "./parts";
import { countOf, groupInWords, nameOf } from "./words";

/** What a job's card is found by on the page. */
export function cardId(key: string): string {
  return `job-${key}`;
}

interface JobProps {
  readonly environment: string;
  readonly job: Job;
  readonly isStale: boolean;
  readonly mayPromote: boolean;
}

/** A job: its state, why it is so, its groups, its deployment, and its allocations once somebody wants to see them. */
export function JobCard({ environment, job, isStale, mayPromote }: JobProps) {
  const [log, setLog] = useState<LogOf>();
  /** The deployment that somebody is about to promote, as they read it. */
  const [asked, setAsked] = useState<NonNullable<Job["deployment"]>>();
  const { deployment, allocations, reasons, groups, children } = job;
  const name = nameOf(job);
  const canaries = ({ canaries: count }: NonNullable<Job["deployment"]>) => countOf(count, "canary", "canaries");
  return (
    <li class="job" id={cardId(job.key)} tabIndex={-1}>
      <div class="head">
        <h3>{name}</h3>
        <Badge state={job.state} isStale={isStale} />
        {job.version !== undefined && <span class="quiet">version {job.version}</span>}
        {job.submitted !== undefined && (
          <span class="quiet">
            of <time dateTime={job.submitted}>{new Date(job.submitted).toLocaleString()}</time>
          </span>
        )}
        {job.state === "waiting-for-promotion" && deployment && mayPromote && !isStale && (
          <button type="button" onClick={() => setAsked(deployment)}>
            Promote {canaries(deployment)}
            <span class="hidden"> of {name}</span>
          </button>
        )}
      </div>
      {groups.length > 0 && (
        <ul class="groups">
          {groups.map((group) => (
            <li key={group.name}>
              {group.name} <strong>{groupInWords(group)}</strong>
            </li>
          ))}
        </ul>
      )}
      {deployment && deployment.status !== "successful" && (
        <p>
          Deployment {deployment.id.slice(0, 8)}
          {deployment.version === undefined ? "" : ` of version ${deployment.version}`}: {deployment.status}
          {deployment.canaries > 0 && `, ${deployment.healthyCanaries} of ${deployment.canaries} canaries healthy`}
          {deployment.description !== "" && `. ${deployment.description}`}
        </p>
      )}
      {job.revert !== undefined && <p>It was {job.revert}</p>}
      {reasons.length > 0 && (
        <ul class="reasons" aria-label={`Why ${name} is ${job.state}`}>
          {reasons.map(({ message }, at) => (
            <li key={at}>{message}</li>
          ))}
        </ul>
      )}
      {children && (
        <p>
          Launched: {children.running} running, {children.pending} pending, {children.ended} ended
          {children.newest[0] && `; the newest: ${children.newest[0].job} ${children.newest[0].state}`}
        </p>
      )}
      {allocations.length > 0 && (
        <details>
          <summary>
            {countOf(allocations.length, "allocation")}
            <span class="hidden"> of {name}</span>
          </summary>
          <ul class="allocations">
            {allocations.map((each) => (
              <AllocationRow
                key={each.id}
                allocation={each}
                onLog={(task) => setLog({ ...placeOf(job), allocation: each.id, task })}
              />
            ))}
          </ul>
        </details>
      )}
      {log && <LogDialog environment={environment} of={log} onClose={() => setLog(undefined)} />}
      {asked && (
        <Confirm
          title={`Promote ${name}?`}
          action="Promote"
          obstacle={obstacleOf(job, asked.id)}
          onClose={() => setAsked(undefined)}
          onConfirm={async () => {
            const { region, namespace } = job;
            const path = `/api/environments/${encodeURIComponent(environment)}/jobs/${encodeURIComponent(job.job)}/promote`;
            await ask("POST", path, { body: { deployment: asked.id, region, namespace } });
          }}
        >
          <p>
            {asked.healthyCanaries} of {canaries(asked)} of version {asked.version ?? "?"}{" "}
            {asked.healthyCanaries === 1 ? "is" : "are"} healthy. The new version takes the places of all other
            allocations of {name}.
          </p>
        </Confirm>
      )}
    </li>
  );
}

/** Why a deployment that somebody read about is not promoted any more; undefined where it may be. */
function obstacleOf({ deployment, state }: Job, asked: string): string | undefined {
  if (deployment?.id !== asked) return "Another deployment began since; look at it first.";
  return state === "waiting-for-promotion" ? undefined : "It does not wait for promotion any more.";
}

function placeOf({ job, region, namespace }: Job): Pick<Job, "job" | "region" | "namespace"> {
  return { job, ...(region === undefined ? {} : { region }), ...(namespace === undefined ? {} : { namespace }) };
}

interface RowProps {
  readonly allocation: Allocation;
  readonly onLog: (task: string) => void;
}

function AllocationRow({ allocation, onLog }: RowProps) {
  const { id, name, status, healthy, canary, version, node, tasks } = allocation;
  return (
    <li>
      <p>
        <code>{id.slice(0, 8)}</code> {name}: <strong>{status}</strong>
        {healthy === undefined ? "" : healthy ? ", healthy" : ", not healthy"}
        {canary ? ", canary" : ""}, version {version}, on {node}
      </p>
      <ul>
        {tasks.map((task) => (
          <li key={task.name}>
            {task.name}: {task.state}
            {task.failed ? ", failed" : ""}
            {task.restarts > 0 ? `, ${countOf(task.restarts, "restart")}` : ""}
            {task.last === "" ? "" : `, ${task.last}`}{" "}
            <button type="button" class="small" onClick={() => onLog(task.name)}>
              Log
              <span class="hidden">
                {" "}
                of {task.name} of {id.slice(0, 8)}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </li>
  );
}
