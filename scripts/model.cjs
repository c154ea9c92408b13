/**
 * Makes one file of the model's many: a program of an installed package reads it in half of the time, and a call within it is a call, where between compiled modules
 * each goes through the door that it was imported by. The doors stay where they are, and hand on what is theirs.
 */
const { appendFileSync, writeFileSync } = require("node:fs");
const { dirname, join, relative, resolve } = require("node:path");

const root = join(__dirname, "..");
const room = join(root, "lib", "jobspec");
/** The doors of the room, from outside. */
const DOORS = { index: "./index", host: "./host", secrets: "./secrets/index" };

/**
 * @param {string} compiled the folder in which `lib` was compiled
 */
module.exports = async function model(compiled) {
  const out = join(compiled, "lib", "jobspec");
  const file = join(out, "model.js");
  const { outputFiles } = await require("esbuild").build({
    stdin: {
      contents: Object.entries(DOORS)
        .map(([name, path]) => `export * as ${name} from "${path}";`)
        .join("\n"),
      resolveDir: room,
      loader: "ts",
    },
    outfile: file,
    write: false,
    bundle: true,
    packages: "external",
    plugins: [outside],
    platform: "node",
    target: "node20",
    logLevel: "error",
  });
  writeFileSync(file, outputFiles[0].text);
  const made = require(file);
  appendFileSync(file, renamed(made));
  for (const [name, path] of Object.entries(DOORS)) {
    // Who imports it as a module of ECMAScript is told its names by the first line, which never runs.
    const names = Object.keys(made[name]).join(", ");
    const from = relative(dirname(join(out, path)), file);
    writeFileSync(
      join(out, `${path}.js`),
      `"use strict";\n0 && (module.exports = { ${names} });\nconst { ${name} } = require("${from.startsWith(".") ? from : `./${from}`}");\nmodule.exports = ${name};\n`,
    );
  }
};

/** What the model takes from other rooms is theirs. */
const outside = {
  name: "outside",
  setup(build) {
    build.onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir }) => {
      const found = resolve(resolveDir, path);
      return relative(room, found).startsWith("..")
        ? { path: relative(room, found).replaceAll("\\", "/"), external: true }
        : undefined;
    });
  },
};

/** Lines that give exported classes their names back, which messages repeat: one that speaks of itself, or is called as something of JavaScript is, was bundled under another. */
function renamed(made) {
  const lines = new Set();
  for (const door of Object.keys(DOORS))
    for (const [name, value] of Object.entries(made[door]))
      if (typeof value === "function" && value.name !== name && /^class\b/.test(String(value)))
        lines.add(`Object.defineProperty(module.exports.${door}.${name}, "name", { value: "${name}" });\n`);
  return [...lines].join("");
}

if (require.main === module) void module.exports(resolve(process.argv[2] ?? join(root, "dist")));
