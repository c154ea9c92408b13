#!/usr/bin/env node
"use strict";

// A clone runs its sources, so that a change counts at once; an installed package runs what was compiled of them.
const { existsSync } = require("node:fs");
const { join } = require("node:path");

const compiled = join(__dirname, "..", "dist", "lib", "cli", "main.js");
const source = join(__dirname, "..", "lib", "cli", "main.ts");
if (existsSync(source)) {
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
