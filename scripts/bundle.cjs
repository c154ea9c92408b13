/**
 * Makes one file of the sandbox server, beside its compiled sources: what a package carries, and any Node runs without the package's dependencies. And one
 * script and one style of the page's code, which a browser runs without anything beside it; and one file of the model.
 */
const { copyFileSync } = require("node:fs");
const { join } = require("node:path");

const root = join(__dirname, "..");
module.exports = async function bundle() {
  require("esbuild").buildSync({
    entryPoints: [join(root, "lib/pools/sandbox/server/main.ts")],
    outfile: join(root, "dist/lib/pools/sandbox/sandbox-server.js"),
    bundle: true,
    platform: "node",
    target: "node20",
    banner: { js: "#!/usr/bin/env node" },
    logLevel: "error",
  });
  require("esbuild").buildSync({
    ...require("../lib/page/bundling.json"),
    entryPoints: [join(root, "lib/page/browser/page.tsx")],
    outdir: join(root, "dist/lib/page/browser"),
    banner: { js: "/*! has Preact, MIT licence: see preact-LICENSE.txt beside this file */" },
  });
  // Its licence goes wherever a copy of it goes.
  copyFileSync(join(root, "node_modules/preact/LICENSE"), join(root, "dist/lib/page/browser/preact-LICENSE.txt"));
  await require("./model.cjs")(join(root, "dist"));
};

if (require.main === module) void module.exports();
