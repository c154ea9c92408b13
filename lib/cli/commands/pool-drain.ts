import { term } from "../../text";
import { argument, command, type ValuesOf } from "../command";
import { EXIT } from "../exit-codes";
import { json } from "../options";

const parameters = { pool: argument("the pool's name") };

/** What it takes of the command line. */
export type Input = ValuesOf<typeof parameters> & ValuesOf<typeof json>;

/** Has a pool take no new leases, by the service. */
export const poolDrain = command({
  name: "drain",
  summary: "have a pool take no new leases until it is filled again, by the service that POOL_SERVICE_ADDR names",
  arguments: parameters,
  options: json,
  examples: ["cdk-nomad pool drain warm-pool-openai"],
  exitCodes: { [EXIT.ok]: "it takes no new leases" },
  interrupted: term`the pool may take no new leases: cdk-nomad pool status says it`,
  run: (input, context) => (require("./run/pool-drain") as typeof import("./run/pool-drain")).run(input, context),
});
