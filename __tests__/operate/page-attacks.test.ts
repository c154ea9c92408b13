import type { AddressInfo } from "node:net";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { pagePlugin, type EnvironmentListener, type Environments } from "../../lib/page";
import type { Job } from "../../lib/page/api";
import { SCOPES } from "../../lib/service";
import { startBrowser, testWithBrowser, wrongFor } from "../support/browser";
import { BrowsersInMemory } from "../support/browsers-in-memory";
import { testService, type TestService } from "../support/service";
import { until } from "../support/until";

/** Markup, the end of a script, a link that acts, codes of a terminal, directions turned around, nothing where something is, and a line's end that is none. */
const HOSTILE = `<img src=x onerror="document.title=1"></script><script>document.title=2</script><a href="javascript:document.title=3">x</a>\u001b[31m\u0007\u202eevil\u2066\u200b\u2028`;
const ACTS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u2028\u202e\u2066]/;
const ID = "project-0f3a.dev";
const PATIENCE = 30_000;

const hostileJob = (key: string, more: Partial<Job> = {}): Job => ({
  key,
  job: `${key} ${HOSTILE}`,
  region: HOSTILE,
  namespace: HOSTILE,
  state: "failed",
  version: 3,
  revert: HOSTILE,
  stray: false,
  groups: [{ name: HOSTILE, desired: 1, running: 0, starting: 0, queued: 0 }],
  reasons: [{ kind: "task", message: HOSTILE }],
  deployment: { id: HOSTILE, version: 3, status: HOSTILE, description: HOSTILE, canaries: 0, healthyCanaries: 0 },
  children: { running: 0, pending: 0, ended: 1, newest: [{ job: HOSTILE, state: "failed", reasons: [] }] },
  allocations: [
    {
      id: "29c5c011-8e6b-4e4f-9f6d-0f1d2c3b4a59",
      name: HOSTILE,
      group: HOSTILE,
      status: HOSTILE,
      canary: false,
      version: 3,
      node: HOSTILE,
      tasks: [{ name: HOSTILE, state: HOSTILE, failed: true, restarts: 1, last: HOSTILE }],
    },
  ],
  ...more,
});

const waiting = (deployment: string, version: number): Job => ({
  key: "//web",
  job: "web",
  state: "waiting-for-promotion",
  version,
  stray: false,
  groups: [],
  reasons: [],
  deployment: { id: deployment, version, status: "running", description: "", canaries: 1, healthyCanaries: 1 },
  allocations: [],
});

/** An environment whose every word somebody else wrote, and which tells what a test wants. */
class HostileEnvironments implements Environments {
  listener: EnvironmentListener | undefined;
  jobs: readonly Job[] = [];
  readonly promoted: string[] = [];

  list() {
    const environment = { id: ID, project: HOSTILE, projectName: HOSTILE, environment: HOSTILE, owner: HOSTILE };
    return Promise.resolve({
      environments: [{ ...environment, jobs: 1, recorded: true, program: true }],
      unread: [HOSTILE],
    });
  }
  follow(_id: string, listener: EnvironmentListener) {
    this.listener = listener;
    this.tell();
    return Promise.resolve(() => undefined);
  }
  tell() {
    this.listener?.onJobs(this.jobs.map(({ key }) => key));
    for (const job of this.jobs) this.listener?.onJob(job.key, job);
  }
  status = () => Promise.resolve(this.jobs);
  promote(_id: string, _place: unknown, deployment: string) {
    this.promoted.push(deployment);
    return Promise.resolve();
  }
  drift() {
    const field = { place: HOSTILE, before: HOSTILE, after: HOSTILE };
    return Promise.resolve({
      drifted: true,
      unchanged: 0,
      jobs: [{ job: HOSTILE, drift: HOSTILE, fields: [field, { place: "lines", lines: HOSTILE }], groups: [HOSTILE] }],
      consul: [{ kind: HOSTILE, name: HOSTILE, change: HOSTILE, fields: [field] }],
      strays: [{ job: HOSTILE }],
      leftovers: [{ kind: HOSTILE, name: HOSTILE }],
      foreign: [{ job: HOSTILE, owner: HOSTILE }],
      unknown: [HOSTILE],
    });
  }
  log = () => Promise.resolve({ text: HOSTILE, isWhole: true });
  followLog(_id: string, _task: unknown, reader: Parameters<Environments["followLog"]>[2]) {
    reader.onPiece({ kind: "note", message: HOSTILE });
    reader.onPiece({ kind: "lines", text: `${HOSTILE}\n`, position: { file: 0, offset: 1 } });
    reader.onPiece({ kind: "state", state: "ended", message: HOSTILE });
    return Promise.resolve(() => undefined);
  }
  close = () => Promise.resolve();
}

const environments = new HostileEnvironments();
const browsers = new BrowsersInMemory();
let service: TestService;
let browser: Browser | undefined;
let context: BrowserContext;
let address = "";
let token = "";
let page: Page;
/** What the browser complained of: a policy that was violated, a script that failed, a dialog that somebody's script opened. */
const complaints: string[] = [];

beforeAll(async () => {
  browser = await startBrowser().catch(() => undefined);
  if (!browser) return;
  service = await testService({ plugins: [pagePlugin(environments)], browsers });
  token = service.token("ann", ...SCOPES);
  await service.app.listen({ host: "127.0.0.1", port: 0 });
  address = `http://127.0.0.1:${(service.app.server.address() as AddressInfo).port}`;
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await service?.end(0);
});
beforeEach(async () => {
  if (!browser) return;
  environments.jobs = [];
  complaints.length = 0;
  context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
  page = await context.newPage();
  page.on("pageerror", ({ message }) => complaints.push(message));
  page.on("console", (said) => {
    if (/Content.Security.Policy|TrustedHTML/i.test(said.text())) complaints.push(said.text());
  });
  page.on("dialog", (dialog) => {
    complaints.push(dialog.message());
    void dialog.dismiss();
  });
});
afterEach(async () => context?.close());

async function oneTimeToken(owner = token): Promise<string> {
  return String((await service.ask(owner, "POST", "/api/session/one-time-token")).body.oneTimeToken);
}

async function opened(part = ""): Promise<void> {
  await page.goto(`${address}/#login=${await oneTimeToken()}`);
  await page.getByRole("heading", { name: "Environments", level: 1 }).waitFor({ timeout: PATIENCE });
  if (part !== "") await page.evaluate(`location.hash = ${JSON.stringify(part)}`);
}

const environmentPart = `#/environments/${ID}`;

/** What is wrong with how the page shows what is hostile: nothing of it became anything but text, and nothing of it acts on whoever reads it. */
async function hostileSigns(): Promise<readonly unknown[]> {
  const texts: readonly string[] =
    await page.evaluate(`[...document.querySelectorAll("body, body *")].flatMap((each) => [
    each.getAttribute("aria-label") ?? "",
    each.getAttribute("title") ?? "",
    ...[...each.childNodes].filter(({ nodeType }) => nodeType === 3).map(({ data }) => data),
  ])`);
  const title = await page.title();
  return [
    ...complaints,
    ...(await page.locator("img, body script, iframe, a[href^=javascript]").allTextContents()),
    ...[...texts, title].filter((text) => ACTS.test(text)),
    ...(/^\d$/.test(title) ? ["a script gave it a title"] : []),
  ];
}

testWithBrowser("whatever names, reasons, owners and logs say is text, and acts on nobody who reads it", async () => {
  environments.jobs = [hostileJob("one"), hostileJob("two", { stray: true })];
  await opened();
  await page.getByText(/Some may be missing/).waitFor({ timeout: PATIENCE });
  expect(await hostileSigns()).toEqual([]);
  await page.getByRole("heading", { level: 2 }).getByRole("link").click();
  await page.locator("li.job summary").first().click();
  expect(await hostileSigns()).toEqual([]);
  await page.getByRole("button", { name: "Compare with the program" }).click();
  await page.getByText(/Not known:/).waitFor({ timeout: PATIENCE });
  expect(await hostileSigns()).toEqual([]);
  await page.getByRole("button", { name: /^Log/ }).first().click();
  await page
    .getByRole("dialog")
    .getByText(/onerror/)
    .first()
    .waitFor({ timeout: PATIENCE });
  expect(await hostileSigns()).toEqual([]);
  expect(await wrongFor(page)).toEqual([]);
  await page.keyboard.press("Escape");
  // And an address that somebody was sent.
  await page.evaluate(`location.hash = ${JSON.stringify(`#/environments/${encodeURIComponent(HOSTILE)}`)}`);
  await page.getByRole("heading", { level: 1 }).getByText("evil").waitFor({ timeout: PATIENCE });
  expect(await hostileSigns()).toEqual([]);
  await service.ask(token, "POST", "/api/containers", { pool: "warm-pool-openai", owner: HOSTILE });
  await browsers.open({ owner: HOSTILE, provider: HOSTILE, url: "https://accounts.example/login" });
  for (const part of ["#/pools", "#/sessions"]) {
    await page.evaluate(`location.hash = "${part}"`);
    await page.locator("main").getByText("evil").first().waitFor({ timeout: PATIENCE });
    expect([part, await hostileSigns()]).toEqual([part, []]);
  }
});

testWithBrowser("what is promoted is the deployment that somebody read about, or nothing", async () => {
  environments.jobs = [waiting("first", 1)];
  await opened(environmentPart);
  await page.getByRole("button", { name: /^Promote/ }).click();
  const dialog = page.getByRole("dialog", { name: "Promote web?" });
  await dialog.getByText("of version 1").waitFor({ timeout: PATIENCE });
  environments.jobs = [waiting("second", 2)];
  environments.tell();
  await dialog
    .getByRole("alert")
    .getByText(/another deployment began/i)
    .waitFor({ timeout: PATIENCE });
  await dialog.getByText("of version 1").waitFor({ timeout: PATIENCE });
  expect(await dialog.getByRole("button", { name: "Promote", exact: true }).isDisabled()).toBe(true);
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: /^Promote/ }).click();
  await dialog.getByText("of version 2").waitFor({ timeout: PATIENCE });
  // Clicked twice, it is done once.
  await dialog.getByRole("button", { name: "Promote", exact: true }).dblclick();
  await dialog.waitFor({ state: "detached", timeout: PATIENCE });
  expect(environments.promoted).toEqual(["second"]);
});

testWithBrowser("where no answer comes to what was to be done, it is said that it may be done", async () => {
  environments.jobs = [waiting("third", 3)];
  await opened(environmentPart);
  await page.route("**/promote", async (route) => {
    await route.fetch();
    await route.abort();
  });
  await page.getByRole("button", { name: /^Promote/ }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Promote", exact: true }).click();
  await dialog
    .getByRole("alert")
    .getByText(/whether it was done is not known/)
    .waitFor({ timeout: PATIENCE });
  expect(environments.promoted).toContain("third");
});

testWithBrowser("what stood in the way is taken back once it does not any more", async () => {
  environments.jobs = [waiting("fourth", 4)];
  await opened(environmentPart);
  await page.getByRole("button", { name: /^Promote/ }).waitFor({ timeout: PATIENCE });
  environments.listener?.onTrouble("the record cannot be read");
  const alert = page.getByRole("alert").getByText("the record cannot be read");
  await alert.waitFor({ timeout: PATIENCE });
  environments.listener?.onTrouble(undefined);
  await alert.waitFor({ state: "detached", timeout: PATIENCE });
});

testWithBrowser("the page begins by itself once a service that is overloaded answers", async () => {
  let refused = 0;
  await page.route("**/api/session", async (route) => {
    if (route.request().method() !== "GET" || (refused += 1) > 2) return route.continue();
    const problem = { title: "Overloaded", status: 503, code: "overloaded", detail: "ask again" };
    return route.fulfill({ status: 503, contentType: "application/problem+json", body: JSON.stringify(problem) });
  });
  await page.goto(`${address}/#login=${await oneTimeToken()}`);
  await page
    .getByRole("alert")
    .getByText(/ask again/)
    .waitFor({ timeout: PATIENCE });
  await page.getByRole("heading", { name: "Environments", level: 1 }).waitFor({ timeout: PATIENCE });
  await page
    .getByRole("alert")
    .getByText(/ask again/)
    .waitFor({ state: "detached", timeout: PATIENCE });
});

testWithBrowser("an address that opens the page opens it though its first question is not answered", async () => {
  let lost = 0;
  await page.route("**/api/session", (route) =>
    route.request().method() === "POST" && (lost += 1) < 3 ? route.abort() : route.continue(),
  );
  await page.goto(`${address}/#login=${await oneTimeToken()}`);
  await page.getByRole("heading", { name: "Environments", level: 1 }).waitFor({ timeout: PATIENCE });
  expect(lost).toBe(3);
});

testWithBrowser(
  "an address that is opened where the page is open already opens it too, and stays nowhere",
  async () => {
    await page.goto(`${address}/`);
    await page.getByRole("heading", { name: "Open the page" }).waitFor({ timeout: PATIENCE });
    await page.goto(`${address}/#login=${await oneTimeToken()}`);
    await page.getByRole("heading", { name: "Environments", level: 1 }).waitFor({ timeout: PATIENCE });
    expect(page.url()).not.toContain("login");
  },
);

testWithBrowser("what is no token is said to be none", async () => {
  await page.goto(`${address}/`);
  await page.getByLabel(/Or a token/).fill("cnp_\u2026\u202e");
  await page.getByRole("button", { name: "Open" }).click();
  await page
    .getByRole("alert")
    .getByText(/no token/)
    .waitFor({ timeout: PATIENCE });
});

testWithBrowser("of many who open an address at once one gets in", async () => {
  const secret = await oneTimeToken();
  const statuses = await Promise.all(
    Array.from({ length: 50 }, () =>
      fetch(`${address}/api/session`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ oneTimeToken: secret }),
      }).then(({ status }) => status),
    ),
  );
  expect([
    statuses.filter((status) => status === 200).length,
    statuses.filter((status) => status === 401).length,
  ]).toEqual([1, 49]);
});

testWithBrowser("whoever leaves and is not answered is told that they are still in", async () => {
  await opened();
  await page.route("**/api/session", (route) =>
    route.request().method() === "DELETE" ? route.abort() : route.continue(),
  );
  await page.getByRole("button", { name: "Leave" }).click();
  await page
    .getByRole("alert")
    .getByText(/not left/)
    .waitFor({ timeout: PATIENCE });
  await page.unroute("**/api/session");
  await page.getByRole("button", { name: "Leave" }).click();
  await page.getByRole("heading", { name: "Open the page" }).waitFor({ timeout: PATIENCE });
});

testWithBrowser("a tab says who asks now, where another tab was opened by somebody else", async () => {
  await opened();
  await page.getByText("ann", { exact: true }).waitFor({ timeout: PATIENCE });
  const bob = service.token("bob", "read", "environments");
  const other = await context.newPage();
  await other.goto(`${address}/#login=${await oneTimeToken(bob)}`);
  await other.getByText("bob", { exact: true }).waitFor({ timeout: PATIENCE });
  await page.bringToFront();
  await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
  await page.getByText("bob", { exact: true }).waitFor({ timeout: PATIENCE });
});

testWithBrowser("a pool of which nothing is known just now is not shown as open", async () => {
  await opened("#/pools");
  const pool = page.getByRole("article", { name: "warm-pool-openai" });
  await pool.getByText("✓ open").waitFor({ timeout: PATIENCE });
  service.pools.upToDate = false;
  try {
    await pool.getByText("? not known").waitFor({ timeout: PATIENCE });
    await pool.getByText(/may\s+be old/).waitFor({ timeout: PATIENCE });
    expect(await page.locator(".badge.good").count()).toBe(0);
    await service.parts.history.sample();
    const { body } = await service.ask(token, "GET", "/api/pools/warm-pool-openai/history");
    expect((body.samples as object[]).at(-1)).not.toHaveProperty("free");
  } finally {
    service.pools.upToDate = true;
  }
  await pool.getByText("✓ open").waitFor({ timeout: PATIENCE });
});

testWithBrowser("leases that are too many for the page are said to be more", async () => {
  const leases = Array.from({ length: 250 }, (_, at) => ({
    ...{ id: `c-${at}`, pool: "warm-pool-openai", owner: "ann", generation: 1, isolation: "none", ttl: 1000 },
  }));
  await page.route("**/api/containers*", (route) => route.fulfill({ json: { containers: leases } }));
  await opened("#/pools");
  await page.getByText("50 more are not shown").waitFor({ timeout: PATIENCE });
  await page.route("**/api/containers*", (route) =>
    route.fulfill({ status: 503, json: { title: "The cluster does not answer", detail: "ask again" } }),
  );
  await until("what cannot be asked is not said to be none", async () => {
    const text = (await page.locator("main").textContent()) ?? "";
    return /does not answer/.test(text) && !/holds? (one|none)/.test(text);
  });
});
