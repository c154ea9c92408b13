import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Masking } from "../masking";
import { visibleJson } from "../text";
import type { Caller } from "./tokens";

declare module "fastify" {
  interface FastifyRequest {
    /** What was changed, once the service knows it: the name of a pool, the id of a container. Null where nothing is known of it. */
    audited: Audited | null;
  }
  interface FastifyContextConfig {
    /** What a line of the audit log calls it; absent where a route changes nothing that anybody asks about later. */
    readonly audit?: string;
    /** Whether there is a line only of what the route itself notes. Default: there is one of each request. */
    readonly auditNoted?: boolean;
  }
}

/** What was done to what. */
export interface Audited {
  /** The name or id of what it was done to, as the service itself has it. */
  readonly to: string;
  /** For whom. Absent where that is nobody in particular. */
  readonly forOwner?: string;
}

/** A line about somebody who is no caller of the request: who looks at a screen has a ticket, and no token. */
export interface AuditedCaller extends Audited {
  /** The operation. */
  readonly audit: string;
  readonly caller: Pick<Caller, "owner" | "token">;
  readonly status: number;
  /** The id of the request. */
  readonly request: string;
}

/** A line of the audit log. */
export interface AuditLine {
  /** When it was answered: ISO 8601. */
  readonly time: string;
  /** The operation, as the document has it, such as `drainPool`. */
  readonly audit: string;
  /** To what. Absent where it was refused before that was known: what somebody sends is not written down. */
  readonly to?: string;
  /** For whom, where that is not whose the token is. */
  readonly for?: string;
  readonly owner: string;
  /** The public part of the token. */
  readonly token: string;
  readonly status: number;
  /** The id that the answer has in the header X-Request-Id. */
  readonly request: string;
}

/** Where the lines of the audit log go, and what tells the time of day for them. */
export interface AuditOptions {
  readonly stream: { write(line: string): void };
  /** Milliseconds since 1970. */
  readonly date: () => number;
}

/** Notes what a request changes, as soon as the service knows what that is by a name of its own. */
export function noteAudit(request: FastifyRequest, to: string, forOwner?: string): void {
  request.audited = { to, ...(forOwner === undefined ? {} : { forOwner }) };
}

/**
 * Writes a line for each request that changed something, or was to: who, what, to which, when, and how it was answered. Nothing that came in is repeated
 * but what the service knows by that name, and what has a secret's form is hidden all the same.
 *
 * @returns what writes a line about somebody who is no caller
 */
export function writeAudit(app: FastifyInstance, { stream, date }: AuditOptions): (line: AuditedCaller) => void {
  const masking = new Masking();
  const write = ({ audit, caller, to, forOwner, status, request }: Partial<Audited> & Omit<AuditedCaller, "to">) => {
    const line: AuditLine = {
      time: new Date(date()).toISOString(),
      audit,
      ...(to === undefined ? {} : { to: masking.text(to) }),
      ...(forOwner === undefined || forOwner === caller.owner ? {} : { for: masking.text(forOwner) }),
      owner: masking.text(caller.owner),
      token: caller.token,
      status,
      request,
    };
    // Whoever reads it in a terminal reads names that somebody else made up.
    stream.write(`${visibleJson(JSON.stringify(line))}\n`);
  };
  app.addHook("onResponse", async (request: FastifyRequest, reply: FastifyReply) => {
    const { audit, auditNoted = false } = request.routeOptions.config;
    const { caller, audited, id } = request;
    if (audit === undefined || caller === null || (auditNoted && audited === null)) return;
    write({ audit, caller, ...audited, status: reply.statusCode, request: id });
  });
  return write;
}
