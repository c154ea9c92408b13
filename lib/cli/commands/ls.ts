import { term } from "../../text";
import { command, flag, type ValuesOf } from "../command";
import { EXIT } from "../exit-codes";
import { json } from "../options";

const options = { jobs: flag("list the jobs of each"), ...json };

/** What it takes of the command line. */
export type Input = ValuesOf<typeof options>;

/** Lists the stacks that a cluster has, of every project. */
export const ls = command({
  name: "ls",
  summary: "list the stacks of a cluster, with their jobs, their owners, and when a job of theirs changed last",
  options,
  examples: ["cdk-nomad ls", "cdk-nomad ls --jobs"],
  exitCodes: { [EXIT.ok]: "they are printed", [EXIT.failed]: "an error, or some records could not be read" },
  interrupted: term`nothing was changed`,
  run: (input, context) => (require("./run/ls") as typeof import("./run/ls")).run(input, context),
});
