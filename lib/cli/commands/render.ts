import { term } from "../../text";
import { choice, command, optionalArgument, type ValuesOf } from "../command";
import { EXIT } from "../exit-codes";
import { stackOrFile, variables } from "../options";

const parameters = { ...stackOrFile, job: optionalArgument("the job's id, where there are several") };
const options = { format: choice("format", "what is printed", ["json", "hcl"], "json"), ...variables };

/** What it takes of the command line. */
export type Input = ValuesOf<typeof parameters> & ValuesOf<typeof options>;

/** Prints the jobs of a stack, or of a file, as API JSON or as HCL. */
export const render = command({
  name: "render",
  summary: "print the jobs of a stack, or of a file, as API JSON or as HCL",
  arguments: parameters,
  options,
  examples: ["cdk-nomad render dev", "cdk-nomad render web.json --format hcl"],
  exitCodes: { [EXIT.ok]: "the jobs are printed" },
  interrupted: term`nothing was changed`,
  run: (input, context) => (require("./run/render") as typeof import("./run/render")).run(input, context),
});
