import { shellQuoted, term } from "../../text";
import { command, value, type ValuesOf } from "../command";
import { EXIT } from "../exit-codes";
import { changing, environment, json, stackVariables } from "../options";

const options = {
  job: value("id", "the job, where several deployments go on"),
  ...changing,
  ...stackVariables,
  ...json,
};

/** What it takes of the command line. */
export type Input = ValuesOf<typeof environment> & ValuesOf<typeof options>;

/** Ends a deployment as failed. */
export const fail = command({
  name: "fail",
  summary: "end a deployment that goes on as failed; a job with auto_revert goes back by itself",
  arguments: environment,
  options,
  examples: ["cdk-nomad fail staging --job prism-stack"],
  exitCodes: { [EXIT.ok]: "the deployment is failed" },
  interrupted: ({ environment: name }) =>
    term`a deployment may be failed already: cdk-nomad status ${shellQuoted(name)} says what became of it`,
  run: (input, context) => (require("./run/fail") as typeof import("./run/fail")).run(input, context),
});
