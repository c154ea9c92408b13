const { mkdtempSync, realpathSync, rmSync } = require("node:fs");
const { tmpdir } = require("node:os");
const { join } = require("node:path");
const { ModuleMocker } = require("jest-mock");

/** The names under which Jest keeps what belongs to one file in the global object, where it replaces nothing of Node's. */
const JESTS = new Set([
  "EVENT_HANDLERS",
  "JEST_STATE_SYMBOL",
  "LOG_ERRORS_BEFORE_RETRY",
  "RETRY_IMMEDIATELY",
  "RETRY_TIMES",
  "RETRY_TIMES_SETTER",
  "TEST_TIMEOUT_SYMBOL",
  "WAIT_BEFORE_RETRY",
]);

/**
 * Where files of tests run that share the packages of their worker (shared-runtime.cjs): in the worker's own realm, so that there is one Error,
 * one Array and one Promise as in any program. After each file, the variables, the working folder, the exit code and the globals of Node are as
 * they were before it, and what it left in the folder for temporary files is gone. There are no fake timers: clocks are passed in.
 */
class SharedEnvironment {
  global = globalThis;
  moduleMocker = new ModuleMocker(globalThis);
  fakeTimers = null;
  fakeTimersModern = null;
  #bringBack = remember();
  #prepareStackTrace = Error.prepareStackTrace;
  #temporary;

  async setup() {
    const { prepareStackTrace } = Error;
    // cdktf keeps the whole stack of the making of each token as a text, in an object that is no error: most of the time that a token takes.
    if (prepareStackTrace)
      Error.prepareStackTrace = (error, frames) => (error instanceof Error ? prepareStackTrace(error, frames) : "");
    this.#temporary = mkdtempSync(join(realpathSync(tmpdir()), "cdk-nomad-test-"));
    process.env.TMPDIR = this.#temporary;
  }

  async teardown() {
    this.#bringBack();
    Error.prepareStackTrace = this.#prepareStackTrace;
    // It is also called where the setup failed, whose error is the one to be told.
    if (this.#temporary !== undefined) rmSync(this.#temporary, { recursive: true, force: true });
  }

  exportConditions() {
    return ["node", "node-addons"];
  }

  /** There is no other context than the worker's. */
  getVmContext() {
    return null;
  }
}

/** Remembers what a file of tests may change, and returns what brings it back. */
function remember() {
  const globals = Object.getOwnPropertyDescriptors(globalThis);
  const { exit, exitCode, env } = process;
  const variables = { ...env };
  const folder = process.cwd();
  return () => {
    for (const key of Reflect.ownKeys(globalThis)) {
      if (!Object.getOwnPropertyDescriptor(globalThis, key).configurable) continue;
      if (Object.hasOwn(globals, key)) Object.defineProperty(globalThis, key, globals[key]);
      // Anything else stays: packages keep there what they remember as long as the worker lives, as cdktf does with its tokens.
      else if (typeof key === "symbol" && JESTS.has(key.description)) delete globalThis[key];
    }
    // A file may have put another object in its place, which nobody but JavaScript reads.
    Object.assign(process, { exit, exitCode, env });
    for (const name of Object.keys(process.env)) if (!Object.hasOwn(variables, name)) delete process.env[name];
    Object.assign(process.env, variables);
    process.chdir(folder);
  };
}

module.exports = SharedEnvironment;
