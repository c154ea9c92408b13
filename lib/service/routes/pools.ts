import type { FastifyInstance } from "fastify";
import { route } from "../route";
import * as schemas from "../schemas";
import type { ServiceParts } from "../service-parts";
import { knownWarmPool } from "./containers";

/** What the pools do, how one takes no more leases, or takes them again, and how its containers are replaced. */
export function poolRoutes(app: FastifyInstance, parts: ServiceParts): void {
  const { pools } = parts;

  route(app, {
    method: "GET",
    url: "/api/pools",
    id: "listPools",
    summary: "Says how the pools do",
    scope: "read",
    answer: schemas.poolList,
    answerExample: {
      pools: [{ pool: "warm-pool-openai", free: 9, leased: 1, coming: 0, target: 10, queue: 0, draining: false }],
    },
    handle: async () => ({ pools: [...(await pools.stats())] }),
  });

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
    handle: async ({ params: { pool } }) => {
      await knownWarmPool(parts, pool);
      return { pool, leased: await pools.drain(pool) };
    },
  });

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
    handle: async ({ params: { pool } }) => {
      await knownWarmPool(parts, pool);
      await pools.fill(pool);
      return { pool };
    },
  });

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
    handle: async ({ params: { pool } }) => {
      await knownWarmPool(parts, pool);
      return { pool, replaced: await pools.recycle(pool) };
    },
  });
}
