import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findBinary } from "../../lib/local";
import { HERE } from "./binaries";

/** The program whose parser is asked: on the PATH or in the cache; it is never fetched or built for this. */
export const NOMAD = findBinary("nomad", HERE)?.path;

/** What Nomad reads in a text of HCL, by `nomad job run -output`, which asks no server. */
export function parseWithNomad(hcl: string): Record<string, unknown> {
  if (NOMAD === undefined) throw new Error("there is no nomad on the PATH or in the cache");
  const folder = mkdtempSync(join(tmpdir(), "cdk-nomad-parse-"));
  try {
    const file = join(folder, "job.nomad.hcl");
    writeFileSync(file, hcl);
    const options = { encoding: "utf8", env: { PATH: process.env.PATH }, maxBuffer: 2 ** 28, stdio: "pipe" } as const;
    return (JSON.parse(execFileSync(NOMAD, ["job", "run", "-output", file], options)) as { Job: never }).Job;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
