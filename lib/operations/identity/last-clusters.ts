import { existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { lock } from "proper-lockfile";
import * as v from "valibot";
import { ignoredFolder, writeWholePrivateFile } from "../../private-files";
import { byName } from "../../reading";
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
const schema = v.object({ format: v.literal(1), stacks: byName(cluster) });

/** A write takes milliseconds: who has held the lock for 2 s was killed. The others wait a little longer than that, in milliseconds. */
const LOCK = { realpath: false, stale: 2_000, retries: { retries: 60, minTimeout: 20, maxTimeout: 60 } };

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

  /** Keeps where a stack goes: written before anything of it is there, so that whoever is ended on the way knows where it began. */
  async keep(stack: string, { embedded, ...found }: LastCluster): Promise<void> {
    ignoredFolder(dirname(this.file));
    await this.change((stacks) => ({ ...stacks, [stack]: { ...found, embedded } }));
  }

  /** Forgets a stack. */
  async forget(stack: string): Promise<void> {
    if (this.of(stack) === undefined) return;
    await this.change(({ [stack]: _gone, ...stacks }) => stacks);
  }

  /** Writes what another command that does the same just now wrote along with it. */
  private async change(
    make: (stacks: Readonly<Record<string, LastCluster>>) => Readonly<Record<string, LastCluster>>,
  ): Promise<void> {
    // Where nobody may make a lock, the file is written all the same: it is only ever a reason to ask.
    const release = await lock(this.file, { ...LOCK, onCompromised: () => undefined }).catch(() => undefined);
    try {
      const stacks = make(this.read());
      writeWholePrivateFile(this.file, `${JSON.stringify({ format: 1, stacks }, null, 2)}\n`);
    } finally {
      await release?.().catch(() => undefined);
    }
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
