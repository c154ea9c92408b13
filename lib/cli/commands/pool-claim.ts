import { term } from "../../text";
import { argument, command, orElse, value, type ValuesOf } from "../command";
import { EXIT } from "../exit-codes";
import { duration, json } from "../options";

const parameters = { pool: argument("the pool's name") };

const options = {
  owner: orElse(value("name", "whose it will be"), { fallback: "the token's owner" }),
  ttl: orElse(value("duration", "how long the lease stands without a call", duration), { fallback: "60s" }),
  wait: value("duration", "how long to wait where none is free", duration),
  ...json,
};

/** What it takes of the command line. */
export type Input = ValuesOf<typeof parameters> & ValuesOf<typeof options>;

/** Claims a container, by the service. */
export const poolClaim = command({
  name: "claim",
  summary: "claim a container of a pool, by the service that POOL_SERVICE_ADDR names",
  arguments: parameters,
  options,
  examples: [
    "cdk-nomad pool claim warm-pool-openai",
    "cdk-nomad pool claim warm-pool-openai --owner user-42 --ttl 10m --json",
  ],
  exitCodes: {
    [EXIT.ok]:
      "the container's id is printed, with its lease's generation: the fencing token, by which calls of a lease that has ended are refused",
    [EXIT.failed]: "an error, or none is free",
  },
  interrupted: term`a container may have been claimed; its lease ends by itself`,
  run: (input, context) => (require("./run/pool-claim") as typeof import("./run/pool-claim")).run(input, context),
});
