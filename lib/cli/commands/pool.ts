import type { CommandGroup } from "../command";
import { poolClaim } from "./pool-claim";
import { poolDrain } from "./pool-drain";
import { poolExec } from "./pool-exec";
import { poolFill } from "./pool-fill";
import { poolRecycle } from "./pool-recycle";
import { poolRelease } from "./pool-release";
import { poolStatus } from "./pool-status";
import { poolToken } from "./pool-token";

/** Pools from the command line. */
export const pool: CommandGroup = {
  name: "pool",
  summary: "containers that wait: how they do, claim one, run commands in it, release it",
  commands: [poolStatus, poolClaim, poolExec, poolRelease, poolDrain, poolFill, poolRecycle, poolToken],
};
