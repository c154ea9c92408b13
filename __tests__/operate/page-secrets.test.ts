import { randomBytes } from "node:crypto";
import { join } from "node:path";
import * as v from "valibot";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { Cpu, Memory, Resources } from "../../lib/jobspec";
import { apiPath, type JobJson } from "../../lib/nomad";
import { WarmPoolJob } from "../../lib/pools";
import { byName } from "../../lib/reading";
import { SCOPES } from "../../lib/service";
import { startBrowser, testWithBrowser } from "../support/browser";
import { clusterForSuite } from "../support/cluster";
import { PageProcess } from "../support/page-process";
import { ENVIRONMENT, leaksIn, PLANTED, VARIABLES, valuesOf } from "../support/planted";
import { ServiceProcess, TokenFile } from "../support/pool-service";
import { nap, processesWith } from "../support/processes";
import { until } from "../support/until";

// Open, since the tokens that it is asked with are among what is planted.
const cluster = clusterForSuite({ program: join(__dirname, "programs/planted-secrets.ts"), acl: "open" });
const { project } = cluster;
const PATIENCE = 60_000;

/** What the requests of a job's environment, its keys and its variables hold; a task prints two of them, and fails. */
const withPassword = (address: string, user: string) => address.replace("http://", `http://${user}@`);
const planted = () => ({
  NOMAD_ADDR: withPassword(cluster.addresses.NOMAD_ADDR, `ops:${ENVIRONMENT.nomadAddress.value(1)}`),
  CONSUL_HTTP_ADDR: withPassword(cluster.addresses.CONSUL_HTTP_ADDR, `ops:${ENVIRONMENT.consulAddress.value(1)}`),
  NOMAD_TOKEN: ENVIRONMENT.nomadToken.value(1),
  CONSUL_HTTP_TOKEN: ENVIRONMENT.consulToken.value(1),
  GITHUB_TOKEN: ENVIRONMENT.githubToken.value(1),
  ...Object.fromEntries(Object.entries(valuesOf(VARIABLES, 1)).map(([name, value]) => [`TF_VAR_${name}`, value])),
});

const POOL = "warm-pool-openai";
const KEY = /keyx\d+x[0-9a-f]{24}/g;
const keys: string[] = [];
const key = () => {
  const made = `keyx${keys.length}x${randomBytes(12).toString("hex")}`;
  keys.push(made);
  return made;
};

/** All that a browser was told, and showed. */
class Heard {
  readonly texts = new Map<string, string>();
  readonly #waiting: Promise<unknown>[] = [];

  listen(context: BrowserContext): void {
    context.on("console", (message) => this.hear(`console ${message.text().slice(0, 40)}`, message.text()));
    context.on("request", (request) =>
      this.hear(`request ${request.url()}`, `${request.url()} ${request.postData() ?? ""}`),
    );
    context.on("response", (response) => {
      const { pathname } = new URL(response.url());
      // A stream has no end: what comes of it is on the page.
      if (!/\/events$/.test(pathname))
        this.#waiting.push(
          response.text().then(
            (text) => this.hear(`answer ${response.url()}`, `${JSON.stringify(response.headers())} ${text}`),
            () => undefined,
          ),
        );
    });
  }

  hear(where: string, text: string): void {
    this.texts.set(where, `${this.texts.get(where) ?? ""}\n${text}`);
  }

  async see(page: Page, view: string): Promise<void> {
    await Promise.all(this.#waiting);
    const shown = (await page.evaluate("document.body.innerText")) as string;
    this.hear(view, `${page.url()} ${await page.title()} ${await page.content()} ${shown}`);
  }

  /** Which secrets were seen where. */
  leaks(): readonly string[] {
    return [...this.texts].flatMap(([where, text]) =>
      [...leaksIn(text), ...keys.filter((each) => text.includes(each))].map((leak) => `${where}: ${leak}`),
    );
  }
}

/** Asks every route that only answers, as whoever has a cookie, and looks at what it says. */
async function askEverything(heard: Heard, page: Page, params: Readonly<Record<string, string>>): Promise<number> {
  const document = v.parse(
    v.object({ paths: byName(byName(v.unknown())) }),
    await page.evaluate("fetch('/openapi.json').then((answer) => answer.json())"),
  );
  const routes = Object.entries(document.paths).flatMap(([path, methods]) => ("get" in methods ? [path] : []));
  for (const route of routes) {
    const path = route.replaceAll(/\{(\w+)\}/g, (_all, name: string) => encodeURIComponent(params[name] ?? "none"));
    const query = route.endsWith("/events") || /\/log(\/events)?$/.test(route) ? `?${params.query ?? ""}` : "";
    const asked = JSON.stringify(`${path}${query}`);
    // Of a stream that does not end, what comes in two seconds.
    const text = (await page.evaluate(`(async () => {
      const gone = new AbortController();
      const answer = await fetch(${asked}, { signal: gone.signal });
      setTimeout(() => gone.abort(), 2000);
      let text = answer.status + " ";
      try {
        for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) text += chunk;
      } catch {}
      return text;
    })()`)) as string;
    heard.hear(`route ${route}`, text);
  }
  return routes.length;
}

let browser: Browser | undefined;

beforeAll(async () => {
  browser = await startBrowser().catch(() => undefined);
  project.change({ round: 1, crashes: true });
  await project.run(["deploy", "lab", "--timeout", "25s"], planted());
  await cluster.nomad.http.put(apiPath`/v1/var/${"nomad/jobs/mailer"}`, v.unknown(), {
    body: { Path: "nomad/jobs/mailer", Items: { api_key: key(), webhook: key() } },
  });
}, 240_000);
afterAll(() => browser?.close(), 30_000);

testWithBrowser(
  "of 60 planted secrets of a stack none is on the page, nor in any answer that it is given",
  async () => {
    expect(PLANTED.length).toBeGreaterThanOrEqual(60);
    const served = await PageProcess.start(project, planted());
    const heard = new Heard();
    const context = await (browser as Browser).newContext();
    try {
      heard.listen(context);
      const page = await context.newPage();
      await page.goto(served.login);
      await page.getByRole("link", { name: "lab", exact: true }).click({ timeout: PATIENCE });
      const crasher = page.locator("li.job", { has: page.getByRole("heading", { name: "crasher", exact: true }) });
      await crasher.locator(".reasons li").first().waitFor({ timeout: PATIENCE });
      await crasher.locator("summary").click();
      await heard.see(page, "the environment");
      // What a task printed of its own job is hidden, also where it is followed.
      await crasher
        .getByRole("button", { name: /^Log of t/ })
        .first()
        .click();
      await page.getByLabel("stderr").check();
      await page
        .getByRole("region", { name: /What t wrote to stderr/ })
        .getByText("cannot log in with ••••••")
        .waitFor({ timeout: PATIENCE });
      await heard.see(page, "the log");
      await page.keyboard.press("Escape");
      // A password that somebody typed in by hand, and other keys of Consul.
      const held = (await cluster.nomad.job("mailer")) as JobJson;
      const [group] = held.TaskGroups as { Tasks: { Env: Record<string, string> }[] }[];
      if (group?.Tasks[0]) group.Tasks[0].Env = { ...group.Tasks[0].Env, SMTP_PASS: key(), NOTE: "by hand" };
      await cluster.nomad.register(held, Number(held.JobModifyIndex));
      await cluster.consul.setValue("planted/password", key());
      await page.getByRole("button", { name: "Compare with the program" }).click();
      await page.getByText("mailer was changed").waitFor({ timeout: PATIENCE });
      await heard.see(page, "the drift");
      expect(await page.getByRole("region", { name: "Drift" }).textContent()).toContain("••••••");
      for (const part of ["Environments", "Pools", "Browser sessions"]) {
        await page.getByRole("navigation", { name: "Parts" }).getByRole("link", { name: part }).click();
        await page.getByRole("heading", { name: part, level: 1 }).waitFor({ timeout: PATIENCE });
        await page.waitForTimeout(1500);
        await heard.see(page, part);
      }
      const { environments } = (await page.evaluate("fetch('/api/environments').then((answer) => answer.json())")) as {
        environments: { id: string }[];
      };
      const id = environments[0]?.id ?? "";
      const [allocation] = await cluster.nomad.allocations("crasher");
      const query = new URLSearchParams({
        job: "crasher",
        allocation: allocation?.ID ?? "",
        task: "t",
        stream: "stderr",
      });
      expect(await askEverything(heard, page, { id, query: query.toString() })).toBeGreaterThan(8);
      expect(
        await askEverything(heard, page, { id, query: new URLSearchParams({ environment: id }).toString() }),
      ).toBeGreaterThan(8);
      heard.hear("what the command printed", served.said.replaceAll(served.login, ""));
      expect(heard.texts.get("route /api/environments/{id}/log/events")).toContain("cannot log in with ••••••");
      expect(heard.texts.get("route /api/environments/{id}")).toContain("crasher");
      expect(heard.leaks()).toEqual([]);
    } finally {
      await context.close();
      await served.stop();
    }
  },
  180_000,
);

testWithBrowser(
  "of 25 keys in claims, commands and their containers none is on the page of the pools' service",
  async () => {
    const resources = new Resources({ cpu: Cpu.mhz(20), memory: Memory.mebibytes(32) });
    const job = new WarmPoolJob({
      provider: "openai",
      size: 2,
      execution: { kind: "raw_exec" },
      sharedWithoutIsolation: true,
      resources,
    });
    await cluster.nomad.register(job.toApi().Job as JobJson);
    const tokens = new TokenFile();
    const token = tokens.add("ann", ...SCOPES);
    const service = await ServiceProcess.ofPool(POOL, tokens, cluster.environment, "--log-level", "debug");
    const heard = new Heard();
    const context = await (browser as Browser).newContext();
    try {
      const held = await service.client(token).claim({ pool: POOL, wait: 60_000 });
      const seconds = `20.${nap()}`;
      const ask = (path: string, body: object) =>
        fetch(`${service.address}${path}`, {
          method: "POST",
          headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
          body: JSON.stringify(body),
        }).then((answer) => answer.text());
      const secrets = () => Object.fromEntries(Array.from({ length: 6 }, (_, at) => [`SECRET_${at}`, key()]));
      const running = [
        ask(`/api/containers/${held.id}/execute`, {
          generation: held.generation,
          command: `cat >/dev/null; exec sleep ${seconds}`,
          env: { [`A_${key()}`]: key() },
          stdin: key(),
          secrets: secrets(),
        }),
        ask("/api/execute", {
          userId: "bob",
          provider: "openai",
          command: `cat >/dev/null; exec sleep ${seconds}`,
          env: { B: key() },
          stdin: key(),
          credentials: secrets(),
        }),
      ];
      await until("both run", () => processesWith(`sleep ${seconds}`).length >= 2);
      // What is refused, and what fails, repeats nothing of it either.
      for (const body of [{ pool: key() }, { pool: POOL, ttl: key() }, { [key()]: "x" }])
        await ask("/api/containers", body);
      await ask(`/api/pools/${key()}/drain`, {});
      await ask(`/api/browser-sessions`, { userId: key(), provider: key(), url: `https://x/?token=${key()}` });
      expect(keys.length).toBeGreaterThanOrEqual(25);
      heard.listen(context);
      const page = await context.newPage();
      await page.goto(service.address);
      await page.getByLabel(/Or a token/).fill(token);
      await page.getByRole("button", { name: "Open" }).click();
      for (const part of ["Environments", "Pools", "Browser sessions"]) {
        await page
          .getByRole("navigation", { name: "Parts" })
          .getByRole("link", { name: part })
          .click({ timeout: PATIENCE });
        await page.getByRole("heading", { name: part, level: 1 }).waitFor({ timeout: PATIENCE });
        await page.waitForTimeout(1500);
        await heard.see(page, part);
      }
      expect(heard.texts.get("Pools")).toContain(held.id.slice(0, 8));
      const { environments } = (await page.evaluate("fetch('/api/environments').then((answer) => answer.json())")) as {
        environments: { id: string }[];
      };
      expect(
        await askEverything(heard, page, { id: environments[0]?.id ?? "", pool: POOL, name: POOL, session: held.id }),
      ).toBeGreaterThan(8);
      heard.hear("the service's log", service.said);
      expect(heard.leaks()).toEqual([]);
      expect(processesWith(`sleep ${seconds}`).length).toBeGreaterThanOrEqual(2);
      await service.client(token).release(held);
      expect((await Promise.all(running)).flatMap((text) => text.match(KEY) ?? [])).toEqual([]);
    } finally {
      await context.close();
      await service.kill();
      tokens.remove();
    }
  },
  180_000,
);
