import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Masking } from "../masking";

declare module "fastify" {
  interface FastifyRequest {
    /** What was changed, once the service knows it: the name of a pool, the id of a container. Null where nothing is known of it. */
    audited: Audited | null;
  }
  interface FastifyContextConfig {
    /** What a line of the audit log calls it; absent where a route changes nothing that anybody asks about later. */
    readonly audit?: string;
  }
}

/** What was done to what. */
export interface Audited {
  /** The name or id of what it was done to, as the service itself has it. */
  readonly to: string;
  /** For whom. Absent where that is nobody in particular. */
  readonly forOwner?: string;
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

/** Where lines go, and what tells the time of day. */
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
 */
export function writeAudit(app: FastifyInstance, { stream, date }: AuditOptions): void {
  const masking = new Masking();
  const write = (request: FastifyRequest, reply: FastifyReply) => {
    const { audit } = request.routeOptions.config;
    const { caller, audited, id } = request;
    if (audit === undefined || caller === null) return;
    const line: AuditLine = {
      time: new Date(date()).toISOString(),
      audit,
      ...(audited ? { to: masking.text(audited.to) } : {}),
      ...(audited?.forOwner === undefined || audited.forOwner === caller.owner
        ? {}
        : { for: masking.text(audited.forOwner) }),
      owner: masking.text(caller.owner),
      token: caller.token,
      status: reply.statusCode,
      request: id,
    };
    stream.write(`${JSON.stringify(line)}\n`);
  };
  app.addHook("onResponse", async (request, reply) => write(request, reply));
}
