/**
 * Checks types, style, format and the direction of imports, all at once, since each of them takes one core. What each says is printed whole when it has ended.
 */
const { spawn } = require("node:child_process");

const CHECKS = ["typecheck", "lint", "format:check", "architecture"];

function run(check) {
  return new Promise((resolve) => {
    const child = spawn("npm", ["run", "--silent", check], { stdio: ["ignore", "pipe", "pipe"] });
    const said = [];
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => said.push(chunk));
    child.on("error", (error) => said.push(Buffer.from(`${error.message}\n`)));
    child.on("close", (code) => {
      console.log(`> ${check}${code === 0 ? "" : " failed"}`);
      process.stdout.write(Buffer.concat(said));
      resolve(code === 0);
    });
  });
}

void Promise.all(CHECKS.map(run)).then((passed) => {
  process.exitCode = passed.every(Boolean) ? 0 : 1;
});
