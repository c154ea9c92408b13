import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

/** What the tests of browser sessions want of a machine. */
export interface BrowserTools {
  /** The system of the recipe. */
  readonly folder: string;
  /** A browser of this machine. */
  readonly chromium: string;
}

const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/**
 * Finds the programs, and makes the machines' system where it is not there yet, which takes half a minute and more.
 *
 * @returns what is missing, in words, where something is
 */
export function browserTools(): BrowserTools | string {
  const has = (program: string) => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
  for (const program of ["qemu-system-x86_64", "qemu-img", "socat", "busybox"])
    if (!has(program)) return `there is no ${program} (scripts/ci-tools.sh installs it)`;
  const chromium = CHROMIUM.find((path) => existsSync(path));
  if (chromium === undefined) return "there is no chromium (scripts/ci-tools.sh installs it)";
  const made = spawnSync(process.execPath, ["--import", "tsx", "scripts/browser-image/main.ts"], {
    cwd: join(__dirname, "../.."),
    encoding: "utf8",
    timeout: 400_000,
  });
  const folder = made.stdout.trim();
  if (made.status !== 0 || folder === "") return `the machines' system could not be made: ${made.stderr.trim()}`;
  return { folder, chromium };
}
