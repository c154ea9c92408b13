import type { FastifyInstance } from "fastify";
import { noteAudit } from "../audit";
import { SAMPLED } from "../pool-history";
import { route } from "../route";
import * as schemas from "../schemas";
import type { ServiceParts } from "../service-parts";
import { knownPool, knownWarmPool } from "./containers";

/** What the pools do, how one takes no more leases, or takes them again, and how its containers are replaced. */
export function poolRoutes(app: FastifyInstance, parts: ServiceParts): void {
  listPools(app, parts);
  drainPool(app, parts);
  fillPool(app, parts);
  recyclePool(app, parts);
  resizePool(app, parts);
  getPoolHistory(app, parts);
}

function listPools(app: FastifyInstance, { pools }: ServiceParts): void {
  route(app, {
    method: "GET",
    url: "/api/pools",
    id: "listPools",
    summary: "Says how the pools do",
    scope: "read",
    answer: schemas.poolList,
    answerExample: {
      pools: [
        {
          pool: "warm-pool-openai",
          free: 9,
          leased: 1,
          coming: 0,
          target: 10,
          queue: 0,
          draining: false,
          upToDate: true,
        },
      ],
    },
    handle: async () => ({ pools: [...(await pools.stats())] }),
  });
}

function drainPool(app: FastifyInstance, parts: ServiceParts): void {
  const { pools } = parts;
  route(app, {
    method: "POST",
    url: "/api/pools/:pool/drain",
    id: "drainPool",
    summary: "Has a pool take no new leases until it is filled again; free containers end, leases that stand go on",
    scope: "admin",
    params: schemas.poolParams,
    answer: schemas.drained,
    answerExample: { pool: "warm-pool-openai", leased: 1 },
    problems: ["pool-unknown", "managers-behind"],
    handle: async ({ params: { pool }, request }) => {
      await knownWarmPool(parts, pool);
      noteAudit(request, pool);
      return { pool, leased: await pools.drain(pool) };
    },
  });
}

function fillPool(app: FastifyInstance, parts: ServiceParts): void {
  const { pools } = parts;
  route(app, {
    method: "POST",
    url: "/api/pools/:pool/fill",
    id: "fillPool",
    summary: "Has a pool that was drained take leases again, with the size that it had",
    scope: "admin",
    params: schemas.poolParams,
    answer: schemas.filled,
    answerExample: { pool: "warm-pool-openai" },
    problems: ["pool-unknown"],
    handle: async ({ params: { pool }, request }) => {
      await knownWarmPool(parts, pool);
      noteAudit(request, pool);
      await pools.fill(pool);
      return { pool };
    },
  });
}

function recyclePool(app: FastifyInstance, parts: ServiceParts): void {
  const { pools } = parts;
  route(app, {
    method: "POST",
    url: "/api/pools/:pool/recycle",
    id: "recyclePool",
    summary: "Replaces every container of a pool: free ones now, leased ones when they are released",
    scope: "admin",
    params: schemas.poolParams,
    answer: schemas.recycled,
    answerExample: { pool: "warm-pool-openai", replaced: 9 },
    problems: ["pool-unknown"],
    handle: async ({ params: { pool }, request }) => {
      await knownWarmPool(parts, pool);
      noteAudit(request, pool);
      return { pool, replaced: await pools.recycle(pool) };
    },
  });
}

function resizePool(app: FastifyInstance, parts: ServiceParts): void {
  const { pools } = parts;
  route(app, {
    method: "POST",
    url: "/api/pools/:pool/resize",
    id: "resizePool",
    summary: "Gives a pool a size of its own, whatever the demand, until its job changes",
    scope: "admin",
    params: schemas.poolParams,
    body: schemas.resizeRequest,
    example: { containers: 20 },
    answer: schemas.resized,
    answerExample: { pool: "warm-pool-openai", containers: 20 },
    problems: ["pool-unknown"],
    handle: async ({ params: { pool }, body: { containers }, request }) => {
      await knownWarmPool(parts, pool);
      noteAudit(request, pool);
      await pools.resize(pool, containers);
      return { pool, containers };
    },
  });
}

function getPoolHistory(app: FastifyInstance, parts: ServiceParts): void {
  route(app, {
    method: "GET",
    url: "/api/pools/:pool/history",
    id: "getPoolHistory",
    summary: "Says how a pool did over the last hour, as this service saw it",
    scope: "read",
    params: schemas.poolParams,
    answer: schemas.poolHistory,
    answerExample: {
      pool: "warm-pool-openai",
      interval: SAMPLED,
      samples: [{ age: 4000, free: 9, leased: 1, coming: 0, target: 10, queue: 0, claims: 3, hitRate: 1, median: 4.2 }],
    },
    problems: ["pool-unknown"],
    handle: async ({ params: { pool } }) => {
      await knownPool(parts, pool);
      return { pool, interval: SAMPLED, samples: [...parts.history.of(pool)] };
    },
  });
}
