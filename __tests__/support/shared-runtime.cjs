const { createRequire } = require("node:module");
const { sep } = require("node:path");
const { compileFunction } = require("node:vm");
const { default: Runtime } = require("jest-runtime");

const PACKAGES = `${sep}node_modules${sep}`;

/** What this worker has compiled, by file. */
const compiled = new Map();

/**
 * Loads packages once for a worker, with Node's own `require`, and compiles the modules of this project once. Jest's runtime does both anew for
 * every file of tests, which was half of the processor's time of the unit tests. Modules of this project are still evaluated for each file:
 * what one of them remembers, no other file sees. It needs an environment in the realm of the worker (shared-environment.cjs): elsewhere an
 * error of a package would be no Error of the tests.
 */
class SharedRuntime extends Runtime {
  #transformer;
  #requires = new Map();

  constructor(config, environment, resolver, transformer, ...rest) {
    super(config, environment, resolver, transformer, ...rest);
    this.#transformer = transformer;
    const { executor } = this;
    executor.compile = (source, file) => compile(source, file, executor.injectedModuleParameters);
  }

  requireModuleOrMock(from, name) {
    const file = this.#packageFile(from, name);
    return file === undefined ? super.requireModuleOrMock(from, name) : require(file);
  }

  /** The file that Node loads, where it is one of a package that is neither Jest's own, nor mocked, nor transformed. */
  #packageFile(from, name) {
    if (name.startsWith(".") || name.startsWith(sep) || name.startsWith("@jest/") || name === "expect")
      return undefined;
    // A package that is transformed brings its own.
    if (from.includes(PACKAGES) || this.mockState.shouldMockCjs(from, name).shouldMock) return undefined;
    const file = this.#resolve(from, name);
    return file.includes(PACKAGES) && !this.#transformer.shouldTransform(file) ? file : undefined;
  }

  #resolve(from, name) {
    const known = this.#requires.get(from) ?? createRequire(from);
    this.#requires.set(from, known);
    return known.resolve(name);
  }
}

/** Of the same code, the function that was compiled before: called again, it evaluates the module anew. */
function compile(source, file, parameters) {
  const known = compiled.get(file);
  if (known?.source === source) return known.run;
  const run = compileFunction(source, parameters, { filename: file });
  compiled.set(file, { source, run });
  return run;
}

module.exports = SharedRuntime;
