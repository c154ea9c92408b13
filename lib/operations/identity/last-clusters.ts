import { existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import * as v from "valibot";
import { ignoredFolder, writeWholePrivateFile } from "../../private-files";
import type { ClusterIdentity } from "./cluster-identity";

const text = v.pipe(v.string(), v.maxLength(1_000));
const cluster = v.object({
  address: text,
  keys: v.pipe(v.array(text), v.maxLength(100)),
  region: v.exactOptional(text),
  consulId: v.exactOptional(text),
  consulDatacenter: v.exactOptional(text),
  /** Whether it was the embedded cluster of the project. */
  embedded: v.boolean(),
});
const schema = v.object({ format: v.literal(1), stacks: v.record(v.string(), cluster) });

/** The cluster that a stack was brought to. */
export type LastCluster = ClusterIdentity & { readonly embedded: boolean };

/**
 * Where the stacks of a project went the last time from this folder: what a cluster cannot say is that something was meant for another one. It
 * is only ever a reason to ask, so that a file which cannot be read counts as none.
 */
export class LastClusters {
  /** @param file in a folder that is git's to ignore */
  constructor(private readonly file: string) {}

  /** Where a stack went; undefined where nobody knows. */
  of(stack: string): LastCluster | undefined {
    const all = this.read();
    return Object.hasOwn(all, stack) ? all[stack] : undefined;
  }

  /** Keeps where a stack goes. */
  keep(stack: string, { embedded, ...found }: LastCluster): void {
    ignoredFolder(dirname(this.file));
    const stacks = { ...this.read(), [stack]: { ...found, embedded } };
    writeWholePrivateFile(this.file, `${JSON.stringify({ format: 1, stacks }, null, 2)}\n`);
  }

  /** Forgets a stack. */
  forget(stack: string): void {
    const { [stack]: gone, ...stacks } = this.read();
    if (gone) writeWholePrivateFile(this.file, `${JSON.stringify({ format: 1, stacks }, null, 2)}\n`);
  }

  private read(): Readonly<Record<string, LastCluster>> {
    if (!existsSync(this.file)) return {};
    try {
      const parsed = v.safeParse(schema, JSON.parse(readFileSync(this.file, "utf8")));
      return parsed.success ? parsed.output.stacks : {};
    } catch {
      return {};
    }
  }
}
