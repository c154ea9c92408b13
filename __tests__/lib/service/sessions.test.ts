import { type AuditLine, SCOPES } from "../../../lib/service";
import { Sessions } from "../../../lib/service/sessions";
import { until } from "../../support/until";
import { testService, type TestService } from "../../support/service";

const HOST = { host: "127.0.0.1:8790" };

/** The cookie that an answer sets, as a browser sends it back. */
function cookieOf(headers: Readonly<Record<string, unknown>>): string {
  return String(headers["set-cookie"]).split(";", 1)[0] ?? "";
}

async function opened(service: TestService, token: string) {
  const { body } = await service.ask(token, "POST", "/api/session/one-time-token");
  const said = await service.ask("", "POST", "/api/session", { oneTimeToken: body.oneTimeToken }, HOST);
  return { said, oneTimeToken: String(body.oneTimeToken), cookie: cookieOf(said.headers) };
}

test("a one-time token opens one session, which is a cookie that no script reads and no other site sends", async () => {
  const service = await testService();
  const { said, oneTimeToken, cookie } = await opened(service, service.token("ann", "read"));
  expect([said.status, said.body]).toEqual([200, { owner: "ann", scopes: ["read"], browserSessions: false }]);
  expect(said.headers["set-cookie"]).toMatch(
    /^cdk-nomad-8790=[A-Za-z0-9_-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/,
  );
  expect((await service.ask("", "GET", "/api/pools", undefined, { ...HOST, cookie })).status).toBe(200);
  expect(
    (await service.ask("", "POST", "/api/pools/warm-pool-openai/drain", undefined, { ...HOST, cookie })).status,
  ).toBe(403);
  const again = await service.ask("", "POST", "/api/session", { oneTimeToken }, HOST);
  expect([again.status, again.headers["set-cookie"]]).toEqual([401, undefined]);
  // A service at another port of the same host is sent its cookie as well, and takes it for none of its own.
  expect((await service.ask("", "GET", "/api/pools", undefined, { host: "127.0.0.1:8791", cookie })).status).toBe(401);
});

test("a person is not moved into the session of somebody who sets a cookie from another port of the host", async () => {
  const service = await testService();
  const [own = "", other = ""] = await Promise.all(
    ["ann", "bob"].map(async (owner) => (await opened(service, service.token(owner, "read"))).cookie),
  );
  for (const cookie of [`${other}; ${own}`, `${own}; ${other}`, `a=b; ${other}; c=d; ${own}`])
    expect(await service.ask("", "GET", "/api/pools", undefined, { ...HOST, cookie })).toMatchObject({
      status: 401,
      body: { code: "several-sessions", detail: expect.stringMatching(/ask again/) as string },
    });
  // The same one twice, and what is no session at all, say nothing else.
  for (const cookie of [`${own}; ${own}`, `${own.split("=")[0] ?? ""}=x; ${own}`])
    expect((await service.ask("", "GET", "/api/pools", undefined, { ...HOST, cookie })).status).toBe(200);
});

test("over HTTPS the cookie goes over nothing else", async () => {
  const service = await testService({ names: ["pools.example.com"] });
  const token = service.token("ann", "read");
  const headers = { host: "pools.example.com", origin: "https://pools.example.com" };
  const said = await service.ask(token, "POST", "/api/session", {}, headers);
  expect([said.status, said.headers["set-cookie"]]).toEqual([200, expect.stringMatching(/; Secure$/)]);
});

test("a session ends when it is left, and with the token that it was opened by", async () => {
  const service = await testService();
  const [left, kept] = await Promise.all(
    ["ann", "bob"].map(async (owner) => (await opened(service, service.token(owner, "read"))).cookie),
  );
  const ask = (cookie = "") => service.ask("", "GET", "/api/session", undefined, { ...HOST, cookie });
  await service.ask("", "DELETE", "/api/session", undefined, { ...HOST, cookie: left ?? "" });
  expect([(await ask(left)).status, (await ask(kept)).status]).toEqual([401, 200]);
  service.forget("bob");
  expect((await ask(kept)).status).toBe(401);
});

test("a session opens no other, which would stand when it is left", async () => {
  const service = await testService();
  const token = service.token("ann", "read");
  const { cookie } = await opened(service, token);
  const path = "/api/session/one-time-token";
  const refused = await service.ask("", "POST", path, undefined, { ...HOST, cookie: cookie ?? "" });
  expect([refused.status, refused.body.code]).toEqual([409, "refused"]);
  expect((await service.ask(token, "POST", path)).status).toBe(200);
});

test("an owner who opens sessions without end ends nobody else's", () => {
  const sessions = new Sessions(() => 0);
  const of = (owner: string) => ({ token: "none", owner, scopes: new Set(SCOPES) });
  const [bob, invited] = [sessions.open(of("bob")), sessions.oneTimeToken(of("bob"))];
  for (let count = 0; count < 12_000; count += 1) {
    sessions.open(of("ann"));
    sessions.oneTimeToken(of("ann"));
  }
  expect(sessions.find(bob)?.owner).toBe("bob");
  expect(sessions.redeem(invited)).toBeDefined();
});

test("one-time tokens and sessions end by themselves", () => {
  let time = 0;
  const sessions = new Sessions(() => time);
  const caller = { token: "none", owner: "ann", scopes: new Set(SCOPES) };
  const [early, late] = [sessions.oneTimeToken(caller), sessions.oneTimeToken(caller)];
  const session = sessions.redeem(early) ?? "";
  expect(sessions.find(session)).toBe(caller);
  time = 121_000;
  expect(sessions.redeem(late)).toBeUndefined();
  time = 13 * 60 * 60_000;
  expect(sessions.find(session)).toBeUndefined();
});

describe("a page of another site", () => {
  test.each([
    [{ origin: "http://example.com" }],
    [{ origin: "null" }],
    [{ origin: "http://127.0.0.1:9999" }],
    [{ "sec-fetch-site": "cross-site" }],
    [{ "sec-fetch-site": "same-site" }],
  ])("is told nothing, and changes nothing: %j", async (headers) => {
    const service = await testService();
    const token = service.token("ann", ...SCOPES);
    const { cookie } = await opened(service, token);
    for (const [as, more] of [
      ["", { cookie }],
      [token, {}],
    ] as const) {
      const all = { ...HOST, ...headers, ...more };
      expect((await service.ask(as, "GET", "/api/pools", undefined, all)).body.code).toBe("foreign-origin");
      expect((await service.ask(as, "POST", "/api/pools/warm-pool-openai/drain", undefined, all)).status).toBe(403);
      expect((await service.ask(as, "POST", "/api/session", {}, all)).headers["set-cookie"]).toBeUndefined();
    }
    expect(service.pools.drained).toBe(false);
  });

  test("whose name was made to lead here is told nothing either", async () => {
    const service = await testService({ names: ["pools.example.com"] });
    const { cookie } = await opened(service, service.token("ann", ...SCOPES));
    const ask = (host: string) => service.ask("", "GET", "/api/pools", undefined, { host, cookie });
    for (const host of ["evil.example:8790", "evil@127.0.0.1:8790", "localhost.:8790", "evil/@127.0.0.1:8790"])
      expect([host, (await ask(host)).body.code]).toEqual([host, "foreign-host"]);
    expect((await service.ask("", "POST", "/api/session", {}, { host: "evil.example" })).body.code).toBe(
      "foreign-host",
    );
    for (const host of ["127.0.0.1:8790", "localhost:8790", "[::1]:8790", "10.1.2.3:8790", "pools.example.com:8790"])
      expect([host, (await ask(host)).status]).toEqual([host, 200]);
  });
});

describe("the audit log", () => {
  test("acts on nobody who reads it in a terminal, whatever owners are called", async () => {
    const lines: string[] = [];
    const service = await testService({ audit: { stream: { write: (line) => void lines.push(line) }, date: () => 0 } });
    const owner = "ann\u202e\u009b2J\u2028";
    const root = service.token("root", "claim", "any-owner");
    await service.ask(root, "POST", "/api/containers", { pool: "warm-pool-openai", owner });
    await until("a line is written", () => lines.length === 1);
    expect(lines[0]).not.toMatch(/[\u0080-\u009f\u2028\u202e]/);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ for: owner });
  });

  test("says who did what to which and when, and nothing that was sent", async () => {
    const lines: string[] = [];
    const service = await testService({ audit: { stream: { write: (line) => void lines.push(line) }, date: () => 0 } });
    const token = service.token("ann", ...SCOPES);
    const secret = "sk-live-0123456789abcdef0123456789abcdef";
    await service.ask(token, "POST", "/api/pools/warm-pool-openai/drain");
    await service.ask(token, "POST", `/api/pools/${secret}/drain`);
    await service.ask(token, "POST", "/api/pools/warm-pool-openai/resize", { containers: 7 });
    await service.ask(token, "POST", "/api/pools/warm-pool-openai/fill");
    const claimed = await service.ask(token, "POST", "/api/containers", { pool: "warm-pool-openai", owner: "bob" });
    const lease = { "lease-generation": String(claimed.body.generation) };
    const at = `/api/containers/${String(claimed.body.id)}`;
    await service.ask(token, "POST", `${at}/execute`, { command: secret, secrets: { KEY: secret } }, lease);
    await service.ask(token, "GET", "/api/pools");
    await service.ask(token, "POST", `${at}/renew`, {}, lease);
    await service.ask(token, "DELETE", at, undefined, lease);
    const written = lines.map((line) => JSON.parse(line) as AuditLine);
    const to = `warm-pool-openai/${String(claimed.body.id)}`;
    const who = { time: "1970-01-01T00:00:00.000Z", owner: "ann", token: expect.stringMatching(/^[0-9a-f]{12}$/) };
    const request = expect.any(String);
    expect(written).toEqual([
      { ...who, audit: "drainPool", to: "warm-pool-openai", status: 200, request },
      { ...who, audit: "drainPool", status: 404, request },
      { ...who, audit: "resizePool", to: "warm-pool-openai", status: 200, request },
      { ...who, audit: "fillPool", to: "warm-pool-openai", status: 200, request },
      { ...who, audit: "claimContainer", to, for: "bob", status: 201, request },
      { ...who, audit: "executeInContainer", to, for: "bob", status: 200, request },
      { ...who, audit: "releaseContainer", to, for: "bob", status: 204, request },
    ]);
    for (const hidden of [secret, token]) expect(lines.join("")).not.toContain(hidden);
    expect(service.pools.size).toBe(7);
  });

  test("has a line for what was refused, and for people who opened the page", async () => {
    const lines: string[] = [];
    const service = await testService({ audit: { stream: { write: (line) => void lines.push(line) }, date: () => 0 } });
    const token = service.token("ann", "read");
    await service.ask(token, "POST", "/api/pools/warm-pool-openai/drain");
    await opened(service, token);
    const written = lines.map((line) => JSON.parse(line) as AuditLine);
    expect(written.map(({ audit, owner, status }) => [audit, owner, status])).toEqual([
      ["drainPool", "ann", 403],
      ["createOneTimeToken", "ann", 200],
      ["openSession", "ann", 200],
    ]);
  });
});

test("requests of one owner are counted together, whatever tokens they have", async () => {
  const service = await testService({ limits: { requests: 3 } });
  const tokens = ["ann", "ann", "bob"].map((owner) => service.token(owner, "read"));
  const ask = async (token = "") => (await service.ask(token, "GET", "/api/pools")).status;
  const [first, second, bob] = tokens;
  expect([await ask(first), await ask(second), await ask(first), await ask(second)]).toEqual([200, 200, 200, 429]);
  expect(await ask(bob)).toBe(200);
});

test("how a pool did is kept for an hour, and what is not known leaves a gap", async () => {
  let time = 0;
  const service = await testService({ now: () => time });
  const token = service.token("ann", ...SCOPES);
  await service.ask(token, "POST", "/api/containers", { pool: "warm-pool-openai" });
  await service.parts.history.sample();
  time = 10_000;
  await service.parts.history.sample();
  time = 14_000;
  const { body } = await service.ask(token, "GET", "/api/pools/warm-pool-openai/history");
  expect(body).toEqual({
    pool: "warm-pool-openai",
    interval: 10_000,
    samples: [
      expect.objectContaining({ age: 14_000, leased: 1, claims: 1, hitRate: 1, median: 0, p99: 0 }),
      { age: 4_000, free: 1, leased: 1, coming: 0, target: 2, queue: 0, claims: 0 },
    ],
  });
  expect((await service.ask(token, "GET", "/api/pools/other/history")).status).toBe(404);
});
