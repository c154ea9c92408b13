import type { FastifyInstance } from "fastify";
import * as v from "valibot";
import { verdictOf } from "../../operations";
import { route, type ServiceParts } from "../../service";
import type { Job, PageEvents } from "../api";
import type { Environments } from "../environments";
import { EventStreams } from "./event-streams";

/** Each page that is open has one. */
const LIMITS = { ofOne: 20, ofOwner: 20, all: 500 };

const query = v.strictObject({
  environment: v.pipe(
    v.string(),
    v.minLength(1),
    v.maxLength(200),
    v.description("The environment that is looked at."),
  ),
});

/** What becomes of an environment, as it becomes: the server's one stream of the cluster's events for each region, fanned out to every page. */
export function eventRoutes(
  app: FastifyInstance,
  environments: Environments,
  parts: Pick<ServiceParts, "askedAgain" | "askerOf">,
): { close(): void } {
  const streams = new EventStreams<PageEvents>(LIMITS, parts);
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
    handle: ({ query: { environment }, request, reply }) =>
      streams.answer(request, reply, (stream) => {
        const jobs = new Map<string, Job>();
        let keys: readonly string[] = [];
        const judge = () => {
          // As long as something was not asked about, nothing is said of all of it.
          if (keys.some((key) => !jobs.has(key))) return;
          const own = [...jobs.values()].filter(({ stray }) => !stray);
          stream.send("verdict", { verdict: verdictOf(own), jobs: keys });
        };
        return environments.follow(environment, {
          onJobs: (all) => {
            keys = all;
            for (const key of jobs.keys()) if (!all.includes(key)) jobs.delete(key);
            judge();
          },
          onJob: (key, job) => {
            jobs.set(key, job);
            stream.send("job", job);
            judge();
          },
          onTrouble: (message) => stream.send("trouble", message === undefined ? {} : { message }),
        });
      }),
  });
  return { close: () => streams.close() };
}
