import { command, flag, value, type ValuesOf } from "../command";
import { WATCHING_EXIT_CODES } from "../exit-codes";
import { canaryWeight, changing, duration, environment, oneJob, watching } from "../options";
import { afterInterruption } from "../after-interruption";

const options = {
  ...oneJob,
  ...canaryWeight("give canaries this part of the requests instead of promoting them"),
  whenHealthy: flag("wait until the canaries are healthy"),
  autoFailAfter: value(
    "duration",
    "wait as --when-healthy does, and fail the deployment where that takes longer, such as 5m",
    duration,
  ),
  ...changing,
  ...watching,
};

/** What it takes of the command line. */
export type Input = ValuesOf<typeof environment> & ValuesOf<typeof options>;

/** Promotes the canaries of an environment, and watches until all is healthy. */
export const promote = command({
  name: "promote",
  summary: "let healthy canaries take the places of the old allocations, and watch until all is healthy",
  arguments: environment,
  options,
  examples: ["cdk-nomad promote staging", "cdk-nomad promote staging --when-healthy --auto-fail-after 5m"],
  exitCodes: WATCHING_EXIT_CODES,
  interrupted: afterInterruption,
  run: (input, context) => (require("./run/promote") as typeof import("./run/promote")).run(input, context),
});
