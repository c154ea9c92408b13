import type { FastifyInstance, FastifyReply } from "fastify";
import * as v from "valibot";
import { verdictOf } from "../../operations";
import { HttpProblem, route, type ServiceParts } from "../../service";
import type { Job, PageEvents } from "../api";
import type { Environments } from "../environments";

/** A page hears something at least so often, and knows by that that the service lives: milliseconds. */
export const HEARTBEAT = 5_000;
/** Streams of one owner at once: each page that is open has one. */
const MOST = 20;
/** What may wait for a page that reads slowly, in bytes: then it is let go, and comes back by itself. */
const LONGEST_WAIT = 4 * 1024 * 1024;

const query = v.strictObject({
  environment: v.pipe(
    v.string(),
    v.minLength(1),
    v.maxLength(200),
    v.description("The environment that is looked at."),
  ),
});

/** What becomes of an environment, as it becomes: the server's one stream of the cluster's events, fanned out to every page. */
export function eventRoutes(
  app: FastifyInstance,
  environments: Environments,
  { askedAgain }: Pick<ServiceParts, "askedAgain">,
): { close(): void } {
  const open = new Map<FastifyReply, string>();
  route(app, {
    method: "GET",
    url: "/api/events",
    id: "followEnvironment",
    summary:
      "Tells what becomes of an environment: server-sent events, job, verdict and trouble, and a comment every five seconds",
    scope: "environments",
    query,
    answer: undefined,
    status: 200,
    problems: ["environment-unknown", "rate-limited"],
    handle: async ({ query: { environment }, request, reply }) => {
      const owner = request.caller?.owner ?? "";
      if ([...open.values()].filter((each) => each === owner).length >= MOST)
        throw new HttpProblem("rate-limited", `${MOST} streams of one owner are the most`, { retryAfter: 10 });
      open.set(reply, owner);
      const jobs = new Map<string, Job>();
      let keys: readonly string[] = [];
      let begun = false;
      const waiting: string[] = [];
      const send = <E extends keyof PageEvents>(event: E, data: PageEvents[E]) => {
        const text = `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
        if (!begun) waiting.push(text);
        else if (!reply.raw.destroyed) {
          reply.raw.write(text);
          if (reply.raw.writableLength > LONGEST_WAIT) reply.raw.destroy();
        }
      };
      const judge = () => {
        // As long as something was not asked about, nothing is said of all of it.
        if (keys.some((key) => !jobs.has(key))) return;
        const own = [...jobs.values()].filter(({ stray }) => !stray);
        send("verdict", { verdict: verdictOf(own), jobs: keys });
      };
      let stop: () => void;
      try {
        stop = await environments.follow(environment, {
          onJobs: (all) => {
            keys = all;
            for (const key of jobs.keys()) if (!all.includes(key)) jobs.delete(key);
            judge();
          },
          onJob: (key, job) => {
            jobs.set(key, job);
            send("job", job);
            judge();
          },
          onTrouble: (message) => send("trouble", { message }),
        });
      } catch (error) {
        open.delete(reply);
        throw error;
      }
      reply.hijack();
      reply.raw.writeHead(200, {
        "content-type": "text/event-stream",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "x-accel-buffering": "no",
        "x-request-id": request.id,
      });
      begun = true;
      reply.raw.write(`retry: 2000\n\n${waiting.join("")}`);
      const beat = setInterval(() => {
        reply.raw.write(": alive\n\n");
        // Whoever left their session, or whose token was taken away, is told nothing more.
        askedAgain(request).catch(() => reply.raw.end());
      }, HEARTBEAT);
      // It keeps no process that has nothing else to do.
      beat.unref();
      reply.raw.once("close", () => {
        clearInterval(beat);
        open.delete(reply);
        stop();
      });
      if (reply.raw.destroyed) reply.raw.emit("close");
      return reply;
    },
  });
  return { close: () => [...open.keys()].forEach((reply) => reply.raw.end()) };
}
