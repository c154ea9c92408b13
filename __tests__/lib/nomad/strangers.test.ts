import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { ApiError, apiPath, ConsulClient, consulConnection, NomadClient, nomadConnection } from "../../../lib/nomad";
import { UserError } from "../../../lib";
import { ASKINGS, type DrawnClients } from "../../support/drawn-answers";

const PAGE = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><form></form></body></html>\n";

const BOMB = gzipSync(Buffer.alloc(50_000_000));

/** What both servers write beside their answers. */
const INDEX = { "X-Nomad-Index": "7", "X-Consul-Index": "7" };

/** What may stand between a client and its server, and what it answers to everything. */
const STRANGERS: Readonly<Record<string, (response: ServerResponse) => void>> = {
  "a proxy's page that says 404": (response) => response.writeHead(404, { "content-type": "text/html" }).end(PAGE),
  "an empty 404": (response) => response.writeHead(404).end(),
  "the 404 of another API": (response) =>
    response.writeHead(404, { "content-type": "application/json" }).end('{"error":"no route"}'),
  "the 404 of a Consul's path": (response) =>
    response
      .writeHead(404, { "content-type": "text/plain" })
      .end("Invalid URL path: not a recognized HTTP API endpoint"),
  "a page for a login": (response) => response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(PAGE),
  "a page without its kind": (response) => response.writeHead(200).end(PAGE),
  "a redirect to a login": (response) =>
    response.writeHead(302, { location: "https://sso.example/login?token=hunter-two" }).end(),
  "a page that says 403": (response) => response.writeHead(403, { "content-type": "text/html" }).end(PAGE),
  "a page that says 401": (response) => response.writeHead(401, { "content-type": "text/html" }).end(PAGE),
  "a text": (response) => response.writeHead(200, { "content-type": "text/plain" }).end("OK\n"),
  "JSON of something else": (response) => response.writeHead(200).end('"UP"'),
  "the health of something else": (response) => response.writeHead(200).end('{"status":"UP"}'),
  "a thing that was made": (response) => response.writeHead(201).end('{"id":7,"links":[],"data":{"Name":"web"}}'),
  "an empty list": (response) => response.writeHead(200, { "content-type": "application/json" }).end("[]"),
  "an empty object": (response) => response.writeHead(200, { "content-type": "application/json" }).end("{}"),
  null: (response) => response.writeHead(200, { "content-type": "application/json" }).end("null"),
  "an answer without its body": (response) => response.writeHead(200, INDEX).end(),
  "an answer that says it has no body": (response) => response.writeHead(204, INDEX).end(),
  "an answer of spaces": (response) => response.writeHead(200, INDEX).end(" \n"),
  "a compressed answer": (response) => response.writeHead(200, { "content-encoding": "gzip" }).end(BOMB),
  "a page of 100 MB": (response) => endless(response.writeHead(200, { "content-type": "text/html" }), 1600),
  "bytes without an end": (response) => endless(response.writeHead(200), Infinity),
  "a 404 without an end": (response) => endless(response.writeHead(404), Infinity),
};

const NOTHINGS = new Set(["an empty list", "an empty object", "null"]);

function endless(response: ServerResponse, pieces: number): void {
  const piece = Buffer.alloc(64 * 1024, "x");
  let left = pieces;
  const more = () => {
    while (left > 0 && !response.destroyed) {
      left -= 1;
      if (!response.write(piece)) return void response.once("drain", more);
    }
    response.end();
  };
  more();
}

let server: Server;
let address: string;
let clients: DrawnClients;
let answer: (response: ServerResponse) => void;

beforeAll(async () => {
  server = createServer((request, response) => {
    request.resume();
    response.on("error", () => undefined);
    answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  clients = {
    nomad: new NomadClient(nomadConnection({ NOMAD_ADDR: address })),
    consul: new ConsulClient(consulConnection({ CONSUL_HTTP_ADDR: address })),
  };
});
afterEach(async () => {
  await Promise.all([clients.nomad.close(), clients.consul.close()]);
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** What is known of an error that names who answered. */
const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    (value) => ({ value }),
    (error: unknown) => error,
  );

const ID = "a0000001-0000-4000-8000-000000000000";
const STOP = new AbortController().signal;
const NOW = { seconds: 1 };

/** What is asked beside what is drawn: changes, of which only a server's own answer means that they were made, and what is waited for. */
const MORE: readonly Pick<(typeof ASKINGS)[number], "endpoint" | "ask">[] = [
  { endpoint: "PUT /v1/agent/join", ask: ({ nomad }) => nomad.join("127.0.0.1:4648") },
  { endpoint: "PUT /v1/allocation/ID/stop", ask: ({ nomad }) => nomad.stopAllocation(ID) },
  { endpoint: "PUT /v1/client/allocation/ID/restart", ask: ({ nomad }) => nomad.restartAllocation(ID) },
  { endpoint: "GET /v1/allocation/ID", ask: ({ nomad }) => nomad.allocation(ID) },
  { endpoint: "GET /v1/job/web/allocations?index=", ask: ({ nomad }) => nomad.watchAllocations("web", NOW) },
  { endpoint: "PUT /v1/deployment/fail/ID", ask: ({ nomad }) => nomad.fail(ID) },
  { endpoint: "PUT /v1/job/web/scale", ask: ({ nomad }) => nomad.scale("web", "web", 2) },
  { endpoint: "POST /v1/job/web/evaluate", ask: ({ nomad }) => nomad.evaluate("web", { forceReschedule: true }) },
  { endpoint: "GET /v1/vars", ask: ({ nomad }) => nomad.watchVariables("pools/", NOW) },
  { endpoint: "GET /v1/var/a", ask: ({ nomad }) => nomad.variable("a") },
  { endpoint: "PUT /v1/var/a", ask: ({ nomad }) => nomad.setVariable("a", { b: "c" }, 0) },
  { endpoint: "DELETE /v1/var/a", ask: ({ nomad }) => nomad.deleteVariable("a", 1) },
  { endpoint: "GET /v1/health/service/web?index=", ask: ({ consul }) => consul.watchInstances("web", NOW) },
  { endpoint: "GET /v1/kv/a?consistent", ask: ({ consul }) => consul.entry("a") },
  { endpoint: "GET /v1/kv/a?recurse", ask: ({ consul }) => consul.watchEntries("a", NOW) },
  { endpoint: "PUT /v1/txn", ask: ({ consul }) => consul.change([{ key: "a", index: 1 }]) },
  { endpoint: "PUT /v1/txn (one)", ask: ({ consul }) => consul.setValue("a/../b", "c") },
  { endpoint: "PUT /v1/config", ask: ({ consul }) => consul.setConfigEntry({ Kind: "service-defaults", Name: "web" }) },
  {
    endpoint: "GET /v1/event/stream",
    ask: async ({ nomad }) => {
      for await (const batch of nomad.events(["Job"], 0, STOP)) return batch;
      throw Object.assign(new UserError([]), { message: `an empty stream of ${address}` });
    },
  },
];

/** The address of a leader is a text, whoever says it. */
const TAKES_A_TEXT = new Set(["GET /v1/status/leader"]);

/** Nomad itself has no more to say of it than its index. */
const HAS_NO_BODY = new Set(["DELETE /v1/var/a"]);
const EMPTY = new Set(["an answer without its body", "an answer that says it has no body", "an answer of spaces"]);

/** What an agent says of itself has no index, and what is nothing there is nothing whoever says it: nobody takes "there is none" from it. */
const HAS_NO_INDEX = /\/v1\/(?:status\/leader|client\/.*\/checks|agent\/checks|event\/stream)$|^DELETE \/v1\/config\//;

test.each(Object.entries(STRANGERS))(
  "%s is the answer of nobody who was asked, at any endpoint",
  async (name, stranger) => {
    answer = stranger;
    const before = process.memoryUsage().rss;
    const wrong: string[] = [];
    for (const { endpoint, ask } of [...ASKINGS, ...MORE]) {
      // What is too long for an event is left out, and the next is waited for.
      if (name === "bytes without an end" && endpoint.includes("/event/stream")) continue;
      const failure = await failureOf(ask(clients));
      const isOfServer = failure instanceof ApiError && /^the 404|^a 404|^an empty/.test(name);
      const isTold = failure instanceof UserError && failure.message.includes(address);
      if (isTold || isOfServer) continue;
      if (name === "JSON of something else" && TAKES_A_TEXT.has(endpoint)) continue;
      if (NOTHINGS.has(name) && HAS_NO_INDEX.test(endpoint)) continue;
      if (EMPTY.has(name) && HAS_NO_BODY.has(endpoint)) continue;
      wrong.push(`${endpoint}: ${failure instanceof Error ? failure.message : JSON.stringify(failure)}`);
    }
    expect(wrong).toEqual([]);
    // Nothing is kept of what is no answer.
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024);
  },
);

test("says what came, and where from, without what stands in an address", async () => {
  answer = STRANGERS["a redirect to a login"] as typeof answer;
  const failure = (await failureOf(clients.nomad.job("web"))) as Error;
  expect(failure.message).toMatch(/it leads elsewhere \(302 to https:\/\/sso\.example\/login\)/);
  expect(failure.message).not.toContain("hunter-two");
  answer = STRANGERS["a page for a login"] as typeof answer;
  expect(((await failureOf(clients.nomad.job("web"))) as Error).message).toMatch(
    /it is a page of HTML \(200: Sign in\)/,
  );
});

test("a server's own 404 is no error: nobody has such a thing", async () => {
  answer = (response) => response.writeHead(404, { "x-nomad-index": "7" }).end("job not found");
  expect(await clients.nomad.job("web")).toBeUndefined();
  answer = (response) => response.writeHead(404, { "x-consul-index": "7" }).end();
  expect(await clients.consul.value("app/a")).toBeUndefined();
  // A proxy that lets no other headers through.
  answer = (response) => response.writeHead(404).end("job not found");
  expect(await clients.nomad.job("web")).toBeUndefined();
});

test("a stream of events is none where a page comes", async () => {
  answer = STRANGERS["a page for a login"] as typeof answer;
  const read = async () => {
    for await (const line of clients.nomad.events(["Job"], 0, new AbortController().signal)) return line;
    return undefined;
  };
  expect(((await failureOf(read())) as Error).message).toContain(address);
});

test.each([
  [
    "headers without an end",
    `X-A: ${"a".repeat(1 << 20)}\r\nContent-Length: 2\r\n\r\n[]`,
    "answers with headers that have no end",
  ],
  [
    "two lengths",
    "Content-Length: 2\r\nContent-Length: 5\r\n\r\n[]",
    "says another length of its answer than that has",
  ],
])("an answer with %s is said to be one", async (_what, rest, said) => {
  answer = (response) => response.socket?.end(`HTTP/1.1 200 OK\r\n${rest}`);
  expect(((await failureOf(clients.nomad.jobs())) as Error).message).toMatch(`what listens at ${address} ${said}`);
});

test.each([
  ["SSH", "SSH-2.0-OpenSSH_9.2p1\r\n"],
  ["HTTP/2", "HTTP/2 200\r\n\r\n"],
  ["a database", "\u004a\0\0\0\n8.0.36\0"],
  ["chunks of nothing", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello"],
])("what speaks %s in the place of HTTP is said to, and no longer that nobody answers", async (_what, said) => {
  answer = (response) => response.socket?.end(said);
  const { message } = (await failureOf(clients.nomad.jobs())) as Error;
  expect(message).toMatch(`what listens at ${address} speaks no HTTP (`);
  expect(message).toMatch(/look whether NOMAD_ADDR has the port of Nomad's HTTP API/);
});

test.each(["banana", "-1", "1e99", "NaN", "7, 7", "99999999999999999999999", ""])(
  "an answer whose index is %j is no server's, and nothing is waited for behind it",
  async (index) => {
    answer = (response) => response.writeHead(200, { "x-nomad-index": index }).end("[]");
    const { message } = (await failureOf(clients.nomad.jobs())) as Error;
    expect(message).toMatch("its X-Nomad-Index is no whole number");
    const path = apiPath`/v1/allocations`;
    expect(await clients.nomad.http.waitFor(path, { seconds: 0.01 })).toBe(0);
  },
);
