import { term } from "../../text";
import { argument, command, type ValuesOf } from "../command";
import { EXIT } from "../exit-codes";
import { json } from "../options";

const parameters = { pool: argument("the pool's name") };

/** What it takes of the command line. */
export type Input = ValuesOf<typeof parameters> & ValuesOf<typeof json>;

/** Replaces the containers of a pool, by the service. */
export const poolRecycle = command({
  name: "recycle",
  summary:
    "replace the containers of a pool, by the service that POOL_SERVICE_ADDR names: leased ones when they are released",
  arguments: parameters,
  options: json,
  examples: ["cdk-nomad pool recycle warm-pool-openai"],
  exitCodes: { [EXIT.ok]: "each is replaced, now or when it is released" },
  interrupted: term`some may have been replaced; the command may be repeated`,
  run: (input, context) => (require("./run/pool-recycle") as typeof import("./run/pool-recycle")).run(input, context),
});
