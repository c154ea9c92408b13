import type { Circus } from "@jest/types";
import { TestEnvironment } from "jest-environment-node";

/** The variable by which the setup of a test run says why there is no Nomad or no Consul to run. */
export const WHY_NO_CLUSTER = "CDK_NOMAD_TESTS_WHY_NO_CLUSTER";

/**
 * How long a test or a hook may take on a real cluster, in milliseconds, where it says nothing itself. It ends what hangs, and judges nothing:
 * how fast something is, the benchmarks measure, since a machine that does other things takes several times as long.
 */
const LIMIT = 300_000;

/** Where suites run that need a real cluster: where there can be none, each of them is skipped, and its name and the reason are printed. */
export default class ClusterEnvironment extends TestEnvironment {
  readonly #file: string;

  constructor(...args: ConstructorParameters<typeof TestEnvironment>) {
    super(...args);
    const [{ projectConfig }, { testPath }] = args;
    this.#file = testPath.replace(`${projectConfig.rootDir}/`, "");
  }

  handleTestEvent(event: Circus.AsyncEvent | Circus.SyncEvent, state: Circus.State): void {
    if (event.name === "run_start") state.testTimeout = LIMIT;
    const reason = process.env[WHY_NO_CLUSTER];
    if (reason === undefined || event.name !== "run_start") return;
    state.rootDescribeBlock.mode = "skip";
    for (const block of describeBlocks(state.rootDescribeBlock)) block.mode = "skip";
    process.stderr.write(`skipped: ${this.#file}; ${reason}\n`);
  }
}

function describeBlocks(block: Circus.DescribeBlock): Circus.DescribeBlock[] {
  const inside = block.children.filter((child) => child.type === "describeBlock");
  return inside.flatMap((child) => [child, ...describeBlocks(child)]);
}
