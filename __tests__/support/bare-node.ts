import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JobJson } from "../../lib/nomad";
import type { Job } from "../../lib/jobspec";

/** Folders with links to busybox, each of which is all that a task finds on its PATH: as on a node, or in an image, that has no more. */
export class BarePaths {
  readonly #folder = mkdtempSync(join(tmpdir(), "cdk-nomad-bare-"));

  /** @param programs names of busybox's */
  folder(name: string, programs: readonly string[]): string {
    const folder = join(this.#folder, name);
    mkdirSync(folder);
    for (const program of programs) symlinkSync("/usr/bin/busybox", join(folder, program));
    return folder;
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }
}

/** A job whose tasks have this PATH, as the job of somebody who set it would have. */
export function withPath(job: Job, path: string): JobJson {
  const json = job.toApi().Job as JobJson & { readonly TaskGroups: readonly { Tasks: { Env?: object | null }[] }[] };
  for (const group of json.TaskGroups) for (const task of group.Tasks) task.Env = { ...task.Env, PATH: path };
  return json;
}
