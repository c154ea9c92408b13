import { term } from "../../text";
import { argument, command, flag, value, type ValuesOf } from "../command";
import { EXIT } from "../exit-codes";

const parameters = {
  name: argument("a task; or a job, a pool or an allocation, where that has one task", "task|job"),
};

const options = {
  follow: flag("go on as it writes", { short: "-f" }),
  stderr: flag("only its stderr"),
  job: value("id", "the job or the pool, where several have such a task"),
  alloc: value(
    "id",
    "the allocation, by the first 8 signs of its id, where several run the task (default: the newest)",
  ),
};

/** What it takes of the command line. */
export type Input = ValuesOf<typeof parameters> & ValuesOf<typeof options>;

/** Prints what a task wrote; with `-f` as it writes. */
export const logs = command({
  name: "logs",
  summary: "print what a task wrote",
  arguments: parameters,
  options,
  examples: [
    "cdk-nomad logs prism-admin",
    "cdk-nomad logs pattern-launcher -f",
    "cdk-nomad logs warm-pool-openai",
    "cdk-nomad logs web --alloc 1a2b3c4d",
  ],
  exitCodes: { [EXIT.ok]: "all of it is printed" },
  interrupted: term`the task goes on`,
  run: (input, context) => (require("./run/logs") as typeof import("./run/logs")).run(input, context),
});
