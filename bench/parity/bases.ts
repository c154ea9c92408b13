import { existsSync, readFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readStack, synthesizeProject } from "../../lib/operations";
import type { Json } from "./draw";

/** A job to change. */
export interface Base {
  readonly name: string;
  readonly job: Json;
}

const ROOT = join(__dirname, "../..");
const CORPORA = ["corpus.json", "corpus-2.json"].map((file) => join(ROOT, "../shared/jobspec", file));

/** The project's own jobs, and those of corpora of real ones where some are beside the clone or named. */
export async function bases(corpora: readonly string[] = CORPORA): Promise<readonly Base[]> {
  const own = await ownJobs();
  const there = corpora.filter((corpus) => existsSync(corpus));
  if (there.length === 0)
    console.log(`no corpus of real jobs at ${corpora.join(", ")}: only the project's own jobs are changed`);
  const entries = there.flatMap(
    (corpus) =>
      JSON.parse(readFileSync(corpus, "utf8")) as (Base & { accepted: boolean; dependsOnCluster?: boolean })[],
  );
  return [...own, ...entries.filter((entry) => entry.accepted && !entry.dependsOnCluster)];
}

async function ownJobs(): Promise<readonly Base[]> {
  const outdir = mkdtempSync(join(tmpdir(), "cdk-nomad-parity-"));
  try {
    await synthesizeProject({ project: ROOT, outdir, env: process.env });
    return ["dev", "staging", "prod"].flatMap((stack) =>
      readStack(outdir, stack, { variables: stack === "prod" ? { image_version: "1.4.2" } : {}, env: {} })
        .filter((item) => item.kind === "job")
        .map((item) => ({ name: `${stack}/${item.job.ID}`, job: item.job as unknown as Json })),
    );
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}
