import { closeInherited } from "./inherited";
import { readSettings, SettingsError, USAGE } from "./settings";
import { startServer, type Note } from "./sandbox-server";

/** The sandbox server as a program: its command line, its log on standard output, its end by a signal. */
const note: Note = (event, more = {}) =>
  console.log(JSON.stringify({ time: new Date().toISOString(), event, ...more }));

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  if (args.includes("--help")) {
    console.log(USAGE);
    return;
  }
  const settings = readSettings(args, process.env);
  const inherited = closeInherited();
  if (inherited.length > 0) note("inherited-closed", { descriptors: inherited });
  const server = await startServer(settings, note);
  const stop = (signal: string) => {
    note("stopping", { signal });
    void server.close().then(() => process.exit(0));
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop(signal));
}

main().catch((error: unknown) => {
  if (!(error instanceof SettingsError)) throw error;
  console.error(`✗ sandbox-server: ${error.message}\n\n${USAGE}`);
  process.exit(2);
});
