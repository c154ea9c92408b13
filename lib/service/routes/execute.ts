import type { FastifyInstance, FastifyReply } from "fastify";
import { PoolBusyError, type ExecuteOptions, type ExecutionResult, type Provider } from "../../pools";
import { actingFor, callerFrom } from "../authorize";
import type { LeasedContainer } from "../pools";
import { Problem } from "../problem";
import { route } from "../route";
import { runFor } from "../run-command";
import * as schemas from "../schemas";
import type { ServiceParts } from "../service-parts";
import { goneSignal } from "./containers";

/** A lease of a single command is kept by this process; one that dies is missed after so many milliseconds. */
const TTL = 10_000;

type Ran = ExecutionResult & { readonly warm: boolean; readonly containerId: string };

interface Request {
  readonly owner: string;
  readonly provider: Provider;
  readonly command: string;
  readonly wait: number;
  readonly options: ExecuteOptions;
}

/** A command, from the request to its result: in a container of the provider's pool, or else in a job of its own. */
export function executeRoute(app: FastifyInstance, parts: ServiceParts): void {
  route(app, {
    method: "POST",
    url: "/api/execute",
    id: "execute",
    summary: "Runs a command for a user, in a container of the provider's pool or else in a job of its own",
    description: "warm says which of the two it was. The container is released when the command has ended.",
    scope: "execute",
    body: schemas.executeRequest,
    example: { userId: "user-42", provider: "openai", command: "node task.js", credentials: { OPENAI_API_KEY: "…" } },
    answer: schemas.executeAnswer,
    answerExample: {
      success: true,
      warm: true,
      containerId: "0f4a1f5e-6a0e-9a7b-7c1c-2f2f5d1f8a11",
      exitCode: 0,
      ended: "exited",
      stdout: "done\n",
      stderr: "",
      truncated: false,
      duration: 12.5,
      isolation: "container",
    },
    problems: ["other-owner", "pool-busy", "pool-without-isolation", "too-many-executions", "place-lost"],
    handle: async ({ body, request, reply }) => {
      const { userId, provider, command, credentials, wait = 0, ...options } = body;
      const owner = actingFor(callerFrom(request), userId);
      const wanted = { owner, provider, command, wait, options: { ...options, secrets: credentials } };
      const { exitCode, warm, containerId, ...rest } = await runAnywhere(parts, wanted, reply);
      return { success: exitCode === 0 && rest.ended === "exited", warm, containerId, exitCode, ...rest };
    },
  });
}

async function runAnywhere(parts: ServiceParts, wanted: Request, reply: FastifyReply): Promise<Ran> {
  const { pools, metrics, now } = parts;
  const pool = pools.poolOf(wanted.provider);
  const began = now();
  let busy: PoolBusyError | undefined;
  if (pool !== undefined) {
    try {
      const signal = goneSignal(reply.raw);
      const claimed = await pools.claim(pool, { owner: wanted.owner, ttl: TTL, wait: wanted.wait, kept: true, signal });
      metrics.claimed(pool, "warm", now() - began);
      return await runWarm(parts, wanted, claimed, reply);
    } catch (error) {
      if (!(error instanceof PoolBusyError)) throw error;
      busy = error;
    }
  }
  // The metrics of what has no pool stand under its provider, which is one of three.
  const label = pool ?? wanted.provider;
  try {
    const ran = await runCold(parts, wanted, busy, reply);
    metrics.claimed(label, "cold", now() - began);
    return ran;
  } catch (error) {
    metrics.claimed(label, error === busy || error instanceof Problem ? "busy" : "error", now() - began);
    throw error;
  }
}

async function runWarm(
  parts: ServiceParts,
  wanted: Request,
  claimed: LeasedContainer,
  reply: FastifyReply,
): Promise<Ran> {
  try {
    const result = await runFor(wanted.owner, reply, parts.running, () =>
      Promise.resolve((how: ExecuteOptions) =>
        parts.pools.execute(claimed, wanted.command, { ...wanted.options, ...how }),
      ),
    );
    return { ...result, warm: true, containerId: claimed.lease.slot };
  } finally {
    // Nobody waits for it; where it fails, the lease ends by itself, since nobody keeps it any more.
    parts.inBackground(parts.pools.release(claimed.lease));
  }
}

async function runCold(
  parts: ServiceParts,
  wanted: Request,
  busy: PoolBusyError | undefined,
  reply: FastifyReply,
): Promise<Ran> {
  const { owner, provider, command, options } = wanted;
  // A job of its own costs the cluster a hundred times as much: there are few at once, and the rest is told to come back.
  return parts.cold.run(
    async () => {
      const { job, ...result } = await runFor(owner, reply, parts.running, () =>
        Promise.resolve((how: ExecuteOptions) => parts.pools.runOnce({ owner, provider, command, ...options, ...how })),
      );
      return { ...result, warm: false, containerId: job };
    },
    () =>
      busy ??
      new Problem("pool-busy", "no container is free, and as many jobs run as may; ask again", { retryAfter: 2 }),
  );
}
