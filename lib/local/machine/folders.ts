import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { UserError } from "../../errors";
import type { Machine } from "./machine";

/** The project's folder: the nearest one, from a folder upwards, that holds a cdktf.json; undefined where none does. */
export function findProjectFolder(start: string): string | undefined {
  for (let folder = resolve(start); ; folder = dirname(folder)) {
    if (existsSync(join(folder, "cdktf.json"))) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}

/**
 * The project's folder, for what needs one.
 *
 * @throws UserError where there is none
 */
export function projectFolder(start: string): string {
  const found = findProjectFolder(start);
  if (found !== undefined) return found;
  throw UserError.at(
    "",
    `no cdktf.json in ${resolve(start)} or above it; run this inside a project, or make one of this folder: write { "language": "typescript", "app": "npx tsx main.ts" } into cdktf.json`,
    "project",
  );
}

/** The one folder of the project that its embedded cluster keeps everything in. Git ignores it: it says so itself. */
export function clusterFolder(project: string): string {
  return join(project, ".cdk-nomad");
}

/**
 * Where binaries are kept between projects, one folder per version: CDK_NOMAD_CACHE, else the user's cache folder.
 */
export function cacheFolder(
  env: Readonly<Record<string, string | undefined>>,
  { platform, home }: Pick<Machine, "platform" | "home">,
): string {
  if (env.CDK_NOMAD_CACHE) return resolve(env.CDK_NOMAD_CACHE);
  const base = platform === "darwin" ? join(home, "Library", "Caches") : join(home, ".cache");
  return join(env.XDG_CACHE_HOME ? resolve(env.XDG_CACHE_HOME) : base, "cdk-nomad");
}

/** This package's own folder, from its sources as from its compiled files. */
export function packageFolder(start = __dirname): string {
  for (let folder = start; folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, "tools", "nomad", "go.mod"))) return folder;
  }
  throw new Error("the package's tools folder is missing");
}
