import { Testing, TerraformStack } from "cdktf";
import { NomadJob, nomadProvider } from "../lib";
import { SynthesizedStack } from "../lib/testing";
import { job } from "./admin";

const stack = new TerraformStack(Testing.app(), "dev");
new NomadJob(stack, "prism", { job, provider: nomadProvider(stack) });

SynthesizedStack.fromStack(stack).hasJob({ ID: "prism-stack", TaskGroups: [{ Name: "admin" }] });
