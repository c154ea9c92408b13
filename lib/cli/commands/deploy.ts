import { command, flag, value, type ValuesOf } from "../command";
import { WATCHING_EXIT_CODES } from "../exit-codes";
import { allowedByName, canaryWeight, changing, environment, pruning, watching } from "../options";
import { afterInterruption } from "../after-interruption";

const options = {
  preview: value("file", "a preview in JSON: refuse jobs that somebody changed since"),
  ...canaryWeight("the requests that go to canaries which wait for their promotion"),
  force: flag("try jobs again of which something failed or is missing, also where what runs is stopped for it"),
  ...allowedByName,
  ...changing,
  ...pruning,
  ...watching,
};

/** What it takes of the command line. */
export type Input = ValuesOf<typeof environment> & ValuesOf<typeof options>;

/** Brings an environment to a cluster through Nomad's API, and watches it until it is healthy. */
export const deploy = command({
  name: "deploy",
  summary: "bring an environment to a cluster through Nomad's API, and watch it until it is healthy",
  arguments: environment,
  options,
  examples: ["cdk-nomad deploy dev", "cdk-nomad deploy staging --var image_version=1.4.2 --timeout 10m"],
  exitCodes: WATCHING_EXIT_CODES,
  interrupted: afterInterruption,
  run: (input, context) => (require("./run/deploy") as typeof import("./run/deploy")).run(input, context),
});
