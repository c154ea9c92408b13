import type { FastifyInstance } from "fastify";
import { route, type ServiceParts } from "../../service";
import * as api from "../api";
import type { Environments } from "../environments";
import { positionText, readPosition } from "../log";
import { EventStreams } from "./event-streams";

/** Somebody looks at a few at once; each is a connection to a node. */
const LIMITS = { ofOne: 6, ofOwner: 20, all: 100 };

/** What tasks wrote, and write. */
export function logRoutes(
  app: FastifyInstance,
  environments: Environments,
  parts: Pick<ServiceParts, "askedAgain" | "askerOf">,
): { close(): void } {
  route(app, {
    method: "GET",
    url: "/api/environments/:id/log",
    id: "getTaskLog",
    summary: "Gives the last of what a task wrote, as cdk-nomad logs does, with secrets hidden",
    scope: "environments",
    params: api.environmentParams,
    query: api.logsQuery,
    answer: api.taskLog,
    answerExample: { text: "listening on :8080\n", isWhole: true },
    problems: ["environment-unknown"],
    handle: ({ params: { id }, query: { stream = "stdout", ...place } }) => environments.log(id, { stream, ...place }),
  });

  const streams = new EventStreams<api.LogEvents>(LIMITS, parts);
  route(app, {
    method: "GET",
    url: "/api/environments/:id/log/events",
    id: "followTaskLog",
    summary:
      "Tells what a task writes as it writes it: server-sent events, lines, open, note and state, with secrets hidden, and a comment every five seconds",
    description:
      "Lines are whole, and come with the position behind them: whoever was cut off goes on there with `from`, and has no line twice and none too few. After the state `ended` the stream ends.",
    scope: "environments",
    params: api.environmentParams,
    query: api.followQuery,
    answer: undefined,
    status: 200,
    problems: ["environment-unknown", "rate-limited"],
    handle: ({ params: { id }, query: { stream = "stdout", from, ...place }, request, reply }) =>
      streams.answer(request, reply, (out) =>
        environments.followLog(
          id,
          { stream, ...place },
          {
            onPiece: (piece) => {
              if (piece.kind === "lines")
                out.send("lines", { text: piece.text, position: positionText(piece.position) });
              else if (piece.kind === "open") out.send("open", { text: piece.text });
              else if (piece.kind === "note") out.send("note", { message: piece.message });
              else out.send("state", { state: piece.state, message: piece.message });
              if (piece.kind === "state" && piece.state === "ended") out.end();
            },
            get isFull() {
              return out.isFull;
            },
            ready: (signal) => out.ready(signal),
          },
          from === undefined ? undefined : readPosition(from),
        ),
      ),
  });
  return { close: () => streams.close() };
}
