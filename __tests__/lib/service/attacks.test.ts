import { connect } from "node:net";
import { SCOPES } from "../../../lib/service";
import { testService, type TestService } from "../../support/service";

let service: TestService;
let port = 0;
let root = "";
beforeAll(async () => {
  service = await testService();
  root = service.token("root", ...SCOPES);
  port = Number(new URL(await service.app.listen({ host: "127.0.0.1", port: 0 })).port);
});
afterAll(() => service.end(0));

/** Sends bytes as they are, and collects what is answered. */
function send(text: string | Buffer): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let said = "";
    socket.on("data", (chunk: Buffer) => (said += chunk.toString()));
    socket.on("error", () => resolve(said));
    socket.on("close", () => resolve(said));
    socket.setTimeout(3000, () => socket.destroy());
    socket.write(text);
  });
}
const request = (start: string, ...headers: readonly string[]) =>
  send([start, "Connection: close", ...headers, "", ""].join("\r\n"));
const statusOf = (said: string) => Number(/^HTTP\/1\.1 (\d{3}) /.exec(said)?.[1]);
const auth = (token: string) => `Authorization: Bearer ${token}`;

describe("who asks", () => {
  test.each(["HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "GET", "POST"])(
    "by %s without a token is told nothing, on any path",
    async (method) => {
      for (const path of [
        "/api/pools",
        "/api/containers",
        "/api/containers/x",
        "/metrics",
        "/api/execute",
        "/",
        "/api",
      ])
        expect([path, statusOf(await request(`${method} ${path} HTTP/1.1`, "Host: x"))]).toEqual([path, 401]);
    },
  );

  test.each([
    ["two of which the first is right", (good: string) => [auth(good), auth("x")]],
    ["two of which the second is right", (good: string) => [auth("x"), auth(good)]],
    ["two that are the same", (good: string) => [auth(good), auth(good)]],
    ["one that goes on in the next line", (good: string) => ["Authorization: Bearer", ` ${good}`]],
    ["one in the query", () => []],
  ])("by %s tokens is refused", async (_, headers) => {
    const said = await request(`GET /api/pools?access_token=${root} HTTP/1.1`, "Host: x", ...headers(root));
    expect([400, 401]).toContain(statusOf(said));
    expect(said).not.toContain("warm-pool-openai");
  });

  test("without tokens, two names of the service are refused, however they are written", async () => {
    const open = await testService({ tokens: "none" });
    const address = await open.app.listen({ host: "127.0.0.1", port: 0 });
    const before = port;
    port = Number(new URL(address).port);
    try {
      const ask = async (start: string, ...headers: readonly string[]) => statusOf(await request(start, ...headers));
      expect(await ask("GET /api/pools HTTP/1.1", "Host: localhost")).toBe(200);
      for (const hosts of [
        ["Host: localhost", "Host: evil.example"],
        ["Host: evil.example", "Host: localhost"],
        ["Host: localhost, evil.example"],
        ["Host: localhost@evil.example"],
      ])
        expect([400, 403]).toContain(await ask("GET /api/pools HTTP/1.1", ...hosts));
      expect([400, 403, 404]).toContain(await ask("GET http://evil.example/api/pools HTTP/1.1", "Host: localhost"));
    } finally {
      port = before;
      await open.end(0);
    }
  });
});

describe("what is sent", () => {
  test.each([
    ["Transfer-Encoding and Content-Length", ["Content-Length: 4", "Transfer-Encoding: chunked"], "0\r\n\r\n"],
    ["a Transfer-Encoding that is none", ["Transfer-Encoding: xchunked"], "0\r\n\r\n"],
    ["two Transfer-Encodings", ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"], "0\r\n\r\n"],
    ["a length with a sign", ["Content-Length: +2"], "{}"],
    ["a header with a space before its colon", ["Content-Length : 2"], "{}"],
  ])("with %s is one request that is refused, and no second", async (_, headers, body) => {
    const head = ["POST /api/execute HTTP/1.1", "Host: x", auth(root), "Content-Type: application/json", ...headers];
    const smuggled = `GET /api/pools HTTP/1.1\r\nHost: x\r\n${auth(root)}\r\n\r\n`;
    const said = await send(`${head.join("\r\n")}\r\n\r\n${body}${smuggled}`);
    expect(statusOf(said)).toBe(400);
    expect(said.match(/^HTTP\/1\.1 /gm)).toHaveLength(1);
    expect(said).not.toContain("warm-pool-openai");
  });

  test.each([
    "/api/containers/../pools",
    "/api/containers/..%2fpools",
    "/api/containers/%2e%2e/%2e%2e/healthz",
    "/api/containers/a%2fb",
    "/api/containers/%00",
    "/api/containers/%zz",
    `/api/containers/${"x".repeat(300)}`,
    "/api/containers/%ff",
    "/api//pools",
    "/API/POOLS",
    "/api/pools/",
    "/api/pools;x",
    "/api/pools%20",
    "//evil.example/api/pools",
    "http://evil.example/api/pools",
    "/healthz/../api/pools",
    "*",
  ])("to the path %s finds nothing else than what it names", async (path) => {
    const said = await request(`GET ${path} HTTP/1.1`, "Host: x", auth(root));
    expect([400, 404]).toContain(statusOf(said));
    expect(said).toContain("application/problem+json");
    expect(said).not.toContain("warm-pool-openai");
    expect([400, 401, 404]).toContain(statusOf(await request(`GET ${path} HTTP/1.1`, "Host: x")));
  });

  test.each([
    "%2e%2e",
    "a%2f..%2fwarm-pool-openai",
    "warm-pool-openai%00",
    "warm-pool-openai%2f",
    "%ff",
    "constructor",
    "__proto__",
  ])("to the pool %s drains none", async (pool) => {
    const said = await request(`POST /api/pools/${pool}/drain HTTP/1.1`, "Host: x", auth(root), "Content-Length: 0");
    expect([400, 404]).toContain(statusOf(said));
    expect(service.pools.drained).toBe(false);
  });

  const execute = { userId: "root", provider: "openai", command: "true" };
  const usual = JSON.stringify(execute).slice(0, -1);
  test.each<[string, string]>([
    ["a list a million deep", `${"[".repeat(1_000_000)}${"]".repeat(1_000_000)}`],
    ["objects two hundred thousand deep", `${'{"a":'.repeat(200_000)}1${"}".repeat(200_000)}`],
    ["deep variables", `${usual},"env":{"A":${"[".repeat(900_000)}${"]".repeat(900_000)}}}`],
    ["a prototype", `${usual},"__proto__":{"command":"id"}}`],
    ["a prototype among variables", `${usual},"env":{"__proto__":{"A":"x"}}}`],
    ["a constructor's prototype", `${usual},"constructor":{"prototype":{"command":"id"}}}`],
    ["a number for a text", `${usual.replace('"true"', "1")}}`],
    ["nothing but a text", '"x"'],
    ["null", "null"],
    ["a list", "[]"],
    ["no UTF-8", "\ufffd{"],
  ])("with %s for a body is refused in words, and the service lives", async (_, body) => {
    const before = service.pools.ran.length;
    const answer = await service.app.inject({
      method: "POST",
      url: "/api/execute",
      headers: { authorization: `Bearer ${root}`, "content-type": "application/json" },
      body,
    });
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ code: "bad-request" });
    expect(answer.body.length).toBeLessThan(2000);
    expect(service.pools.ran).toHaveLength(before);
    expect(({} as { command?: string }).command).toBeUndefined();
  });

  test("more than the limit is refused, whether it says so or comes in chunks", async () => {
    const large = `${usual},"stdin":"${"x".repeat(3_000_000)}"}`;
    const head = `POST /api/execute HTTP/1.1\r\nHost: x\r\n${auth(root)}\r\nContent-Type: application/json\r\nConnection: close\r\n`;
    const whole = await send(`${head}Content-Length: ${large.length}\r\n\r\n${large}`);
    const chunked = await send(
      `${head}Transfer-Encoding: chunked\r\n\r\n${large.length.toString(16)}\r\n${large}\r\n0\r\n\r\n`,
    );
    // Who sends on without reading the answer may see its connection reset instead.
    expect([whole, chunked].map((said) => said === "" || statusOf(said) === 413)).toEqual([true, true]);
    expect(statusOf(await request("GET /healthz HTTP/1.1", "Host: x"))).toBe(200);
  });

  test("names that every object has are names of variables like others", async () => {
    const env = { constructor: "a", toString: "b", hasOwnProperty: "c", valueOf: "d" };
    const answer = await service.ask(root, "POST", "/api/execute", { ...execute, env });
    expect(answer.status).toBe(200);
    expect(service.pools.ran.at(-1)?.options.env).toEqual(env);
  });

  test("is told which name no variable can have, unless it looks like none", async () => {
    const detailOf = async (name: string) => {
      const answer = await service.ask(root, "POST", "/api/execute", { ...execute, env: { [name]: "v" } });
      return [answer.status, (answer.body as { detail?: string }).detail];
    };
    const rest = "that no variable can have; write letters, digits and underscores, no digit first";
    expect(await detailOf("MY-KEY")).toEqual([400, `/env has the name "MY-KEY" ${rest}`]);
    // A key in the place of its name is not repeated.
    for (const key of ["sk live = 4", "sk-live-4eC39HqLyjWDarjtT1zdp7dc", "planted17xd53c6f"])
      expect(await detailOf(key.replace("planted", "-planted"))).toEqual([400, `/env has a name ${rest}`]);
  });

  test("names no owner with half a surrogate pair: a store keeps each of them as the same sign", async () => {
    const claimFor = (owner: string) =>
      service.ask(root, "POST", "/api/containers", { pool: "warm-pool-openai", owner });
    for (const half of ["\ud800", "ann\udc00", "\ud83dx"])
      expect(await claimFor(half)).toMatchObject({ status: 400, body: { code: "bad-request" } });
    expect(await claimFor("ann 🚀")).toMatchObject({ status: 201 });
  });

  test("has no place for an address: the service asks nobody that a client names", async () => {
    const document = (await service.ask("", "GET", "/openapi.json")).text;
    const { paths } = JSON.parse(document) as { paths: object };
    const bodies = JSON.stringify(paths, (key, value: unknown) => (key === "responses" ? undefined : value));
    expect(bodies.match(/"(?:[a-z]*_?(?:url|uri|address|host|callback|webhook|endpoint|proxy))":\{/gi)).toBeNull();
    for (const field of ["address", "url", "nomad", "consul", "callback"])
      expect(
        await service.ask(root, "POST", "/api/execute", { ...execute, [field]: "http://169.254.169.254/" }),
      ).toMatchObject({ status: 400 });
  });
});
