import { existsSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { readNamedFileNow } from "../reading";

/** Which stack a record is of. */
export interface StackIdentity {
  /** The project: the same in every clone of it, another one for every project. See {@link projectIdentity}. */
  readonly project: string;
  /** The stack's id, such as `dev`. */
  readonly environment: string;
}

/** A stack, and what people call its project: a project's identity may be a number that nobody knows. */
export interface NamedStackIdentity extends StackIdentity {
  /** See {@link projectName}. It tells no projects apart. Absent where it is the identity itself, or there is none. */
  readonly projectName?: string;
}

/** The context of cdktf.json that names the project, where somebody wants another name than its `projectId`. */
export const PROJECT_CONTEXT = "cdk-nomad/project";

/**
 * What a project is called in the records of its stacks: the context `cdk-nomad/project` of its cdktf.json, else the `projectId` that cdktf gave it,
 * else the name in its package.json, else its folder's name. The first three are the same in every clone.
 *
 * @param start a folder of the project
 */
export function projectIdentity(start: string): string {
  const folder = nearestWith("cdktf.json", start) ?? resolve(start);
  const settings = jsonObject(join(folder, "cdktf.json"));
  const context = isObject(settings.context) ? settings.context[PROJECT_CONTEXT] : undefined;
  return [context, settings.projectId, packageName(folder)].find(isName) ?? basename(folder);
}

/**
 * What people call a project: the context `cdk-nomad/project` of its cdktf.json, else the name in its package.json; undefined where it has none. Its folder's name is
 * none, since that is another one in every clone, and records are the same.
 *
 * @param start a folder of the project
 */
export function projectName(start: string): string | undefined {
  const folder = nearestWith("cdktf.json", start) ?? resolve(start);
  const { context } = jsonObject(join(folder, "cdktf.json"));
  return [isObject(context) ? context[PROJECT_CONTEXT] : undefined, packageName(folder)].find(isName);
}

/** The name in the package.json of a folder, or of the nearest above it; undefined where there is none. */
export function packageName(folder: string): unknown {
  const manifest = nearestWith("package.json", folder);
  return manifest === undefined ? undefined : jsonObject(join(manifest, "package.json")).name;
}

/** The nearest folder, from one upwards, that holds a file. */
function nearestWith(file: string, start: string): string | undefined {
  for (let folder = resolve(start); ; folder = dirname(folder)) {
    if (existsSync(join(folder, file))) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

/** Settings of a project are files, and no pipes that somebody has yet to write to. */
const SETTINGS = { most: 16 * 1024 * 1024, patience: 0 };

/** What a file says; nothing where it is missing or no JSON, which whoever needs it says. */
function jsonObject(file: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(readNamedFileNow(file, SETTINGS).toString("utf8"));
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
