import { term } from "../../text";
import { command, type ValuesOf } from "../command";
import { EXIT } from "../exit-codes";
import { json } from "../options";

/** What it takes of the command line. */
export type Input = ValuesOf<typeof json>;

/** Prints the variables that point nomad, consul, terraform and cdktf at the embedded cluster. */
export const env = command({
  name: "env",
  summary: "print the variables that point other programs at the embedded cluster",
  options: json,
  examples: ['eval "$(cdk-nomad env)"'],
  exitCodes: { [EXIT.ok]: "they are printed", [EXIT.failed]: "no cluster runs" },
  interrupted: term`nothing was changed`,
  run: (input, context) => (require("./run/env") as typeof import("./run/env")).run(input, context),
});
