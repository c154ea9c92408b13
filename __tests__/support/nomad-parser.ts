import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { cacheFolder, PROGRAMS } from "../../lib/local";

/** The program whose parser is asked: on the PATH or in the cache; it is never fetched or built for this. */
function found(): string | undefined {
  const folders = [...(process.env.PATH ?? "").split(delimiter), join(cacheFolder(), "nomad", PROGRAMS.nomad.version)];
  return folders.map((folder) => join(folder, "nomad")).find((file) => existsSync(file));
}

const program = found();

/** A test that asks Nomad's own parser; skipped, with a word, where no Nomad is at hand. */
export const testWithNomad = program === undefined ? test.skip : test;
if (program === undefined) console.log("skipped: no nomad on the PATH or in the cache, whose parser could be asked");

/** What Nomad reads in a text of HCL, by `nomad job run -output`, which asks no server. */
export function parseWithNomad(hcl: string): Record<string, unknown> {
  if (program === undefined) throw new Error("there is no nomad; use testWithNomad");
  const folder = mkdtempSync(join(tmpdir(), "cdk-nomad-parse-"));
  try {
    const file = join(folder, "job.nomad.hcl");
    writeFileSync(file, hcl);
    const options = { encoding: "utf8", env: { PATH: process.env.PATH }, maxBuffer: 2 ** 28 } as const;
    return (JSON.parse(execFileSync(program, ["job", "run", "-output", file], options)) as { Job: never }).Job;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
