#!/usr/bin/env node
import { spawn } from "node:child_process";
import { homedir } from "node:os";
import { invocationOf } from "./invocation";
import { EXIT } from "./exit-codes";
import { Interruption } from "./interruption";
import { lostOutput } from "./lost-output";
import { runCli } from "./run";

// The one file that knows the process: it gives the command line what it runs on, and ends with its exit code.

const stop = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.on(name, () => {
    const interruption = Interruption.bySignal(name);
    // Whoever asks twice does not want to wait.
    if (stop.signal.aborted) process.exit(interruption.exitCode);
    stop.abort(interruption);
  });
}

function openPage(address: string): void {
  const opener = process.platform === "darwin" ? "open" : process.platform === "win32" ? "explorer" : "xdg-open";
  const child = spawn(opener, [address], { stdio: "ignore", detached: true });
  child.on("error", () => undefined);
  child.unref();
}

const { stdin, stdout, stderr, env, platform, arch } = process;
// A reader that goes away is told to the command; a write after it is no error either.
stderr.on("error", () => undefined);
const lost = lostOutput(stdout);
// eslint-disable-next-line no-restricted-properties -- the one place that knows the time of day
const clock = { now: () => performance.now(), date: () => Date.now() };
void runCli(process.argv.slice(2), {
  stdin,
  stdout,
  stderr,
  env,
  called: invocationOf(process.argv[1], env),
  cwd: process.cwd(),
  machine: { platform, arch, uid: process.getuid?.(), home: homedir() },
  clock,
  signal: stop.signal,
  openPage,
})
  .then((code) => {
    process.exitCode = code;
    // Whatever still runs, such as a request that a hung agent does not answer, is not waited for; what was printed is.
    return Promise.all([stdout, stderr].map((stream) => new Promise((written) => stream.write("", written))));
  })
  .then(() => {
    const why = lost();
    if (why === undefined) process.exit();
    // Whoever reads the answer finds half of it, or nothing: no exit code of the command is true then.
    stderr.write(`${why}\n`, () => process.exit(EXIT.failed));
  });
