import { execFile } from "node:child_process";
import { accessSync, constants, existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { UserError } from "../jobspec";
import { buildWithGo, hasGo } from "./go-build";
import type { Progress } from "./progress";
import { downloadRelease } from "./release";

const run = promisify(execFile);

/** The programs that an embedded cluster is made of, and the versions that are fetched or built. */
export const PROGRAMS = {
  nomad: { version: "1.11.3", module: "github.com/hashicorp/nomad" },
  consul: { version: "1.20.1", module: "github.com/hashicorp/consul" },
} as const;

/** Name of one of them. */
export type ProgramName = keyof typeof PROGRAMS;

/** A program that was found or made. */
export interface Binary {
  readonly name: ProgramName;
  readonly path: string;
  readonly version: string;
  /** How it was got. */
  readonly from: "PATH" | "cache" | "release" | "go";
}

/** What getting a binary needs of its surroundings. */
export interface BinaryOptions {
  readonly cache: string;
  readonly progress: Progress;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
}

/**
 * A program: from PATH, from the cache, as the official release, or built from its Go module, in this order.
 * CDK_NOMAD_NOMAD or CDK_NOMAD_CONSUL names a file to use instead, CDK_NOMAD_RELEASES a mirror of the official releases.
 *
 * @throws UserError where no way leads to it, with what each said
 */
export async function getBinary(name: ProgramName, options: BinaryOptions): Promise<Binary> {
  const { env, cache, progress, signal } = options;
  const named = env[`CDK_NOMAD_${name.toUpperCase()}`];
  if (named) {
    if (!isExecutable(named))
      throw UserError.at(
        `CDK_NOMAD_${name.toUpperCase()}`,
        `${named} is no program; write the path of one, or unset it`,
        "binary",
      );
    return describe(name, named, "PATH");
  }
  const onPath = findOnPath(name, env.PATH);
  if (onPath) return describe(name, onPath, "PATH");

  const { version } = PROGRAMS[name];
  const folder = join(cache, name, version);
  const file = join(folder, name);
  if (isExecutable(file)) return describe(name, file, "cache");

  mkdirSync(folder, { recursive: true });
  const partial = join(folder, `${name}.${process.pid}.partial`);
  const failures: string[] = [];
  try {
    for (const way of ["release", "go"] as const) {
      if (way === "go" && !(await hasGo())) {
        failures.push("Go build: no go on PATH");
        continue;
      }
      try {
        if (way === "release")
          await downloadRelease(name, version, partial, {
            progress,
            mirror: env.CDK_NOMAD_RELEASES || undefined,
            signal,
          });
        else await buildWithGo(name, PROGRAMS[name].module, partial, progress, signal);
        renameSync(partial, file);
        return await describe(name, file, way);
      } catch (error) {
        if (signal?.aborted) throw error;
        failures.push(
          `${way === "release" ? "release" : "Go build"}: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
    }
  } finally {
    rmSync(partial, { force: true });
  }
  throw UserError.at(
    "",
    `there is no ${name} here: none on PATH; ${failures.join("; ")}. Install ${name} ${version}, or Go`,
    "binary",
  );
}

function findOnPath(name: string, path: string | undefined): string | undefined {
  return (path ?? "")
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return existsSync(file);
  } catch {
    return false;
  }
}

async function describe(name: ProgramName, path: string, from: Binary["from"]): Promise<Binary> {
  const { stdout } = await run(path, ["version"], { timeout: 20_000 });
  return { name, path, version: /v(\d+\.\d+\.\d+)/.exec(stdout)?.[1] ?? "unknown", from };
}
