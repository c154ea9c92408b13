import { shellQuoted, term } from "../../text";
import { command, flag, value, values, type ValuesOf } from "../command";
import { EXIT } from "../exit-codes";
import { changing, duration, environment, json, stackVariables } from "../options";

const options = {
  yes: flag("ask nobody: needed where there is no terminal"),
  endLeases: flag("end the leases of its pools, with whatever their holders do in them"),
  timeout: value("duration", "how long to wait for what stops, such as 10m (default: 5m)", duration),
  include: values(
    "name",
    "something that goes although nothing but the record says that it is the stack's, as it is listed",
  ),
  adopt: flag("take jobs and keys along that no record says are the stack's, and that are not as its program says"),
  withoutRecords: flag("go on where records cannot be read, though it is not known then what is another stack's"),
  ...changing,
  ...stackVariables,
  ...json,
};

/** What it takes of the command line. */
export type Input = ValuesOf<typeof environment> & ValuesOf<typeof options>;

/** Takes away everything that a stack brought to a cluster. */
export const destroy = command({
  name: "destroy",
  summary: "stop and purge the jobs of an environment, and remove what it made in Consul",
  arguments: environment,
  options,
  examples: ["cdk-nomad destroy dev", "cdk-nomad destroy dev --yes --json"],
  exitCodes: {
    [EXIT.ok]: "nothing of it is left",
    [EXIT.failed]: "an error, somebody said no, leases of its pools go on, or something is left",
    [EXIT.timedOut]: "not all that stops has ended in time",
  },
  interrupted: ({ environment: name }) =>
    term`some of it may be gone already: cdk-nomad destroy ${shellQuoted(name)} goes on with it`,
  run: (input, context) => (require("./run/destroy") as typeof import("./run/destroy")).run(input, context),
});
