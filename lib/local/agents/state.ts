import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { UserError } from "../../errors";
import { REGION_NAME } from "./agents";
import { ownerOfFile, userInWords } from "../machine";
import { privateFolder, writeWholePrivateFile } from "../../private-files";
import { byName } from "../../reading";

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
// Which process it is, is asked of the system.
const agent = v.object({ version: v.string(), path: v.string(), from: v.string() });

const schema = v.object({
  format: v.literal(1),
  portOffset: count,
  regions: v.optional(v.pipe(v.array(v.pipe(v.string(), v.regex(REGION_NAME))), v.minLength(1)), ["global"]),
  // What an older release wrote has it not: there all Nomads share one Consul agent.
  sharedConsul: v.optional(v.boolean(), true),
  // Nor did it ask anybody for a token.
  closed: v.optional(v.boolean(), false),
  // Nor did its agents know each other, who spoke with everybody.
  tls: v.optional(v.boolean(), false),
  // Nor was there one that keeps secrets.
  vault: v.optional(v.boolean(), false),
  agents: byName(agent),
});

/** What is known of an embedded cluster between two commands. Whether a process lives is asked of the system, not of this. */
export type ClusterState = v.InferOutput<typeof schema>;

/**
 * Reads the state of the cluster of a folder, as the last command left it.
 *
 * @returns undefined where there is none
 * @throws UserError where it cannot be read, with what to do
 */
export function readState(folder: string): ClusterState | undefined {
  const file = stateFile(folder);
  if (!hasState(folder)) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EACCES") {
      const owner = ownerOfFile(file);
      const whose = owner === undefined ? "another user" : userInWords(owner);
      throw UserError.at(file, `is a file of ${whose}; run cdk-nomad as that user`, "state");
    }
    throw UserError.at(file, "is no JSON; run cdk-nomad down, which removes it", "state");
  }
  const parsed = v.safeParse(schema, json);
  if (!parsed.success) throw UserError.at(file, "is of another release; run cdk-nomad down, which removes it", "state");
  return parsed.output;
}

/** Whether a folder says that there is a cluster, readable or not. */
export function hasState(folder: string): boolean {
  return existsSync(stateFile(folder));
}

function stateFile(folder: string): string {
  return join(folder, "cluster.json");
}

/** Reads the state that an agent of a cluster has in its environment, so that it is known where the folder is gone; undefined where it is none. */
export function readMark(text: string | undefined): ClusterState | undefined {
  try {
    const parsed = v.safeParse(schema, JSON.parse(text ?? ""));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}

/** Writes the state of a cluster into its folder, whole or not at all. */
export function writeState(folder: string, state: ClusterState): void {
  privateFolder(folder);
  writeWholePrivateFile(stateFile(folder), `${JSON.stringify(state, null, 2)}\n`);
}

/** Removes the state of a cluster: its folder says from then on that there is none. */
export function removeState(folder: string): void {
  rmSync(stateFile(folder), { force: true });
}
