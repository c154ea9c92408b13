import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { chromium, type Browser, type Page } from "playwright-core";

/** Where Debian, and others, put it. */
const PLACES = [
  process.env.CDK_NOMAD_CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];

/** The browser of this machine; undefined where there is none. */
export const CHROMIUM = PLACES.find((path) => path !== undefined && existsSync(path));

/** A test that needs a browser, or one that is skipped and says why. */
export const testWithBrowser = CHROMIUM === undefined ? test.skip : test;

if (CHROMIUM === undefined)
  console.warn("no browser: these tests are skipped; apt-get install chromium, or name one in CDK_NOMAD_CHROMIUM");

/** Starts the machine's browser, without a screen and without a word to anybody else. */
export async function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

/** What axe finds wrong with what is shown, by its ids and places. */
export async function wrongFor(shown: Page): Promise<readonly string[]> {
  // By the debugger, since the page's own policy lets nothing else in.
  await shown.evaluate(AXE);
  const { violations } = await shown.evaluate(() => {
    const { axe } = globalThis as unknown as {
      readonly axe: {
        run(): Promise<{ violations: { id: string; nodes: { target: unknown; failureSummary?: string }[] }[] }>;
      };
    };
    return axe.run();
  });
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary = "" }) => `${id} ${JSON.stringify(target)} ${failureSummary}`),
  );
}

/** Whether something is wider than the window. */
export async function overflows(shown: Page): Promise<boolean> {
  return shown.evaluate("document.documentElement.scrollWidth > innerWidth") as Promise<boolean>;
}

/** For somebody who wants to see what a test saw: a picture in the folder that CDK_NOMAD_PICTURES names. */
export async function picture(shown: Page, name: string): Promise<void> {
  const folder = process.env.CDK_NOMAD_PICTURES;
  if (folder) await shown.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}

/** Every window and colour that pages are looked at in. */
export const LOOKS = [
  [400, "light"],
  [400, "dark"],
  [1400, "light"],
  [1400, "dark"],
] as const;
