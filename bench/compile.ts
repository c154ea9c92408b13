import { execFileSync, spawnSync } from "node:child_process";
import { symlinkSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(__dirname, "..");

/**
 * Compiles the whole project, as a published package is: what a loader of TypeScript costs says nothing about either side. Types are checked elsewhere.
 *
 * @returns the folder with the compiled files
 */
export function compile(folder: string): string {
  const out = join(folder, "compiled");
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  const args = [tsc, "-p", join(ROOT, "tsconfig.json"), "--noCheck", "--noEmit", "false", "--outDir", out];
  const { status, stdout } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: "utf8" });
  if (status !== 0) throw new Error(stdout);
  symlinkSync(join(ROOT, "node_modules"), join(out, "node_modules"));
  execFileSync(process.execPath, [join(ROOT, "scripts/model.cjs"), out]);
  return out;
}
