import { term } from "../../text";
import { command, flag, listOfArguments, value, values, type ValuesOf } from "../command";
import { EXIT } from "../exit-codes";
import { variables } from "../options";

const parameters = {
  files: listOfArguments("files of HCL, of HCL as JSON or of API JSON; - is standard input", { placeholder: "file" }),
};

const options = {
  job: values("id", "a job of the cluster"),
  out: value("file", "the file that is written (default: stdout)"),
  force: flag("write over a file that says something else"),
  from: value("module", "what the classes are imported from (default: cdk-nomad)"),
  ...variables,
};

/** What it takes of the command line. */
export type Input = ValuesOf<typeof parameters> & ValuesOf<typeof options>;

/** Writes jobs that exist, as HCL, as JSON or on a cluster, as TypeScript. */
export const importJobs = command({
  name: "import",
  summary: "write jobs that exist as TypeScript",
  arguments: parameters,
  options,
  examples: ["cdk-nomad import web.nomad.hcl --out jobs/web.ts", "cdk-nomad import --job web"],
  exitCodes: { [EXIT.ok]: "the jobs are written", [EXIT.failed]: "an error; nothing is written" },
  interrupted: term`nothing was written, or all of it`,
  run: (input, context) => (require("./run/import") as typeof import("./run/import")).run(input, context),
});
