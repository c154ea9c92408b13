import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Job } from "../../lib";

/**
 * Runs every module of a folder, as a project that imports jobs does, and says of each what it exports and what else it did. A process of
 * its own, so that whatever a module does is done to it alone.
 */
const folder = process.argv[2] ?? "";
const globals = new Set(Reflect.ownKeys(globalThis));
const prototypes = [Object.prototype, Array.prototype, Function.prototype, String.prototype];
const properties = prototypes.map((prototype) => Reflect.ownKeys(prototype).length);
const modules = readdirSync(folder).filter((name) => name.endsWith(".ts"));
const listeners = process.eventNames().length;

const report = modules.map((name) => {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- what was just written
  const exported = Object.values(require(join(folder, name)) as Record<string, unknown>);
  return {
    name,
    jobs: exported.map((job) => (job instanceof Job ? job.toApi().Job : "no job")),
    globals: Reflect.ownKeys(globalThis).filter((key) => !globals.has(key)).length,
    prototypes: prototypes.filter((prototype, index) => Reflect.ownKeys(prototype).length !== properties[index]).length,
    listeners: process.eventNames().length - listeners,
  };
});
writeFileSync(join(folder, "report.json"), JSON.stringify(report));
if (readdirSync(folder).length !== modules.length + 1) throw new Error("a module wrote a file");
if (readFileSync(join(folder, "report.json")).length === 0) throw new Error("nothing was reported");
