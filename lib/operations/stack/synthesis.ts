import { existsSync, realpathSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { type Problem, UserError } from "../../errors";
import { makePrivate, privateFolder } from "../../private-files";
import { readNamedFileNow, whyUnread } from "../../reading";
import { parseJson } from "./bounded-json";
import { runChild } from "./child-program";
import { OWN_LIMITS } from "./limits";
import { programFailure, writtenErrors } from "./program-failure";
import { settingsFile, synthesisFolder, withRunFolder } from "./run-folder";

const terraformModule = v.union([v.string(), v.looseObject({ source: v.string() })]);

const schema = v.looseObject({
  app: v.pipe(v.string(), v.nonEmpty(), v.excludes("\0")),
  // Names are the user's own, `constructor` among them, and are handed on as they are.
  context: v.optional(v.custom<Readonly<Record<string, unknown>>>(isObject, "context is no object")),
  terraformModules: v.optional(v.array(terraformModule)),
});

/** What cdktf.json says. */
type ProjectSettings = v.InferOutput<typeof schema>;

type Environment = Readonly<Record<string, string | undefined>>;

/** How a program is run. */
export interface SynthesisOptions {
  /** The folder that holds cdktf.json. */
  readonly project: string;
  /** Where to write. Not cdktf.out, so that a run of cdktf beside it is not disturbed. */
  readonly outdir: string;
  /** The environment that the program is run in. */
  readonly env: Environment;
  /** Context beside that of cdktf.json. Default: none. */
  readonly context?: Readonly<Record<string, unknown>>;
  readonly signal?: AbortSignal;
}

/**
 * Runs the program that cdktf.json names, as cdktf itself does, in a folder that no other run shares, and hands on where it wrote and
 * its output. The folder is removed afterwards.
 *
 * @throws UserError with the program's output, where it fails
 */
export async function withSynthesis<T>(
  options: Omit<SynthesisOptions, "outdir">,
  run: (outdir: string, output: string) => Promise<T>,
): Promise<T> {
  return withRunFolder(synthesisFolder(options.project), async (outdir) =>
    run(outdir, await synthesizeProject({ ...options, outdir })),
  );
}

/**
 * Runs the program that cdktf.json names, as cdktf itself does.
 *
 * @returns its output
 * @throws UserError with its output, where it fails; the signal's reason, where it is aborted
 */
export async function synthesizeProject(options: SynthesisOptions): Promise<string> {
  const { project, outdir, env, signal } = options;
  signal?.throwIfAborted();
  const settings = readSettings(project);
  rmSync(outdir, { recursive: true, force: true });
  privateFolder(outdir);
  const environment = programEnvironment(env, settings, options.context);
  const errors = join(outdir, "errors.json");
  const run = runChild({
    command: settings.app,
    cwd: project,
    env: { ...environment, CDKTF_OUTDIR: outdir, CDK_NOMAD_ERRORS: errors },
    signal,
  }).catch((error: unknown) => {
    throw isTooLong(error) ? tooLong(environment) : error;
  });
  const { code, ending, output } = await run.finally(() => existsSync(outdir) && makePrivate(outdir));
  const how = ending ? `was ended by ${ending}` : `ended with ${code}`;
  if (code === 0) return output;
  const refused = writtenErrors(errors);
  if (refused) throw new UserError(refused);
  const failure = programFailure(output, realpathSync(project));
  if (failure) throw new UserError([...printedBefore(failure.before), ...failure.problems]);
  throw UserError.at(`"app" of cdktf.json`, output ? `${how}\n${output}` : `${how}, without any output`, "synthesis");
}

function printedBefore(before: string): readonly Problem[] {
  const message = `printed before it failed:\n${before}`;
  return before === "" ? [] : [{ rule: "synthesis", path: [`"app" of cdktf.json`], message, severity: "error" }];
}

/**
 * The environment that cdktf's own command gives to a program: no values of Terraform's variables, which are for Terraform, more memory, and
 * the context of cdktf.json, in which ids of resources may depend on what is set there.
 *
 * @see https://developer.hashicorp.com/terraform/cdktf/create-and-deploy/configuration-file
 */
function programEnvironment(
  env: Environment,
  { context, terraformModules = [] }: ProjectSettings,
  more: SynthesisOptions["context"],
): NodeJS.ProcessEnv {
  const own = Object.entries(env).filter(([name]) => !name.startsWith("TF_VAR_"));
  const relative = terraformModules.filter((module) =>
    /^\.\.?\//.test(typeof module === "string" ? module : module.source),
  );
  return {
    NODE_OPTIONS: "--max-old-space-size=4096",
    ...Object.fromEntries(own.filter(([name, value]) => name !== "NODE_OPTIONS" || value)),
    [CONTEXT]: JSON.stringify({
      ...(context ?? inheritedContext(env[CONTEXT])),
      ...more,
      cdktfRelativeModules: relative,
    }),
    SYNTH_HCL_OUTPUT: "false",
  };
}

const CONTEXT = "CDKTF_CONTEXT_JSON";

/** Says that an operating system takes no arguments and variables as long as these. */
function isTooLong(error: unknown): boolean {
  return typeof error === "object" && error !== null && "code" in error && error.code === "E2BIG";
}

function tooLong({ [CONTEXT]: context = "" }: NodeJS.ProcessEnv): UserError {
  const size = Math.ceil(Buffer.byteLength(context) / 1024);
  const message = `with the context of cdktf.json (${size} KiB) the environment of the program is longer than this machine takes (128 KiB for each variable on Linux); write large values into a file that the program reads`;
  return UserError.at('"context" of cdktf.json', message, "project");
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function inheritedContext(text: string | undefined): object {
  if (!text) return {};
  try {
    return JSON.parse(text) as object;
  } catch {
    throw UserError.at(CONTEXT, 'is no JSON; write {"name": "value"}, say', "project");
  }
}

function readSettings(project: string): ProjectSettings {
  const file = settingsFile(project);
  const json = parseJson(textOf(file), OWN_LIMITS.depth, file);
  const parsed = v.safeParse(schema, json);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const key = v.getDotPath(issue) ?? "";
  const message =
    key === "app" || key === ""
      ? 'names no program; write "node --import tsx main.ts", say'
      : `is not what cdktf takes: ${issue.message}`;
  throw UserError.at(`${file}.${key || "app"}`, message, "project");
}

/** Bytes of a cdktf.json; what it says reaches the program as a variable, which is far shorter. */
const LARGEST_SETTINGS = 16 * 1024 * 1024;

function textOf(file: string): string {
  try {
    return readNamedFileNow(file, { most: LARGEST_SETTINGS, patience: 0 }).toString("utf8");
  } catch (error) {
    throw UserError.at(file, whyUnread(error), "project");
  }
}
