const Module = require("node:module");
const { join, sep } = require("node:path");
const { isCompiled } = require("../../scripts/compiled.cjs");

/**
 * Has a program of a test load what was compiled of the library, where that is of the very sources there are. Tests on clusters synthesize hundreds of times, and loading the sources was half of
 * all that their processor did.
 */
const root = join(__dirname, "../..");
if (isCompiled(root)) {
  const [sources, compiled] = [join(root, "lib") + sep, join(root, "dist/lib") + sep];
  const resolve = Module._resolveFilename;
  Module._resolveFilename = function (...args) {
    const file = resolve.apply(this, args);
    return file.startsWith(sources) && file.endsWith(".ts")
      ? `${compiled}${file.slice(sources.length, -".ts".length)}.js`
      : file;
  };
}
