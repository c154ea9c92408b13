import { existsSync } from "node:fs";
import { closeInherited } from "./inherited";
import { endLeftServer } from "./left-server";
import { readSettings, SettingsError, USAGE } from "./settings";
import { startServer, type Note } from "./sandbox-server";

/** The sandbox server as a program: its command line, its log on standard output, its end by a signal. */
const note: Note = (event, more = {}) =>
  console.log(JSON.stringify({ time: new Date().toISOString(), event, ...more }));

/** Between two looks whether the folder is there still, in milliseconds. */
const FOLDER_LOOK = 5000;

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  if (args.includes("--help")) {
    console.log(USAGE);
    return;
  }
  const settings = readSettings(args, process.env);
  const inherited = closeInherited();
  if (inherited.length > 0) note("inherited-closed", { descriptors: inherited });
  const left = await endLeftServer(process.env);
  if (left.length > 0) note("left-server-ended", { processes: left });
  const server = await startServer(settings, note);
  const stop = (signal: string) => {
    note("stopping", { signal });
    void server.close().then(() => process.exit(0));
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop(signal));
  // With its allocation Nomad removes its folder: whoever started it has forgotten it, and nobody else would end it.
  setInterval(() => {
    if (existsSync(settings.dataDir)) return;
    note("folder-gone");
    process.exit(1);
  }, FOLDER_LOOK).unref();
}

main().catch((error: unknown) => {
  if (!(error instanceof SettingsError)) throw error;
  console.error(`✗ sandbox-server: ${error.message}\n\n${USAGE}`);
  process.exit(2);
});
