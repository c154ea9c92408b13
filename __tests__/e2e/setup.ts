import { Terminal } from "../../lib/cli";
import { cacheFolder, getBinary, type ProgramName } from "../../lib/local";

/** Has nomad and consul at hand before the first test: on a new machine that takes minutes, once. */
export default async function setup(): Promise<void> {
  const { stdout, stderr, env } = process;
  const progress = new Terminal({ stdout, stderr, env, clock: { now: () => Date.now() } }).progress();
  for (const name of ["consul", "nomad"] satisfies ProgramName[]) {
    const binary = await getBinary(name, { cache: cacheFolder(), env: process.env, progress });
    progress.done(`${name} ${binary.version}: ${binary.path}`);
  }
}
