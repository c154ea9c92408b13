import { setTimeout as sleep } from "node:timers/promises";
import { Agent, request } from "undici";
import { PAGE_FILES, pageFiles } from "../../../lib/service/browser-page";
import { LOOP, LoadShedding } from "../../../lib/service/load-shedding";
import { BrowsersInMemory } from "../../support/browsers-in-memory";
import { createToken, Tokens, tokenText } from "../../../lib/service";
import { testService, type TestService } from "../../support/service";

// Where more is asked than can be done, those who read hear so at once, and what changes something is done.

describe("the event loop", () => {
  let [now, idle] = [0, 0];
  beforeEach(() => ([now, idle] = [1000, 0]));
  const lettingIn = (some: LoadShedding, count: number) =>
    Array.from({ length: count }, () => some.letsIn()).filter(Boolean).length;
  const shedding = () => new LoadShedding({ now: () => now, idle: () => idle });

  test("lets everybody in while it has not worked for long", () => {
    const some = shedding();
    expect(lettingIn(some, 500)).toBe(500);
    now += 99;
    expect(lettingIn(some, 500)).toBe(500);
  });

  test("lets in eight each tenth of a second while it works without a pause", () => {
    const some = shedding();
    some.letsIn();
    now += 100;
    expect(lettingIn(some, 100)).toBe(8);
    now += 99;
    expect(lettingIn(some, 100)).toBe(0);
    now += 1;
    expect(lettingIn(some, 100)).toBe(8);
  });

  test("lets one of each of four others in where somebody else took the eight", () => {
    const some = shedding();
    some.letsIn();
    now += 100;
    const lets = (owner?: string) => some.letsIn(() => owner);
    expect(Array.from({ length: 100 }, () => lets("ann")).filter(Boolean)).toHaveLength(8);
    expect([lets("bob"), lets("bob"), lets(undefined)]).toEqual([true, false, false]);
    expect(["c", "d", "e", "f", "ann"].map(lets)).toEqual([true, true, true, false, false]);
    now += 100;
    expect(Array.from({ length: 100 }, () => lets("ann")).filter(Boolean)).toHaveLength(8);
    expect(lets("bob")).toBe(true);
  });

  test("lets everybody in after a pause, also one that is made of shorter ones", () => {
    const some = shedding();
    some.letsIn();
    now += 500;
    expect(lettingIn(some, 100)).toBe(8);
    idle += 0.5;
    expect(lettingIn(some, 100)).toBe(0);
    idle += 0.5;
    expect(lettingIn(some, 100)).toBe(100);
  });
});

describe("the clocks of this process", () => {
  test("tell that time passes, and how much of it the loop had nothing to do", async () => {
    const [now, idle] = [LOOP.now(), LOOP.idle()];
    // On a machine that has no moment for this process, it has nothing to do once others are done.
    do await sleep(20);
    while (LOOP.idle() - idle < 5 && LOOP.now() - now < 60_000);
    expect(LOOP.now() - now).toBeGreaterThan(15);
    expect(LOOP.idle() - idle).toBeGreaterThanOrEqual(5);
    expect(LOOP.idle() - idle).toBeLessThanOrEqual(LOOP.now() - now + 1);
  });
});

describe("a service that is asked for more than it can do", () => {
  let service: TestService;
  let address: string;
  let agent: Agent;
  let [now, idle] = [0, 0];
  beforeEach(async () => {
    [now, idle] = [0, 0];
    service = await testService({ loop: { now: () => now, idle: () => idle }, browsers: new BrowsersInMemory() });
    address = await service.app.listen({ host: "127.0.0.1", port: 0 });
    agent = new Agent({ connections: 100 });
    // The loop had a pause when somebody asked this, and works without one since: eight of those who read are let in now.
    await ask("GET", "/healthz");
    now += 1000;
  });
  afterEach(async () => {
    await agent.close();
    await service.end(0);
  });

  async function ask(method: "GET" | "POST", path: string, headers: Record<string, string> = {}) {
    const json = method === "POST" ? { "content-type": "application/json", "lease-generation": "1" } : {};
    const answer = await request(`${address}${path}`, {
      method,
      dispatcher: agent,
      headers: { ...headers, ...json },
      ...(method === "POST" ? { body: "{}" } : {}),
    });
    return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
  }

  test("refuses reads at once with 503 and when to ask again, and answers some", async () => {
    const headers = { authorization: `Bearer ${service.token("ann", "read")}` };
    const answers = await Promise.all(Array.from({ length: 100 }, () => ask("GET", "/api/containers", headers)));
    const refused = answers.filter(({ status }) => status === 503);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(8);
    expect(refused).toHaveLength(92);
    expect(JSON.parse(refused[0]?.text ?? "")).toMatchObject({ code: "overloaded", status: 503, retryAfter: 1 });
    expect(refused[0]?.headers).toMatchObject({
      "retry-after": "1",
      "cache-control": "no-store",
      "content-type": "application/problem+json",
      "x-request-id": expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    // After a pause everybody is let in again.
    idle += 1;
    const later = await Promise.all(Array.from({ length: 10 }, () => ask("GET", "/api/containers", headers)));
    expect(new Set(later.map(({ status }) => status))).toEqual(new Set([200]));
  });

  test("answers others while one owner asks for too much, those whose browser is known by its cookie among them", async () => {
    const made = ["ann", "bob", "eve"].map((owner) => createToken({ owner, scopes: ["read"] }));
    const lines = made.map(({ line }) => tokenText(line)).join("\n");
    const tokens = new Tokens({ name: "tokens", interval: 1000, read: () => Promise.resolve(lines) }, () => 0);
    await service.end(0);
    service = await testService({ loop: { now: () => now, idle: () => idle }, tokens });
    address = await service.app.listen({ host: "127.0.0.1", port: 0 });
    const [ann, bob, eve] = made.map(({ token }) => ({ authorization: `Bearer ${token}` }));
    await ask("GET", "/api/session", bob);
    now += 1000;
    const login = await ask("POST", "/api/session", eve);
    const cookie = String(login.headers["set-cookie"]).split(";")[0] ?? "";
    const page = { cookie, "sec-fetch-site": "same-origin" };
    for (let stretch = 0; stretch < 3; stretch += 1) {
      now += 100;
      await Promise.all(Array.from({ length: 50 }, () => ask("GET", "/api/containers", ann)));
      const unknown = { authorization: `Bearer cnp_0f3a9b1c2d4e_${"x".repeat(43)}` };
      expect((await ask("GET", "/api/containers", unknown)).status).toBe(503);
      expect((await ask("GET", "/api/containers", bob)).status).toBe(200);
      expect((await ask("GET", "/api/session", page)).status).toBe(200);
      expect((await ask("GET", "/api/containers", ann)).status).toBe(503);
    }
  });

  test("is asked whether it lives, and hears who changes something", async () => {
    const headers = { authorization: `Bearer ${service.token("ann", "claim", "read")}` };
    await Promise.all(Array.from({ length: 8 }, () => ask("GET", "/api/containers", headers)));
    const spared = Array.from({ length: 20 }, () => [
      ask("GET", "/healthz"),
      ask("POST", "/api/containers/0f4a/renew", headers),
      ask("POST", "/api/containers", headers),
    ]).flat();
    // The container is nobody's, and no pool is named: that is what the routes themselves say.
    expect(new Set((await Promise.all(spared)).map(({ status }) => status))).toEqual(new Set([200, 404, 400]));
  });

  test("gives a page every file of its own: a module that is refused is asked for by nobody again", async () => {
    const headers = { authorization: `Bearer ${service.token("ann", "read")}` };
    await Promise.all(Array.from({ length: 8 }, () => ask("GET", "/api/containers", headers)));
    const files = [...pageFiles().keys()].map((name) => ask("GET", `${PAGE_FILES}/${name}`));
    const pages = Array.from({ length: 20 }, () => ask("GET", "/browser/1-1"));
    expect(new Set((await Promise.all([...files, ...pages])).map(({ status }) => status))).toEqual(new Set([200]));
  });

  test("counts who was refused, and their route where it is known without looking for it", async () => {
    const headers = { authorization: `Bearer ${service.token("ann", "read")}` };
    await Promise.all(Array.from({ length: 100 }, () => ask("GET", "/api/containers", headers)));
    const { text } = await service.ask(headers.authorization.slice(7), "GET", "/metrics");
    expect(text).toMatch(/requests_total\{method="GET",route="none",status="503"\} \d+/);
  });
});
