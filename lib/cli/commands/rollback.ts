import { command, flag, value, type ValuesOf } from "../command";
import { WATCHING_EXIT_CODES } from "../exit-codes";
import { changing, environment, watching, wholeNumber } from "../options";
import { afterInterruption } from "../after-interruption";

const options = {
  job: value(
    "id",
    "the job (default: the one whose deployment failed or goes on); of a pool its name, or its older job",
  ),
  to: value("version", "the version (default: the newest before this one that was healthy once)", wholeNumber),
  adopt: flag("also a job of which nothing but the record says that the stack brought it"),
  ...changing,
  ...watching,
};

/** What it takes of the command line. */
export type Input = ValuesOf<typeof environment> & ValuesOf<typeof options>;

/** Takes a job back to a version that it had, and watches until that is healthy. */
export const rollback = command({
  name: "rollback",
  summary: "take a job back to a version that it had, and watch until that is healthy",
  arguments: environment,
  options,
  examples: [
    "cdk-nomad rollback dev --job prism-stack",
    "cdk-nomad rollback dev --job prism-stack --to 3",
    "cdk-nomad rollback dev --job warm-pool-openai",
  ],
  exitCodes: WATCHING_EXIT_CODES,
  interrupted: afterInterruption,
  run: (input, context) => (require("./run/rollback") as typeof import("./run/rollback")).run(input, context),
});
