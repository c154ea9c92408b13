import { term } from "../../text";
import { command, value, type ValuesOf } from "../command";
import { EXIT } from "../exit-codes";
import { allowedByName, environment, format, pruning, stackVariables } from "../options";

const options = {
  ...format,
  plan: value("file", "a plan from terraform show -json, for what only Terraform knows"),
  synthesized: value("folder", "read what somebody else's program was synthesized into, and run no program"),
  ...allowedByName,
  ...pruning,
  ...stackVariables,
};

/** What it takes of the command line. */
export type Input = ValuesOf<typeof environment> & ValuesOf<typeof options>;

/** Says what would happen to a cluster, were an environment deployed now. */
export const preview = command({
  name: "preview",
  summary: "say what Nomad would do with the jobs of an environment, and what changes in Consul",
  arguments: environment,
  options,
  examples: [
    "cdk-nomad preview dev",
    "cdk-nomad preview staging --format markdown > comment.md",
    "cdk-nomad preview staging --synthesized cdktf.out",
  ],
  exitCodes: {
    [EXIT.ok]: "nothing changes",
    [EXIT.failed]: "an error",
    [EXIT.changes]: "something changes",
    [EXIT.refused]: "a deployment would be refused, whatever changes",
  },
  interrupted: term`nothing was changed`,
  run: (input, context) => (require("./run/preview") as typeof import("./run/preview")).run(input, context),
});
