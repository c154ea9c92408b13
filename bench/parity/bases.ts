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
const CORPUS = join(ROOT, "../shared/jobspec/corpus.json");

/** The project's own jobs, and those of a corpus of real ones where one is beside the clone or named. */
export async function bases(corpus = CORPUS): Promise<readonly Base[]> {
  const own = await ownJobs();
  if (!existsSync(corpus)) {
    console.log(`no corpus of real jobs at ${corpus}: only the project's own jobs are changed`);
    return own;
  }
  const entries = JSON.parse(readFileSync(corpus, "utf8")) as (Base & {
    accepted: boolean;
    dependsOnCluster?: boolean;
  })[];
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
