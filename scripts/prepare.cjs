/**
 * Compiles the library, without checking its types again, when npm installs it from its repository: what is installed runs what was compiled, and only a clone has the sources. In a clone, where
 * nothing changed since the last time, that takes a moment, and the command line runs what was compiled until somebody changes a source; what was compiled of sources that are gone goes before; without the development dependencies there is no compiler, and none is needed.
 */
const { existsSync } = require("node:fs");
const { spawnSync } = require("node:child_process");
const { join } = require("node:path");

const root = join(__dirname, "..");
const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
if (existsSync(compiler)) {
  require("./stale.cjs")(root);
  const { remember, sourcesOf } = require("./compiled.cjs");
  const sources = sourcesOf(root);
  const { status } = spawnSync(process.execPath, [compiler, "-p", "tsconfig.build.json", "--noCheck"], {
    cwd: root,
    stdio: "inherit",
  });
  process.exitCode = status ?? 1;
  if (status === 0) {
    void require("./bundle.cjs")().then(() => remember(root, sources));
  }
} else {
  console.log("cdk-nomad is not compiled: there is no TypeScript beside it, and a clone runs its sources");
}
