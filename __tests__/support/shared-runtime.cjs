const { createRequire } = require("node:module");
const { dirname, join, resolve, sep } = require("node:path");
const { compileFunction } = require("node:vm");
const { default: Runtime } = require("jest-runtime");

const PACKAGES = `${sep}node_modules${sep}`;
const LIBRARY = join(__dirname, "../../lib");
/** The page's own code, of which the rest of the library loads nothing. */
const BROWSER = join(LIBRARY, "page/browser") + sep;

/** What this worker has compiled, by file. */
const compiled = new Map();
/** Where the source maps of the library's modules are that this worker has loaded, by file. */
const sourceMaps = new Map();
/** How the file of tests that runs has its modules transformed. */
let transforms;

/** Modules of the library are compiled as the tests are, and what they hand out can be changed by nobody: what one file of tests does, no other sees. */
require.extensions[".ts"] = (module, file) => {
  module._compile(transforms.transform(file), file);
  sourceMaps.set(file, transforms.getSourceMaps().get(file));
  for (const name of Object.keys(module.exports)) freeze(module.exports[name]);
};

/**
 * Loads packages and the library (lib) once for a worker, with Node's own `require`, and compiles the tests' other modules once. Jest's runtime does
 * all of it anew for every file of tests, which was half of the processor's time of the unit tests. That the modules of the library remember nothing
 * is held by a test (program/no-state). What stands beside it is evaluated for each file. It needs an environment in the realm of the worker
 * (shared-environment.cjs): elsewhere an error of a package would be no Error of the tests.
 */
class SharedRuntime extends Runtime {
  #transformer;
  #requires = new Map();

  constructor(config, environment, resolver, transformer, ...rest) {
    super(config, environment, resolver, transformer, ...rest);
    this.#transformer = transformer;
    const { executor } = this;
    executor.compile = (source, file) => compile(source, file, executor.injectedModuleParameters);
    for (const [file, map] of sourceMaps) this.getSourceMaps().set(file, map);
    transforms = this.transformCache;
  }

  requireModuleOrMock(from, name) {
    const file = this.#ofLibrary(from, name) ?? this.#packageFile(from, name);
    return file === undefined ? super.requireModuleOrMock(from, name) : require(file);
  }

  /** The file that Node loads, where it is a module of the library. */
  #ofLibrary(from, name) {
    if (!name.startsWith(".") && !name.startsWith(sep)) return undefined;
    const path = resolve(dirname(from), name);
    if (path !== LIBRARY && !path.startsWith(LIBRARY + sep)) return undefined;
    const file = this.#resolve(from, name);
    return file.endsWith(".ts") && !file.startsWith(BROWSER) ? file : undefined;
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

/** Freezes lists and plain objects, however deep. */
function freeze(value) {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  const prototype = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) return;
  Object.freeze(value);
  for (const each of Object.values(value)) freeze(each);
}

module.exports = SharedRuntime;
