import { term } from "../../text";
import { argument, command, commandLine, flag, orElse, value, values, type ValuesOf } from "../command";
import { EXIT } from "../exit-codes";
import { duration } from "../options";
import { generation } from "./pool-release";

const parameters = {
  id: argument("the container's id"),
  words: commandLine("a line of shell, or a program with its arguments; its own options stand behind --"),
};

const options = {
  ...generation,
  env: values("name", "the name of a variable that is set here and that the command gets"),
  secret: values("name", "the name of one that it gets as a secret, which stands in no argument, job or log"),
  // Node itself reads --env-file, wherever it stands in a line that runs a script.
  envFrom: value("file", "variables for the command, NAME=value on each line"),
  secretFrom: value("file", "variables that it gets as secrets, in the same form"),
  stdin: flag("send what stands on standard input, 1 MiB at most"),
  cwd: orElse(value("folder", "where it starts"), { fallback: "the workspace" }),
  timeout: orElse(value("duration", "how long it may take, such as 90s", duration), { fallback: "5m" }),
  json: flag(
    "print one JSON value on stdout when it has ended, also of an error; what the command wrote is in its stdout and stderr, 1 MiB each",
  ),
};

/** What it takes of the command line. */
export type Input = ValuesOf<typeof parameters> & ValuesOf<typeof options>;

/** Runs a command in a container that was claimed, by the service. */
export const poolExec = command({
  name: "exec",
  summary: "run a command in a container that was claimed; its exit code is the command's own",
  arguments: parameters,
  options,
  examples: [
    "cdk-nomad pool exec 0f4a1f5e-6a0e-9a7b-7c1c-2f2f5d1f8a11 -- ls -la",
    "cdk-nomad pool exec 0f4a1f5e-6a0e-9a7b-7c1c-2f2f5d1f8a11 --generation 7 --secret-from keys.env 'python3 task.py | tail'",
  ],
  exitCodes: { [EXIT.ok]: "the command ended with 0; any other code that it ended with is passed on" },
  interrupted: term`the command is ended with everything that it started; the lease stands`,
  run: (input, context) => (require("./run/pool-exec") as typeof import("./run/pool-exec")).run(input, context),
});
