import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Program } from "./program";

/** Programs of Prism that have a stand-in. */
export type StandInName = "admin" | "launcher" | "keyvalue";

/**
 * The stand-in for a program of Prism: run by the Node that runs this, from its compiled file or from its source.
 */
export function standIn(name: StandInName): Program {
  const compiled = join(__dirname, "stand-ins", `${name}.js`);
  if (existsSync(compiled)) return Program.standIn([process.execPath, compiled]);
  const loader = pathToFileURL(require.resolve("tsx")).href;
  return Program.standIn([process.execPath, "--import", loader, join(__dirname, "stand-ins", `${name}.ts`)]);
}
