import { term } from "../../text";
import { argument, command, type ValuesOf } from "../command";
import { EXIT } from "../exit-codes";
import { json } from "../options";

const parameters = { pool: argument("the pool's name") };

/** What it takes of the command line. */
export type Input = ValuesOf<typeof parameters> & ValuesOf<typeof json>;

/** Has a pool that was drained take leases again, by the service. */
export const poolFill = command({
  name: "fill",
  summary: "have a pool that was drained take leases again, by the service that POOL_SERVICE_ADDR names",
  arguments: parameters,
  options: json,
  examples: ["cdk-nomad pool fill warm-pool-openai"],
  exitCodes: { [EXIT.ok]: "it takes leases again, and has the size that it had" },
  interrupted: term`the pool may take leases again: cdk-nomad pool status says it`,
  run: (input, context) => (require("./run/pool-fill") as typeof import("./run/pool-fill")).run(input, context),
});
