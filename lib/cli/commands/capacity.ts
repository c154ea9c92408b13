import { term } from "../../text";
import { command, optionalArgument, value, values, type ValuesOf } from "../command";
import { EXIT } from "../exit-codes";
import { json, stackOrFile, variables } from "../options";

const parameters = { ...stackOrFile, job: optionalArgument("the job's id, where there are several") };
const options = {
  node: values("size", "a node, such as 4cpu,8GiB (a cpu is 1000 MHz; default: the cluster's)"),
  reserve: value("size", "what each of these keeps for its system, such as 1cpu,1GiB"),
  ...variables,
  ...json,
};

/** What it takes of the command line. */
export type Input = ValuesOf<typeof parameters> & ValuesOf<typeof options>;

/** Says how many of each job fit on nodes that are described, or on those of the cluster. */
export const capacity = command({
  name: "capacity",
  summary:
    "say how many of each job fit, what binds, and what is left: on nodes that you describe, or on the cluster's",
  arguments: parameters,
  options,
  examples: ["cdk-nomad capacity dev --node 4cpu,8GiB --reserve 1cpu,1GiB", "cdk-nomad capacity web.nomad.hcl"],
  exitCodes: { [EXIT.ok]: "all of it fits", [EXIT.failed]: "an error", [EXIT.noRoom]: "not all of it fits" },
  interrupted: term`nothing was changed`,
  run: (input, context) => (require("./run/capacity") as typeof import("./run/capacity")).run(input, context),
});
