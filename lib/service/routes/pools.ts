import type { FastifyInstance } from "fastify";
import { route } from "../route";
import * as schemas from "../schemas";
import type { ServiceParts } from "../service-parts";
import { knownPool } from "./containers";

/** What the pools do, and how one takes no more leases, or takes them again. */
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
    summary: "Has a pool take no new leases; those that stand go on",
    scope: "admin",
    params: schemas.poolParams,
    answer: schemas.drained,
    answerExample: { pool: "warm-pool-openai", leased: 1 },
    problems: ["pool-unknown"],
    handle: async ({ params: { pool } }) => {
      knownPool(parts, pool);
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
      knownPool(parts, pool);
      await pools.fill(pool);
      return { pool };
    },
  });
}
