import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { synthesize } from "../../lib";
import { evaluateTemplate, variableValues, type VariableDeclaration } from "../../lib/operations";
import { createApp } from "../../main";

/**
 * What Terraform's state and the clusters know of the three stacks: the addresses of resources, the ids of jobs, and the files that are
 * rendered. A change of the library must not change any of it; `npx jest -u` here says that somebody meant to.
 */
interface SynthesizedStack {
  readonly "//"?: unknown;
  readonly resource: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;
  readonly variable?: Readonly<Record<string, VariableDeclaration>>;
}

const outdir = mkdtempSync(join(tmpdir(), "cdk-nomad-"));
afterAll(() => rmSync(outdir, { recursive: true, force: true }));

/** A folder that is the same on every machine, since the ids of pools follow from what stands in their jobs. */
const INPUTS = { project: "/project", dockerImages: [] };

const files = (() => {
  synthesize(createApp({ app: { outdir, context: { "cdk-nomad/project": "golden" } }, inputs: INPUTS }));
  const { stacks } = JSON.parse(readFileSync(join(outdir, "manifest.json"), "utf8")) as {
    stacks: Record<string, { synthesizedStackPath: string }>;
  };
  return Object.entries(stacks).map(
    ([name, { synthesizedStackPath }]) => [name, readFileSync(join(outdir, synthesizedStackPath), "utf8")] as const,
  );
})();

/** Jobs that run with the Node of this machine have its path in them, and those of pools its hash in their ids. */
const portable = (text: string) =>
  text
    .replaceAll(process.execPath, "<node>")
    .replaceAll(join(__dirname, "../.."), "<here>")
    .replaceAll(/\b(warm-pool-[a-z]+|browser-pool|hermes-sandbox)-[0-9a-f]{8}\b/g, "$1-<generation>");

const hash = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 16);

test("there are three stacks", () => {
  expect(files.map(([name]) => name).sort()).toEqual(["dev", "prod", "staging"]);
});

test.each(files)("the stack %s keeps its addresses, its jobs and what they render", (_name, text) => {
  // What the framework writes about itself is not a stack's: it differs between cdktf and cdktn.
  const { "//": _about, ...stack } = JSON.parse(text) as SynthesizedStack;
  const { resource, variable = {} } = stack;
  const named = { image_version: "1.2.3" };
  const values = variableValues(variable, Object.hasOwn(variable, "image_version") ? named : {}, {});
  const jobs = Object.entries(resource.nomad_job ?? {}).map(([address, { jobspec }]) => {
    const { Job } = JSON.parse(String(evaluateTemplate(String(jobspec), values))) as { Job: { ID: string } };
    return `nomad_job.${address} ${portable(Job.ID)} ${hash(portable(JSON.stringify(Job)))}`;
  });
  const resources = Object.entries(resource).flatMap(([type, all]) =>
    Object.entries(all).map(([address, each]) => `${type}.${address} ${hash(portable(JSON.stringify(each)))}`),
  );
  expect({ jobs, resources, file: hash(portable(JSON.stringify(stack))) }).toMatchSnapshot();
});
