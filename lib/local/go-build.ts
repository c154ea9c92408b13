import { execFile, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { packageFolder } from "./folders";
import type { Progress } from "./progress";

/** Packages that each build compiles, as a measure of how far it is. */
const PACKAGES: Readonly<Record<string, number>> = { nomad: 2400, consul: 1900 };

/** Whether a Go toolchain is here. */
export async function hasGo(): Promise<boolean> {
  try {
    await promisify(execFile)("go", ["version"], { timeout: 10_000 });
    return true;
  } catch {
    return false;
  }
}

/**
 * Builds a program from its Go tool module, whose go.sum pins every source. Such a build has no web UI inside.
 *
 * @param target the file to write the program to
 */
export async function buildWithGo(
  name: string,
  module: string,
  target: string,
  progress: Progress,
  signal?: AbortSignal,
): Promise<void> {
  progress.step(`building ${name} with Go; once, some minutes`);
  const args = ["build", "-v", "-trimpath", "-mod=readonly", "-buildvcs=false", "-ldflags=-s -w", "-o", target, module];
  const child = spawn("go", args, {
    cwd: join(packageFolder(), "tools", name),
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, GOFLAGS: "", GOWORK: "off", CGO_ENABLED: process.env.CGO_ENABLED ?? "1" },
    signal,
  });
  const started = Date.now();
  const tail: string[] = [];
  let compiled = 0;
  const lines = createInterface({ input: child.stderr });
  lines.on("line", (line) => {
    tail.push(line);
    if (tail.length > 15) tail.shift();
    compiled += line.startsWith("go: ") ? 0 : 1;
    const seconds = Math.round((Date.now() - started) / 1000);
    progress.detail(
      line.startsWith("go: downloading")
        ? `${seconds} s, fetching modules`
        : `${seconds} s, package ${compiled} of about ${PACKAGES[name] ?? compiled}`,
    );
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code !== 0) throw new Error(`go build ended with ${code}:\n${tail.join("\n")}`);
}
