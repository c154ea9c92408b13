import type { FastifyRequest } from "fastify";
import type * as v from "valibot";
import type { BrowserSession } from "../../pools";
import { callerFrom, mayActFor } from "../authorize";
import type { Browsers } from "../browsers";
import { HttpProblem } from "../problem";
import type * as schemas from "../schemas";
import type { ServiceParts } from "../service-parts";

/** What the routes of browser sessions are made of. */
export interface BrowserParts extends ServiceParts {
  readonly browsers: Browsers;
  /** How many sessions an owner may have at once. */
  readonly sessionsOfOwner: number;
}

/** The session that somebody names. @throws HttpProblem where there is none, or it is another's: the same is said of both */
export async function ownSession(browsers: Browsers, request: FastifyRequest, id: string): Promise<BrowserSession> {
  const found = await browsers.find(id);
  if (!found || !mayActFor(callerFrom(request), found.lease.owner)) throw unknownSession();
  return found;
}

/** Of a session of somebody else the same is said as of one that is not there. */
export function unknownSession(): HttpProblem {
  return new HttpProblem("session-unknown", "it was ended, its time was over, or it is another's; open one");
}

export function shownSession({ id, lease, provider }: BrowserSession): v.InferOutput<typeof schemas.browserSession> {
  return { id, owner: lease.owner, provider, address: lease.slot, ttl: lease.ttl };
}
