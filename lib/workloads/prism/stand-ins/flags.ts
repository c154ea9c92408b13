import { parseArgs } from "node:util";

/** Flags as Prism's own programs take them, `--name=value`; those that a stand-in does not know are ignored, with a word. */
export function readFlags(known: Readonly<Record<string, string>>): Record<string, string> {
  const { values } = parseArgs({ args: process.argv.slice(2), strict: false, allowPositionals: true });
  const flags: Record<string, string> = { ...known };
  for (const [name, value] of Object.entries(values)) {
    if (name in known && typeof value === "string") flags[name] = value;
    else log(`flag --${name} means nothing to a stand-in`);
  }
  return flags;
}

/** Where a stand-in listens: on this machine alone. A container is reached from outside of it, and its image says so. */
export const LISTEN = process.env.STAND_IN_LISTEN || "127.0.0.1";

/** A line of the log, with the time. */
export function log(line: string): void {
  console.log(`${new Date().toISOString()} ${line}`);
}

/** What every stand-in says first. */
export function introduce(program: string): void {
  log(`STAND-IN for ${program}: set PRISM_BIN_DIR to the folder of Prism's own programs to run the real one`);
}

/** Runs `stop` at the signal that Nomad ends tasks with. */
export function onStop(stop: () => void): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      log(`${signal}: stopping`);
      stop();
    });
  }
}
