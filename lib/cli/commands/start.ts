import { term } from "../../text";
import { command, optionalArgument, type ValuesOf } from "../command";
import { WATCHING_EXIT_CODES } from "../exit-codes";
import { acl, portOffset, vault } from "../options";

const parameters = {
  environment: optionalArgument("the stack's name; by default dev, or the only one that there is"),
};

const options = { ...portOffset, ...acl, ...vault };

/** What it takes of the command line. */
export type Input = ValuesOf<typeof parameters> & ValuesOf<typeof options>;

/** The main job: the cluster, then a stack, then what to do next. */
export const start = command({
  name: "start",
  summary: "start the embedded cluster, deploy an environment to it, and say what is where",
  arguments: parameters,
  options,
  examples: ["cdk-nomad start", "cdk-nomad start --port-offset 1000"],
  exitCodes: WATCHING_EXIT_CODES,
  interrupted: term`the cluster goes on with what it was given: cdk-nomad status says what runs, cdk-nomad down ends it`,
  run: (input, context) => (require("./run/start") as typeof import("./run/start")).run(input, context),
});
