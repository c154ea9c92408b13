import { shellQuoted, term } from "../../text";
import { command, value, type ValuesOf } from "../command";
import { EXIT } from "../exit-codes";
import { changing, duration, environment, json, oneJob, stackVariables } from "../options";

const options = {
  ...oneJob,
  timeout: value("duration", "how long to wait, such as 10m; no other wave is begun after it", duration),
  ...changing,
  ...stackVariables,
  ...json,
};

/** What it takes of the command line. */
export type Input = ValuesOf<typeof environment> & ValuesOf<typeof options>;

/** Restarts what runs of an environment, a few allocations at a time. */
export const restart = command({
  name: "restart",
  summary: "restart running allocations in waves of the update's max_parallel, each once the wave before is healthy",
  arguments: environment,
  options,
  examples: ["cdk-nomad restart dev --job prism-stack", "cdk-nomad restart staging"],
  exitCodes: {
    [EXIT.ok]: "all is restarted and healthy",
    [EXIT.failed]: "an error, nothing to restart, a deployment that goes on, or a wave that did not become healthy",
    [EXIT.timedOut]: "not done in time",
  },
  interrupted: ({ environment: name }) =>
    term`some allocations are restarted, and no other will be: cdk-nomad status ${shellQuoted(name)} says how they do`,
  run: (input, context) => (require("./run/restart") as typeof import("./run/restart")).run(input, context),
});
