#!/usr/bin/env node
"use strict";

// A clone runs its sources, so that a change counts at once; an installed package runs what was compiled of them.
const { existsSync } = require("node:fs");
const { join } = require("node:path");

const compiled = join(__dirname, "..", "dist", "lib", "cli", "main.js");
const source = join(__dirname, "..", "lib", "cli", "main.ts");
if (existsSync(source)) {
  require("tsx/cjs");
  require(source);
} else {
  require(compiled);
}
