import { Terminal } from "../../lib/cli";
import { MissingProgram } from "../../lib/errors";
import { getBinary, type ProgramName } from "../../lib/local";
import { HERE } from "../support/binaries";
import { WHY_NO_CLUSTER } from "../support/cluster-environment";

/** Has nomad and consul at hand before the first test: on a new machine that takes minutes, once. Where they cannot be had, says why. */
export default async function setup(): Promise<void> {
  const { stdout, stderr, env } = process;
  const progress = new Terminal({
    stdout,
    stderr,
    env,
    clock: { now: () => performance.now(), date: () => Date.now() },
  }).progress();
  delete process.env[WHY_NO_CLUSTER];
  for (const name of ["consul", "nomad"] satisfies ProgramName[]) {
    try {
      const binary = await getBinary(name, { ...HERE, progress });
      progress.done(`${name} ${binary.version}: ${binary.path}`);
    } catch (error) {
      if (!(error instanceof MissingProgram)) throw error;
      process.env[WHY_NO_CLUSTER] ??= error.message.split(". Install")[0];
    }
  }
}
