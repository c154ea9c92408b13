import { term } from "../../text";
import { choice, command, flag, listOfArguments, value, type ValuesOf } from "../command";
import { EXIT } from "../exit-codes";
import { json, variables } from "../options";

const options = {
  format: choice("format", "how problems are printed", ["text", "json", "github"], "text"),
  nomadVersion: value("version", "the oldest Nomad that must take the jobs (default: 1.11)"),
  upgradeTo: value(
    "version",
    "also what a Nomad of this version refuses or warns of, and the one of today does not, with the rules that came and went: 2.0, say",
  ),
  enterprise: flag("that Nomad is Nomad Enterprise"),
  memoryOversubscription: flag("its scheduler lets tasks use more memory than they reserve"),
  ...variables,
  ...json,
};

const parameters = {
  names: listOfArguments("files of HCL, JSON or TypeScript, or stacks of this project", {
    placeholder: "file|stack",
    least: 1,
  }),
};

/** What it takes of the command line. */
export type Input = ValuesOf<typeof parameters> & ValuesOf<typeof options>;

/** Says what a Nomad server would say of the jobs of files, or of a stack. */
export const validate = command({
  name: "validate",
  summary: "say what a Nomad server would say of jobs, without asking one",
  arguments: parameters,
  options,
  examples: [
    "cdk-nomad validate web.nomad.hcl",
    "cdk-nomad validate dev staging --format github",
    "cdk-nomad validate prod --upgrade-to 2.0",
  ],
  exitCodes: { [EXIT.ok]: "no errors; warnings perhaps", [EXIT.failed]: "an error" },
  interrupted: term`nothing was changed`,
  run: (input, context) => (require("./run/validate") as typeof import("./run/validate")).run(input, context),
});
