import fc from "fast-check";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import { ServedBrowsers, type AuditLine } from "../../../lib/service";
import { Tickets } from "../../../lib/service/tickets";
import { BrowsersInMemory } from "../../support/browsers-in-memory";
import { draws } from "../../support/draws";
import { testService, type TestService } from "../../support/service";
import { until } from "../../support/until";

const PATH = "/api/browser-sessions";
const PAGE = "https://accounts.example/login?state=planted";

async function made(browsers = new BrowsersInMemory()) {
  const service = await testService({ browsers });
  const ann = service.token("ann", "claim", "read", "execute");
  return {
    service,
    browsers,
    ann,
    open: () => service.ask(ann, "POST", PATH, { userId: "ann", provider: "google", url: PAGE }),
  };
}

describe("the routes of browser sessions", () => {
  test("open, tell, list and end a session of one's own, and know no other's", async () => {
    const { service, ann, open } = await made();
    const bob = service.token("bob", "claim", "read", "execute");
    const opened = await open();
    expect(opened).toMatchObject({ status: 201, body: { id: "1-1", owner: "ann", address: "192.168.100.1" } });
    expect(opened.text).not.toContain("planted");
    const one = `${PATH}/1-1`;
    expect(await service.ask(ann, "GET", PATH)).toMatchObject({ body: { sessions: [{ id: "1-1" }] } });
    expect(await service.ask(bob, "GET", PATH)).toMatchObject({ body: { sessions: [] } });
    for (const [method, url] of [
      ["GET", one],
      ["DELETE", one],
      ["POST", `${one}/renew`],
      ["POST", `${one}/tickets`],
      ["GET", `${one}/credentials`],
    ] as const)
      expect(await service.ask(bob, method, url)).toMatchObject({ status: 404, body: { code: "session-unknown" } });
    expect(await service.ask(ann, "DELETE", one)).toMatchObject({ status: 204 });
    expect(await service.ask(ann, "GET", one)).toMatchObject({ status: 404 });
  });

  test("want the scopes of their siblings, an owner who may be named, and an address of the web", async () => {
    const { service, ann } = await made();
    const body = { userId: "ann", provider: "google", url: PAGE };
    const reader = service.token("ann", "read");
    expect(await service.ask(reader, "POST", PATH, body)).toMatchObject({ body: { code: "scope-missing" } });
    expect(await service.ask(reader, "GET", `${PATH}/1-1/credentials`)).toMatchObject({
      body: { code: "scope-missing" },
    });
    expect(await service.ask("", "POST", PATH, body)).toMatchObject({ status: 401 });
    expect(await service.ask(ann, "POST", PATH, { ...body, userId: "bob" })).toMatchObject({
      body: { code: "other-owner" },
    });
    for (const url of ["file:///etc/passwd", "javascript:alert(1)", "https://a\nopen https://b", "", 7])
      expect(await service.ask(ann, "POST", PATH, { ...body, url })).toMatchObject({ status: 400 });
  });

  test("an owner has so many at once, also where they ask together; without a free place it says so", async () => {
    const browsers = new BrowsersInMemory();
    browsers.places = 4;
    const { service, open } = await made(browsers);
    // Of those who ask together, all have asked before the first of them is known to have opened one.
    const places = browsers.placesOf.bind(browsers);
    browsers.placesOf = (owner) => new Promise((resolve) => setTimeout(() => void places(owner).then(resolve), 50));
    const statuses = (await Promise.all([open(), open(), open(), open(), open()])).map(({ status }) => status);
    expect(statuses.sort()).toEqual([201, 201, 201, 429, 429]);
    const bob = service.token("bob", "claim");
    browsers.places = browsers.sessions.size;
    const refused = await service.ask(bob, "POST", PATH, { userId: "bob", provider: "google", url: PAGE });
    expect(refused).toMatchObject({ status: 429, body: { code: "pool-busy" } });
  });

  test("an owner has no more of them by asking two services at the same moment, whatever comes between", async () => {
    const moment = fc.integer({ min: 0, max: 4 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.boolean(), moment, moment), { minLength: 4, maxLength: 10 }),
        async (asks) => {
          const browsers = new BrowsersInMemory();
          browsers.places = 99;
          const turns = asks.map(([, , turn]) => turn);
          browsers.claiming = () => sleep(turns.shift() ?? 0);
          const services = await Promise.all([made(browsers), made(browsers)]);
          let most = 0;
          const counting = setInterval(() => (most = Math.max(most, browsers.sessions.size)), 1);
          const asked = asks.map(async ([second, when]) => {
            await sleep(when);
            return services[second ? 1 : 0].open();
          });
          const statuses = (await Promise.all(asked)).map(({ status }) => status);
          clearInterval(counting);
          expect(Math.max(most, browsers.sessions.size)).toBeLessThanOrEqual(3);
          expect(statuses.filter((status) => status === 201)).toHaveLength(browsers.sessions.size);
          expect(browsers.claimed.size).toBe(browsers.sessions.size);
          // Whoever asks again, alone, has what is left.
          for (const { open } of services) while (browsers.sessions.size < 3) expect((await open()).status).toBe(201);
        },
      ),
      { numRuns: draws(20) },
    );
  });

  test("a session that is being opened counts once, though it stands in the list by then", async () => {
    const browsers = new BrowsersInMemory();
    browsers.places = 9;
    let release = (): void => undefined;
    browsers.opening = new Promise((resolve) => (release = resolve));
    const { open } = await made(browsers);
    const asked = [];
    for (let number = 1; number <= 4; number += 1) {
      asked.push(open());
      if (number <= 3) await until("its machine is submitted", () => browsers.sessions.size === number);
    }
    expect((await asked.at(-1))?.body.code).toBe("too-many-sessions");
    release();
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([201, 201, 201, 429]);
  });

  test("credentials are there once a login has handed them over, and no cache keeps them", async () => {
    const { service, browsers, ann, open } = await made();
    await open();
    const one = `${PATH}/1-1/credentials`;
    expect(await service.ask(ann, "GET", one)).toMatchObject({ status: 404, body: { code: "credentials-missing" } });
    browsers.current = { kind: "credentials", credentials: { code: "c" } };
    expect(await service.ask(ann, "GET", one)).toMatchObject({
      status: 200,
      headers: { "cache-control": "no-store" },
      body: { credentials: { code: "c" } },
    });
  });

  test("the page holds nothing of a session, and loads only files that it has", async () => {
    const { service } = await made();
    const page = await service.app.inject("/browser/1-1");
    expect(page.headers["content-security-policy"]).toContain("default-src 'none'");
    for (const [, path = ""] of page.body.matchAll(/(?:src|href)="(\/[^"]+)"/g))
      expect((await service.app.inject(path)).statusCode).toBe(200);
    expect((await service.app.inject("/browser-files/novnc/core/rfb.js")).statusCode).toBe(200);
    // A browser that could not load all of them loads them anew, under names that it has not failed with.
    expect((await service.app.inject("/browser-files/try-4/novnc/core/rfb.js")).statusCode).toBe(200);
    for (const path of [
      "novnc/package.json",
      "../package.json",
      "%2e%2e/package.json",
      "novnc/core/..%2f..%2fpackage.json",
    ])
      expect((await service.app.inject(`/browser-files/${path}`)).statusCode).toBeGreaterThanOrEqual(400);
  });
});

describe("the WebSocket of a screen", () => {
  const running: TestService[] = [];
  afterEach(async () => {
    for (const service of running.splice(0)) await service.end(0);
  });

  async function listening() {
    const { service, browsers, ann, open } = await made();
    running.push(service);
    await open();
    await service.app.listen({ host: "127.0.0.1", port: 0 });
    const { port } = service.app.server.address() as AddressInfo;
    const ticket = async () => String((await service.ask(ann, "POST", `${PATH}/1-1/tickets`)).body.ticket);
    return { service, browsers, port, ticket, open };
  }

  /** What comes of a connection: what it says back, or the status of its refusal. */
  async function connected(port: number, ticket: string, session = "1-1", headers = {}): Promise<string | number> {
    const url = `ws://127.0.0.1:${port}${PATH}/${session}/screen`;
    const socket = new WebSocket(url, ["binary", `ticket.${ticket}`], { headers });
    return new Promise((resolve, reject) => {
      socket.once("unexpected-response", (_request, response) => resolve(response.statusCode ?? 0));
      socket.once("error", reject);
      socket.once("open", () => socket.send(Buffer.from("RFB")));
      socket.once("message", (data: Buffer) => {
        resolve(`${socket.protocol} ${data.toString()}`);
        socket.close();
      });
    });
  }

  test("carries bytes for a ticket, once, and never says the ticket", async () => {
    const { port, ticket } = await listening();
    const given = await ticket();
    expect(await connected(port, given)).toBe("binary RFB");
    expect(await connected(port, given)).toBe(403);
    expect(await connected(port, "x".repeat(43))).toBe(403);
  });

  test("is carried for one of many who have the same ticket at once", async () => {
    const { port, ticket } = await listening();
    const given = await ticket();
    const answers = await Promise.all(Array.from({ length: 20 }, () => connected(port, given)));
    expect(answers.filter((answer) => answer === "binary RFB")).toHaveLength(1);
    expect(answers.filter((answer) => answer === 403)).toHaveLength(19);
  });

  test("is the only one: no other route opens a WebSocket, public or not", async () => {
    const { port, service } = await listening();
    const authorization = `Bearer ${service.token("ann", "read")}`;
    for (const path of ["/healthz", "/openapi.json", "/browser/1-1", "/api/session", `${PATH}/1-1`, "/metrics"]) {
      const socket = new WebSocket(`ws://127.0.0.1:${port}${path}?secret=planted`, { headers: { authorization } });
      const status = await new Promise((resolve, reject) => {
        socket.once("unexpected-response", (_request, response) => resolve(response.statusCode));
        socket.once("open", () => resolve("open"));
        socket.once("error", reject);
      });
      socket.once("error", () => undefined);
      socket.terminate();
      expect([path, status]).toEqual([path, 400]);
    }
  });

  test("shows nothing to somebody whose token was taken away, with a ticket of before or while they look", async () => {
    const { service, port, ticket } = await listening();
    const [late, early] = [await ticket(), await ticket()];
    const url = `ws://127.0.0.1:${port}${PATH}/1-1/screen`;
    const looking = new WebSocket(url, ["binary", `ticket.${early}`]);
    const closed = new Promise<number>((resolve) => looking.once("close", resolve));
    await new Promise((resolve) => looking.once("open", resolve));
    service.forget("ann");
    expect(await connected(port, late)).toBe(401);
    expect(await closed).toBe(4403);
  });

  test("shows nothing to somebody who has left their session, with a ticket of before or while they look", async () => {
    const { service, port } = await listening();
    const address = `http://127.0.0.1:${port}`;
    const authorization = `Bearer ${service.token("ann", "claim")}`;
    const login = await fetch(`${address}/api/session`, { method: "POST", headers: { authorization } });
    const headers = { cookie: login.headers.getSetCookie()[0]?.split(";")[0] ?? "" };
    const ticket = async () => {
      const given = await fetch(`${address}${PATH}/1-1/tickets`, { method: "POST", headers });
      return ((await given.json()) as { ticket: string }).ticket;
    };
    const [late, early] = [await ticket(), await ticket()];
    const looking = new WebSocket(`ws://127.0.0.1:${port}${PATH}/1-1/screen`, ["binary", `ticket.${early}`]);
    const closed = new Promise<number>((resolve) => looking.once("close", resolve));
    await new Promise((resolve) => looking.once("open", resolve));
    expect((await fetch(`${address}/api/session`, { method: "DELETE", headers })).status).toBe(204);
    expect(await connected(port, late)).toBe(401);
    expect(await closed).toBe(4403);
  }, 15_000);

  test.each<[string, (browsers: BrowsersInMemory) => void]>([
    ["the session has ended: its time was over, or somebody ended it", ({ sessions }) => sessions.clear()],
    ["the machine of the session has ended", (browsers) => (browsers.areGone = true)],
    ["the connection to the screen was lost; ask for a new link", () => undefined],
  ])("says why a screen ends: %s", async (reason, happens) => {
    const { browsers, port, ticket } = await listening();
    const url = `ws://127.0.0.1:${port}${PATH}/1-1/screen`;
    const looking = new WebSocket(url, ["binary", `ticket.${await ticket()}`]);
    const closed = new Promise<unknown[]>((resolve) =>
      looking.once("close", (code: number, why: Buffer) => resolve([code, why.toString()])),
    );
    looking.once("open", () => looking.send("RFB"));
    await new Promise((resolve) => looking.once("message", resolve));
    happens(browsers);
    browsers.screens[0]?.end();
    expect(await closed).toEqual([4410, reason]);
  });

  test("a ticket is of one session, and a page of another server does not bring one", async () => {
    const { port, ticket, open } = await listening();
    await open();
    expect(await connected(port, await ticket(), "1-2")).toBe(403);
    expect(await connected(port, await ticket(), "1-1", { origin: "https://evil.example" })).toBe(403);
    expect(await connected(port, await ticket(), "1-1", { origin: `http://127.0.0.1:${port}` })).toBe("binary RFB");
  });
});

describe("the audit log", () => {
  test("says who opened a session, looked at it, took what it handed over and ended it, and no secret of it", async () => {
    const lines: string[] = [];
    const browsers = new BrowsersInMemory();
    const service = await testService({
      browsers,
      audit: { stream: { write: (line) => void lines.push(line) }, date: () => 0 },
    });
    const ann = service.token("ann", "claim", "read", "execute", "any-owner");
    const bob = service.token("bob", "claim", "read", "execute");
    await service.ask(ann, "POST", PATH, { userId: "bob", provider: "google", url: PAGE });
    const one = `${PATH}/1-1`;
    await service.ask(bob, "GET", `${one}/credentials`);
    browsers.current = { kind: "credentials", credentials: { code: "handed-over" } };
    await service.ask(bob, "GET", `${one}/credentials`);
    await service.ask(bob, "POST", `${one}/renew`);
    await service.ask(service.token("eve", "claim"), "DELETE", one);
    await service.app.listen({ host: "127.0.0.1", port: 0 });
    const { port } = service.app.server.address() as AddressInfo;
    const ticket = String((await service.ask(ann, "POST", `${one}/tickets`)).body.ticket);
    const socket = new WebSocket(`ws://127.0.0.1:${port}${one}/screen`, ["binary", `ticket.${ticket}`]);
    socket.once("open", () => socket.send("RFB"));
    await new Promise((resolve) => socket.once("message", resolve));
    socket.close();
    await new Promise((resolve) => socket.once("close", resolve));
    while (!lines.some((line) => line.includes("leaveBrowserScreen")))
      await new Promise((resolve) => setTimeout(resolve, 10));
    await service.ask(bob, "DELETE", one);
    await service.end(0);
    const written = lines.map((line) => JSON.parse(line) as AuditLine);
    expect(written.map(({ audit, owner, to, for: whose, status }) => [audit, owner, to, whose, status])).toEqual([
      ["openBrowserSession", "ann", "1-1", "bob", 201],
      ["takeBrowserCredentials", "bob", "1-1", undefined, 200],
      ["endBrowserSession", "eve", undefined, undefined, 404],
      ["giveBrowserTicket", "ann", "1-1", "bob", 201],
      ["viewBrowserScreen", "ann", "1-1", "bob", 101],
      ["leaveBrowserScreen", "ann", "1-1", "bob", 200],
      ["endBrowserSession", "bob", "1-1", undefined, 204],
    ]);
    for (const hidden of [ticket, ann, bob, "planted", "handed-over"]) expect(lines.join("")).not.toContain(hidden);
  });
});

describe("sessions whose store is not there yet", () => {
  test("are started again and again, and refused until then with what can be asked again", async () => {
    const there = new BrowsersInMemory();
    const said: string[] = [];
    let answers = false;
    let attempts = 0;
    const start = () => {
      attempts += 1;
      return answers ? Promise.resolve() : Promise.reject(new Error("connection refused"));
    };
    const browsers = new ServedBrowsers(Object.assign(there, { start }), (message) => void said.push(message), 5);
    const service = await testService({ browsers });
    const ann = service.token("ann", "claim", "read");
    while (attempts < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    const open = () => service.ask(ann, "POST", PATH, { userId: "ann", provider: "google", url: PAGE });
    expect(await open()).toMatchObject({ status: 503, body: { code: "unavailable" } });
    expect((await service.app.inject("/readyz")).statusCode).toBe(503);
    expect(said).toEqual(["the pool of browser sessions could not be started: connection refused"]);
    answers = true;
    while (browsers.dependency().trouble !== undefined) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await open()).toMatchObject({ status: 201 });
    await service.end(0);
  });

  test("are given up with the service", async () => {
    const start = () => Promise.reject(new Error("connection refused"));
    const browsers = new ServedBrowsers(Object.assign(new BrowsersInMemory(), { start }), () => undefined, 60_000);
    await browsers.stop();
    expect(browsers.dependency().trouble).toBeDefined();
  });
});

test("a ticket is over after thirty seconds", () => {
  let now = 0;
  const tickets = new Tickets<string>(() => now);
  const { ticket } = tickets.give("1-1", "ann");
  const late = tickets.give("1-1", "ann").ticket;
  now = 29_999;
  expect(tickets.take(ticket, "1-1")).toBe("ann");
  now = 30_000;
  expect(tickets.take(late, "1-1")).toBeUndefined();
});
