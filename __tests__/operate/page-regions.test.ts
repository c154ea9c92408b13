import * as v from "valibot";
import type { Browser, Page } from "playwright-core";
import { apiPath, type NomadClient } from "../../lib/nomad";
import { LOOKS, overflows, picture, startBrowser, testWithBrowser, wrongFor } from "../support/browser";
import { clusterForSuite } from "../support/cluster";
import { PageProcess } from "../support/page-process";
import { Project } from "../support/project";
import { until } from "../support/until";
import type { SmallJob } from "./programs/small-jobs";

const REGIONS = ["us-west", "us-east"] as const;
const cluster = clusterForSuite({ program: Project.SMALL_JOBS, regions: REGIONS });
const { project } = cluster;
const PATIENCE = 60_000;
/** Within so long the page shows what changed, in milliseconds: not once it asks again by itself, after ten seconds. */
const LIVE = 8_000;

const PLACES = [
  { region: "us-west" },
  { region: "us-east" },
  { region: "us-west", namespace: "team" },
  { region: "us-east", namespace: "team" },
] as const;
type Place = (typeof PLACES)[number];

const at = (place: Place): NomadClient =>
  cluster.nomad.where({ Region: place.region, ...("namespace" in place ? { Namespace: place.namespace } : {}) });
const labelOf = (place: Place) => ("namespace" in place ? `${place.region}, namespace team` : place.region);

/** The same job in every place, the last with a canary, and one that fails there. */
const jobs = (release: number): readonly SmallJob[] => [
  ...PLACES.map((place, number) => ({
    id: "web",
    ...place,
    ...(number === 3 ? { canary: 1, env: { RELEASE: String(release) } } : {}),
    script: `echo "here is $NOMAD_REGION $NOMAD_NAMESPACE"; exec sleep 3600`,
  })),
  { id: "bad", region: "us-east", namespace: "team", script: "echo boom >&2; exit 3" },
];

let served: PageProcess | undefined;
let browser: Browser | undefined;
let page: Page;

beforeAll(async () => {
  await cluster.nomad.http.post(apiPath`/v1/namespace/team`, v.unknown(), { body: { Name: "team" } });
  const names = v.array(v.object({ Name: v.string() }));
  await until("the east knows the namespace", async () =>
    (await at(PLACES[1]).http.get(apiPath`/v1/namespaces`, names)).some(({ Name }) => Name === "team"),
  );
  project.change({ jobs: jobs(1) });
  const said = await project.run(["deploy", "dev"]);
  // One of them fails, and all are there.
  if (![0, 1].includes(said.code ?? -1)) throw new Error(said.stderr);
  for (const place of PLACES)
    if (!(await at(place).job("web"))) throw new Error(`web is not in ${labelOf(place)}: ${said.stderr}`);
  served = await PageProcess.start(project);
  browser = await startBrowser().catch(() => undefined);
  if (!browser) return;
  page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  await page.goto(served.login);
  await page.getByRole("link", { name: "dev", exact: true }).click({ timeout: PATIENCE });
}, 240_000);
afterAll(async () => {
  await browser?.close();
  await served?.stop();
}, 30_000);

const cardIn = (place: Place, job = "web") =>
  page
    .getByRole("region", { name: labelOf(place), exact: true })
    .locator("li.job", { has: page.getByRole("heading", { name: `${job} (${labelOf(place)})`, exact: true }) });

testWithBrowser("each region and namespace has its jobs, and what fails says where and why", async () => {
  for (const place of PLACES) await cardIn(place).getByText("✓ healthy").waitFor({ timeout: PATIENCE });
  const bad = cardIn(PLACES[3], "bad");
  await bad
    .locator(".reasons")
    .getByText(/exit code 3/i)
    .waitFor({ timeout: PATIENCE });
  await page
    .getByRole("navigation", { name: "What wants a look" })
    .getByRole("link", { name: "bad (us-east, namespace team)" })
    .click();
  expect(await page.evaluate("document.activeElement?.id")).toBe(await bad.getAttribute("id"));
});

testWithBrowser("what changes is shown as it changes, in every region and namespace", async () => {
  // Jobs of one id in two namespaces of a region are told by one stream.
  for (const count of [2, 1]) {
    await until("nothing is being deployed, which Nomad would not scale", async () => {
      const newest = await Promise.all(PLACES.map(async (place) => (await at(place).deployments("web"))[0]?.Status));
      return newest.every((status) => status === "successful");
    });
    await Promise.all(PLACES.map((place) => at(place).scale("web", "work", count)));
    const began = performance.now();
    for (const place of PLACES) await cardIn(place).getByText(`${count}/${count}`).waitFor({ timeout: PATIENCE });
    expect(performance.now() - began).toBeLessThan(LIVE);
  }
});

testWithBrowser("a log is that of the task in its region and namespace", async () => {
  for (const place of PLACES) {
    const card = cardIn(place);
    await card.locator("summary").click();
    await card
      .getByRole("button", { name: /^Log of script/ })
      .first()
      .click();
    const namespace = "namespace" in place ? place.namespace : "default";
    await page
      .getByRole("region", { name: /What script wrote/ })
      .getByText(`here is ${place.region} ${namespace}`)
      .waitFor({ timeout: PATIENCE });
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await card.locator("summary").click();
  }
});

testWithBrowser("a canary of the second region is promoted there, and nothing elsewhere", async () => {
  project.change({ jobs: jobs(2) });
  await project.run(["deploy", "dev", "--detach"]);
  const east = PLACES[3];
  const card = cardIn(east);
  await card.getByText("waiting for promotion").waitFor({ timeout: PATIENCE });
  const others = async () =>
    Promise.all(PLACES.slice(0, 3).map(async (place) => (await at(place).deployments("web"))[0]?.ID));
  const before = await others();
  await card.getByRole("button", { name: "Promote 1 canary" }).click();
  const dialog = page.getByRole("dialog", { name: "Promote web (us-east, namespace team)?" });
  await dialog.waitFor();
  expect(await wrongFor(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Promote", exact: true }).click();
  await dialog.waitFor({ state: "detached", timeout: PATIENCE });
  await card.getByText("✓ healthy").waitFor({ timeout: PATIENCE });
  const [newest] = await at(east).deployments("web");
  expect([newest?.Status, newest?.TaskGroups?.work?.Promoted]).toEqual(["successful", true]);
  expect(await others()).toEqual(before);
});

testWithBrowser("drift and strays say which region and namespace they are of", async () => {
  await at(PLACES[1]).scale("web", "work", 3);
  await at(PLACES[2]).scale("web", "work", 4);
  project.change({ jobs: jobs(2).filter(({ id }) => id !== "bad") });
  await page.getByRole("button", { name: "Compare with the program" }).click();
  const drift = page.getByRole("region", { name: "Drift" });
  await drift.getByText("web (us-east) was scaled").waitFor({ timeout: PATIENCE });
  const said = await drift.locator("li").allTextContents();
  expect(said.find((each) => each.includes("web (us-west, namespace team) was scaled"))).toContain("4 → 1");
  expect(said.some((each) => /^bad \(us-east, namespace team\) is a stray/.test(each))).toBe(true);
  await picture(page, "regions-drift");
  for (const nomad of [at(PLACES[1]), at(PLACES[2])]) {
    // Nomad scales nothing while a deployment goes on, which the first scaling has begun.
    await until("its deployment is over", async () =>
      (await nomad.deployments("web")).every(({ Status }) => Status !== "running"),
    );
    await nomad.scale("web", "work", 1);
  }
});

testWithBrowser.each(LOOKS)("it is read at %s pixels in %s", async (width, colorScheme) => {
  await page.setViewportSize({ width, height: 900 });
  await page.emulateMedia({ colorScheme });
  for (const place of PLACES) await cardIn(place).getByText("1/1").waitFor({ timeout: PATIENCE });
  expect([await wrongFor(page), await overflows(page)]).toEqual([[], false]);
  await picture(page, `regions-${width}-${colorScheme}`);
});

testWithBrowser("a region whose servers hang is not known, and the other goes on live", async () => {
  const { agents } = await project.cluster.status();
  const east = agents.find(({ region, name }) => region === "us-east" && name.startsWith("nomad"));
  const pid = east && "pid" in east ? Number(east.pid) : 0;
  expect(pid).toBeGreaterThan(0);
  process.kill(pid, "SIGSTOP");
  try {
    await cardIn(PLACES[1]).getByText("? not known").waitFor({ timeout: PATIENCE });
    await cardIn(PLACES[3]).getByText("? not known").waitFor({ timeout: PATIENCE });
    await picture(page, "regions-east-away");
    await cardIn(PLACES[0]).getByText("✓ healthy").waitFor({ timeout: PATIENCE });
    const began = performance.now();
    await at(PLACES[0]).scale("web", "work", 2);
    await cardIn(PLACES[0]).getByText("2/2").waitFor({ timeout: PATIENCE });
    expect(performance.now() - began).toBeLessThan(LIVE);
    // What a task of the living region wrote is not kept from anybody by the other one.
    const card = cardIn(PLACES[2]);
    await card.locator("summary").click();
    await card
      .getByRole("button", { name: /^Log of script/ })
      .first()
      .click();
    await page.getByText("here is us-west team").waitFor({ timeout: PATIENCE });
    await page.keyboard.press("Escape");
  } finally {
    process.kill(pid, "SIGCONT");
  }
  await cardIn(PLACES[3]).getByText("✓ healthy").waitFor({ timeout: PATIENCE });
});
