import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** The file of the program in a package: all of it in one, for any Node. */
const BUNDLE = "sandbox-server.js";

/** The command that starts the sandbox server with the Node that runs this: its one file where there is one, else what was compiled, else its source. */
export function sandboxServerCommand(): readonly [string, ...string[]] {
  const bundle = join(__dirname, BUNDLE);
  if (existsSync(bundle)) return [process.execPath, bundle];
  const compiled = join(__dirname, "server", "main.js");
  if (existsSync(compiled)) return [process.execPath, compiled];
  const loader = pathToFileURL(require.resolve("tsx")).href;
  return [process.execPath, "--import", loader, join(__dirname, "server", "main.ts")];
}
