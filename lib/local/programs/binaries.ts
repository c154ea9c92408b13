import { messageOf } from "../../nomad";
import { execFile } from "node:child_process";
import { accessSync, constants, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { MissingProgram, UserError } from "../../errors";
import { oneAtATime, type Machine, type Progress } from "../machine";
import { buildWithGo } from "./go-build";
import { licenceOf } from "./licences";
import { checkKept, keepSum, sumOf } from "./kept-sums";
import { downloadRelease, RELEASES } from "./release";
import { RELEASE_SUMS } from "./sums";

const run = promisify(execFile);

/** The programs that an embedded cluster is made of, and the only versions of them that are fetched or built. */
export const PROGRAMS = {
  nomad: { version: "1.11.3", module: "github.com/hashicorp/nomad" },
  consul: { version: "1.20.1", module: "github.com/hashicorp/consul" },
} as const;

/** Name of one of them. */
export type ProgramName = keyof typeof PROGRAMS;

/** A program that was found or made. */
export interface Binary {
  readonly name: ProgramName | "vault";
  readonly path: string;
  readonly version: string;
  /** What it calls itself, where that is not its name. */
  readonly product?: string;
  /** How it was got. */
  readonly from: "PATH" | "cache" | "release" | "go";
}

/** What getting a binary takes of the machine. */
export interface BinaryOptions {
  readonly cache: string;
  readonly progress: Progress;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly machine: Machine;
  readonly signal?: AbortSignal;
  /** SHA-256 sums that archives of releases must have, by their names; of others the published sums count. Default: those of {@link PROGRAMS}. */
  readonly sums?: Readonly<Record<string, string>>;
  /** How long whoever has the releases may say nothing, in milliseconds. Default: a minute. */
  readonly silence?: number;
}

/**
 * Every program of an embedded cluster, each as {@link getBinary} gets it.
 *
 * @throws MissingProgram with all of those that no way leads to
 */
export async function getBinaries(options: BinaryOptions): Promise<Readonly<Record<ProgramName, Binary>>> {
  const failed: UserError[] = [];
  const get = async (name: ProgramName): Promise<Binary | undefined> => {
    try {
      return await getBinary(name, options);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      failed.push(error);
      return undefined;
    }
  };
  const [consul, nomad] = [await get("consul"), await get("nomad")];
  if (consul && nomad) return { consul, nomad };
  const problems = failed.flatMap((error) => error.problems);
  if (failed.some((error) => !(error instanceof MissingProgram))) throw new UserError(problems);
  throw new MissingProgram(...problems.map(({ message }) => message));
}

/**
 * A program: from PATH, from the cache, as the official release, or built from its Go module, in this order. What is fetched or built is
 * told with its licence, which is not an open-source one, and what is kept in the cache is checked before it is run.
 * CDK_NOMAD_NOMAD or CDK_NOMAD_CONSUL names a file to use instead, CDK_NOMAD_RELEASES a mirror of the official releases.
 *
 * @throws MissingProgram where no way leads to it, with what each said
 * @throws UserError where the one in the cache is not the one that was kept there
 */
export async function getBinary(name: ProgramName, options: BinaryOptions): Promise<Binary> {
  const { path, from } = await getProgram(name, options);
  return describe(name, path, from);
}

/** As {@link getBinary}, where nobody asks for the version. */
export async function getProgram(name: ProgramName, options: BinaryOptions): Promise<Pick<Binary, "path" | "from">> {
  const { cache } = options;
  const found = findBinary(name, options);
  if (found?.from === "cache") await checkKept(found.path, options);
  if (found) return found;

  const folder = join(cache, name, PROGRAMS[name].version);
  mkdirSync(folder, { recursive: true });
  return oneAtATime(folder, { ...options, waiting: `waiting for another cdk-nomad, which gets ${name}` }, async () => {
    const now = findBinary(name, options);
    if (now?.from === "cache") await checkKept(now.path, options);
    return now ?? makeProgram(name, folder, options);
  });
}

/** Fetches or builds a program into its folder of the cache: whole, or not at all. */
async function makeProgram(
  name: ProgramName,
  folder: string,
  options: BinaryOptions,
): Promise<Pick<Binary, "path" | "from">> {
  const { progress } = options;
  const { version } = PROGRAMS[name];
  const variable = variableOf(name);
  const file = join(folder, name);
  const partial = join(folder, `${name}.${process.pid}.partial`);
  const failures: string[] = [];
  const remove = () => {
    for (const path of [partial, `${partial}.zip`]) rmSync(path, { force: true });
  };
  // Also where this process is ended before its own end of the matter.
  process.once("exit", remove);
  try {
    for (const { way, make } of [
      { way: "release", make: downloaded },
      { way: "go", make: built },
    ] as const) {
      try {
        await make(name, partial, options);
        keepSum(file, await sumOf(partial, options.signal));
        renameSync(partial, file);
        progress.done(`${name} ${version} is kept in ${file}`);
        return { path: file, from: way };
      } catch (error) {
        if (options.signal?.aborted) throw error;
        failures.push(messageOf(error));
      }
    }
  } finally {
    process.off("exit", remove);
    remove();
  }
  throw new MissingProgram(
    `there is no ${name} here: none on PATH, nor in ${folder}; ${failures.join("; ")}. Install ${name} ${version} ` +
      `(https://developer.hashicorp.com/${name}/install; ${licenceOf(name, version)}), name a program with ${variable} or ` +
      `a mirror of the releases with CDK_NOMAD_RELEASES, or install Go`,
  );
}

async function downloaded(name: ProgramName, target: string, options: BinaryOptions): Promise<void> {
  const { version } = PROGRAMS[name];
  const mirror = options.env.CDK_NOMAD_RELEASES || RELEASES;
  options.progress.note(`${name} ${version} from ${mirror}, licence ${licenceOf(name, version)}`);
  try {
    await downloadRelease(name, version, target, { ...options, mirror, sums: options.sums ?? RELEASE_SUMS });
  } catch (error) {
    throw new Error(`the release: ${messageOf(error)}`);
  }
}

async function built(name: ProgramName, target: string, options: BinaryOptions): Promise<void> {
  const { version, module } = PROGRAMS[name];
  const go = findOnPath("go", options.env.PATH);
  if (!go) throw new Error("its Go module: there is no go on PATH to build it with");
  options.progress.note(
    `${name} ${version} is built from its sources, the Go module ${module}, licence ${licenceOf(name, version)}: ` +
      `once, some minutes; a ${name} on PATH would be taken instead`,
  );
  try {
    await buildWithGo(go, { name, module, target }, options);
  } catch (error) {
    throw new Error(`its Go module: ${messageOf(error)}`);
  }
}

/**
 * The program where it is on this machine already: the file that CDK_NOMAD_NOMAD or CDK_NOMAD_CONSUL names, else on PATH, else in the cache.
 *
 * @throws UserError where the variable names no program
 */
export function findBinary(
  name: ProgramName,
  { env, cache }: Pick<BinaryOptions, "env" | "cache">,
): Pick<Binary, "path" | "from"> | undefined {
  const variable = variableOf(name);
  const named = env[variable];
  if (named) {
    if (isExecutable(named)) return { path: named, from: "PATH" };
    throw UserError.at(variable, `${named} is no program; write the path of one, or unset it`, "binary");
  }
  const onPath = findOnPath(name, env.PATH);
  if (onPath) return { path: onPath, from: "PATH" };
  const file = join(cache, name, PROGRAMS[name].version, name);
  return isExecutable(file) ? { path: file, from: "cache" } : undefined;
}

/** The variable that names a program to use. */
function variableOf(name: ProgramName): string {
  return `CDK_NOMAD_${name.toUpperCase()}`;
}

/** A program by the folders of PATH. */
export function findOnPath(name: string, path: string | undefined): string | undefined {
  return (path ?? "")
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

/** Whether a file is a program that this user may run. */
export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

async function describe(name: ProgramName, path: string, from: Binary["from"]): Promise<Binary> {
  const { stdout } = await run(path, ["version"], { timeout: 20_000 });
  return { name, path, version: /v(\d+\.\d+\.\d+)/.exec(stdout)?.[1] ?? "unknown", from };
}
