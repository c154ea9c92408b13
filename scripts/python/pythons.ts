import { execFile, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { messageOf } from "../../lib/nomad";

/** A Python of this machine. */
export interface Python {
  /** Such as `3.11`. */
  readonly version: string;
  readonly program: string;
}

/** The releases that the package is for, the ones that Hermes runs on. */
const RELEASES = ["3.11", "3.12", "3.13"];

/** The Pythons of this machine that the package is for, one of each release: those on the path, and those that pyenv keeps. */
export function findPythons(env: NodeJS.ProcessEnv): readonly Python[] {
  const kept = join(env.PYENV_ROOT || join(homedir(), ".pyenv"), "versions");
  const installed = existsSync(kept) ? readdirSync(kept).map((name) => join(kept, name, "bin", "python3")) : [];
  const found = new Map<string, string>();
  // Newer ones of a release come later by name, as a rule.
  for (const program of ["python3", ...RELEASES.map((release) => `python${release}`), ...installed.toReversed()]) {
    const script = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2], sys.executable)";
    const { status, stdout } = spawnSync(program, ["-c", script], { encoding: "utf8", timeout: 30_000 });
    const [version = "", executable = ""] = (stdout ?? "").trim().split(" ");
    if (status === 0 && RELEASES.includes(version) && !found.has(version)) found.set(version, executable);
  }
  return [...found].map(([version, program]) => ({ version, program }));
}

/** What became of the making of an environment. */
export type Made = { readonly python: string; readonly bin: string } | { readonly trouble: string };

/**
 * An environment with the pinned packages of a file, checked by their hashes; it is made once, and kept in the project's cache. The package itself is not installed there:
 * other checkouts have another one.
 *
 * @param cache the folder for all of them
 * @param project the folder of the package
 * @param requirements the name of the file
 */
export async function environmentOf(
  { version, program }: Python,
  cache: string,
  project: string,
  requirements: string,
): Promise<Made> {
  const file = join(project, "requirements", requirements);
  const mark = createHash("sha256").update(readFileSync(file)).digest("hex").slice(0, 12);
  const folder = join(cache, `${version}-${requirements.replace(/\.txt$/, "")}-${mark}`);
  const python = join(folder, "bin", "python");
  try {
    if (!existsSync(join(folder, "complete"))) {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(cache, { recursive: true });
      await run(program, "-m", "venv", folder);
      await run(python, ...PIP, "install", "--require-hashes", "-r", file);
      writeFileSync(join(folder, "complete"), "");
    }
    return { python, bin: join(folder, "bin") };
  } catch (error) {
    const { stderr = "" } = error as { readonly stderr?: string };
    return { trouble: stderr.trim().split("\n").slice(-3).join(" ") || messageOf(error) };
  }
}

/** Runs a program to its end. @throws an error with its `stderr`, where it ends with another code than 0 */
async function run(program: string, ...args: readonly string[]): Promise<void> {
  await promisify(execFile)(program, args, { encoding: "utf8", timeout: 600_000 });
}

const PIP = ["-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input"];
