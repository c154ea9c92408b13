import { readFileSync } from "node:fs";
import { App, TerraformStack } from "cdktf";
import { Job, NomadJob, nomadProvider, runProgram, synthesize } from "../../../lib";

/** A program of jobs that are given as API JSON, so that a test can write down any kind. */
export interface ApiProgram {
  readonly jobs: readonly (object & { readonly ID: string })[];
}

const { jobs } = JSON.parse(readFileSync("change.json", "utf8")) as ApiProgram;
const stack = new TerraformStack(new App(), "dev");
for (const json of jobs) {
  const job = Job.fromApi(json);
  new NomadJob(stack, job.id, { job, provider: nomadProvider(stack) });
}
runProgram(() => synthesize(stack.node.root as App));
