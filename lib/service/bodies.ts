import type { FastifyInstance, FastifyRequest } from "fastify";
import { HttpProblem } from "./problem";

/** A body that has less does not count, in bytes. */
const SMALL = 64 * 1024;

/** What bodies may have together that are read at the same time, in bytes. */
export interface BodyLimits {
  /** One of them. */
  readonly each: number;
  readonly ofOwner: number;
  readonly ofAll: number;
}

/**
 * Refuses bodies that would fill the memory together, before they are read: each of them is kept until the last of its bytes comes, which may take half a minute. One that does not say how long it
 * is counts as the longest. Call it once who asks is known.
 */
export function boundBodies(app: FastifyInstance, { each, ofOwner, ofAll }: BodyLimits): void {
  const held = new Map<string, number>();
  let all = 0;
  const releases = new WeakMap<FastifyRequest, () => void>();
  app.addHook("onRequest", async (request, { raw }) => {
    const size = sizeOf(request, each);
    if (size <= SMALL) return;
    const owner = request.caller?.owner ?? "";
    const own = held.get(owner) ?? 0;
    if (own + size > ofOwner)
      throw new HttpProblem(
        "rate-limited",
        `the bodies of this owner's requests that are being read have ${inMebibytes(ofOwner)} together already; send large ones one after another`,
        { retryAfter: 1 },
      );
    if (all + size > ofAll) throw new HttpProblem("overloaded", "nothing was done; ask again", { retryAfter: 1 });
    all += size;
    held.set(owner, own + size);
    let isHeld = true;
    const release = () => {
      if (!isHeld) return;
      isHeld = false;
      all -= size;
      const left = (held.get(owner) ?? 0) - size;
      if (left > 0) held.set(owner, left);
      else held.delete(owner);
    };
    releases.set(request, release);
    raw.once("close", release);
  });
  app.addHook("preValidation", async (request) => releases.get(request)?.());
}

/** How long a body may become. */
function sizeOf({ headers, routeOptions }: FastifyRequest, each: number): number {
  const most = Math.min(routeOptions.bodyLimit ?? each, each);
  if (headers["transfer-encoding"] !== undefined) return most;
  // One that is longer than it may be is refused before it is read.
  return Math.min(Number(headers["content-length"] ?? 0), most);
}

function inMebibytes(bytes: number): string {
  return `${Math.floor(bytes / 1024 / 1024)} MiB`;
}
