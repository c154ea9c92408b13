import type { FastifyInstance, FastifyRequest } from "fastify";
import type * as v from "valibot";
import { LeaseEndedError, PoolBusyError, type ExecuteOptions } from "../../pools";
import { noteAudit } from "../audit";
import { actingFor, callerFrom, mayActFor, shownTo } from "../authorize";
import { goneSignal, whenGone } from "../gone";
import { HttpProblem } from "../problem";
import type { ContainerLease, PoolKind, Pools } from "../pools";
import { route } from "../route";
import { runFor, streamFor, wantsLines } from "../run-command";
import * as schemas from "../schemas";
import type { ServiceParts } from "../service-parts";

/** How long a lease stands without a call where nobody says it, in milliseconds. */
const USUAL_TTL = 60_000;
const GENERATION_HEADER = "lease-generation";
const GENERATION = {
  [GENERATION_HEADER]:
    "The lease's generation, as the claim answered it. A call with one that is over is refused with 409.",
};

const EXAMPLE = {
  id: "0f4a1f5e-6a0e-9a7b-7c1c-2f2f5d1f8a11",
  pool: "warm-pool-openai",
  owner: "user-42",
  generation: 7,
  ttl: USUAL_TTL,
  isolation: "container",
} as const;

/** Containers that are claimed, used and released one by one. */
export function containerRoutes(app: FastifyInstance, parts: ServiceParts): void {
  claimContainer(app, parts);
  listContainers(app, parts);
  getContainer(app, parts);
  executeInContainer(app, parts);
  renewContainer(app, parts);
  releaseContainer(app, parts);
}

function claimContainer(app: FastifyInstance, parts: ServiceParts): void {
  const { pools, metrics, now, inBackground } = parts;
  route(app, {
    method: "POST",
    url: "/api/containers",
    id: "claimContainer",
    summary: "Claims a container: one of a warm pool, or a slot of a sandbox",
    description:
      "The lease stands for its ttl from the last call that presents it: any service of these pools takes that call, also one that was started since.",
    scope: "claim",
    body: schemas.claimRequest,
    example: { pool: "warm-pool-openai", ttl: USUAL_TTL },
    answer: schemas.container,
    answerExample: EXAMPLE,
    status: 201,
    problems: ["other-owner", "pool-unknown", "pool-busy", "pool-without-isolation"],
    handle: async ({ body, request, reply }) => {
      const caller = callerFrom(request);
      const owner = actingFor(caller, body.owner ?? caller.owner);
      await knownPool(parts, body.pool);
      const began = now();
      const gone = goneSignal(reply.raw);
      try {
        const { ttl = USUAL_TTL, wait = 0 } = body;
        const claimed = await pools.claim(body.pool, { owner, standing: ttl, wait, signal: gone });
        noteAudit(request, `${body.pool}/${claimed.lease.slot}`, owner);
        // A client that goes away before it is answered knows nothing of its lease, which would stand for all of its ttl.
        whenGone(gone, () => inBackground(pools.release(claimed.lease)));
        metrics.claimed(body.pool, "warm", now() - began);
        reply.header("location", `/api/containers/${encodeURIComponent(claimed.lease.slot)}`);
        reply.header(GENERATION_HEADER, claimed.lease.generation);
        return shown(claimed);
      } catch (error) {
        metrics.claimed(body.pool, error instanceof PoolBusyError ? "busy" : "error", now() - began);
        if (gone.aborted && error === gone.reason)
          throw new HttpProblem("stopping", "the client went away before it was answered", { retryAfter: 1 });
        throw error;
      }
    },
  });
}

function listContainers(app: FastifyInstance, { pools }: ServiceParts): void {
  route(app, {
    method: "GET",
    url: "/api/containers",
    id: "listContainers",
    summary: "Lists the containers that the token's owner holds",
    scope: "read",
    query: schemas.listQuery,
    answer: schemas.containerList,
    answerExample: { containers: [EXAMPLE] },
    problems: ["other-owner"],
    handle: async ({ query, request }) => {
      const isShown = shownTo(callerFrom(request), query.all === "true");
      return { containers: (await pools.list()).filter(isShown).map(shown) };
    },
  });
}

function getContainer(app: FastifyInstance, { pools }: ServiceParts): void {
  route(app, {
    method: "GET",
    url: "/api/containers/:id",
    id: "getContainer",
    summary: "Says whose a container is",
    scope: "read",
    params: schemas.containerParams,
    answer: schemas.container,
    answerExample: EXAMPLE,
    problems: ["container-unknown"],
    handle: async ({ params, request }) => {
      const found = await pools.find(params.id);
      if (!found || !mayActFor(callerFrom(request), found.lease.owner)) throw unknownContainer();
      return shown(found);
    },
  });
}

function executeInContainer(app: FastifyInstance, parts: ServiceParts): void {
  const { pools } = parts;
  route(app, {
    method: "POST",
    url: "/api/containers/:id/execute",
    id: "executeInContainer",
    summary: "Runs a command in a container",
    description:
      "With Accept: application/x-ndjson its output is streamed: lines of JSON, {type: stdout|stderr, data}, and at the end {type: exit, exitCode, …} or {type: error, problem}. " +
      "A client that goes away ends its command; one that reads slowly slows it down.",
    scope: "execute",
    runs: "caller",
    params: schemas.containerParams,
    headers: GENERATION,
    body: schemas.runRequest,
    example: { command: "python3 task.py", generation: 7, env: { LANG: "C.UTF-8" } },
    answer: schemas.runAnswer,
    answerExample: {
      exitCode: 0,
      ended: "exited",
      stdout: "done\n",
      stderr: "",
      truncated: false,
      duration: 12.5,
      isolation: "container",
    },
    types: { "application/x-ndjson": "A line of JSON for each piece of output, and one for the end." },
    problems: [
      "container-unknown",
      "generation-required",
      "lease-stale",
      "lease-ended",
      "too-many-executions",
      "place-lost",
    ],
    handle: async ({ params, body, request, reply }) => {
      const { command, generation, encoding = "utf8", ...options } = body;
      const begin = async () => {
        const held = await leaseOf(parts, request, params.id, generation);
        await pools.renew(held.lease);
        return (how: ExecuteOptions) => pools.execute(held, command, { ...options, ...how });
      };
      const { owner } = callerFrom(request);
      if (wantsLines(request)) return streamFor(owner, reply, encoding, parts.running, begin);
      return runFor(owner, reply, parts.running, begin);
    },
  });
}

function renewContainer(app: FastifyInstance, parts: ServiceParts): void {
  const { pools } = parts;
  route(app, {
    method: "POST",
    url: "/api/containers/:id/renew",
    id: "renewContainer",
    // Somebody who holds a container says so every few seconds.
    audit: false,
    summary: "Says that a container is still wanted: its lease stands for its ttl again",
    scope: "claim",
    params: schemas.containerParams,
    headers: GENERATION,
    body: schemas.renewRequest,
    example: { generation: 7 },
    answer: schemas.container,
    answerExample: EXAMPLE,
    problems: ["container-unknown", "generation-required", "lease-stale", "lease-ended"],
    handle: async ({ params, body, request }) => {
      const held = await leaseOf(parts, request, params.id, body.generation);
      await pools.renew(held.lease);
      return shown(held);
    },
  });
}

function releaseContainer(app: FastifyInstance, parts: ServiceParts): void {
  const { pools } = parts;
  route(app, {
    method: "DELETE",
    url: "/api/containers/:id",
    id: "releaseContainer",
    summary: "Releases a container: nobody else has it before it is replaced or emptied",
    scope: "claim",
    params: schemas.containerParams,
    headers: GENERATION,
    answer: undefined,
    problems: ["container-unknown", "generation-required", "lease-stale", "lease-ended"],
    handle: async ({ params, request }) => {
      const { lease } = await leaseOf(parts, request, params.id, undefined);
      await pools.release(lease);
    },
  });
}

/**
 * The lease that somebody presents.
 *
 * @throws HttpProblem where there is none, it is another's, or its generation is over
 */
async function leaseOf(
  { pools }: ServiceParts,
  request: FastifyRequest,
  id: string,
  inBody: number | undefined,
): Promise<ContainerLease> {
  const given = inHeader(request);
  if (inBody !== undefined && given !== undefined && inBody !== given)
    throw new HttpProblem("bad-request", "the header Lease-Generation and the body name different generations");
  const generation = inBody ?? given;
  if (generation === undefined)
    throw new HttpProblem(
      "generation-required",
      "present the lease's generation, as the claim answered it: Lease-Generation: 7",
    );
  const found = await pools.find(id);
  // Whose it is comes first: a stranger is told the same whatever they present, and so learns of no lease.
  if (!found || !mayActFor(callerFrom(request), found.lease.owner)) throw unknownContainer();
  noteAudit(request, `${found.lease.pool}/${found.lease.slot}`, found.lease.owner);
  if (found.lease.generation !== generation)
    throw new LeaseEndedError({ ...found.lease, generation }, "stale", "the generation is over");
  return found;
}

function inHeader({ headers }: FastifyRequest): number | undefined {
  const text = headers[GENERATION_HEADER];
  if (text === undefined) return undefined;
  if (typeof text === "string" && /^\d{1,15}$/.test(text)) return Number(text);
  throw new HttpProblem("bad-request", "the header Lease-Generation is no whole number");
}

/** Of a container of somebody else the same is said as of one that is not there. */
function unknownContainer(): HttpProblem {
  return new HttpProblem("container-unknown", "it was released, its time was over, or it is another's; claim one");
}

/** @throws HttpProblem where the pool is not served, with why and what to do */
export async function knownPool({ pools }: ServiceParts, pool: string): Promise<void> {
  if (!pools.names.includes(pool)) throw unknownPool(pools, pool, await pools.kindOf(pool));
}

/** @throws HttpProblem where the pool is not served, or has no containers that wait, with why and what to do */
export async function knownWarmPool({ pools }: ServiceParts, pool: string): Promise<void> {
  const kind = await pools.kindOf(pool);
  if (kind === "slots") throw new HttpProblem("pool-unknown", `${pool} ${NOT_OF_SLOTS}`);
  if (!pools.names.includes(pool)) throw unknownPool(pools, pool, kind);
}

function unknownPool({ names }: Pools, pool: string, kind: PoolKind | undefined): HttpProblem {
  // What was written is not repeated: it may be a secret that stands in the wrong place.
  const others = names.length === 0 ? "" : `write one of ${names.join(", ")}`;
  const option = { warm: "--pool", slots: "--slot-pool" }[kind ?? "warm"];
  const detail =
    kind === undefined
      ? others || "it serves none"
      : `${pool} is not served here; start the service with ${option} ${pool} too${others && `, or ${others}`}`;
  return new HttpProblem("pool-unknown", detail);
}

/** What is not done to slot pools, and what to do instead. */
const NOT_OF_SLOTS =
  "is a slot pool, which is neither drained, filled nor recycled here. " +
  "To take it out of service, stop the programs that lease of it, and then its job (nomad job stop)";

function shown({ lease, isolation }: ContainerLease): v.InferOutput<typeof schemas.container> {
  const { slot, pool, owner, generation, ttl } = lease;
  return { id: slot, pool, owner, generation, ttl, isolation };
}
