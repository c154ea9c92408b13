import type { AddressInfo } from "node:net";
import {
  pagePlugin,
  type Drift,
  type EnvironmentListener,
  type Environments,
  type Job,
  type LogPosition,
  type LogReader,
} from "../../../lib/page";
import { BoundedDrifts } from "../../../lib/page/bounded-drifts";
import { HttpProblem, type AuditLine } from "../../../lib/service";
import { testService } from "../../support/service";
import { until } from "../../support/until";

const ID = "shop.dev";
const JOB: Job = {
  key: "//web",
  job: "web",
  state: "healthy",
  version: 1,
  stray: false,
  groups: [],
  reasons: [],
  allocations: [],
};

/** Environments in the memory of a test: one, with one job. */
class OneEnvironment implements Environments {
  readonly followers = new Set<EnvironmentListener>();
  readonly promoted: string[] = [];
  job: Job = JOB;

  list = () =>
    Promise.resolve({
      environments: [{ id: ID, project: "shop", environment: "dev", jobs: 1, recorded: true, program: false }],
      unread: [],
    });

  follow = (id: string, listener: EnvironmentListener) => {
    if (id !== ID) return Promise.reject(new HttpProblem("environment-unknown", "there is none"));
    this.followers.add(listener);
    listener.onJobs(["//web"]);
    listener.onJob("//web", this.job);
    return Promise.resolve(() => void this.followers.delete(listener));
  };

  status = () => Promise.resolve([this.job]);

  promote = (_id: string, { job }: { readonly job: string }, deployment: string) => {
    if (deployment !== "seen") return Promise.reject(new HttpProblem("refused", "another deployment began since"));
    this.promoted.push(job);
    return Promise.resolve();
  };

  drift = () => Promise.reject(new HttpProblem("refused", "there is no program here"));

  log = () => Promise.resolve({ text: "hello\n", isWhole: true });

  readonly readers = new Map<LogReader, LogPosition | undefined>();

  followLog = (id: string, _task: object, reader: LogReader, from?: LogPosition) => {
    if (id !== ID) return Promise.reject(new HttpProblem("environment-unknown", "there is none"));
    this.readers.set(reader, from);
    reader.onPiece({ kind: "lines", text: "hello\n", position: { file: 0, offset: 6 } });
    return Promise.resolve(() => void this.readers.delete(reader));
  };

  close = () => Promise.resolve();
}

async function served(environments = new OneEnvironment()) {
  const lines: string[] = [];
  const audit = { stream: { write: (line: string) => void lines.push(line) }, date: () => 0 };
  const service = await testService({ plugins: [pagePlugin(environments)], audit });
  return { service, environments, audited: () => lines.map((line) => JSON.parse(line) as AuditLine) };
}

test("the document is for everybody, loads only its own, and has no code in it", async () => {
  const { service } = await served();
  const page = await service.ask("", "GET", "/", undefined, { host: "127.0.0.1" });
  expect(page.status).toBe(200);
  expect(page.headers["content-security-policy"]).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/);
  expect(page.headers["content-security-policy"]).not.toMatch(/unsafe|\*|data:/);
  expect(page.headers).toMatchObject({
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
  });
  expect(page.text).not.toMatch(/<script[^>]*>[^<]|<style|style=| on\w+=/);
  for (const [, path = ""] of page.text.matchAll(/(?:src|href)="([^"]+)"/g)) {
    const file = await service.ask("", "GET", path, undefined, { host: "127.0.0.1" });
    expect([path, file.status, file.text.length > 100]).toEqual([path, 200, true]);
    const again = await service.ask("", "GET", path, undefined, {
      host: "127.0.0.1",
      "if-none-match": String(file.headers.etag),
    });
    expect(again.status).toBe(304);
  }
  expect((await service.ask("", "GET", "/", undefined, { host: "evil.example" })).body.code).toBe("foreign-host");
});

test("its script makes no document of text", async () => {
  const { service } = await served();
  const { text } = await service.ask("", "GET", "/page/page.js", undefined, { host: "127.0.0.1" });
  expect(text).not.toMatch(/\beval\(|new Function|document\.write|insertAdjacentHTML|localStorage|sessionStorage/);
});

test("every route wants a scope of its own", async () => {
  const { service } = await served();
  const [seeing, promoting, reading] = (["environments", "promote", "read"] as const).map((scope) =>
    service.token("ann", scope),
  );
  const routes = [
    ["GET", "/api/environments", seeing],
    ["GET", `/api/environments/${ID}`, seeing],
    ["GET", `/api/environments/${ID}/log?job=web&allocation=0f4a1f5e&task=web`, seeing],
    ["POST", `/api/environments/${ID}/jobs/web/promote`, promoting],
  ] as const;
  for (const [method, path, right] of routes) {
    const body = method === "POST" ? { deployment: "seen" } : undefined;
    for (const token of [seeing, promoting, reading]) {
      const { status } = await service.ask(token ?? "", method, path, body);
      expect([path, status]).toEqual([path, token === right ? 200 : 403]);
    }
  }
});

test("a promotion is of the deployment that somebody looked at, and stands in the audit log", async () => {
  const { service, environments, audited } = await served();
  const token = service.token("ann", "promote");
  const at = `/api/environments/${ID}/jobs/web/promote`;
  expect((await service.ask(token, "POST", at, { deployment: "another" })).body.code).toBe("refused");
  expect((await service.ask(token, "POST", at, { deployment: "seen" })).status).toBe(200);
  expect(environments.promoted).toEqual(["web"]);
  expect(audited().map(({ audit, to, status }) => [audit, to, status])).toEqual([
    ["promoteCanaries", "dev of shop", 409],
    ["promoteCanaries", "web of dev of shop", 200],
  ]);
});

test("what becomes of an environment is told to every page, and to none that went away", async () => {
  const { service, environments } = await served();
  const token = service.token("ann", "environments");
  await service.app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = service.app.server.address() as AddressInfo;
  const ended = new AbortController();
  const open = async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/api/events?environment=${ID}`, {
      headers: { authorization: `Bearer ${token}` },
      signal: ended.signal,
    });
    const page = { said: "", type: answer.headers.get("content-type") };
    void (async () => {
      for await (const chunk of answer.body ?? []) page.said += Buffer.from(chunk).toString();
    })().catch(() => undefined);
    return page;
  };
  const pages = [await open(), await open()];
  await until("both have its job", () => pages.every(({ said }) => said.includes('"verdict":"healthy"')));
  expect(pages.map(({ type }) => type)).toEqual(["text/event-stream", "text/event-stream"]);
  const hostile = "\n\nevent: verdict\ndata: {}\n\n</script>";
  const changed: Job = { ...JOB, state: "unknown", reasons: [{ kind: "unknown", message: hostile }] };
  for (const { onJob } of environments.followers) onJob("//web", changed);
  await until("both hear that it is not known", () => pages.every(({ said }) => said.includes('"verdict":"unknown"')));
  for (const { said } of pages) {
    const events = said.split("\n\n").filter((each) => each.startsWith("event:"));
    // What a cluster says begins no event of its own.
    expect(events.filter((each) => /^data: /m.exec(each) === null)).toEqual([]);
    const told = events.map((each) => JSON.parse(/^data: (.*)$/m.exec(each)?.[1] ?? "null") as Partial<Job>);
    expect(told.find(({ state }) => state === "unknown")?.reasons).toEqual(changed.reasons);
  }
  ended.abort();
  await until("nobody is told any more", () => environments.followers.size === 0);
  const unknown = await service.ask(token, "GET", "/api/events?environment=other.dev");
  expect([unknown.status, unknown.body.code]).toEqual([404, "environment-unknown"]);
  await service.end(0);
});

test("what becomes of an environment is told to nobody whose token was taken away", async () => {
  const { service, environments } = await served();
  const token = service.token("ann", "environments");
  await service.app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = service.app.server.address() as AddressInfo;
  const answer = await fetch(`http://127.0.0.1:${port}/api/events?environment=${ID}`, {
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(20_000),
  });
  service.forget("ann");
  expect(await answer.text()).toContain("event: verdict");
  await until("nobody is told any more", () => environments.followers.size === 0);
  await service.end(0);
});

test("pages that are open end with the service", async () => {
  const { service } = await served();
  const token = service.token("ann", "environments");
  await service.app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = service.app.server.address() as AddressInfo;
  const answer = await fetch(`http://127.0.0.1:${port}/api/events?environment=${ID}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const reading = answer.text();
  await service.end(0);
  expect(await reading).toContain("event: verdict");
});

const LOG = `/api/environments/${ID}/log/events?job=web&allocation=0f4a1f5e&task=web`;

/** A service that listens, and what a stream of it says. */
async function listening() {
  const { service, environments } = await served();
  await service.app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = service.app.server.address() as AddressInfo;
  const address = `http://127.0.0.1:${port}`;
  const open = async (token: string, path = LOG, headers: Readonly<Record<string, string>> = {}) => {
    const ended = new AbortController();
    const who: Readonly<Record<string, string>> = token === "" ? {} : { authorization: `Bearer ${token}` };
    const answer = await fetch(`${address}${path}`, { headers: { ...who, ...headers }, signal: ended.signal });
    const page = { status: answer.status, said: "", isOver: false, leave: () => ended.abort() };
    void (async () => {
      for await (const chunk of answer.body ?? []) page.said += Buffer.from(chunk).toString();
      page.isOver = true;
    })().catch(() => undefined);
    return page;
  };
  return { service, environments, address, open };
}

test("what a task writes is told as it comes, goes on at a place that is named, and ends with the task", async () => {
  const { service, environments, open } = await listening();
  const token = service.token("ann", "environments");
  const page = await open(token, `${LOG}&from=2.77`);
  await until("it has what was there", () => page.said.includes("hello"));
  const [[reader, from] = []] = environments.readers;
  expect(from).toEqual({ file: 2, offset: 77 });
  const hostile = "\n\nevent: state\ndata: {}\n\n\u001b[2J</pre><script>";
  reader?.onPiece({ kind: "lines", text: `${hostile}\n`, position: { file: 2, offset: 99 } });
  reader?.onPiece({ kind: "state", state: "ended", message: "The task ended. Exit Code: 0" });
  await until("it is over", () => page.isOver);
  expect(environments.readers.size).toBe(0);
  const events = page.said.split("\n\n").filter((each) => each.startsWith("event:"));
  expect(events.map((each) => /^event: (.*)$/m.exec(each)?.[1])).toEqual(["lines", "lines", "state"]);
  expect(events.map((each) => JSON.parse(/^data: (.*)$/m.exec(each)?.[1] ?? "null") as unknown)).toEqual([
    { text: "hello\n", position: "0.6" },
    { text: `${hostile}\n`, position: "2.99" },
    { state: "ended", message: "The task ended. Exit Code: 0" },
  ]);
  expect(page.said).not.toContain("\u001b");
  expect((await open(token, LOG.replace(ID, "other.dev"))).status).toBe(404);
  expect((await open(token, `${LOG}&from=1.2.3`)).status).toBe(400);
  expect((await open(service.token("bob", "read"))).status).toBe(403);
  await service.end(0);
});

test("one session follows six logs at once, one owner twenty, and a place is free once one is left", async () => {
  const { service, environments, open, address } = await listening();
  const session = async () => {
    const token = service.token("ann", "environments");
    const answer = await fetch(`${address}/api/session`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: "{}",
    });
    return { cookie: (answer.headers.get("set-cookie") ?? "").split(";", 1)[0] ?? "" };
  };
  const [one, two] = [await session(), await session()];
  const pages = [];
  for (let number = 0; number < 6; number += 1) pages.push(await open("", LOG, one));
  expect(pages.map(({ status }) => status)).toEqual(pages.map(() => 200));
  expect((await open("", LOG, one)).status).toBe(429);
  // Another session of the same owner has its own.
  expect((await open("", LOG, two)).status).toBe(200);
  pages[0]?.leave();
  await until("it was let go", () => environments.readers.size === 6);
  expect((await open("", LOG, one)).status).toBe(200);
  for (let number = 7; number < 20; number += 1) {
    const token = service.token("ann", "environments");
    expect((await open(token)).status).toBe(200);
  }
  expect((await open(service.token("ann", "environments"))).status).toBe(429);
  expect((await open(service.token("bob", "environments"))).status).toBe(200);
  await service.end(0);
});

test("a log ends with the session by which it is followed", async () => {
  const { service, environments, open, address } = await listening();
  const token = service.token("ann", "environments");
  const answer = await fetch(`${address}/api/session`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: "{}",
  });
  const cookie = (answer.headers.get("set-cookie") ?? "").split(";", 1)[0] ?? "";
  const page = await open("", LOG, { cookie });
  await until("it has what was there", () => page.said.includes("hello"));
  await fetch(`${address}/api/session`, { method: "DELETE", headers: { cookie } });
  await until("it is told nothing more", () => page.isOver, 15_000);
  expect(environments.readers.size).toBe(0);
  await service.end(0);
});

test("somebody who reads nothing is said to be full, so that nothing piles up", async () => {
  const { service, environments, address } = await listening();
  const token = service.token("ann", "environments");
  const gone = new AbortController();
  const answer = await fetch(`${address}${LOG}`, {
    headers: { authorization: `Bearer ${token}` },
    signal: gone.signal,
  });
  expect(answer.status).toBe(200);
  const [reader] = environments.readers.keys();
  const line = `${"x".repeat(1023)}\n`;
  let sent = 0;
  for (; sent < 64 * 1024 && reader && !reader.isFull; sent += 1) {
    reader.onPiece({ kind: "lines", text: line, position: { file: 0, offset: sent * 1024 } });
    if (sent % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  expect(reader?.isFull).toBe(true);
  const never = new AbortController();
  const ready = reader?.ready(never.signal);
  void answer.text().catch(() => undefined);
  await ready;
  expect(reader?.isFull).toBe(false);
  gone.abort();
  await service.end(0);
});

test("drift is found for two environments at a time, and too many who ask are told to ask again", async () => {
  const environments = new OneEnvironment();
  const ends: (() => void)[] = [];
  let [running, most, found] = [0, 0, 0];
  const lists = { jobs: [], consul: [], strays: [], leftovers: [], foreign: [], unknown: [] };
  const drift = { drifted: false, unchanged: 1, ...lists };
  Object.assign(environments, {
    drift: async () => {
      found += 1;
      most = Math.max(most, (running += 1));
      await new Promise<void>((resolve) => ends.push(resolve));
      running -= 1;
      return drift;
    },
  });
  const { service } = await served(environments);
  const token = service.token("ann", "environments");
  const refused: (readonly unknown[])[] = [];
  const asked = Array.from({ length: 40 }, async (_, index) => {
    const { status, body, headers } = await service.ask(token, "GET", `/api/environments/shop.e${index}/drift`);
    if (status !== 200) refused.push([status, body.code, headers["retry-after"]]);
    return status;
  });
  await until("18 of 40 are refused", () => refused.length === 18);
  expect([refused[0], most, found]).toEqual([[429, "rate-limited", "10"], 2, 2]);
  const all = Promise.all(asked);
  await until("all others are answered", () => {
    for (const end of ends.splice(0)) end();
    return found === 22 && running === 0;
  });
  expect([(await all).filter((status) => status === 200).length, most]).toEqual([22, 2]);
});

test("those who ask for drift while it waits for its turn share one answer, and never one that has begun", async () => {
  const ends: (() => void)[] = [];
  const found: string[] = [];
  const drifts = new BoundedDrifts(async (id) => {
    found.push(id);
    await new Promise<void>((resolve) => ends.push(resolve));
    return { drifted: false, unchanged: found.length } as Drift;
  });
  const asked = ["a", "b"].map((id) => drifts.of(id));
  await until("two have begun", () => ends.length === 2);
  asked.push(...["a", "a", "c", "a"].map((id) => drifts.of(id)));
  await until("all have been told", () => {
    for (const end of ends.splice(0)) end();
    return found.length === 4;
  });
  for (const end of ends.splice(0)) end();
  const answers = (await Promise.all(asked)).map(({ unchanged }) => unchanged);
  expect(found).toEqual(["a", "b", "a", "c"]);
  expect(answers[2]).not.toBe(answers[0]);
  expect(new Set([answers[2], answers[3], answers[5]]).size).toBe(1);
});
