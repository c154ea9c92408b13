import { term } from "../../text";
import { command, flag, optionalArgument, value, type ValuesOf } from "../command";
import { EXIT } from "../exit-codes";
import { duration, json, noWaitBatch, stackVariables } from "../options";

const options = {
  watch: flag("wait for the deployments and batch jobs that go on"),
  job: value("id", "only this job; also a pool, an older job of it, or what a job launched"),
  timeout: value("duration", "how long to wait, such as 10m", duration),
  ...noWaitBatch,
  ...stackVariables,
  ...json,
};

const parameters = { environment: optionalArgument("the stack's name") };

/** What it takes of the command line. */
export type Input = ValuesOf<typeof parameters> & ValuesOf<typeof options>;

/** Says what became of the jobs of an environment; of the embedded cluster, where none is named. */
export const status = command({
  name: "status",
  summary: "say what became of the jobs of an environment; without one, what the embedded cluster is doing",
  arguments: parameters,
  options,
  examples: ["cdk-nomad status", "cdk-nomad status dev --watch"],
  exitCodes: {
    [EXIT.ok]: "healthy; without an environment: all of the embedded cluster is ready",
    [EXIT.failed]: "an error, or something failed, is missing, is not known, or is another stack's",
    [EXIT.waitingForPromotion]: "a canary waits for its promotion",
    [EXIT.timedOut]: "a deployment or a batch job goes on",
    [EXIT.partial]: "without an environment: the embedded cluster runs in part",
    [EXIT.stopped]: "without an environment: the embedded cluster does not run",
  },
  interrupted: term`nothing was changed`,
  run: (input, context) => (require("./run/status") as typeof import("./run/status")).run(input, context),
});
