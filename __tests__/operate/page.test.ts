import { join } from "node:path";
import type { ChildProcess } from "node:child_process";
import type { Browser, BrowserContext, Page } from "playwright-core";
import * as v from "valibot";
import { startBrowser, testWithBrowser, wrongFor } from "../support/browser";
import { clusterForSuite } from "../support/cluster";
import { ended, Project } from "../support/project";
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
const bad = { id: "bad", script: "echo boom >&2; exit 3" };

/** The page that `cdk-nomad ui` serves, as a process of its own. */
let served: ChildProcess | undefined;
let address = "";
let login = "";
let browser: Browser | undefined;
let context: BrowserContext;
let page: Page;

const printed = v.object({ address: v.string(), login: v.string() });

const statuses = v.object({
  jobs: v.array(v.object({ job: v.string(), state: v.string(), reasons: v.array(v.object({ message: v.string() })) })),
});

async function serve(): Promise<void> {
  served = project.spawn(["ui", "--json"]);
  let said = "";
  served.stdout?.on("data", (chunk: Buffer) => (said += chunk.toString()));
  await until("the page is served", () => said.trim().endsWith("}"));
  ({ address, login } = v.parse(printed, JSON.parse(said)));
}

beforeAll(async () => {
  project.change({ jobs: [web("one"), bad] });
  await project.run(["deploy", "dev"]);
  await serve();
  browser = await startBrowser().catch(() => undefined);
  if (!browser) return;
  context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
  page = await context.newPage();
}, 240_000);
afterAll(async () => {
  await browser?.close();
  if (served) {
    const over = ended(served);
    served.kill("SIGTERM");
    await over;
  }
}, 30_000);

/** Whether something is wider than the window. */
async function overflows(shown: Page): Promise<boolean> {
  return shown.evaluate("document.documentElement.scrollWidth > innerWidth") as Promise<boolean>;
}

const jobCard = (name: string) => page.locator("li.job", { has: page.getByRole("heading", { name, exact: true }) });

testWithBrowser("an address opens the page once, and only with its cookie", async () => {
  await page.goto(login);
  await page.getByRole("heading", { name: "Environments" }).waitFor({ timeout: PATIENCE });
  expect(page.url()).not.toContain("login");
  const [cookie] = await context.cookies();
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Strict", path: "/" });
  expect(await page.evaluate("document.cookie")).toBe("");
  const other = await (browser as Browser).newContext();
  const again = await other.newPage();
  await again.goto(login);
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
  expect(await page.title()).toBe("cdk-nomad");
  expect(await page.locator("img").count()).toBe(0);
  expect(await wrongFor(page)).toEqual([]);
  await page.keyboard.press("Escape");
  await log.waitFor({ state: "detached", timeout: PATIENCE });
});

testWithBrowser("canaries are promoted once somebody confirms it", async () => {
  project.change({ jobs: [web("two"), bad] });
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

testWithBrowser.each([
  [400, "light"],
  [400, "dark"],
  [1400, "light"],
  [1400, "dark"],
] as const)("it is read at %s pixels in %s, by ear and by keyboard", async (width, colorScheme) => {
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
    await picture(`${part}-${width}-${colorScheme}`);
  }
  await page.getByRole("navigation").getByRole("link", { name: "Environments" }).click();
  await page.getByRole("link", { name: "dev", exact: true }).click();
  await jobCard("web").getByText("✓ healthy").waitFor({ timeout: PATIENCE });
  await jobCard("web").locator("summary").click();
  expect(["dev", await wrongFor(page), await overflows(page)]).toEqual(["dev", [], false]);
  await picture(`dev-${width}-${colorScheme}`);
});

/** For somebody who wants to see what the test saw. */
async function picture(name: string): Promise<void> {
  const folder = process.env.CDK_NOMAD_PICTURES;
  if (folder) await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}

test("whoever has no cookie, or comes from another page, is told nothing", async () => {
  const ask = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${address}${path}`, { headers }).then(({ status }) => status);
  expect(await ask("/api/environments")).toBe(401);
  expect(await ask("/api/environments", { origin: "http://example.com" })).toBe(403);
  expect(await ask("/api/environments", { authorization: `Bearer ${new URL(login).hash.slice(7)}` })).toBe(401);
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
    expect(await page.locator(".badge.good").count()).toBe(0);
  } finally {
    process.kill(pid, "SIGCONT");
  }
  await jobCard("web").getByText("✓ healthy").waitFor({ timeout: PATIENCE });
  // And where the service itself hangs, the page says it.
  served?.kill("SIGSTOP");
  try {
    await page
      .getByRole("alert")
      .getByText(/nothing was heard of the service/)
      .waitFor({ timeout: PATIENCE });
    expect(await page.locator(".badge.good").count()).toBe(0);
  } finally {
    served?.kill("SIGCONT");
  }
  await jobCard("web").getByText("✓ healthy").waitFor({ timeout: PATIENCE });
});
