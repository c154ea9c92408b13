import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** The release of this package, from its sources as from its compiled files. */
export function packageVersion(folder = __dirname): string {
  const file = join(folder, "package.json");
  if (!existsSync(file)) return packageVersion(dirname(folder));
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}
