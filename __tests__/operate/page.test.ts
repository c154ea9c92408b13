import type { Browser, BrowserContext, Page } from "playwright-core";
import * as v from "valibot";
import { LOOKS, overflows, picture, startBrowser, testWithBrowser, wrongFor } from "../support/browser";
import { clusterForSuite } from "../support/cluster";
import { PageProcess } from "../support/page-process";
import { Project } from "../support/project";
import { TcpProxy } from "../support/tcp-proxy";
import { until } from "../support/until";

const cluster = clusterForSuite({ program: Project.SMALL_JOBS });
const { project } = cluster;

const SECRET = "Zebra-47-umbrella";
const MARKUP = `<img src="x" onerror="document.title=1">`;
const PATIENCE = 60_000;

const web = (greeting: string) => ({
  id: "web",
  count: 2,
  canary: 1,
  env: { DB_PASSWORD: SECRET },
  script: `echo '${MARKUP}'; echo "the password is $DB_PASSWORD"; echo ${greeting}; exec sleep 3600`,
});
const talker = {
  id: "talker",
  script: `printf 'to stderr: \\033]0;evil\\007\\n' >&2; i=0; while true; do echo "tick $i"; i=$((i+1)); sleep 0.2; done`,
};
const bad = { id: "bad", script: "echo boom >&2; exit 3" };

let served: PageProcess | undefined;
/** Between the browser and the page's server. */
let network: TcpProxy | undefined;
let address = "";
let browser: Browser | undefined;
let context: BrowserContext;
let page: Page;

const statuses = v.object({
  jobs: v.array(v.object({ job: v.string(), state: v.string(), reasons: v.array(v.object({ message: v.string() })) })),
});

beforeAll(async () => {
  project.change({ jobs: [web("one"), talker, bad] });
  await project.run(["deploy", "dev"]);
  served = await PageProcess.start(project);
  network = new TcpProxy(served.address);
  address = await network.open();
  browser = await startBrowser().catch(() => undefined);
  if (!browser) return;
  context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
  page = await context.newPage();
}, 240_000);
afterAll(async () => {
  await browser?.close();
  await network?.close();
  await served?.stop();
}, 30_000);

const login = () => `${address}/${new URL(served?.login ?? "").hash}`;

const jobCard = (name: string) => page.locator("li.job", { has: page.getByRole("heading", { name, exact: true }) });

testWithBrowser("an address opens the page once, and only with its cookie", async () => {
  await page.goto(login());
  await page.getByRole("heading", { name: "Environments" }).waitFor({ timeout: PATIENCE });
  expect(page.url()).not.toContain("login");
  const [cookie] = await context.cookies();
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Strict", path: "/" });
  expect(await page.evaluate("document.cookie")).toBe("");
  const other = await (browser as Browser).newContext();
  const again = await other.newPage();
  await again.goto(login());
  await again
    .getByRole("alert")
    .getByText(/used before, or is too old/)
    .waitFor({ timeout: PATIENCE });
  expect(await again.getByRole("heading", { level: 1 }).textContent()).toBe("Open the page");
  expect(await wrongFor(again)).toEqual([]);
  await other.close();
});

testWithBrowser("environments, jobs and why they fail are what status says, and change as they change", async () => {
  await page.getByRole("link", { name: "dev", exact: true }).click();
  await jobCard("web").getByText("✓ healthy").waitFor({ timeout: PATIENCE });
  await until("the page says of the job that fails what status says", async () => {
    const said = await project.run(["status", "dev", "--json"]);
    const failing = v.parse(statuses, JSON.parse(said.stdout)).jobs.find(({ job }) => job === "bad");
    const reasons = await jobCard("bad").locator(".reasons li").allTextContents();
    const badge = (await jobCard("bad").locator(".badge").textContent()) ?? "";
    return (
      reasons.length > 0 &&
      badge.endsWith(failing?.state.replaceAll("-", " ") ?? "none") &&
      JSON.stringify(reasons) === JSON.stringify(failing?.reasons.map(({ message }) => message))
    );
  });
  expect(await page.locator("h1 .badge").getAttribute("data-tone")).not.toBe("good");
});

testWithBrowser("what a task wrote is shown as text, with secrets hidden", async () => {
  const card = jobCard("web");
  await card.locator("summary").click();
  await card
    .getByRole("button", { name: /^Log of script/ })
    .first()
    .click();
  const log = page.getByRole("region", { name: /What script wrote/ });
  await log.getByText("the password is").waitFor({ timeout: PATIENCE });
  const text = (await log.textContent()) ?? "";
  expect(text).toContain(MARKUP);
  expect(text).toContain("••••••");
  expect(await page.content()).not.toContain(SECRET);
  expect(await page.title()).toBe("dev, cdk-nomad");
  expect(await page.locator("img").count()).toBe(0);
  expect(await wrongFor(page)).toEqual([]);
  await page.keyboard.press("Escape");
  await log.waitFor({ state: "detached", timeout: PATIENCE });
});

testWithBrowser("a log goes on as the task writes, by stdout and stderr, and says when the task ended", async () => {
  const card = jobCard("talker");
  await card.locator("summary").click();
  await card
    .getByRole("button", { name: /^Log of script/ })
    .first()
    .click();
  const dialog = page.getByRole("dialog");
  const log = dialog.getByRole("region", { name: /What script wrote to stdout/ });
  const count = async () => (await log.textContent())?.match(/^tick \d+$/gm)?.length ?? 0;
  await until("ticks come", async () => (await count()) > 3);
  const before = await count();
  await until("more come by themselves", async () => (await count()) > before + 3);
  await dialog.getByRole("status").getByText("Live").waitFor();
  // Where the connection is cut, no line comes twice, and none is missing.
  expect(network?.cut()).toBeGreaterThan(0);
  await dialog.getByRole("alert").first().waitFor({ timeout: PATIENCE });
  const then = await count();
  await until("it goes on", async () => (await count()) > then + 10);
  const ticks = ((await log.textContent()) ?? "").match(/^tick \d+$/gm)?.map((tick) => Number(tick.slice(5))) ?? [];
  expect(ticks).toEqual(ticks.map((_, at) => (ticks[0] ?? 0) + at));
  expect(await wrongFor(page)).toEqual([]);
  await dialog.getByLabel("stderr").check();
  await dialog
    .getByRole("region", { name: /stderr/ })
    .getByText("to stderr: <U+001B>]0;evil<U+0007>")
    .waitFor({ timeout: PATIENCE });
  const running = (await cluster.nomad.allocations("talker")).find(({ ClientStatus }) => ClientStatus === "running");
  await cluster.nomad.stopAllocation(running?.ID ?? "");
  await dialog
    .getByRole("status")
    .getByText(/The (task|allocation)/)
    .waitFor({ timeout: PATIENCE });
  await picture(page, "log-ended");
  await page.keyboard.press("Escape");
});

testWithBrowser("canaries are promoted once somebody confirms it", async () => {
  project.change({ jobs: [web("two"), talker, bad] });
  await project.run(["deploy", "dev", "--detach"]);
  const card = jobCard("web");
  await card.getByText("waiting for promotion").waitFor({ timeout: PATIENCE });
  await card.getByRole("button", { name: "Promote 1 canary" }).click();
  const dialog = page.getByRole("dialog", { name: "Promote web?" });
  await dialog.waitFor();
  expect(await wrongFor(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await dialog.waitFor({ state: "detached" });
  const [before] = await cluster.nomad.deployments("web");
  expect(before?.TaskGroups?.work?.Promoted).toBe(false);
  await card.getByRole("button", { name: "Promote 1 canary" }).click();
  await dialog.getByRole("button", { name: "Promote", exact: true }).click();
  await card.getByText("✓ healthy").waitFor({ timeout: PATIENCE });
  const [after] = await cluster.nomad.deployments("web");
  expect([after?.ID, after?.Status]).toEqual([before?.ID, "successful"]);
});

testWithBrowser("drift is what the program and the cluster differ in", async () => {
  await cluster.nomad.scale("web", "work", 3);
  await page.getByRole("button", { name: "Compare with the program" }).click();
  await page.getByText("web was scaled").waitFor({ timeout: PATIENCE });
  expect(await page.locator("li", { hasText: "web was scaled" }).last().textContent()).toContain("3 → 2");
});

testWithBrowser.each(LOOKS)("it is read at %s pixels in %s, by ear and by keyboard", async (width, colorScheme) => {
  await page.setViewportSize({ width, height: 900 });
  await page.emulateMedia({ colorScheme });
  for (const [part, title] of [
    ["Environments", "Environments"],
    ["Pools", "Pools"],
    ["Browser sessions", "Browser sessions"],
  ] as const) {
    await page.getByRole("navigation").getByRole("link", { name: part }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: title, level: 1 }).waitFor({ timeout: PATIENCE });
    expect([part, await wrongFor(page), await overflows(page)]).toEqual([part, [], false]);
    await picture(page, `${part}-${width}-${colorScheme}`);
  }
  await page.getByRole("navigation").getByRole("link", { name: "Environments" }).click();
  await page.getByRole("link", { name: "dev", exact: true }).click();
  await jobCard("web").getByText("✓ healthy").waitFor({ timeout: PATIENCE });
  await jobCard("web").locator("summary").click();
  expect(["dev", await wrongFor(page), await overflows(page)]).toEqual(["dev", [], false]);
  await picture(page, `dev-${width}-${colorScheme}`);
});

testWithBrowser("what the service does not have is said, and not asked for again and again", async () => {
  const asked: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await page.getByRole("navigation").getByRole("link", { name: "Browser sessions" }).click();
  await page.getByText("hands out no browser sessions").waitFor({ timeout: PATIENCE });
  await page.goto(`${address}/#/environments/default.nope`);
  await page.getByText("There is no such environment.").waitFor({ timeout: PATIENCE });
  expect(await page.getByRole("button", { name: "Compare with the program" }).count()).toBe(0);
  expect(await page.getByText("Asking…").count()).toBe(0);
  expect(asked.filter((path) => path.startsWith("/api/browser-sessions"))).toEqual([]);
  await page.getByRole("link", { name: "All environments" }).click();
  await page.getByRole("link", { name: "dev", exact: true }).click();
});

test("whoever has no cookie, or comes from another page, is told nothing", async () => {
  const ask = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${served?.address}${path}`, { headers }).then(({ status }) => status);
  expect(await ask("/api/environments")).toBe(401);
  expect(await ask("/api/environments", { origin: "http://example.com" })).toBe(403);
  expect(await ask("/api/environments", { authorization: `Bearer ${new URL(login()).hash.slice(7)}` })).toBe(401);
  expect(await ask("/")).toBe(200);
});

testWithBrowser("what is not known any more is said, and never shown as well", async () => {
  await page.setViewportSize({ width: 1400, height: 900 });
  await jobCard("web").getByText("✓ healthy").waitFor({ timeout: PATIENCE });
  const { agents } = await project.cluster.status();
  const nomad = agents.find(({ name }) => name === "nomad");
  const pid = nomad && "pid" in nomad ? Number(nomad.pid) : 0;
  process.kill(pid, "SIGSTOP");
  try {
    await jobCard("web").getByText("? not known").waitFor({ timeout: PATIENCE });
    await jobCard("web")
      .locator(".reasons")
      .getByText(/not answer/)
      .waitFor({ timeout: PATIENCE });
    // The verdict of all jobs follows them, in an event of its own.
    await until("no good badge", async () => (await page.locator(".badge.good").count()) === 0);
  } finally {
    process.kill(pid, "SIGCONT");
  }
  await jobCard("web").getByText("✓ healthy").waitFor({ timeout: PATIENCE });
  // And where the service itself hangs, the page says it.
  served?.signal("SIGSTOP");
  try {
    await page
      .getByRole("alert")
      .getByText(/nothing was heard of the service/)
      .waitFor({ timeout: PATIENCE });
    expect(await page.locator(".badge.good").count()).toBe(0);
  } finally {
    served?.signal("SIGCONT");
  }
  await jobCard("web").getByText("✓ healthy").waitFor({ timeout: PATIENCE });
});
