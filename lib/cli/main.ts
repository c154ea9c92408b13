#!/usr/bin/env node
import { spawn } from "node:child_process";
import { homedir } from "node:os";
import { howCalled } from "./called";
import { Interruption } from "./interruption";
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

// A reader that goes away is told to the command; a write after it is no error either.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);

const { stdin, stdout, stderr, env, platform, arch } = process;
// eslint-disable-next-line no-restricted-properties -- the one place that knows the time of day
const clock = { now: () => performance.now(), date: () => Date.now() };
void runCli(process.argv.slice(2), {
  stdin,
  stdout,
  stderr,
  env,
  called: howCalled(process.argv[1], env),
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
  .then(() => process.exit());
