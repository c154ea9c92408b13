import { readFileSync } from "node:fs";
import { App, TerraformStack } from "cdktf";
import { Cpu, Memory, NomadJob, nomadProvider, Resources, runProgram, SlotPoolJob, synthesize } from "../../../lib";

/** A pool of sandboxes that are processes of the node, as a test wants it. */
export interface SlotPoolProgram {
  readonly name?: string;
  readonly slots?: number;
  readonly generations?: boolean;
  /** The program of the server. */
  readonly command?: readonly [string, ...string[]];
}

const app = new App();
const stack = new TerraformStack(app, "dev");
const { slots = 5, ...program } = JSON.parse(readFileSync("change.json", "utf8")) as SlotPoolProgram;
const resources = new Resources({ cpu: Cpu.mhz(20), memory: Memory.mebibytes(128) });
const job = new SlotPoolJob({
  ...program,
  slots,
  min: 1,
  max: 6,
  driver: "raw_exec",
  isolation: ["user", "none"],
  resources,
});
new NomadJob(stack, job.pool, { job, provider: nomadProvider(stack) });
runProgram(() => synthesize(app));
