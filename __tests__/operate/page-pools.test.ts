import type { AddressInfo } from "node:net";
import type { Browser, Page } from "playwright-core";
import { pagePlugin, type Environments } from "../../lib/page";
import { SCOPES } from "../../lib/service";
import { LOOKS, overflows, picture, startBrowser, testWithBrowser, wrongFor } from "../support/browser";
import { BrowsersInMemory } from "../support/browsers-in-memory";
import { testService, type TestService } from "../support/service";

/** No environment; what the page shows of pools is looked at here, over pools in memory. */
const NOWHERE: Environments = {
  list: () => Promise.resolve({ environments: [], unread: [] }),
  follow: () => Promise.reject(new Error("there is none")),
  status: () => Promise.resolve([]),
  promote: () => Promise.resolve(),
  drift: () => Promise.reject(new Error("there is none")),
  log: () => Promise.reject(new Error("there is none")),
  followLog: () => Promise.reject(new Error("there is none")),
  close: () => Promise.resolve(),
};
const HOSTILE = `<img src=x onerror="document.title=1">`;
const PATIENCE = 60_000;

const browsers = new BrowsersInMemory();
let service: TestService;
let browser: Browser | undefined;
let page: Page;

beforeAll(async () => {
  browser = await startBrowser().catch(() => undefined);
  if (!browser) return;
  let time = 0;
  service = await testService({ plugins: [pagePlugin(NOWHERE)], browsers, now: () => time });
  const token = service.token("ann", ...SCOPES);
  const { port } = await listening();
  await service.ask(token, "POST", "/api/containers", { pool: "warm-pool-openai", owner: HOSTILE });
  for (const moment of [0, 10_000, 20_000]) {
    time = moment;
    await service.parts.history.sample();
  }
  page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  await page.goto(`http://127.0.0.1:${port}/`);
  // Whoever has no address that opens it writes a token.
  await page.getByLabel(/Or a token/).fill(token);
  await page.getByRole("button", { name: "Open" }).click();
  await page.getByRole("link", { name: "Pools" }).click();
  await page.getByRole("article", { name: "warm-pool-openai" }).waitFor({ timeout: PATIENCE });
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await service?.end(0);
});

async function listening(): Promise<AddressInfo> {
  await service.app.listen({ host: "127.0.0.1", port: 0 });
  return service.app.server.address() as AddressInfo;
}

testWithBrowser("a pool has its figures, its charts in words too, and who has what", async () => {
  const pool = page.getByRole("article", { name: "warm-pool-openai" });
  expect(await pool.locator("dd").allTextContents()).toEqual(["1", "1", "0", "2", "0"]);
  await pool.getByRole("img").first().waitFor({ timeout: PATIENCE });
  const charts = await pool.getByRole("img").evaluateAll((all) => all.map((each) => each.getAttribute("aria-label")));
  expect(charts).toEqual([
    expect.stringMatching(/^Containers since .*: now leased 1, free 1/),
    expect.stringMatching(/^Queue since .*: now waiting 0/),
    expect.stringMatching(/^Latency of claims since .*: now no claim; at most 0 ms$/),
    expect.stringMatching(/^Hit rate since .*: now no claim; at most 100 %$/),
  ]);
  expect(await page.getByRole("cell", { name: HOSTILE }).count()).toBe(1);
  expect([await page.title(), await page.locator("img").count()]).toEqual(["Pools, cdk-nomad", 0]);
});

testWithBrowser("a pool is drained, filled and resized once somebody confirms it, by keyboard", async () => {
  const pool = page.getByRole("article", { name: "warm-pool-openai" });
  await pool.getByRole("button", { name: "Drain" }).focus();
  await page.keyboard.press("Enter");
  const drain = page.getByRole("dialog", { name: "Drain warm-pool-openai?" });
  await drain.waitFor();
  // The button that changes nothing has the keyboard.
  await page.keyboard.press("Enter");
  await drain.waitFor({ state: "detached" });
  expect(service.pools.drained).toBe(false);
  await page.keyboard.press("Enter");
  await drain.waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await pool.getByText("◔ drained").waitFor({ timeout: PATIENCE });
  expect(service.pools.drained).toBe(true);
  await pool.getByRole("button", { name: "Fill" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Fill" }).click();
  await pool.getByText("✓ open").waitFor({ timeout: PATIENCE });
  await pool.getByRole("button", { name: "Resize" }).click();
  const resize = page.getByRole("dialog", { name: /^Resize/ });
  await resize.getByLabel(/Containers/).fill("7");
  expect(await wrongFor(page)).toEqual([]);
  await resize.getByRole("button", { name: "Resize" }).click();
  await resize.waitFor({ state: "detached" });
  expect(service.pools.size).toBe(7);
});

testWithBrowser("a browser session is looked at in another tab, and ended, once somebody confirms it", async () => {
  await browsers.open({ owner: HOSTILE, provider: "google", url: "https://accounts.example/login" });
  await page.getByRole("link", { name: "Browser sessions" }).click();
  const card = page.locator("li.card", { has: page.getByRole("heading", { name: "1-1" }) });
  await card.getByText(`google for ${HOSTILE}`).waitFor({ timeout: PATIENCE });
  expect(await page.title()).toBe("Browser sessions, cdk-nomad");
  await card.getByRole("button", { name: "Look at 1-1" }).click();
  expect(await wrongFor(page)).toEqual([]);
  const opened = page.waitForEvent("popup");
  await page.getByRole("dialog", { name: "Look at 1-1?" }).getByRole("button", { name: "Look" }).click();
  const tab = await opened;
  await tab.waitForURL(/\/browser\/1-1/, { timeout: PATIENCE });
  await tab.getByRole("heading", { name: "Browser session" }).waitFor({ timeout: PATIENCE });
  // The ticket is used, and in no address any more.
  expect(new URL(tab.url()).hash).toBe("");
  expect(await tab.evaluate("window.opener")).toBeNull();
  await tab.close();
  await card.getByRole("button", { name: "End 1-1" }).click();
  await picture(page, "browser-session-end");
  await page.getByRole("dialog", { name: "End 1-1?" }).getByRole("button", { name: "End" }).click();
  await page.getByText("Nobody has one.").waitFor({ timeout: PATIENCE });
  expect(browsers.sessions.size).toBe(0);
  await page.getByRole("link", { name: "Pools" }).click();
  await page.getByRole("article", { name: "warm-pool-openai" }).waitFor({ timeout: PATIENCE });
});

testWithBrowser.each(LOOKS)("it is read at %s pixels in %s", async (width, colorScheme) => {
  await page.setViewportSize({ width, height: 900 });
  await page.emulateMedia({ colorScheme });
  expect([await wrongFor(page), await overflows(page)]).toEqual([[], false]);
  await picture(page, `pool-${width}-${colorScheme}`);
});

testWithBrowser(
  "once the session is over, nothing is shown as it was, and another token goes on from there",
  async () => {
    service.forget("ann");
    const pool = page.getByRole("article", { name: "warm-pool-openai" });
    await pool.getByText("? not known").waitFor({ timeout: PATIENCE });
    const again = page.getByRole("region", { name: "Open the page again" });
    await again
      .getByRole("alert")
      .getByText(/taken away/)
      .waitFor({ timeout: PATIENCE });
    expect(await wrongFor(page)).toEqual([]);
    await picture(page, "session-over");
    await again.getByLabel(/Or a token/).fill(service.token("ann", ...SCOPES));
    await again.getByRole("button", { name: "Open" }).click();
    await again.waitFor({ state: "detached", timeout: PATIENCE });
    await pool.getByText("? not known").waitFor({ state: "detached", timeout: PATIENCE });
  },
);
