const { existsSync, readdirSync, rmSync } = require("node:fs");
const { join } = require("node:path");

/**
 * Empties a folder that was compiled of other sources than there are: what was compiled of one that was renamed or removed would be packed, and what somebody took out of it, the compiler,
 * which remembers what it wrote, would not write again. One of the same sources stays, so that compiling takes a moment where little changed.
 *
 * @param root the folder of the sources `lib` and of what was compiled of them, `dist`
 * @returns whether it was emptied
 */
module.exports = function emptyStale(root) {
  const dist = join(root, "dist");
  if (!existsSync(dist)) return false;
  const sources = namesIn(join(root, "lib"), /^(?!.*\.d\.ts$)(.*)\.tsx?$/, "page/browser");
  const compiled = namesIn(join(dist, "lib"), /^(.*)\.d\.ts$/);
  const scripts = namesIn(join(dist, "lib"), /^(.*)\.js$/);
  if (sources.size === compiled.size && [...sources].every((name) => compiled.has(name) && scripts.has(name)))
    return false;
  rmSync(dist, { recursive: true, force: true });
  return true;
};

/** Files below a folder whose names fit, without their ends. */
function namesIn(folder, pattern, left = undefined) {
  const found = new Set();
  const look = (below) => {
    if (below === left) return;
    for (const entry of readdirSync(join(folder, below), { withFileTypes: true })) {
      const path = below === "" ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) look(path);
      else {
        const [, name] = pattern.exec(path) ?? [];
        if (name !== undefined) found.add(name);
      }
    }
  };
  if (existsSync(folder)) look("");
  return found;
}
