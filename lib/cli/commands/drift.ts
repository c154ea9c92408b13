import { shellQuoted, term } from "../../text";
import { command, flag, type ValuesOf } from "../command";
import { EXIT } from "../exit-codes";
import { changing, endingLeases, environment, format, stackVariables } from "../options";

const options = {
  fix: flag("put it right, unless it is changed again meanwhile"),
  undoReverts: flag(
    "with --fix: bring also what somebody took back, by a rollback or by auto_revert, as the program says",
  ),
  ...endingLeases,
  ...changing,
  ...format,
  ...stackVariables,
};

/** What it takes of the command line. */
export type Input = ValuesOf<typeof environment> & ValuesOf<typeof options>;

/** Says what somebody changed behind the program's back. */
export const drift = command({
  name: "drift",
  summary:
    "say what somebody changed behind the program's back: jobs scaled, edited, stopped, purged; entries of Consul",
  arguments: environment,
  options,
  examples: ["cdk-nomad drift prod", "cdk-nomad drift dev --fix"],
  exitCodes: {
    [EXIT.ok]: "all is as the program says, or was put right",
    [EXIT.failed]: "an error, or not all could be put right",
    [EXIT.changes]: "something is not as the program says",
  },
  interrupted: ({ environment: name }) =>
    term`some of it may be put right: cdk-nomad drift ${shellQuoted(name)} says what is left`,
  run: (input, context) => (require("./run/drift") as typeof import("./run/drift")).run(input, context),
});
