import * as v from "valibot";
import { UserError } from "../../errors";
import { readJsonFile } from "./json-file";
import { shellQuoted } from "../../text";

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
export function readPreviewFile(file: string, environment: string): ReadonlyMap<string, number> {
  const how = `write one with: cdk-nomad preview ${shellQuoted(environment)} --format json > ${shellQuoted(file)}`;
  const parsed = v.safeParse(schema, readJsonFile(file, "preview"));
  if (!parsed.success) throw UserError.at(file, `is no preview; ${how}`, "preview");
  if (parsed.output.environment !== environment)
    throw UserError.at(file, `is a preview of ${parsed.output.environment}; ${how}`, "preview");
  return new Map(parsed.output.jobs.map(({ path, modifyIndex }) => [path, modifyIndex]));
}
