import type { FastifyInstance } from "fastify";
import { verdictOf } from "../../operations";
import { noteAudit, route } from "../../service";
import * as api from "../api";
import { BoundedDrifts } from "../bounded-drifts";
import type { Environments } from "../environments";

const ID = "project-0f3a.dev";

const JOB_EXAMPLE = {
  key: "//prism-admin",
  job: "prism-admin",
  state: "healthy",
  version: 3,
  stray: false,
  groups: [{ name: "admin", desired: 1, running: 1, starting: 0, queued: 0 }],
  reasons: [],
  allocations: [],
} as const;

/** What became of environments, and what is done with their canaries. */
export function environmentRoutes(app: FastifyInstance, environments: Environments): void {
  const drifts = new BoundedDrifts((id) => environments.drift(id));
  listEnvironments(app, environments);
  getEnvironment(app, environments);
  getDrift(app, drifts);
  promoteCanaries(app, environments);
}

function listEnvironments(app: FastifyInstance, environments: Environments): void {
  route(app, {
    method: "GET",
    url: "/api/environments",
    id: "listEnvironments",
    summary: "Lists the environments that the cluster has records of, and those of the program that is here",
    scope: "environments",
    answer: api.environmentList,
    answerExample: {
      environments: [
        {
          id: ID,
          project: "project-0f3a",
          environment: "dev",
          owner: "cdk-nomad",
          jobs: 9,
          recorded: true,
          program: true,
        },
      ],
      unread: [],
    },
    handle: () => environments.list(),
  });
}

function getEnvironment(app: FastifyInstance, environments: Environments): void {
  route(app, {
    method: "GET",
    url: "/api/environments/:id",
    id: "getEnvironment",
    summary: "Says what became of the jobs of an environment: the verdicts of cdk-nomad status",
    scope: "environments",
    params: api.environmentParams,
    answer: api.environmentStatus,
    answerExample: { id: ID, verdict: "healthy", jobs: [JOB_EXAMPLE] },
    problems: ["environment-unknown"],
    handle: async ({ params: { id } }) => {
      const jobs = [...(await environments.status(id))];
      return { id, verdict: verdictOf(jobs.filter(({ stray }) => !stray)), jobs };
    },
  });
}

function getDrift(app: FastifyInstance, drifts: BoundedDrifts): void {
  route(app, {
    method: "GET",
    url: "/api/environments/:id/drift",
    id: "getDrift",
    summary: "Says what somebody changed behind the program's back, as cdk-nomad drift does: where the program is",
    scope: "environments",
    params: api.environmentParams,
    answer: api.drift,
    answerExample: {
      drifted: true,
      unchanged: 8,
      jobs: [
        {
          job: "prism-admin",
          drift: "was scaled",
          fields: [{ place: "group admin › count", before: "2", after: "1" }],
          groups: [],
        },
      ],
      consul: [],
      strays: [],
      leftovers: [],
      foreign: [],
      unknown: [],
    },
    problems: ["environment-unknown", "refused", "rate-limited"],
    handle: ({ params: { id } }) => drifts.of(id),
  });
}

function promoteCanaries(app: FastifyInstance, environments: Environments): void {
  route(app, {
    method: "POST",
    url: "/api/environments/:id/jobs/:job/promote",
    id: "promoteCanaries",
    summary: "Lets the healthy canaries of a job take the places of the old allocations, as cdk-nomad promote does",
    scope: "promote",
    params: api.jobParams,
    body: api.promoteRequest,
    example: { deployment: "6cf0a1c2-6a0e-9a7b-7c1c-2f2f5d1f8a11" },
    answer: api.promoted,
    answerExample: { job: "prism-admin", deployment: "6cf0a1c2-6a0e-9a7b-7c1c-2f2f5d1f8a11" },
    problems: ["environment-unknown", "refused"],
    handle: async ({ params: { id, job }, body: { deployment, ...place }, request }) => {
      // Only what is there is named in the audit log.
      const { environments: all } = await environments.list();
      const known = all.find((each) => each.id === id);
      if (known) noteAudit(request, `${known.environment} of ${known.project}`);
      await environments.promote(id, { job, ...place }, deployment);
      if (known) noteAudit(request, `${job} of ${known.environment} of ${known.project}`);
      return { job, deployment };
    },
  });
}
