import { term } from "../../text";
import { argument, command, orElse, value, type ValuesOf } from "../command";
import { EXIT } from "../exit-codes";
import { json, wholeNumber } from "../options";

/** The option that every command with a container has. */
export const generation = {
  generation: orElse(
    value("number", "the lease's generation, which is its fencing token, as claim printed it", wholeNumber),
    { fallback: "that of the lease that stands now" },
  ),
};

const parameters = { id: argument("the container's id") };
const options = { ...generation, ...json };

/** What it takes of the command line. */
export type Input = ValuesOf<typeof parameters> & ValuesOf<typeof options>;

/** Releases a container, by the service. */
export const poolRelease = command({
  name: "release",
  summary:
    "release a container, by the service that POOL_SERVICE_ADDR names; it is replaced before anybody else has it",
  arguments: parameters,
  options,
  examples: ["cdk-nomad pool release 0f4a1f5e-6a0e-9a7b-7c1c-2f2f5d1f8a11 --generation 7"],
  exitCodes: { [EXIT.ok]: "it is released" },
  interrupted: term`it may be released: cdk-nomad pool status says it`,
  run: (input, context) => (require("./run/pool-release") as typeof import("./run/pool-release")).run(input, context),
});
