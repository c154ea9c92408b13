import { withCluster } from "../../__tests__/support/cluster";
import type { Figure } from "../synthesis";
import { measureClaims } from "./claims";
import { measureService } from "./service";

/** What the pools promise, on an embedded cluster: a file for each theme. */
export async function measurePools(): Promise<readonly Figure[]> {
  return withCluster({}, async (cluster) => [...(await measureClaims(cluster)), ...(await measureService(cluster))]);
}
