import type { FastifyInstance } from "fastify";
import { PoolBusyError, type ExecuteOptions, type ExecutionResult, type Provider } from "../../pools";
import { noteAudit } from "../audit";
import { actingFor, callerFrom } from "../authorize";
import { HttpProblem } from "../problem";
import { route } from "../route";
import { runFor, streamFor, wantsLines, type Run } from "../run-command";
import * as schemas from "../schemas";
import type { ServiceParts } from "../service-parts";

type Ran = ExecutionResult & { readonly warm: boolean; readonly containerId: string };

interface Request {
  readonly owner: string;
  readonly provider: Provider;
  readonly command: string;
  readonly wait: number;
  readonly startTimeout: number | undefined;
  readonly options: ExecuteOptions;
}

/** A command, from the request to its result: in a container of the provider's pool, or else in a job of its own. */
export function executeRoute(app: FastifyInstance, parts: ServiceParts): void {
  route(app, {
    method: "POST",
    url: "/api/execute",
    id: "execute",
    summary: "Runs a command for a user, in a container of the provider's pool or else in a job of its own",
    description:
      "warm says which of the two it was. The container is released when the command has ended: it is replaced, or emptied for the owner's next command. " +
      "With Accept: application/x-ndjson its output is streamed as for executeInContainer, all of it on either road; the last line has warm and containerId too. " +
      'A line {"type":"progress","message":…} says what a job of its own waits for before the command runs; a job that cannot be placed fails at once.',
    scope: "execute",
    runs: "named-owner",
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
    types: { "application/x-ndjson": "A line of JSON for each piece of output, and one for the end." },
    problems: ["other-owner", "pool-busy", "pool-without-isolation", "too-many-executions", "place-lost"],
    handle: async ({ body, request, reply }) => {
      const { userId, provider, command, credentials, wait = 0, startTimeout, encoding = "utf8", ...options } = body;
      const owner = actingFor(callerFrom(request), userId);
      noteAudit(request, parts.pools.poolOf(provider) ?? provider, owner);
      const wanted = { owner, provider, command, wait, startTimeout, options: { ...options, secrets: credentials } };
      const begin = (signal: AbortSignal) => beginAnywhere(parts, wanted, signal);
      if (wantsLines(request)) return streamFor(owner, reply, encoding, parts.running, begin);
      const { exitCode, warm, containerId, ...rest } = await runFor(owner, reply, parts.running, begin);
      return { success: exitCode === 0 && rest.ended === "exited", warm, containerId, exitCode, ...rest };
    },
  });
}

/** What a job of its own waits for, in words that say nothing of the cluster. */
const WAITS = {
  placement: "no node takes the job just now: none has room for it, or none has its driver; it is placed once one does",
  task: "the job is placed, and its task is being made ready",
};

/** Takes a container of the provider's pool, or else one of the few jobs that there may be. */
async function beginAnywhere(parts: ServiceParts, wanted: Request, signal: AbortSignal): Promise<Run<Ran>> {
  const pool = parts.pools.poolOf(wanted.provider);
  if (pool === undefined) return beginCold(parts, wanted, wanted.provider, undefined);
  try {
    return await beginWarm(parts, wanted, pool, signal);
  } catch (error) {
    if (error instanceof PoolBusyError) return beginCold(parts, wanted, pool, error);
    throw error;
  }
}

async function beginWarm(
  { pools, metrics, now, inBackground }: ServiceParts,
  { owner, wait, command, options }: Request,
  pool: string,
  signal: AbortSignal,
): Promise<Run<Ran>> {
  const began = now();
  const claimed = await pools.claim(pool, { owner, wait, signal }).catch((error: unknown) => {
    if (!(error instanceof PoolBusyError)) metrics.claimed(pool, "error", now() - began);
    throw error;
  });
  metrics.claimed(pool, "warm", now() - began);
  return async (how) => {
    try {
      const result = await pools.execute(claimed, command, { ...options, ...how });
      return { ...result, warm: true, containerId: claimed.lease.slot };
    } finally {
      // Nobody waits for it; where it fails, the lease ends by itself, since nobody keeps it any more.
      inBackground(pools.release(claimed.lease));
    }
  };
}

/** @param label what its figures stand under: the pool, or a provider that has none, which is one of three */
function beginCold(
  { pools, metrics, now, cold }: ServiceParts,
  { owner, provider, command, startTimeout, options }: Request,
  label: string,
  busy: PoolBusyError | undefined,
): Run<Ran> {
  const began = now();
  // A job of its own costs the cluster a hundred times as much: there are few at once, and the rest is told to come back.
  const leave = cold.enter(() => {
    metrics.claimed(label, "busy", 0);
    return (
      busy ??
      new HttpProblem("pool-busy", "no container is free, and as many jobs run as may; ask again", { retryAfter: 2 })
    );
  });
  return async ({ onProgress, ...how }) => {
    let told: string | undefined;
    const tell = (waitsFor: keyof typeof WAITS): void => {
      if (WAITS[waitsFor] !== told) onProgress?.(WAITS[waitsFor]);
      told = WAITS[waitsFor];
    };
    const cold = { owner, provider, command, startTimeout, ...options, ...how, onProgress: tell };
    try {
      const { job, ...result } = await pools.runOnce(cold);
      metrics.claimed(label, "cold", now() - began);
      return { ...result, warm: false, containerId: job };
    } catch (error) {
      metrics.claimed(label, "error", now() - began);
      throw error;
    } finally {
      leave();
    }
  };
}
