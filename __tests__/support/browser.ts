import { existsSync } from "node:fs";
import { chromium, type Browser } from "playwright-core";

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
