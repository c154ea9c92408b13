const { readdirSync, readFileSync, statSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");

/**
 * Whether what stands in `dist` was compiled of the very sources that there are: the same files, of the same size and of the same time. Then it may run in their place,
 * since loading the sources takes several times as long; whatever was changed since counts at once.
 */
const list = (root) => join(root, "dist", ".sources.json");

/** Every file of the sources, with its size and its time. */
function sourcesOf(root) {
  return readdirSync(join(root, "lib"), { recursive: true })
    .flatMap((path) => {
      const found = statSync(join(root, "lib", path));
      return found.isFile() ? [`${path} ${found.size} ${found.mtimeMs}`] : [];
    })
    .sort()
    .join("\n");
}

module.exports = {
  sourcesOf,
  /** @param sources what there was before it was compiled, by `sourcesOf` */
  remember: (root, sources) => writeFileSync(list(root), sources),
  isCompiled(root) {
    try {
      return readFileSync(list(root), "utf8") === sourcesOf(root);
    } catch {
      // Nothing was compiled, or by a release before this.
      return false;
    }
  },
};
