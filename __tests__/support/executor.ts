import type { ExecutionResult, Executor } from "../../lib/pools";

/** A command that wrote nothing and went well. */
export const WENT_WELL: Omit<ExecutionResult, "isolation"> = {
  exitCode: 0,
  ended: "exited",
  stdout: "",
  stderr: "",
  truncated: false,
  duration: 1,
};

/** Runs nothing and says that it went well: for tests of what happens around commands. */
export const runsNothing: Executor = {
  execute: ({ isolation }) => Promise.resolve({ ...WENT_WELL, isolation }),
  wipe: () => Promise.resolve(),
};
