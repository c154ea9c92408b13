import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UserError } from "../../../lib";
import { commandParser } from "../../../lib/operations";
import { comparable } from "../../support/corpus";
import {
  FIXED_CASES,
  NOMAD,
  nomadsOwn,
  testWithNomad,
  TEXT_CASES,
  writeFiles,
  type HclCase,
} from "../../support/hcl-cases";

const program = NOMAD ?? "";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "cdk-nomad-hcl-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What is read here of a case; undefined where it is refused. */
async function readHere({ hcl, variables = {} }: HclCase): Promise<unknown> {
  const env = { HOME: folder, ...variables.env };
  const parse = commandParser({
    program: () => Promise.resolve(program),
    variables: { ...variables, env },
    cwd: folder,
  });
  try {
    return ((await parse("job.nomad.hcl", hcl)) as { Job: unknown }).Job;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return undefined;
  }
}

describe("HCL and its variables are read as nomad job run reads them", () => {
  testWithNomad.each(FIXED_CASES.map((entry) => [entry.name, entry] as const))("%s", async (_name, entry) => {
    writeFiles(folder, entry);
    expect(comparable(await readHere(entry))).toEqual(comparable(nomadsOwn(program, folder, entry)));
  });

  // All of them are tried by the end-to-end tests.
  const some = TEXT_CASES.filter((_case, index) => index % 41 === 0);
  testWithNomad.each(some.map((entry) => [entry.name, entry] as const))("%s", async (_name, entry) => {
    expect(comparable(await readHere(entry))).toEqual(comparable(nomadsOwn(program, folder, entry)));
  });
});
