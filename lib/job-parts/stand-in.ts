import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/**
 * The command that runs a stand-in of this library with the Node that runs this, from its compiled file or from its source.
 *
 * @param folder where the stand-ins of a workload are
 */
export function standInCommand(folder: string, name: string): readonly [string, ...string[]] {
  const compiled = join(folder, `${name}.js`);
  if (existsSync(compiled)) return [process.execPath, compiled];
  const loader = pathToFileURL(require.resolve("tsx")).href;
  return [process.execPath, "--import", loader, join(folder, `${name}.ts`)];
}
