const { default: TestRunner } = require("jest-runner");

/**
 * Runs a file of tests that failed once more, where CI is set: on real servers a busy machine can be late for reasons that are nobody's.
 * A fault that is there fails twice. What failed the first time is printed whole, so that a test that often needs the second run is seen.
 */
const onceMore = (Runner) =>
  class extends Runner {
    #failed = [];
    #again = false;

    async runTests(tests, watcher, options) {
      await super.runTests(tests, watcher, options);
      if (this.#failed.length === 0 || watcher.isInterrupted()) return;
      this.#again = true;
      // One after another, with nothing beside it.
      await super.runTests(this.#failed, watcher, { ...options, serial: true });
    }

    on(event, listener) {
      if (!process.env.CI) return super.on(event, listener);
      if (event === "test-file-success")
        return super.on(event, ([test, result]) => {
          const failed = result.numFailingTests > 0 || result.testExecError !== undefined;
          return this.#keeps(test, failed && (result.failureMessage ?? "")) ? undefined : listener([test, result]);
        });
      if (event === "test-file-failure")
        return super.on(event, ([test, error]) =>
          this.#keeps(test, String(error?.stack ?? error?.message ?? error)) ? undefined : listener([test, error]),
        );
      return super.on(event, listener);
    }

    /** Whether the result is kept back, since the file is run once more. */
    #keeps(test, failure) {
      if (this.#again || failure === false) return false;
      this.#failed.push(test);
      process.stderr.write(
        `ONCE MORE ${test.path}: it failed, and is run a second time. The first time:\n${failure}\n`,
      );
      return true;
    }
  };

module.exports = onceMore(TestRunner);
module.exports.onceMore = onceMore;
