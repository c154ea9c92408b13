#!/usr/bin/env node
"use strict";

// An installed package runs what was compiled. A clone does so too while that is of the very sources it has, which takes a fifth of the time; a change of them counts at once.
const { existsSync } = require("node:fs");
const { join } = require("node:path");

const compiled = join(__dirname, "..", "dist", "lib", "cli", "main.js");
const source = join(__dirname, "..", "lib", "cli", "main.ts");
if (existsSync(source) && !require("../scripts/compiled.cjs").isCompiled(join(__dirname, ".."))) {
  // A signal to the whole group of processes ends the translator of the sources as well, perhaps first: that is no error, and nobody wants to see its source.
  process.on("uncaughtException", (error) => {
    if (/^The service (?:was stopped|is no longer running)/.test(error?.message))
      return void setTimeout(() => process.exit(143), 1000);
    console.error(error);
    process.exit(1);
  });
  require("tsx/cjs");
  require(source);
} else {
  require(compiled);
}
