import { App, TerraformStack } from "cdktf";
import { NomadJob, nomadProvider, runProgram, synthesize } from "../lib";
import { job } from "./admin";

const app = new App();
const stack = new TerraformStack(app, "dev");
new NomadJob(stack, "prism", { job, provider: nomadProvider(stack) });

runProgram(() => synthesize(app));
