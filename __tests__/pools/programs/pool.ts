import { readFileSync } from "node:fs";
import { App, TerraformStack } from "cdktf";
import { NomadJob, nomadProvider, runProgram, synthesize } from "../../../lib";
import { smallPool, type PoolProgram } from "../../support/warm-pools";

const app = new App();
const stack = new TerraformStack(app, "dev");
const job = smallPool(JSON.parse(readFileSync("change.json", "utf8")) as PoolProgram);
new NomadJob(stack, job.pool, { job, provider: nomadProvider(stack) });
runProgram(() => synthesize(app));
