import { term } from "../../text";
import { choice, command, flag, optionalArgument, type ValuesOf } from "../command";
import { EXIT } from "../exit-codes";
import { json } from "../options";

const parameters = { pool: optionalArgument("only this pool, by its name or by the id of its job") };
const options = {
  watch: flag("go on, as it changes"),
  store: choice("store", "where leases are kept", ["consul", "nomad"], "consul"),
  ...json,
};

/** What it takes of the command line. */
export type Input = ValuesOf<typeof parameters> & ValuesOf<typeof options>;

/** How the pools do, asked of the cluster itself: it works without the service. */
export const poolStatus = command({
  name: "status",
  summary: "say how the pools do, and who has what; asks Nomad and the store, and no service",
  arguments: parameters,
  options,
  examples: ["cdk-nomad pool status", "cdk-nomad pool status warm-pool-openai --watch"],
  exitCodes: { [EXIT.ok]: "it is printed" },
  interrupted: term`nothing was changed`,
  run: (input, context) => (require("./run/pool-status") as typeof import("./run/pool-status")).run(input, context),
});
