import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { UserError } from "../../jobspec";

const schema = v.looseObject({ app: v.pipe(v.string(), v.nonEmpty()) });

/** How a program is run. */
export interface SynthesisOptions {
  /** The folder that holds cdktf.json. */
  readonly project: string;
  /** Where to write. Not cdktf.out, so that a run of cdktf beside it is not disturbed. */
  readonly outdir: string;
  /** Environment variables beside those of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
}

/**
 * Runs the program that cdktf.json names, as cdktf itself does.
 *
 * @returns what it said
 * @throws UserError with what it said, where it fails
 */
export async function synthesizeProject(options: SynthesisOptions): Promise<string> {
  const { project, outdir, env = {}, signal } = options;
  rmSync(outdir, { recursive: true, force: true });
  mkdirSync(outdir, { recursive: true });
  const child = spawn(appCommand(project), {
    cwd: project,
    shell: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env, CDKTF_OUTDIR: outdir },
    signal,
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code !== 0) throw UserError.at("", said.trim() || `the program ended with ${code} and said nothing`, "synthesis");
  return said.trim();
}

function appCommand(project: string): string {
  const file = join(project, "cdktf.json");
  if (!existsSync(file)) throw UserError.at(file, "is missing; run this inside a project", "project");
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw UserError.at(file, `is no JSON: ${(error as Error).message}`, "project");
  }
  const parsed = v.safeParse(schema, json);
  if (!parsed.success)
    throw UserError.at(`${file}.app`, 'names no program; write "node --import tsx main.ts", say', "project");
  return parsed.output.app;
}
