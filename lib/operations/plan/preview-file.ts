import * as v from "valibot";
import { UserError } from "../../errors";
import { readJsonFile } from "./json-file";
import { shellQuoted } from "../../text";

/** Bytes of a preview: a stack of 2,000 jobs has some. */
const LARGEST = 64 * 1024 * 1024;

const schema = v.looseObject({
  environment: v.string(),
  jobs: v.array(v.looseObject({ path: v.string(), modifyIndex: v.number() })),
});

/**
 * The modify indexes that somebody saw in a preview, by the paths of the jobs.
 *
 * @param file what `cdk-nomad preview --format json` printed
 * @throws UserError where it is no such file, or one of another environment
 */
export async function readPreviewFile(
  file: string,
  environment: string,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const how = `write one with: cdk-nomad preview ${shellQuoted(environment)} --format json > ${shellQuoted(file)}`;
  const parsed = v.safeParse(schema, await readJsonFile(file, { rule: "preview", most: LARGEST, signal }));
  if (!parsed.success) throw UserError.at(file, `is no preview; ${how}`, "preview");
  if (parsed.output.environment !== environment)
    throw UserError.at(file, `is a preview of ${parsed.output.environment.slice(0, 128)}; ${how}`, "preview");
  return new Map(parsed.output.jobs.map(({ path, modifyIndex }) => [path, modifyIndex]));
}
