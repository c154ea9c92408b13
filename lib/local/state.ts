import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { UserError } from "../jobspec";

const agent = z.object({ pid: z.number().int().positive(), version: z.string(), path: z.string(), from: z.string() });

const schema = z.object({
  format: z.literal(1),
  portOffset: z.number().int().min(0),
  agents: z.object({ consul: agent.optional(), nomad: agent.optional() }),
});

/** What is known of an embedded cluster between two commands. Whether a process lives is asked of the system, not of this. */
export type ClusterState = z.infer<typeof schema>;

/** Reads what the last command knew, or undefined where there is no cluster. */
export function readState(folder: string): ClusterState | undefined {
  const file = join(folder, "cluster.json");
  if (!existsSync(file)) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, "utf8"));
  } catch {
    throw UserError.at(file, "is no JSON; run cdk-nomad down, which removes it", "state");
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw UserError.at(file, "is of another release; run cdk-nomad down, which removes it", "state");
  return parsed.data;
}

/** Writes it, whole or not at all. */
export function writeState(folder: string, state: ClusterState): void {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "cluster.json");
  writeFileSync(`${file}.new`, `${JSON.stringify(state, null, 2)}\n`);
  renameSync(`${file}.new`, file);
}

/** Forgets it. */
export function removeState(folder: string): void {
  rmSync(join(folder, "cluster.json"), { force: true });
}
