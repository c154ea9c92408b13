import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { packageFolder, type Progress } from "../machine";

/** Packages that each build compiles, as a measure of how far it is. */
const PACKAGES: Readonly<Record<string, number>> = { nomad: 2400, consul: 1900 };

/**
 * Builds a program from its Go tool module, whose go.sum pins every source. Such a build has no web UI inside.
 *
 * @param go the Go toolchain's command
 * @param program its name, its module, and the file to write it to
 */
export async function buildWithGo(
  go: string,
  program: { readonly name: string; readonly module: string; readonly target: string },
  options: { readonly progress: Progress; readonly env: NodeJS.ProcessEnv; readonly signal?: AbortSignal },
): Promise<void> {
  const { name, module, target } = program;
  const { progress, env, signal } = options;
  signal?.throwIfAborted();
  progress.step(`building ${name} with Go`);
  // What a build writes on the way is some gigabytes, which Go leaves behind where it is ended.
  const work = mkdtempSync(join(tmpdir(), "cdk-nomad-go-"));
  const args = ["build", "-v", "-trimpath", "-mod=readonly", "-buildvcs=false", "-ldflags=-s -w", "-o", target, module];
  const child = spawn(go, args, {
    cwd: join(packageFolder(), "tools", name),
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...env, GOTMPDIR: work, GOFLAGS: "", GOWORK: "off", CGO_ENABLED: env.CGO_ENABLED ?? "1" },
    // It runs compilers beside it: together they are a group, which is ended as one.
    detached: true,
  });
  const kill = () => {
    endGroup(child.pid);
    rmSync(work, { recursive: true, force: true, maxRetries: 3 });
  };
  // Also where this process is ended before its own end of the matter.
  process.once("exit", kill);
  const started = performance.now();
  const tail: string[] = [];
  let compiled = 0;
  const lines = createInterface({ input: child.stderr });
  lines.on("line", (line) => {
    tail.push(line);
    if (tail.length > 15) tail.shift();
    compiled += line.startsWith("go: ") ? 0 : 1;
    const seconds = Math.round((performance.now() - started) / 1000);
    progress.detail(
      line.startsWith("go: downloading")
        ? `${seconds} s, fetching modules`
        : `${seconds} s, package ${compiled} of about ${PACKAGES[name] ?? compiled}`,
    );
  });
  let onAbort: () => void = kill;
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      onAbort = () => reject(signal?.reason as Error);
      signal?.addEventListener("abort", onAbort, { once: true });
      child.once("error", reject);
      child.once("close", resolve);
    });
    if (code !== 0) throw new Error(`go build ended with ${code}:\n${tail.join("\n")}`);
  } finally {
    signal?.removeEventListener("abort", onAbort);
    process.off("exit", kill);
    kill();
  }
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // All of it has ended.
  }
}
